import { bytesOfContentId, type ContentId, type PeerId, peekMessageNumber } from '@interpeer/crypto-ids'
import { sameBytes } from '@interpeer/wire-codec'
import { matches } from '../answer.js'
import { PeerGroupError } from '../errors.js'
import { type Answer, dissentMessage, revealMessage, sealMessage, timeoutMessage, withheldMessage } from '../messages.js'
import { quorumOf } from '../quorum.js'
import { FREEZE_RANKS } from '../settings.js'
import type { Opened, Verifier } from '../verifier.js'
import type { ShownStep, Statement } from './dispute.js'

/** What the evidence must be about. */
interface Place {
  readonly step: number
  readonly batch: Uint8Array
  readonly start: ContentId
  readonly certified: ShownStep | undefined
}
type Placed = { readonly step: number; readonly batch: Uint8Array }

/**
 * Differing answers, and withheld statements, of members whose reveal the certificate does not count: of whatever rank, for an answer to one batch from one root is
 * the same at all. Who agreed in the certificate and differs elsewhere has two answers: a fault, and no dissent.
 * @throws {PeerGroupError} DISPUTE_INVALID
 */
export function readStatements(envelopes: readonly Uint8Array[], place: Place, verifier: Verifier): readonly Statement[] {
  const { certified } = place
  const found = new Map<number, Statement>()
  for (const envelope of envelopes) {
    const { seat, answer } = readStatement(envelope, place, verifier)
    const peer = verifier.context.members[seat] as PeerId
    if (found.has(seat)) throw invalid('a member twice')
    if (certified?.agreed.includes(peer) === true) throw invalid('a statement of a member that agreed')
    if (answer === undefined && certified?.contradicted.includes(peer) === true) throw invalid('withheld from a member that ran it')
    if (answer !== undefined && certified !== undefined && matches(answer, certified.answer)) throw invalid('the certified answer')
    found.set(seat, { peer, envelope, ...(answer === undefined ? {} : { answer }) })
  }
  return inSeatOrder(found, 'no statement')
}

function readStatement(
  envelope: Uint8Array,
  place: Place,
  verifier: Verifier,
): { readonly seat: number; readonly answer: Answer | undefined } {
  const number = peekMessageNumber(envelope)
  if (number === withheldMessage.number) {
    return { seat: opened(verifier.open(withheldMessage, envelope), place).seat, answer: undefined }
  }
  const message = number === dissentMessage.number ? dissentMessage : (revealMessage as unknown as typeof dissentMessage)
  const { seat, value } = opened(verifier.open(message, envelope), place)
  if (!sameBytes(value.start, bytesOfContentId(place.start))) throw invalid('from another state')
  return { seat, answer: value.answer }
}

/** Reveals of one rank, so many and so different that even if all others revealed alike no answer would have q. @throws {PeerGroupError} DISPUTE_INVALID */
export function readSplit(
  { rank, reveals }: { readonly rank: number; readonly reveals: readonly Uint8Array[] },
  place: Place,
  verifier: Verifier,
): readonly Statement[] {
  const found = new Map<number, Statement & { readonly answer: Answer }>()
  for (const envelope of reveals) {
    const { seat, value } = opened(verifier.open(revealMessage, envelope), place)
    if (value.rank !== rank) throw invalid('of another rank')
    if (!sameBytes(value.start, bytesOfContentId(place.start))) throw invalid('from another state')
    if (found.has(seat)) throw invalid('a member twice')
    found.set(seat, { peer: verifier.context.members[seat] as PeerId, answer: value.answer, envelope })
  }
  const answers = [...found.values()].map(({ answer }) => answer)
  const most = Math.max(0, ...answers.map((answer) => answers.filter((other) => matches(answer, other)).length))
  const memberCount = verifier.context.members.length
  if (most + memberCount - answers.length >= quorumOf(memberCount)) throw invalid('reveals that can still reach q')
  return inSeatOrder(found, 'no reveal')
}

/**
 * A commit set, and q time-outs of one rank at least K later. They are of its step, so their senders held no certificate for it, and the highest commit set among
 * them is of this batch: it is what the next rank is bound to, so no other can have been certified. @throws {PeerGroupError} DISPUTE_INVALID
 */
export function readBound(
  evidence: { readonly rank: number; readonly seals: readonly Uint8Array[]; readonly timeouts: readonly Uint8Array[] },
  place: Place,
  verifier: Verifier,
): readonly Statement[] {
  const { rank, seals, timeouts } = evidence
  const quorum = quorumOf(verifier.context.members.length)
  if (!isCommitSet({ rank, batch: place.batch, seals }, place.step, verifier)) throw invalid('not a commit set')
  const seats = new Set<number>()
  let timeoutRank: number | undefined
  let highest: { readonly rank: number; readonly batch: Uint8Array } | undefined
  for (const envelope of timeouts) {
    const { seat, value } = openedAt(verifier.open(timeoutMessage, envelope), place.step)
    timeoutRank ??= value.rank
    if (value.rank !== timeoutRank) throw invalid('time-outs of several ranks')
    if (seats.has(seat)) throw invalid('a member twice')
    seats.add(seat)
    const { bound } = value
    if (bound === null) continue
    if (bound.rank > value.rank || !isCommitSet(bound, place.step, verifier)) throw invalid('a time-out with a false commit set')
    if (bound.rank > (highest?.rank ?? -1)) highest = bound
  }
  if (timeoutRank === undefined || seats.size < quorum) throw invalid('fewer than q time-outs')
  if (timeoutRank < rank + FREEZE_RANKS) throw invalid('time-outs of too low a rank')
  if (highest === undefined || !sameBytes(highest.batch, place.batch)) throw invalid('time-outs that do not bind the batch')
  return []
}

interface CommitSet {
  readonly rank: number
  /** SHA-256 of the batch. */
  readonly batch: Uint8Array
  readonly seals: readonly Uint8Array[]
}
function isCommitSet({ rank, batch, seals }: CommitSet, step: number, verifier: Verifier): boolean {
  const seats = new Set<number>()
  for (const envelope of seals) {
    const seal = verifier.open(sealMessage, envelope)
    if (typeof seal === 'string' || seal.value.step !== step || seal.value.rank !== rank || !sameBytes(seal.value.batch, batch))
      return false
    seats.add(seal.seat)
  }
  return seats.size >= quorumOf(verifier.context.members.length)
}

function openedAt<T extends { readonly step: number }>(message: Opened<T> | string, step: number): Opened<T> {
  if (typeof message === 'string') throw invalid(message)
  if (message.value.step !== step) throw invalid('of another step')
  return message
}
function opened<T extends Placed>(message: Opened<T> | string, { step, batch }: Placed): Opened<T> {
  const found = openedAt(message, step)
  if (!sameBytes(found.value.batch, batch)) throw invalid('of another batch')
  return found
}

function inSeatOrder(found: ReadonlyMap<number, Statement>, none: string): readonly Statement[] {
  if (found.size === 0) throw invalid(none)
  return [...found].sort(([a], [b]) => a - b).map(([, statement]) => statement)
}

export const invalid = (reason: string, cause?: unknown): PeerGroupError =>
  new PeerGroupError({ code: 'DISPUTE_INVALID', reason }, { cause })
