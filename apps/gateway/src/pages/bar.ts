import { escapeHtml } from './html.js'

/** The one path of a site's origin that belongs to the gateway's bar. */
export const BAR_PATH = '/.interpeer/bar.js'

/** What the bar says. `stale`: the certificate behind the page is older than it should be. `provisional`: a write not final yet. `unjudged`: a member came to something else, and no jury could decide. `disputed`: a later step is before a jury. */
export interface BarInfo {
  /** PeerId of the member that ran the page. */
  readonly peer: string
  readonly step: number
  readonly epoch?: number | undefined
  readonly stale?: boolean | undefined
  readonly provisional?: boolean | undefined
  readonly unjudged?: boolean | undefined
  readonly disputed?: boolean | undefined
  /** Where the gateway's network page is. */
  readonly networkPage: string
}

/**
 * Adds the bar's script to a whole HTML document: before its closing body tag, or at the very end where there is none or where something
 * else follows it; the parser puts either into the body. It never adds anything before the content, so the doctype stays first. Empty
 * documents and UTF-16 ones are left as they are.
 */
export function addBar(document: Uint8Array, info: BarInfo): Uint8Array
export function addBar(document: string, info: BarInfo): string
export function addBar(document: Uint8Array | string, info: BarInfo): Uint8Array | string {
  const tag = barTag(info)
  if (typeof document === 'string') {
    if (document.trim() === '') return document
    const at = placeFor(document.slice(-TAIL_MAX), document.length)
    return `${document.slice(0, at)}${tag}${document.slice(at)}`
  }
  if (document.length === 0 || isUtf16(document)) return document
  const tail = document.subarray(-TAIL_MAX)
  const at = placeFor(latin1(tail), document.length)
  const added = new TextEncoder().encode(tag) // ASCII: right in UTF-8 and in every older encoding of the web
  const whole = new Uint8Array(document.length + added.length)
  whole.set(document.subarray(0, at))
  whole.set(added, at)
  whole.set(document.subarray(at), at + added.length)
  return whole
}

/** What may follow the closing body tag is short; a longer document is not searched through. */
const TAIL_MAX = 1_024
const CLOSING = /^<\/body\s*>\s*(?:<\/html\s*>)?\s*$/i

function placeFor(tail: string, length: number): number {
  const at = tail.toLowerCase().lastIndexOf('</body')
  // With anything but the end behind it, it may stand in a script or a comment, where a tag would break the page.
  return at >= 0 && CLOSING.test(tail.slice(at)) ? length - tail.length + at : length
}

function barTag({ peer, step, epoch, stale, provisional, unjudged, disputed, networkPage }: BarInfo): string {
  const said = { disputed, stale, provisional, unjudged }
  const state = Object.entries(said).find(([, isSo]) => isSo === true)?.[0] ?? 'final'
  const facts = { peer, step, epoch, state, network: networkPage }
  const data = Object.entries(facts).filter(([, value]) => value !== undefined)
  return `<script src="${BAR_PATH}" defer${data.map(([name, value]) => ` data-${name}="${asciiOnly(escapeHtml(String(value)))}"`).join('')}></script>`
}

const asciiOnly = (text: string) => text.replace(/[^\x20-\x7e]/gu, (sign) => `&#${sign.codePointAt(0)};`)
const latin1 = (bytes: Uint8Array) => String.fromCharCode(...bytes)
const isUtf16 = (bytes: Uint8Array) => (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)

/**
 * The bar: a line at the foot of the window that says who ran the page. It lives in a shadow tree, so that neither the site's styles nor its
 * own reach each other; it keeps free as much room below the page as it takes; closing it lasts for the session. It goes without
 * inline styles, because a site's Content-Security-Policy may forbid them.
 */
export const barScript = `'use strict';
(() => {
  const facts = document.currentScript && document.currentScript.dataset
  const CLOSED = 'interpeer-bar-closed'
  try { if (sessionStorage.getItem(CLOSED)) return } catch {}
  if (!facts || !facts.peer || window.top !== window || document.querySelector('interpeer-bar')) return

  const make = (name, text, attributes = {}) => {
    const made = document.createElement(name)
    made.append(text)
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value)
    return made
  }
  const host = document.createElement('interpeer-bar')
  const shadow = host.attachShadow({ mode: 'closed' })
  const css = \`
    :host { all: initial; display: block; height: 36px; color-scheme: light dark }
    section { --back: #ffffffee; --ink: #1a2420; --quiet: #5b6963; --rule: #dce3df; --accent: #14695a; --warn: #7a5200;
      position: fixed; inset: auto 0 0; z-index: 2147483647; box-sizing: border-box; min-height: 36px; padding: 5px 8px 5px 14px; padding-bottom: max(5px, env(safe-area-inset-bottom));
      display: flex; align-items: center; gap: 4px 10px; background: var(--back); color: var(--quiet); border-top: 1px solid var(--rule); backdrop-filter: blur(8px);
      font: 12.5px/1.4 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; text-align: left }
    svg { flex: none; width: 16px; height: 16px; fill: var(--accent) }
    p { margin: 0; flex: 1; min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap }
    b { font-weight: 600; color: var(--ink) }
    code { font: 12px/1.4 ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; color: var(--ink) }
    .warn { color: var(--warn); font-weight: 600 }
    .short { display: none }
    a { color: var(--accent); white-space: nowrap; text-underline-offset: 2px }
    button { all: unset; flex: none; width: 26px; height: 26px; border-radius: 5px; text-align: center; font-size: 17px; line-height: 25px; color: var(--quiet); cursor: pointer }
    button:hover { color: var(--ink); background: var(--rule) }
    a:focus-visible, button:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px }
    @media (prefers-color-scheme: dark) { section { --back: #171e1bee; --ink: #e3e9e6; --quiet: #98a69f; --rule: #2b3530; --accent: #69cdb0; --warn: #ecc36c } }
    @media (max-width: 720px) { .long { display: none } .short { display: inline } p { white-space: normal } section { padding-left: 10px; gap: 8px } }
    @media print { section { display: none } :host { height: 0 } }\`
  try {
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(css)
    shadow.adoptedStyleSheets = [sheet]
  } catch {
    shadow.append(make('style', css))
  }

  const bar = make('section', '', { 'aria-label': 'Interpeer: who ran this page' })
  const mark = document.createElementNS('http://www.w3.org/2000/svg', 'svg')
  mark.setAttribute('viewBox', '0 0 32 32')
  mark.setAttribute('aria-hidden', 'true')
  for (const [x, y] of [[16, 5.5], [26.5, 13], [22.5, 25.5], [9.5, 25.5], [5.5, 13]]) {
    const dot = document.createElementNS('http://www.w3.org/2000/svg', 'circle')
    for (const [key, value] of [['cx', x], ['cy', y], ['r', 4.6]]) dot.setAttribute(key, value)
    mark.append(dot)
  }
  const short = facts.peer.length > 14 ? facts.peer.slice(0, 4) + '\\u2026' + facts.peer.slice(-6) : facts.peer
  const text = make('p', '')
  const extra = { stale: 'may be out of date', provisional: 'not final yet', unjudged: 'a member disagrees', disputed: 'a jury judges what came after' }[facts.state]
  text.append(make('span', 'Run by peer ', { class: 'long' }), make('span', 'By ', { class: 'short' }), make('code', short, { title: facts.peer }))
  text.append(make('span', ' at step ' + (facts.step || '0'), { class: 'long' }))
  if (extra) text.append(', ', make('span', extra, { class: 'warn' }))
  text.append(make('span', '. This browser checked nothing itself.', { class: 'long' }), make('span', '. Unchecked by this browser.', { class: 'short' }))
  text.title = 'Peer ' + facts.peer + ' ran this page at step ' + (facts.step || '0') + '. This browser checked nothing itself.'
  bar.append(mark, text)
  try {
    const network = new URL(facts.network)
    if (network.protocol === 'http:' || network.protocol === 'https:') {
      const link = make('a', '', { href: network.href })
      link.append(make('span', 'The network', { class: 'long' }), make('span', 'Network', { class: 'short' }))
      bar.append(link)
    }
  } catch {}
  const close = make('button', '\\u00d7', { type: 'button', 'aria-label': 'Close for this session', title: 'Close for this session' })
  close.addEventListener('click', () => {
    try { sessionStorage.setItem(CLOSED, '1') } catch {}
    host.remove()
  })
  bar.append(close)
  shadow.append(bar)
  document.documentElement.append(host)
  new ResizeObserver(() => { host.style.height = bar.offsetHeight + 'px' }).observe(bar)
})()
`
