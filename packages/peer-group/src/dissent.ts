import { bytesOfContentId, peekMessageNumber } from '@interpeer/crypto-ids'
import { sameBytes } from '@interpeer/wire-codec'
import { accuse } from './accuse.js'
import { matches, rootOf } from './answer.js'
import { count, type KnownStep, othersOf, peerAt, send, type Turn } from './group-state.js'
import { isStretch } from './jury/stretch.js'
import {
  type Answer,
  type DissentHeld,
  dissentHeldMessage,
  dissentMessage,
  type LateWord,
  lateMessage,
  type Reveal,
  revealMessage,
  withheldMessage,
} from './messages.js'
import { DISSENTS_MAX } from './settings.js'
import { sign } from './sign.js'
import { changeStep, isJudged, knownStep, namedThrough, unnamedSteps } from './steps.js'
import { tallyLate, tallySaidLate } from './tally.js'
import { disputeOwn } from './tell-disputes.js'
import type { Opened, Verifier } from './verifier.js'

/** What is signed against a certified step. `answer` is undefined where its sender was not given the batch. */
export interface ReadDissent {
  readonly seat: number
  readonly step: number
  readonly batch: Uint8Array
  readonly start?: Uint8Array
  readonly answer?: Answer
}

/** A signed dissent, a reveal, or a withheld statement of a member; undefined: none of them. */
export function readDissent(verifier: Verifier, envelope: Uint8Array): ReadDissent | undefined {
  const number = peekMessageNumber(envelope)
  if (number === withheldMessage.number) {
    const opened = verifier.open(withheldMessage, envelope)
    if (typeof opened === 'string') return undefined
    const { step, batch, stretch } = opened.value
    // what no jury could be asked about must freeze nothing
    return stretch !== null && !isStretch(stretch, step) ? undefined : { seat: opened.seat, step, batch }
  }
  if (number !== dissentMessage.number && number !== revealMessage.number) return undefined
  const opened = number === dissentMessage.number ? verifier.open(dissentMessage, envelope) : verifier.open(revealMessage, envelope)
  if (typeof opened === 'string' || rootOf(opened.value.answer) === undefined) return undefined
  const { step, batch, start, answer } = opened.value
  return { seat: opened.seat, step, batch, start, answer }
}

/** Whether it is against this very step: another answer to the same batch from the same state, or a batch that was not given. */
export function isAgainst({ step, certified }: KnownStep, read: ReadDissent): boolean {
  if (read.step !== step || !sameBytes(read.batch, certified.batch.hash)) return false
  if (read.answer === undefined) return true
  return sameBytes(read.start as Uint8Array, bytesOfContentId(certified.start)) && !matches(read.answer, certified.answer)
}

/** This member's answer differs from the certified one. Not a reveal: it may have given up that rank (design §6, Final or frozen). */
export function dissent(t: Turn, { step, certified: { rank, batch, start } }: KnownStep, answer: Answer): undefined {
  t.answers = true
  const { envelope } = sign(t, dissentMessage, { step, rank, batch: batch.hash, start: bytesOfContentId(start), answer })
  object(t, step, envelope, 'differs')
}

/** This member was shown a certificate, and was not given what it would have to run. */
export function sayWithheld(t: Turn, { step, certified: { rank, batch } }: KnownStep): void {
  object(t, step, sign(t, withheldMessage, { step, rank, batch: batch.hash, stretch: null }).envelope, 'withheld')
}

/** Also after the epoch's end, or a show: it counts for no certificate, and the chain hears of it. */
function object(t: Turn, step: number, envelope: Uint8Array, own: 'differs' | 'withheld'): void {
  const { g } = t
  const known = knownStep(g, step)
  if (known === undefined) return
  changeStep(t, step, { own, dissents: new Map(known.dissents).set(g.seat, envelope) })
  if (isJudged(g)) g.objectedFrom = Math.min(g.objectedFrom, step)
  t.durable = true
  send(t, othersOf(g), envelope)
  disputeOwn(t, step)
}

/** Others certified a batch while this member still ran it, or its run did not end: late, which is no dissent. */
export function sayLate(t: Turn, { step, certified: { rank, batch } }: KnownStep): undefined {
  if (t.g.seat < 0 || t.g.show !== undefined) return
  t.g.tally = tallySaidLate(t.g.tally, step, t.g.seat)
  send(t, othersOf(t.g), sign(t, lateMessage, { step, rank, batch: batch.hash }).envelope)
}

export function takeLateWord(t: Turn, { value, seat }: Opened<LateWord>): undefined {
  const known = knownStep(t.g, value.step)
  if (known === undefined || !sameBytes(known.certified.batch.hash, value.batch)) return
  t.g.tally = tallySaidLate(t.g.tally, value.step, seat)
}

/**
 * Something signed against a provisional step. It goes to disk, and is then handed on, signed, with the highest place that this member had sealed: from now on it
 * seals nothing that names the step clear, unless it is bound to.
 */
export function takeDissent(t: Turn, envelope: Uint8Array): undefined {
  const { g } = t
  const read = readDissent(g.verifier, envelope)
  const known = read === undefined ? undefined : knownStep(g, read.step)
  if (read === undefined || known === undefined) return count(t, 'DISSENT_UNKNOWN')
  const { certified, dissents } = known
  const revealed = certified.reveals.get(read.seat)
  if (read.answer !== undefined && revealed !== undefined && isTwoAnswers(revealed, read)) {
    return accuse(t, 'two-answers', read.seat, revealed.envelope, envelope)
  }
  if (!isAgainst(known, read)) return count(t, 'DISSENT_INVALID')
  const earlier = dissents.get(read.seat)
  if (earlier !== undefined) {
    const other = readDissent(g.verifier, earlier)
    const isOther = other?.answer !== undefined && read.answer !== undefined && !matches(other.answer, read.answer)
    return isOther ? accuse(t, 'two-answers', read.seat, earlier, envelope) : undefined
  }
  if (known.step <= namedThrough(g)) return count(t, 'DISSENT_LATE') // it goes to the chain, from whoever signed it
  changeStep(t, known.step, { dissents: new Map(dissents).set(read.seat, envelope) })
  t.durable = true
  if (read.answer !== undefined) {
    g.tally = tallyLate(g.tally, known.step, read.seat, false)
    const outcome = isJudged(g) ? 'contradicted' : 'unresolved'
    if (revealed === undefined) t.effects.push({ type: 'mark', peer: peerAt(g, read.seat), step: known.step, outcome })
  }
  if (g.phase === 'open' && g.seat >= 0) handOn(t, known.step, envelope, othersOf(g))
}

const isTwoAnswers = ({ value }: Opened<Reveal>, { batch, start, answer }: ReadDissent): boolean =>
  sameBytes(value.batch, batch) && sameBytes(value.start, start as Uint8Array) && !matches(value.answer, answer as Answer)

/** Where nobody judges, a step is called clear over a dissent once a batch carries it: then it is handed on as it is, and nothing is promised. */
function handOn(t: Turn, step: number, envelope: Uint8Array, to: Parameters<typeof send>[1]): void {
  if (!isJudged(t.g)) {
    send(t, to, envelope)
    return
  }
  const { open, sealed } = { open: t.g.open, sealed: t.g.open.sealed }
  // the highest place sealed: of the open step, or of the one before
  const place =
    sealed === undefined ? { sealedStep: open.step - 1, sealedRank: 65_535 } : { sealedStep: open.step, sealedRank: sealed.rank }
  send(t, to, sign(t, dissentHeldMessage, { step, ...place, dissent: envelope }).envelope)
}

/** Another member holds a dissent, and hands it on. */
export function takeHeld(t: Turn, opened: Opened<DissentHeld>): undefined {
  const read = readDissent(t.g.verifier, opened.value.dissent)
  if (read === undefined || read.step !== opened.value.step) return count(t, 'DISSENT_INVALID')
  takeDissent(t, opened.value.dissent)
  const known = knownStep(t.g, opened.value.step)
  if (known === undefined || known.holders.has(opened.seat) || known.dissents.size === 0) return
  changeStep(t, known.step, { holders: new Map(known.holders).set(opened.seat, opened) })
}

/**
 * Dissents that no certified batch names yet, for a batch or a time-out to carry: one of each step first, since that decides about the step, and oldest steps
 * first. Where one step's dissents took all places, a closing batch could never name the next one.
 */
export function openDissents({ g }: Pick<Turn, 'g'>): readonly { readonly step: number; readonly envelope: Uint8Array }[] {
  const unnamed = unnamedSteps(g).filter(({ named, dissents }) => !named && dissents.size > 0)
  const all = unnamed.flatMap(({ step, dissents }) => [...dissents.values()].map((envelope, i) => ({ step, envelope, i })))
  const inTurn = all.sort((a, b) => a.i - b.i || a.step - b.step).slice(0, DISSENTS_MAX)
  return inTurn.sort((a, b) => a.step - b.step).map(({ step, envelope }) => ({ step, envelope }))
}

/** What is signed against open steps goes out again, until a batch names it. */
export function resendDissents(t: Turn): void {
  const { g } = t
  for (const { step, envelope } of openDissents(t)) {
    const known = knownStep(g, step)
    const lacking = othersOf(g).filter((peer) => known?.holders.has(g.setup.members.indexOf(peer)) !== true)
    const isOwn = known?.dissents.get(g.seat) === envelope
    if (isOwn) send(t, lacking, envelope)
    else handOn(t, step, envelope, lacking)
  }
}
