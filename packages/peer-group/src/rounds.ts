import { bytesOfContentId, type ContentId, sha256 } from '@interpeer/crypto-ids'
import { hexOf, type Infer, sameBytes } from '@interpeer/wire-codec'
import { accuse } from './accuse.js'
import { adopt } from './adopt.js'
import { answerSeal, matches, rootOf } from './answer.js'
import { type KnownBatch, namingOf, readBatch } from './batch.js'
import { agreedAnswer, sealOfReveal, writeCertificate } from './certificate.js'
import { hasSeenFor } from './closing-reveal.js'
import { collatorSeat, count, othersOf, peerAt, quorum, send, type Turn } from './group-state.js'
import { accuseHiders } from './hidden-lock.js'
import { type Answer, commitSetMessage, type Reveal, revealMessage, type Seal, sealMessage } from './messages.js'
import { RANK_MAX, RANK_WINDOW } from './settings.js'
import { sign } from './sign.js'
import { knownStep } from './steps.js'
import { noteBound, readBoundSet } from './timeouts.js'
import type { Opened } from './verifier.js'

/** A seal of the open step, own or another's. */
export function takeSeal(t: Turn, opened: Opened<Seal>): undefined {
  const { open } = t.g
  const { rank } = opened.value
  if (!inWindow(t, rank)) return count(t, 'RANK_FAR')
  const seals = open.seals.get(rank) ?? new Map<number, Opened<Seal>>()
  const earlier = seals.get(opened.seat)
  if (earlier !== undefined) return accuse(t, 'two-seals', opened.seat, earlier.envelope, opened.envelope)
  open.seals.set(rank, seals.set(opened.seat, opened))
  const reveal = open.reveals.get(rank)?.get(opened.seat)
  if (reveal !== undefined && !opens(t, opened, reveal)) {
    open.reveals.get(rank)?.delete(opened.seat)
    accuse(t, 'broken-seal', opened.seat, opened.envelope, reveal.envelope)
  }
}

/** A reveal of the open step. One that does not open its member's seal counts for nothing. */
export function takeReveal(t: Turn, opened: Opened<Reveal>): undefined {
  const { open } = t.g
  const { rank, batch, start, answer } = opened.value
  if (!inWindow(t, rank)) return count(t, 'RANK_FAR')
  if (rootOf(answer) === undefined) return count(t, 'REVEAL_INVALID') // no certificate may hold it
  const reveals = open.reveals.get(rank) ?? new Map<number, Opened<Reveal>>()
  const earlier = reveals.get(opened.seat)
  if (earlier !== undefined) return accuse(t, 'two-reveals', opened.seat, earlier.envelope, opened.envelope)
  const seal = open.seals.get(rank)?.get(opened.seat)
  if (seal !== undefined && !opens(t, seal, opened)) return accuse(t, 'broken-seal', opened.seat, seal.envelope, opened.envelope)
  for (const [otherRank, others] of open.reveals) {
    const other = others.get(opened.seat)
    if (otherRank === rank || other === undefined || !sameBytes(other.value.batch, batch) || !sameBytes(other.value.start, start)) continue
    if (!matches(other.value.answer, answer)) accuse(t, 'two-answers', opened.seat, other.envelope, opened.envelope)
  }
  accuseHiders(t, [opened], open.timeouts.get(opened.seat) ?? [])
  open.reveals.set(rank, reveals.set(opened.seat, opened))
}

/**
 * A commit set with its batch: its seals are taken up as if they had come one by one. Nothing of it is kept before q seals name the batch, so that nobody can
 * fill a member's memory with batches.
 */
export function takeCommitSet(t: Turn, { value }: Opened<Infer<typeof commitSetMessage>>): undefined {
  const { open, verifier } = t.g
  const hash = sha256(value.batch)
  const bound = open.bound !== undefined && sameBytes(open.bound.hash, hash) ? open.bound : undefined
  if (bound !== undefined && bound.rank >= value.rank && open.batches.has(hexOf(hash))) return // it was sent again
  if (readBoundSet(t, { rank: value.rank, batch: hash, seals: value.seals }, RANK_MAX) === undefined) return count(t, 'COMMIT_SET_INVALID')
  try {
    const batch = readBatch(value.batch)
    if (bound !== undefined && !open.batches.has(hexOf(hash))) t.durable = true
    open.batches.set(hexOf(hash), batch)
  } catch {
    return count(t, 'COMMIT_SET_INVALID')
  }
  for (const envelope of value.seals) {
    const seal = verifier.open(sealMessage, envelope)
    if (typeof seal !== 'string') takeSeal(t, seal)
  }
}

/** q seals for one batch at one rank make a commit set; the highest one is remembered, and its collator hands it round. */
export function findCommitSet(t: Turn): boolean {
  const { open } = t.g
  for (const [rank, bySeat] of open.seals) {
    if (rank <= (open.bound?.rank ?? -1)) continue
    for (const [name, seals] of groupBy([...bySeat.values()], (seal) => hexOf(seal.value.batch))) {
      const batch = open.batches.get(name)
      if (seals.length < quorum(t.g) || batch === undefined) continue
      noteBound(t, { rank, hash: batch.hash, seals: seals.sort((a, b) => a.seat - b.seat).map(({ envelope }) => envelope) })
      if (collatorSeat(open, rank) === t.g.seat && rank > open.givenUp) sendCommitSet(t)
      return true
    }
  }
  return false
}

export function sendCommitSet(t: Turn): undefined {
  const { open } = t.g
  const batch = open.bound === undefined ? undefined : open.batches.get(hexOf(open.bound.hash))
  if (open.bound === undefined || batch === undefined) return
  const { rank, seals } = open.bound
  send(t, othersOf(t.g), sign(t, commitSetMessage, { step: open.step, rank, batch: batch.bytes, seals }).envelope)
}

/**
 * Reveals on a commit set for what this member sealed, and thereby locks it (PBFT's commit). Never without a commit set, never at a
 * rank given up; the lock goes to disk before the reveal leaves.
 */
export function reveal(t: Turn): boolean {
  const { open } = t.g
  const { sealed, bound } = open
  if (sealed === undefined || bound === undefined || bound.rank !== sealed.rank) return false
  if (!sameBytes(bound.hash, sealed.batch.hash) || open.givenUp >= sealed.rank || open.revealed?.rank === sealed.rank) return false
  if (!hasSeenFor(t.g, sealed.batch)) return false
  const { rank, batch, start, salt, answer } = sealed
  const opened = sign(t, revealMessage, { step: open.step, rank, batch: batch.hash, start: bytesOfContentId(start), salt, answer })
  open.lockRank = rank
  open.revealed = { rank, envelope: opened.envelope }
  t.durable = true
  takeReveal(t, opened)
  send(t, [peerAt(t.g, collatorSeat(open, rank))], opened.envelope)
  return true
}

/**
 * q matching reveals of one rank and batch certify the step. The rank's collator waits a moment for the members that are there too: with all of them the step is
 * final at once, without them it waits for dissent.
 */
export function certify(t: Turn): boolean {
  const { open, setup } = t.g
  for (const [rank, bySeat] of open.reveals) {
    for (const [name, reveals] of groupBy([...bySeat.values()], (one) => `${hexOf(one.value.batch)}${hexOf(one.value.start)}`)) {
      const answer = agreedAnswer(reveals, setup.members.length)
      const batch = open.batches.get(name.slice(0, 64))
      const start = contentIdOf(reveals)
      if (answer === undefined || batch === undefined || start === undefined || !mayStartFrom(t, batch, start)) continue
      if (!namesAlike(t, batch, answer)) continue
      const spread = collatorSeat(open, rank) === t.g.seat
      if (spread && reveals.length < setup.members.length && waitsForMore(t, rank, reveals)) continue
      const inOrder = reveals.sort((a, b) => a.seat - b.seat)
      const certificate = writeCertificate(inOrder)
      adopt(t, { step: open.step, rank, batch, start, answer, reveals: inOrder, shown: inOrder, certificate, spread })
      return true
    }
  }
  return false
}

const contentIdOf = (reveals: readonly Opened<Reveal>[]) => rootOf({ root: (reveals[0] as Opened<Reveal>).value.start })
const mayStartFrom = ({ g }: Turn, batch: KnownBatch, start: ContentId): boolean =>
  start === batch.from || batch.value.epoch !== g.setup.epoch
function namesAlike({ g }: Turn, batch: KnownBatch, answer: Answer): boolean {
  const { final, disputed } = namingOf(batch.value, g.setup.epoch)
  return answer.final === final && answer.disputed === disputed
}

/** Members that sealed at this rank, or had their part in the last certificate, are waited for; whoever was silent then is not. */
function waitsForMore(t: Turn, rank: number, reveals: readonly Opened<Reveal>[]): boolean {
  const { open, settings, base } = t.g
  open.quorumAtMs ??= t.nowMs
  if (t.nowMs >= open.quorumAtMs + settings.graceMs) return false
  const here = new Set([...(open.seals.get(rank)?.keys() ?? []), ...(knownStep(t.g, base.step)?.certified.reveals.keys() ?? [])])
  if (base.step === 0) for (const seat of t.g.setup.members.keys()) here.add(seat)
  for (const { seat } of reveals) here.delete(seat)
  return here.size > 0
}

function opens(t: Turn, seal: Opened<Seal>, opened: Opened<Reveal>): boolean {
  if (!sameBytes(seal.value.batch, opened.value.batch)) return false
  return sameBytes(seal.value.seal, sealOfReveal(opened, t.g.verifier.context))
}

/** The seal for what this member is about to seal. */
export const ownSealBytes = (t: Turn, rank: number, batch: Uint8Array, salt: Uint8Array, answer: Reveal['answer']): Uint8Array =>
  answerSeal({ ...t.g.setup, step: t.g.open.step, rank, batch, key: t.g.self.publicKey }, salt, answer)

function inWindow(t: Turn, rank: number): boolean {
  return Math.abs(rank - t.g.open.rank) <= RANK_WINDOW
}

function groupBy<T>(items: readonly T[], nameOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const name = nameOf(item)
    const group = groups.get(name)
    if (group === undefined) groups.set(name, [item])
    else group.push(item)
  }
  return groups
}
