import { documentOf } from './document.js'
import { html, type SafeHtml } from './html.js'
import { ringOf, shareLeft } from './ring.js'
import type {
  AccusationStatus,
  CertificateStatus,
  ChangeStatus,
  FalseReadStatus,
  JobStatus,
  NetworkStatus,
  PeerStatus,
  SupplyStatus,
} from './status.js'
import { formatCoins, formatCount, formatDuration, idTag, plural, roughCoins, shortId, ticking } from './words.js'

/** How many colours pages.css has for peers. */
const HUES = 10

interface View {
  readonly status: NetworkStatus
  readonly colourOf: (peerId: string) => number
  readonly who: (peerId: string) => SafeHtml
}

/**
 * The live page of the network, served at the gateway's `/`. It reads well as it is; with scripting, network.js fetches it again every
 * two seconds and changes what differs, and counts the times down in between. So there is one renderer, this one.
 */
export function networkPage(status: NetworkStatus): string {
  const order = new Map(status.peers.map((peer, i) => [peer.peerId, i % HUES]))
  const names = new Map(status.peers.map((peer) => [peer.peerId, peer.name]))
  const colourOf = (peerId: string) => order.get(peerId) ?? 0
  const who = (peerId: string) =>
    html`<span class="peer"><i class="dot hue-${colourOf(peerId)}"></i>${nameOf(names.get(peerId))}${idTag(peerId)}</span>`
  const view: View = { status, colourOf, who }
  return documentOf({
    title: 'Interpeer: the network',
    scripts: ['network.js'],
    body: html`<a class="skip" href="#live">Skip to the network</a>
<header class="top"><div class="wide">
<span class="brand"><img src="/.interpeer/mark.svg" width="30" height="30" alt="">Interpeer</span>
<p class="quiet">Network ${idTag(status.network)}</p>
<p class="pulse" id="pulse" role="status" hidden></p>
</div></header>
<main id="live" class="wide" data-now="${status.nowMs}">
<h1>${headline(status)}</h1>
${figures(status)}
<section aria-labelledby="sites"><h2 id="sites">Sites</h2>${sites(view)}</section>
<section aria-labelledby="peers"><h2 id="peers">Peers</h2>${peersTable(view)}</section>
<div class="pair">
<section aria-labelledby="chain"><h2 id="chain">Chain</h2>${chain(view)}</section>
<section aria-labelledby="coins"><h2 id="coins">Coins</h2>${supply(status.supply)}</section>
</div>
<section aria-labelledby="rules"><h2 id="rules">Rules</h2>${rules(view)}</section>
</main>
<footer class="bottom"><div class="wide"><p>As seen by the gateway ${idTag(status.gatewayPeer)}. This browser checked nothing of it itself. <a href="/status.json">The same as data</a></p></div></footer>`,
  })
}

function headline(status: NetworkStatus): string {
  if (isStarting(status)) return 'The network is starting'
  const serving = status.jobs.filter((job) => job.state === 'serving').length
  const online = status.peers.filter((peer) => peer.online).length
  if (status.jobs.length === 0) return `${plural(online, 'peer')} online, waiting for a first site`
  return `${plural(online, 'peer')} online, ${serving === status.jobs.length ? plural(serving, 'site') : `${serving} of ${plural(status.jobs.length, 'site')}`} served`
}

const isStarting = (status: NetworkStatus) => status.peers.length === 0 || status.blockTimeMs === 0

function figures(status: NetworkStatus): SafeHtml {
  const online = status.peers.filter((peer) => peer.online).length
  const { same, contradicted } = status.readChecks
  const minted = roughCoins(status.supply.minted)
  const block = status.blockTimeMs === 0 ? 'no block yet' : ticking('ago', status.blockTimeMs, status.nowMs)
  return html`<dl class="figures">
<div><dt>Chain height</dt><dd><b>${formatCount(status.height)}</b> ${block}</dd></div>
<div><dt>Peers online</dt><dd><b>${online}</b> of ${status.peers.length}</dd></div>
<div><dt>A block every</dt><dd><b>${formatDuration(status.cycleMs)}</b></dd></div>
<div><dt>A seat is held for</dt><dd><b>${formatDuration(status.tenureMs)}</b></dd></div>
<div><dt>Pages run again</dt><dd><b>${formatCount(same + contradicted)}</b> ${formatCount(contradicted)} called false</dd></div>
<div><dt>Coins minted</dt><dd><b>${minted.number}</b> ${minted.of}</dd></div>
</dl>`
}

function sites(view: View): SafeHtml {
  const { jobs } = view.status
  if (jobs.length > 0) return html`${jobs.map((job) => site(job, view))}`
  return isStarting(view.status)
    ? html`<div class="empty"><p>Peers are finding each other. Sites appear here once the first block gives them their seats.</p></div>`
    : html`<div class="empty"><p>Nobody has published a site yet. A folder of PHP is enough: the README says how.</p></div>`
}

const STATES = { serving: 'Serving', recovering: 'Recovering', starting: 'Starting', disputed: 'Before a jury' } as const
const EXPLAINED = {
  serving: '',
  recovering: 'Too few members answer. The next epoch goes on from the last certified state; nothing certified is lost.',
  starting: 'The members are fetching the site and will serve it in a moment.',
  disputed:
    'Members came to different results. The last final state is served, and nothing is written, until peers from outside have run the step again.',
} as const

function site(job: JobStatus, view: View): SafeHtml {
  const { nowMs } = view.status
  const link = /^https?:\/\//.test(job.url) ? html`<a href="${job.url}">${job.name}</a>` : html`${job.name}`
  const next =
    job.next === undefined
      ? 'None is due.'
      : html`${view.who(job.next.peerId)} takes seat ${job.next.seat} in ${ticking('left', job.next.atMs, nowMs)}`
  return html`<article class="card site" data-key="${job.jobId}">
<div class="site-head"><h3>${link}</h3><span class="state ${job.state}">${STATES[job.state]}</span><span class="quiet address">${addressOf(job.url)}</span></div>
${EXPLAINED[job.state] !== '' && html`<p class="why">${EXPLAINED[job.state]}</p>`}
<div class="site-body">
${ringOf(job, nowMs, view.colourOf)}
<div class="seats">
<table class="stack"><caption class="hidden">Seats of ${job.name}</caption>
<thead><tr><th scope="col">Seat</th><th scope="col">Peer</th><th scope="col">Time left</th></tr></thead>
<tbody>${job.members.map(
    (
      member,
    ) => html`<tr data-key="seat-${member.seat}"><td data-label="Seat">${member.seat}</td><td data-label="Peer">${view.who(member.peerId)}</td>
<td data-label="Time left"><span class="left"><progress max="100" value="${shareLeft(member.sinceMs, member.untilMs, nowMs)}" data-since="${member.sinceMs}" data-until="${member.untilMs}" aria-label="Share of the tenure left"></progress>${ticking('left', member.untilMs, nowMs)}</span></td></tr>`,
  )}</tbody></table>
<p class="next"><span class="quiet">Next hand-over</span><span>${next}</span></p>
</div>
<dl class="facts">
<div><dt>Step</dt><dd>${formatCount(job.step)}</dd></div>
<div><dt>Epoch</dt><dd>${formatCount(job.epoch)}</dd></div>
<div><dt>Escrow</dt><dd>${formatCoins(job.escrow)} coins</dd></div>
<div><dt>State root</dt><dd>${job.root === '' ? 'none yet' : idTag(job.root)}</dd></div>
<div><dt>Job</dt><dd>${idTag(job.jobId)}</dd></div>
</dl>
</div>
${certificates(job, nowMs)}
${job.dispute !== undefined && dispute(job.dispute, view)}
${job.accusations.length > 0 && accusations(job.accusations, view)}
${job.falseReads.length > 0 && falseReads(job.falseReads, view)}
</article>`
}

const OUTCOMES = {
  open: 'being judged',
  stands: 'the certified result stands',
  overturned: 'the jury’s result stands in its place',
  dropped: 'not run: it has to be sent again',
  unjudged: 'nobody could say; what was certified stands',
} as const
function dispute({ step, jury, heard, outcome, deadlineMs, marked }: NonNullable<JobStatus['dispute']>, view: View): SafeHtml {
  const left = outcome === 'open' && latest(deadlineMs, view)
  return html`<h4>In dispute</h4><p data-key="dispute-${step}">Step ${formatCount(step)}: ${OUTCOMES[outcome]}. ${spoken({ jury, heard })}${left}</p>
${marked.length > 0 && html`<p>Marked for a false result: ${marked.map((peer) => html`${view.who(peer)} `)}</p>`}`
}

interface Heard {
  readonly jury: readonly string[] | null
  readonly heard: readonly string[]
}
function spoken({ jury, heard }: Heard): SafeHtml | string {
  if (jury === null) return 'The next block draws the jury.'
  if (jury.length === 0) return 'Too few peers are outside the group to judge it.'
  return html`${heard.length} of ${plural(jury.length, 'juror')} have spoken.`
}
const latest = (deadlineMs: number, { status }: View): SafeHtml | false =>
  deadlineMs > 0 && html` Decided in ${ticking('left', deadlineMs, status.nowMs)} at the latest.`

const ACCUSED_OF = {
  read: 'of a page answered falsely',
  'own-part': 'of having run nothing',
  'two-signed': 'of two messages that contradict each other',
} as const
const FOUND = {
  open: 'being judged',
  unjudged: 'nobody could say',
  settled: 'a jury found it to lie in another case',
  undecided: 'nobody could say',
  'not-fetched': 'the accuser showed no evidence',
  unfit: 'what the accuser showed proves nothing',
  'not-ended': 'what the accuser had the jury run does not end',
  'accused-lied': 'the accused lied',
  'accuser-lied': 'the accuser lied',
  'both-lied': 'both lied',
} as const
function accusations(all: readonly AccusationStatus[], view: View): SafeHtml {
  return html`<h4>Accusations</h4>${all.map(({ id, accuser, accused, kind, outcome, deadlineMs, leave, ...heard }) => {
    const isOpen = outcome === 'open'
    return html`<p data-key="accusation-${id}">${view.who(accuser)} accuses ${view.who(accused)} ${ACCUSED_OF[kind]}: ${FOUND[outcome]}.
${isOpen && spoken(heard)}${isOpen && latest(deadlineMs, view)}${leave.length > 0 && html` Leaves its seat: ${leave.map((peer) => html`${view.who(peer)} `)}`}</p>`
  })}`
}

function falseReads(reads: readonly FalseReadStatus[], view: View): SafeHtml {
  return html`<h4>Pages answered falsely</h4><table class="stack">
<thead><tr><th scope="col">By</th><th scope="col">Run again by</th><th scope="col">Evidence</th><th scope="col">When</th></tr></thead>
<tbody>${reads.map(
    (
      one,
    ) => html`<tr data-key="${one.evidence}"><td data-label="By">${view.who(one.peerId)}</td><td data-label="Run again by">${view.who(one.accuser)}</td>
<td data-label="Evidence">${idTag(one.evidence)}</td><td data-label="When">${ticking('ago', one.timeMs, view.status.nowMs)}</td></tr>`,
  )}</tbody></table>`
}

function certificates(job: JobStatus, nowMs: number): SafeHtml {
  if (job.lastCertificates.length === 0) return html`<p class="quiet none">No step has been certified yet. The first edit will be.</p>`
  return html`<h4>Last certificates</h4><table class="stack certificates">
<thead><tr><th scope="col">Step</th><th scope="col">Rank</th><th scope="col">Members that agreed</th><th scope="col">Batch</th><th scope="col">When</th></tr></thead>
<tbody>${job.lastCertificates.map((one) => certificate(one, nowMs))}</tbody></table>`
}

function certificate(one: CertificateStatus, nowMs: number): SafeHtml {
  const members = Math.max(0, Math.min(40, Math.trunc(one.members) || 0))
  const dots = Array.from({ length: members }, (_, i) => html`<i class="${i < one.agreed ? 'yes' : 'no'}"></i>`)
  return html`<tr data-key="step-${one.step}-${one.rank}-${one.batch.slice(0, 16)}"><td data-label="Step">${formatCount(one.step)}</td><td data-label="Rank">${formatCount(one.rank)}</td>
<td data-label="Agreed"><span class="votes"><span class="dots" aria-hidden="true">${dots}</span>${one.agreed} of ${one.members}</span></td>
<td data-label="Batch">${idTag(one.batch)}</td><td data-label="When">${ticking('ago', one.timeMs, nowMs)}</td></tr>`
}

function peersTable(view: View): SafeHtml {
  const { peers } = view.status
  if (peers.length === 0) return html`<div class="empty"><p>No peer has been heard of yet.</p></div>`
  return html`<div class="card"><table class="stack peers">
<thead><tr><th scope="col">Peer</th><th scope="col">State</th><th scope="col" class="n">Seats</th><th scope="col" class="n">Tickets</th><th scope="col" class="n">Jobs done</th><th scope="col" class="n">Agreed</th><th scope="col" class="n">Late</th><th scope="col" class="n">Absent</th><th scope="col" class="n">Unresolved</th><th scope="col" class="n">Contradicted</th><th scope="col" class="n">Coins</th></tr></thead>
<tbody>${peers.map((peer) => peerRow(peer, view))}</tbody></table></div>`
}

function peerRow(peer: PeerStatus, view: View): SafeHtml {
  const { agreed, late, absent, contradicted, unresolved } = peer.outcomes
  return html`<tr data-key="${peer.peerId}"><td data-label="Peer">${view.who(peer.peerId)}</td><td data-label="State"><span class="state ${peer.online ? 'serving' : 'away'}">${peer.online ? 'Online' : 'Away'}</span></td>
<td class="n" data-label="Seats">${formatCount(peer.seats)}</td><td class="n" data-label="Tickets">${formatCount(peer.tickets)}</td><td class="n" data-label="Jobs done">${formatCount(peer.jobsDone)}</td>
<td class="n" data-label="Agreed">${formatCount(agreed)}</td><td class="n ${late > 0 ? 'warned' : 'nil'}" data-label="Late">${formatCount(late)}</td><td class="n ${absent > 0 ? 'warned' : 'nil'}" data-label="Absent">${formatCount(absent)}</td><td class="n ${unresolved > 0 ? 'warned' : 'nil'}" data-label="Unresolved">${formatCount(unresolved)}</td><td class="n ${contradicted > 0 ? 'bad' : 'nil'}" data-label="Contradicted">${formatCount(contradicted)}</td>
<td class="n" data-label="Coins">${formatCoins(peer.balance)}</td></tr>`
}

function chain(view: View): SafeHtml {
  const { status } = view
  const root = status.rootGroup
  const signers =
    root === undefined || root.members.length === 0
      ? undefined
      : html`<ul class="signers">${root.members.map((peerId) => html`<li data-key="${peerId}">${view.who(peerId)}</li>`)}</ul>`
  return html`<div class="card"><dl class="facts wide-facts">
<div><dt>Height</dt><dd>${formatCount(status.height)}</dd></div>
${status.seedHex !== undefined && html`<div><dt>Seed of this cycle</dt><dd>${idTag(status.seedHex)}</dd></div>`}
</dl>
${signers !== undefined && html`<h4>Root group: ${root?.needed ?? 0} of ${root?.members.length ?? 0} sign the next block</h4>${signers}`}</div>`
}

function rules(view: View): SafeHtml {
  const { changes, settings } = view.status
  const open = changes.filter(({ outcome }) => outcome === 'open')
  const none = html`<div class="empty"><p>No change of the rules is up for a vote.</p></div>`
  return html`${changes.length === 0 ? none : html`${changes.map((one) => change(one, view))}`}
${open.length > 0 && html`<p class="quiet">A peer votes with <code>interpeer change vote ID yes</code> or <code>no</code>. Who does not vote lets a change pass, unless it needs an explicit yes.</p>`}
<details class="card"><summary>The ${settings.length} settings</summary><table class="stack">
<thead><tr><th scope="col">Setting</th><th scope="col" class="n">Value</th><th scope="col">Meaning</th></tr></thead>
<tbody>${settings.map(
    ({ name, value, meaning }) =>
      html`<tr data-key="${name}"><td data-label="Setting"><code>${name}</code></td><td class="n" data-label="Value">${value}</td><td data-label="Meaning">${meaning}</td></tr>`,
  )}</tbody></table></details>`
}

function change({ id, reason, items, validHeight, outcome, isProtected, tally, passes, proposer }: ChangeStatus, view: View): SafeHtml {
  const left = validHeight - view.status.height
  const stands = passes ? 'applied' : 'refused'
  const when =
    outcome === 'open'
      ? html`Applies from height ${formatCount(validHeight)}, in ${plural(Math.max(0, left), 'block')}; as votes stand it would be ${stands}.`
      : html`${outcome === 'applied' ? 'Applied' : 'Refused'} at height ${formatCount(validHeight)}.`
  return html`<article class="card" data-key="${id}"><h3>${items.map((item) => html`${item}<br>`)}</h3>
${reason !== '' && html`<p>${reason}</p>`}
<p>${when} ${isProtected && 'It needs an explicit yes.'}</p>
<dl class="facts"><div><dt>Against</dt><dd>${formatCount(tally.no)}</dd></div><div><dt>For</dt><dd>${formatCount(tally.yes)}</dd></div><div><dt>May vote</dt><dd>${formatCount(tally.voters)}</dd></div>
<div><dt>Proposed by</dt><dd>${view.who(proposer)}</dd></div><div><dt>Id</dt><dd><code>${id}</code></dd></div></dl></article>`
}

function supply({ minted, balances, escrows, burned }: SupplyStatus): SafeHtml {
  const holds =
    [minted, balances, escrows, burned].every((units) => /^\d{1,40}$/.test(units)) &&
    BigInt(minted) === BigInt(balances) + BigInt(escrows) + BigInt(burned)
  return html`<div class="card"><table class="sum">
<tbody><tr><th scope="row">In accounts</th><td>${formatCoins(balances)}</td></tr><tr><th scope="row">In escrow for sites</th><td>${formatCoins(escrows)}</td></tr><tr><th scope="row">Burned</th><td>${formatCoins(burned)}</td></tr></tbody>
<tfoot><tr><th scope="row">Minted</th><td>${formatCoins(minted)}</td></tr></tfoot></table>
<p class="balance ${holds ? 'holds' : 'broken'}">${holds ? 'The sum is exact, to the last unit.' : 'The sum does not come out. Do not trust this ledger.'}</p></div>`
}

function nameOf(name: string | undefined): SafeHtml | undefined {
  return name === undefined || name === '' ? undefined : html`<b class="name">${name.length > 24 ? `${name.slice(0, 23)}…` : name}</b>`
}

function addressOf(url: string): string {
  const address = url.replace(/^https?:\/\//, '').replace(/\/$/, '')
  return address.length > 60 ? shortId(address) : address
}
