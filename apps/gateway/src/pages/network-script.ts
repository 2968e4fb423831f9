/**
 * Keeps the network page current. It fetches the page again and changes what differs, so that nothing is rendered twice over; between
 * fetches it counts the marked times down by itself. `data-key` marks what is the same thing in both versions of a list.
 */
export const networkScript = `'use strict'
const EVERY_MS = 2000
const live = document.getElementById('live')
const pulse = document.getElementById('pulse')
let aheadMs = Number(live.dataset.now) - Date.now()
let failures = 0

function duration(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 120) return seconds + ' s'
  if (seconds < 7200) return Math.floor(seconds / 60) + ' min'
  if (seconds < 172800) return Math.floor(seconds / 3600) + ' h'
  return Math.floor(seconds / 86400) + ' d'
}

function tick() {
  const now = Date.now() + aheadMs
  for (const one of live.querySelectorAll('[data-ago]')) one.textContent = duration(now - Number(one.dataset.ago)) + ' ago'
  for (const one of live.querySelectorAll('[data-left]')) one.textContent = duration(Number(one.dataset.left) - now)
  for (const one of live.querySelectorAll('[data-until]')) {
    const since = Number(one.dataset.since)
    const until = Number(one.dataset.until)
    const share = until > since ? Math.min(1, Math.max(0, (until - now) / (until - since))) : 0
    if (one.localName === 'progress') one.value = 100 * share
    else one.setAttribute('stroke-dasharray', (100 * share).toFixed(1) + ' 100')
  }
}

function sameKind(one, other) {
  return one.nodeType === other.nodeType && one.nodeName === other.nodeName && keyOf(one) === keyOf(other)
}
function keyOf(node) {
  return node.nodeType === 1 ? node.getAttribute('data-key') : null
}

function become(old, fresh) {
  if (old.nodeType !== 1) {
    if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue
    return
  }
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name)) old.removeAttribute(name)
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value)
  const waiting = new Map()
  for (const child of old.childNodes) if (keyOf(child) !== null) waiting.set(keyOf(child), child)
  let at = old.firstChild
  for (const wanted of [...fresh.childNodes]) {
    const key = keyOf(wanted)
    const kept = key === null ? at : waiting.get(key)
    if (kept && sameKind(kept, wanted)) {
      if (kept === at) at = at.nextSibling
      else old.insertBefore(kept, at)
      become(kept, wanted)
    } else {
      const added = old.insertBefore(document.importNode(wanted, true), at)
      if (key !== null) added.classList.add('fresh')
    }
  }
  while (at) {
    const gone = at
    at = at.nextSibling
    gone.remove()
  }
}

function say(text, troubled) {
  pulse.hidden = false
  pulse.classList.toggle('troubled', troubled)
  if (pulse.textContent !== text) pulse.textContent = text
}

async function refresh() {
  if (document.hidden) return
  try {
    const response = await fetch(location.pathname, { headers: { accept: 'text/html' }, cache: 'no-store', signal: AbortSignal.timeout(10000) })
    if (!response.ok) throw new Error(String(response.status))
    const page = new DOMParser().parseFromString(await response.text(), 'text/html')
    const fresh = page.getElementById('live')
    if (fresh === null) throw new Error('not the network page')
    become(live, fresh)
    aheadMs = Number(live.dataset.now) - Date.now()
    failures = 0
    say('Live', false)
  } catch {
    failures++
    if (failures > 1) say('The gateway does not answer. What you see may be old.', true)
  }
  tick()
}

async function poll() {
  await refresh()
  setTimeout(poll, EVERY_MS * Math.min(5, 1 + failures))
}

document.addEventListener('visibilitychange', refresh)
setInterval(tick, 500)
setTimeout(poll, EVERY_MS)
say('Live', false)
tick()
`
