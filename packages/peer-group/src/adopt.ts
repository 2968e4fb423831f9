import { bytesOfContentId, type ContentId, contentIdOfBytes } from '@interpeer/crypto-ids'
import { hexOf, type Infer, sameBytes } from '@interpeer/wire-codec'
import { accuse } from './accuse.js'
import { ancestorContext, ancestorsAfter } from './ancestors.js'
import { answerOf, matches, rootOf, saltFor } from './answer.js'
import { type KnownBatch, namingOf } from './batch.js'
import { storeBatch } from './batch-block.js'
import { noteBranch, noteOthers } from './branches.js'
import { type CertifiedStep, closes, readCertificate, writeCertificate } from './certificate.js'
import { hasSeenFor } from './closing-reveal.js'
import { dissent, readDissent, sayLate, takeDissent } from './dissent.js'
import { PeerGroupError } from './errors.js'
import { becomeFinal, fetchState, renew } from './finality.js'
import { fillGap } from './gaps.js'
import { joinersOf, sendSteps } from './give-steps.js'
import { count, type KnownStep, type OwnView, othersOf, peerAt, send, type Turn } from './group-state.js'
import { accuseHiders } from './hidden-lock.js'
import { accuseLiars } from './lies.js'
import { type Answer, type finalMessage, type Reveal, revealMessage } from './messages.js'
import { newOpenStep, timeoutsIn } from './open-step.js'
import { withPast } from './past.js'
import { refuseFrozen } from './refuse-frozen.js'
import { sign } from './sign.js'
import { noteSkip } from './skips.js'
import { changeStep, isElsewhere, isJudged, isUnanimous, knownStep, lowestMissing, namedThrough, stateAt, trimSteps } from './steps.js'
import { tallyLate, tallyStep } from './tally.js'
import { disputeStep } from './tell-disputes.js'
import type { Opened } from './verifier.js'
import { withoutTaken } from './waited-for.js'

export interface Adopted {
  readonly step: number
  readonly rank: number
  readonly batch: KnownBatch
  /** The group state that the run began from. */
  readonly start: ContentId
  readonly answer: Answer
  readonly reveals: readonly Opened<Reveal>[]
  readonly certificate: Uint8Array
  /** The seats that the others find in the certificate. */
  readonly shown: readonly Opened<Reveal>[]
  /** This member collated it, and hands it round. */
  readonly spread: boolean
}

/** Takes a certified step up: the next batch builds on its root, whatever this member thought itself. Final it may become later. */
export function adopt(t: Turn, adopted: Adopted): undefined {
  const { g } = t
  const { step, rank, batch, start, answer, reveals, certificate } = adopted
  const root = contentIdOfBytes(answer.root)
  const run = step === g.open.step ? g.open.runs.get(hexOf(batch.hash)) : undefined
  const state = run?.type === 'ran' && run.state.root === root ? run.state : stateAt(g, root)
  const bySeat = new Map(reveals.map((one) => [one.seat, one]))
  const own = ownViewOf(t, adopted, bySeat.get(g.seat))
  const before = own === 'running' || own === 'pending' ? stateAt(g, start) : undefined
  const timeouts = step === g.open.step ? timeoutsIn(g.open) : []
  const known: KnownStep = {
    step,
    certified: { rank, answer, batch, start, certificate, reveals: bySeat },
    sinceMs: t.nowMs,
    own,
    mayReveal: mayReveal(t, adopted),
    bodies: 'unknown',
    given: new Set(),
    completed: false,
    told: 'no',
    dissents: new Map(differingReveals(adopted).map((one) => [one.seat, one.envelope])),
    holders: new Map(),
    timeouts: timeouts.filter(({ value }) => value.rank < rank),
    named: false,
    ...(state === undefined ? {} : { state }),
    ...(before === undefined ? {} : { before }),
  }
  const ownRun = run?.type === 'ran' ? run : undefined
  const ownSeal = step === g.open.step ? g.open.sealed : undefined
  const ownReveal = g.open.reveals.get(rank)?.get(g.seat)
  accuseLiars(t, adopted)
  accuseHiders(t, reveals, timeouts)
  noteSkip(t, adopted)
  g.steps = [...g.steps, known]
  g.unseen = withoutTaken(g.unseen, step, batch.hash)
  const ancestors = ancestorsAfter({ step, batch }, ancestorContext(g.setup))
  const place = { step, batchHash: batch.hash, ancestors, root, timeMs: batch.value.timeMs, sinceMs: t.nowMs }
  g.base = { ...place, ...(state === undefined ? {} : { state }) }
  g.past = withPast(g.past, known, g.setup)
  noteOthers(t, step, batch.hash)
  nameDisputes(t, batch)
  const agreed = new Set(reveals.filter((one) => matches(one.value.answer, answer)).map(({ seat }) => seat))
  const differing = new Set([...bySeat.keys()].filter((seat) => !agreed.has(seat)))
  if (ownSeal === undefined || !sameBytes(ownSeal.batch.hash, batch.hash)) storeBatch(t, batch)
  g.tally = tallyStep(g.tally, step, agreed, differing)
  g.open = newOpenStep(g, step + 1)
  trimSteps(t)
  t.durable = true
  for (const seat of differing) mark(t, seat, step)
  const isShown = adopted.shown.some(({ seat }) => seat === g.seat)
  if (ownReveal !== undefined && sameBytes(ownReveal.value.batch, batch.hash)) {
    if (!isShown) sayToo(t, known, ownReveal)
    // its dissent is its reveal; the others may collude, or call the step clear at once
    if (!matches(ownReveal.value.answer, answer)) disputeStep(t, step)
  } else if (ownRun !== undefined && known.own === 'differs') dissent(t, known, ownAnswer(t, step, rank, batch, ownRun))
  else if (ownRun !== undefined && known.own === 'agrees') revealToo(t, known, ownAnswer(t, step, rank, batch, ownRun)) // no commit set had come
  if (known.own === 'running' || known.own === 'late') sayLate(t, known)
  const closing = closes(batch.value, g.verifier.context) && root === batch.from
  if (closing && g.phase === 'open') g.phase = 'closed'
  if (adopted.spread) sendSteps(t, [...othersOf(g), ...joinersOf(t)], [step])
  else if (closing && g.phase !== 'shown') sendSteps(t, joinersOf(t), [step])
  becomeFinal(t)
  if (g.frozen > 0 && answer.disputed === g.frozen) renew(t, known)
  if (closing) {
    g.open.resendAtMs = t.nowMs + g.settings.resendMs
    tellClosed(t)
  }
  fetchState(t)
}

const differingReveals = ({ reveals, answer }: Adopted) => reveals.filter(({ value }) => !matches(value.answer, answer))

/** What this member's own run says of a step that was just certified, or that it is still to be run. */
function ownViewOf(t: Turn, { step, batch, answer, start }: Adopted, own: Opened<Reveal> | undefined): OwnView {
  const { g } = t
  if (own !== undefined) return matches(own.value.answer, answer) ? 'agrees' : 'differs'
  if (g.seat < 0 || step !== g.open.step || isElsewhere(g, { answer, start })) return 'missed'
  const run = g.open.runs.get(hexOf(batch.hash))
  if (run?.type === 'ran' && !hasSeenFor(g, batch)) return 'pending' // it is judged, and revealed, once that is seen
  if (run?.type === 'ran') return run.state.root === contentIdOfBytes(answer.root) && sameRun(t, batch, run, answer) ? 'agrees' : 'differs'
  if (run?.type === 'running') return 'running'
  if (run?.type === 'abstained') return 'late'
  return stateAt(g, start) === undefined ? 'missed' : 'pending'
}

type Ran = Extract<NonNullable<ReturnType<Turn['g']['open']['runs']['get']>>, { type: 'ran' }>
const ownAnswer = (t: Turn, step: number, rank: number, batch: KnownBatch, { result, state }: Ran): Answer =>
  answerOf(state.root, result, namingOf(batch.value, t.g.setup.epoch), {
    ...t.g.setup,
    step,
    rank,
    batch: batch.hash,
    key: t.g.self.publicKey,
  })
const sameRun = (t: Turn, batch: KnownBatch, run: Ran, answer: Answer): boolean => matches(ownAnswer(t, 0, 0, batch, run), answer)

/** Whether this member may still reveal at the certified rank. */
function mayReveal(t: Turn, { step, rank, batch }: Adopted): boolean {
  const { open, seat, show } = t.g
  if (seat < 0 || show !== undefined || step !== open.step) return false
  const elsewhere =
    open.sealed !== undefined && (open.sealed.rank > rank || (open.sealed.rank === rank && !sameBytes(open.sealed.batch.hash, batch.hash)))
  return open.givenUp < rank && !elsewhere && open.revealed?.rank !== rank
}

/**
 * A certified batch names what is in dispute. The first certified naming decides, whatever this member knows beside it: all must go on from one state.
 */
export function nameDisputes(t: Turn, { value }: KnownBatch): void {
  const { g } = t
  if (value.epoch !== g.setup.epoch || value.disputed === 0) return
  for (const { step, envelope } of value.dissents) {
    takeDissent(t, envelope)
    if (knownStep(g, step) !== undefined) changeStep(t, step, { named: true })
  }
  if (!isJudged(g) || (g.frozen > 0 && value.disputed >= g.frozen) || value.disputed <= namedThrough(g)) return
  g.frozen = value.disputed
  refuseFrozen(t)
  disputeStep(t, value.disputed)
}

export function mark(t: Turn, seat: number, step: number): void {
  const outcome = isJudged(t.g) ? 'contradicted' : 'unresolved'
  t.effects.push({ type: 'mark', peer: peerAt(t.g, seat), step, outcome })
}

/** Says that the epoch is over, if its closing certificate is here. */
export function tellClosed(t: Turn): undefined {
  const { g } = t
  const tip = knownStep(g, g.base.step)
  if (tip === undefined || !closes(tip.certified.batch.value, g.verifier.context) || g.base.root !== tip.certified.batch.from) return
  const { certificate, batch } = tip.certified
  const { outcomes } = batch.value
  t.effects.push({ type: 'closed', certificate, batch: batch.bytes, state: g.base.root, outcomes, shown: g.show !== undefined })
}

/** A certificate with its batch, from anyone who has it. One that lacks this member's reveal asks for it. */
export function takeFinal(t: Turn, { value, seat }: Opened<Infer<typeof finalMessage>>): undefined {
  const { g } = t
  const known = knownStep(g, value.step)
  const isSkipped = value.step < g.base.step && value.step >= (lowestMissing(g) ?? Number.POSITIVE_INFINITY)
  if (known === undefined && value.step <= g.base.step && !isSkipped) return
  if (known !== undefined && sameBytes(value.certificate, known.certified.certificate)) return
  try {
    const certified = readCertificate(value.certificate, value.batch, g.verifier)
    if (certified.step !== value.step) return count(t, 'CERTIFICATE_INVALID')
    if (known !== undefined && !sameBytes(known.certified.batch.hash, certified.batchHash)) {
      const { certificate } = value
      return noteBranch(t, { ...certified, start: bytesOfContentId(certified.start), certificate })
    }
    if (known !== undefined) {
      for (const one of certified.reveals) takeLateReveal(t, one)
      const own = known.certified.reveals.get(g.seat)
      const isLacking = certified.reveals.every((one) => one.seat !== g.seat)
      if (own !== undefined && isLacking && g.show === undefined) send(t, [peerAt(g, seat)], own.envelope)
      return
    }
    takeCertified(t, value.certificate, certified)
  } catch (error) {
    if (!(error instanceof PeerGroupError)) throw error
    count(t, 'CERTIFICATE_INVALID')
  }
}

/** Takes up a certified step that this member does not know: after its tip, or one below it that it skipped. */
export function takeCertified(t: Turn, shown: Uint8Array, certified: CertifiedStep): undefined {
  const { g } = t
  const { step, rank, batchHash, start } = certified
  // nothing leads there, so nobody could bring it: what comes after it is a gap, and is looked at
  if (step === 1 && start !== g.setup.start) return count(t, 'CERTIFICATE_OTHER_START')
  if (step <= g.base.step) return fillGap(t, shown, certified)
  const heard = step === g.open.step ? [...(g.open.reveals.get(rank)?.values() ?? [])] : []
  const fitting = heard.filter((one) => sameBytes(one.value.batch, batchHash) && sameBytes(one.value.start, bytesOfContentId(start)))
  const reveals = merged(certified.reveals, fitting)
  const certificate = reveals.length > certified.reveals.length ? writeCertificate(reveals) : shown
  adopt(t, { ...certified, reveals, shown: certified.reveals, certificate, spread: false })
}

/** A reveal of a step that is certified already: the last ones make it unanimous, differing ones are dissents. */
export function takeLateReveal(t: Turn, opened: Opened<Reveal>): undefined {
  const { g } = t
  const { step, rank, batch, start, answer } = opened.value
  const known = knownStep(g, step)
  if (known === undefined || known.certified.rank !== rank) return
  const { certified } = known
  if (!sameBytes(batch, certified.batch.hash) || !sameBytes(start, bytesOfContentId(certified.start))) return
  if (rootOf(answer) === undefined) return count(t, 'REVEAL_INVALID') // no certificate may hold it
  const earlier = certified.reveals.get(opened.seat)
  if (earlier !== undefined) return accuse(t, 'two-reveals', opened.seat, earlier.envelope, opened.envelope)
  const against = known.dissents.get(opened.seat)
  const other = against === undefined ? undefined : readDissent(g.verifier, against)
  if (against !== undefined && other?.answer !== undefined && !matches(other.answer, answer)) {
    accuse(t, 'two-answers', opened.seat, against, opened.envelope)
  }
  const agreed = matches(answer, certified.answer)
  const reveals = new Map(certified.reveals).set(opened.seat, opened)
  const certificate = writeCertificate([...reveals.values()])
  changeStep(t, step, { certified: { ...certified, reveals, certificate }, completed: true })
  t.durable = true
  g.tally = tallyLate(g.tally, step, opened.seat, agreed)
  if (!agreed) {
    mark(t, opened.seat, step)
    takeDissent(t, opened.envelope)
  }
  const changed = knownStep(g, step) as KnownStep
  if (!agreed || !isUnanimous(changed, g.setup.members.length)) return
  becomeFinal(t)
  if (step === g.base.step) tellClosed(t) // the chain carries it out at once, and has one that it would keep for a while
}

/** This member comes to what is certified, and has not revealed: it still may, where it neither gave the rank up nor sealed another batch there. */
export function revealToo(t: Turn, known: KnownStep, answer: Answer): undefined {
  if (t.g.show !== undefined || !known.mayReveal || known.certified.reveals.has(t.g.seat) || isOverDissent(t, known)) return
  const { step, certified } = known
  const { rank, batch, start } = certified
  const salt = saltFor(t.g.self, { ...t.g.setup, step, rank, batch: batch.hash, key: t.g.self.publicKey })
  sayToo(t, known, sign(t, revealMessage, { step, rank, batch: batch.hash, start: bytesOfContentId(start), salt, answer }))
}

/**
 * Whether this reveal would call a step final that this member handed a dissent on against: to others that is a lie at rank 0 (`clearOverDissent`), whoever
 * sealed it. It agrees with what was run, and can't say so.
 */
function isOverDissent({ g }: Turn, { step, certified: { answer } }: KnownStep): boolean {
  if (!isJudged(g)) return false
  const named = knownStep(g, step - 1)?.certified.answer.final ?? 0
  return g.steps.some((one) => one.step > named && one.step <= answer.final && one.dissents.size > 0)
}

/** This member's reveal came after the certificate, or was not in it: all are told. */
function sayToo(t: Turn, { step }: KnownStep, opened: Opened<Reveal>): void {
  t.durable = true
  t.answers = true
  takeLateReveal(t, opened)
  changeStep(t, step, { mayReveal: false })
  send(t, othersOf(t.g), opened.envelope)
}

function merged(reveals: readonly Opened<Reveal>[], more: readonly Opened<Reveal>[]): readonly Opened<Reveal>[] {
  const bySeat = new Map([...more, ...reveals].map((one) => [one.seat, one]))
  return [...bySeat.values()].sort((a, b) => a.seat - b.seat)
}
