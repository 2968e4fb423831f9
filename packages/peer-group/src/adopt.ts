import { bytesOfContentId, contentIdOfBytes } from '@interpeer/crypto-ids'
import { hexOf, type Infer, sameBytes } from '@interpeer/wire-codec'
import { matches } from './answer.js'
import type { StateEvent } from './api.js'
import type { KnownBatch } from './batch.js'
import { closes, readCertificate, writeCertificate } from './certificate.js'
import { PeerGroupError } from './errors.js'
import { type Base, count, type Late, othersOf, peerAt, send, type Turn } from './group-state.js'
import { type Answer, finalMessage, type Reveal } from './messages.js'
import { newOpenStep } from './open-step.js'
import { cleanPool } from './pool.js'
import { sign } from './sign.js'
import { answeredBy, readState } from './state-block.js'
import { tallyLate, tallyStep } from './tally.js'
import type { Opened } from './verifier.js'

const RECENT_STEPS = 16
const CLOSED_RESENDS = 8

interface Adopted {
  readonly step: number
  readonly rank: number
  readonly batch: KnownBatch
  readonly answer: Answer
  readonly reveals: readonly Opened<Reveal>[]
  readonly certificate: Uint8Array
  /** The seats that the others find in the certificate. */
  readonly shown: readonly Opened<Reveal>[]
  /** This member collated it, and hands it round. */
  readonly spread: boolean
}

/** Takes a certified step up as final: the member goes on from its root, whatever it thought itself. */
export function adopt(t: Turn, adopted: Adopted): undefined {
  const { g } = t
  const { step, rank, batch, answer, reveals, certificate } = adopted
  const root = contentIdOfBytes(answer.root)
  const isOpen = step === g.open.step
  const run = isOpen ? g.open.runs.get(hexOf(batch.hash)) : undefined
  const state = run?.type === 'ran' && run.state.root === root ? run.state : undefined
  const certified = { rank, answer, batch, certificate, revealed: new Set(reveals.map(({ seat }) => seat)) }
  const late = isOpen ? lateOf(t, adopted) : undefined
  const base: Base = {
    step,
    batchHash: batch.hash,
    root,
    timeMs: batch.value.timeMs,
    certified,
    sinceMs: t.nowMs,
    announced: false,
    running: state === undefined && run?.type === 'running',
    ...(state === undefined ? {} : { state }),
    ...(late === undefined ? {} : { late }),
  }
  const agreed = new Set(reveals.filter((one) => matches(one.value.answer, answer)).map(({ seat }) => seat))
  const differing = new Set([...certified.revealed].filter((seat) => !agreed.has(seat)))
  g.previous = isOpen ? g.base.state : undefined
  g.base = base
  g.tally = tallyStep(g.tally, step, agreed, differing)
  g.recent = [...g.recent, { step, certified }].slice(-RECENT_STEPS)
  g.open = newOpenStep(g, step + 1)
  g.finalEnvelope = undefined
  t.durable = true
  for (const seat of differing) t.effects.push({ type: 'mark', peer: peerAt(g, seat), step, outcome: 'contradicted' })
  const closing = closes(batch.value, g.verifier.context)
  if (closing && g.phase === 'open') g.phase = 'closed'
  if (adopted.spread) sendFinal(t, [...othersOf(g), ...joinersOf(t)])
  else if (closing) sendFinal(t, joinersOf(t))
  if (late?.reveal !== undefined) {
    takeLateReveal(t, late.reveal)
    send(t, othersOf(g), late.reveal.envelope)
  }
  announce(t)
  if (closing) {
    g.open.resendAtMs = t.nowMs + g.settings.resendMs
    tellClosed(t)
  }
  if (base.state === undefined && !base.running) fetchState(t)
}

/** Says that the epoch is over, if its closing certificate is here. */
export function tellClosed(t: Turn): undefined {
  const { certified, root } = t.g.base
  if (certified === undefined || !closes(certified.batch.value, t.g.verifier.context)) return
  const { certificate, batch } = certified
  const { outcomes } = batch.value
  t.effects.push({ type: 'closed', certificate, batch: batch.bytes, state: root, outcomes, shown: t.g.show !== undefined })
}

/** What this member may still say of a step that others made final: its reveal, if the certificate lacks it. */
function lateOf(t: Turn, { rank, batch, shown }: Adopted): Late | undefined {
  const { open, seat } = t.g
  if (seat < 0 || shown.some((one) => one.seat === seat)) return undefined
  const own = open.revealed?.rank === rank && open.sealed !== undefined && sameBytes(open.sealed.batch.hash, batch.hash)
  const reveal = own ? open.reveals.get(rank)?.get(seat) : undefined
  if (reveal !== undefined) return { reveal, open: false }
  const elsewhere =
    open.sealed !== undefined && (open.sealed.rank > rank || (open.sealed.rank === rank && !sameBytes(open.sealed.batch.hash, batch.hash)))
  return { open: open.givenUp < rank && !elsewhere && open.revealed?.rank !== rank }
}

/** The last final step's root is here, or was reached by the own run: says so, once. */
export function announce(t: Turn): undefined {
  const { g } = t
  const { base } = g
  const { state, certified } = base
  if (state === undefined) return
  const told = new Set<string>()
  if (certified !== undefined && !base.announced) {
    const requests = certified.batch.requests.flatMap(({ id }) => {
      const answered = answeredBy(state, hexOf(id))
      told.add(hexOf(id))
      return answered === undefined ? [] : [{ id, response: answered.response }]
    })
    const { certificate, batch } = certified
    t.effects.push({ type: 'final', step: base.step, certificate, batch: batch.bytes, state: base.root, files: state.files, requests })
  }
  g.base = { ...base, announced: true, running: false }
  cleanPool(t, told)
}

export function fetchState(t: Turn): undefined {
  const { base, setup, self } = t.g
  const holders = base.certified === undefined ? setup.members : [...base.certified.revealed].map((seat) => peerAt(t.g, seat))
  t.effects.push({ type: 'fetch-state', root: base.root, from: holders.filter((peer) => peer !== self.peerId) })
}

/** The shell has the group state block, and all under it, on disk. */
export function onState(t: Turn, { block, pages }: StateEvent): undefined {
  const { g } = t
  if (g.base.state !== undefined) return
  try {
    const state = readState(block, pages)
    if (state.root !== g.base.root) return count(t, 'STATE_OTHER')
    g.base = { ...g.base, state }
  } catch (error) {
    if (!(error instanceof PeerGroupError)) throw error
    return count(t, 'STATE_INVALID')
  }
  announce(t)
}

/** A certificate with its batch, from anyone who has it. */
export function takeFinal(t: Turn, { value }: Opened<Infer<typeof finalMessage>>): undefined {
  const { g } = t
  if (value.step < g.base.step) return
  if (value.step === g.base.step && g.base.certified !== undefined && sameBytes(value.certificate, g.base.certified.certificate)) return
  try {
    const certified = readCertificate(value.certificate, value.batch, g.verifier)
    if (certified.step !== value.step) return count(t, 'CERTIFICATE_INVALID')
    if (certified.step > g.base.step) {
      const known = certified.step === g.open.step ? [...(g.open.reveals.get(certified.rank)?.values() ?? [])] : []
      const { batchHash, batch } = certified
      const fitting = known.filter((one) => sameBytes(one.value.batch, batchHash) && sameBytes(one.value.start, batch.value.from))
      const reveals = merged(certified.reveals, fitting)
      const certificate = reveals.length > certified.reveals.length ? writeCertificate(reveals) : value.certificate
      adopt(t, { ...certified, reveals, shown: certified.reveals, certificate, spread: false })
    } else for (const one of certified.reveals) takeLateReveal(t, one)
  } catch (error) {
    if (!(error instanceof PeerGroupError)) throw error
    count(t, 'CERTIFICATE_INVALID')
  }
}

/** A reveal of a step that is final already: for the record. */
export function takeLateReveal(t: Turn, opened: Opened<Reveal>): undefined {
  const { g } = t
  const { step, rank, batch, start, answer } = opened.value
  const recent = g.recent.find((one) => one.step === step)
  if (recent === undefined || recent.certified.rank !== rank) return
  const { certified } = recent
  if (!sameBytes(batch, certified.batch.hash) || !sameBytes(start, bytesOfContentId(certified.batch.from))) return
  if (certified.revealed.has(opened.seat)) return
  const agreed = matches(answer, certified.answer)
  const updated = { ...certified, revealed: new Set(certified.revealed).add(opened.seat) }
  g.recent = g.recent.map((one) => (one.step === step ? { step, certified: updated } : one))
  if (g.base.step === step) g.base = { ...g.base, certified: updated }
  g.tally = tallyLate(g.tally, step, opened.seat, agreed)
  if (!agreed) t.effects.push({ type: 'mark', peer: peerAt(g, opened.seat), step, outcome: 'contradicted' })
}

/** Gives someone who is behind the last certificate. After a show nothing new is signed. */
export function sendFinal(t: Turn, to: Parameters<typeof send>[1]): undefined {
  const { g } = t
  const { certified, step } = g.base
  if (certified === undefined || to.length === 0) return
  if (g.finalEnvelope === undefined) {
    if (g.phase === 'shown' || g.seat < 0) return
    const { certificate, batch } = certified
    g.finalEnvelope = sign(t, finalMessage, { step, certificate, batch: batch.bytes }).envelope
  }
  send(t, to, g.finalEnvelope)
}

/** The closing certificate goes to the next epoch's members, and a few times more. */
export function resendClosing(t: Turn): undefined {
  const { g } = t
  if (g.open.resendAtMs === undefined || t.nowMs < g.open.resendAtMs) return
  sendFinal(t, [...othersOf(g), ...joinersOf(t)])
  g.closedResends++
  g.open.resendEveryMs *= 2
  g.open.resendAtMs = g.closedResends >= CLOSED_RESENDS ? undefined : t.nowMs + g.open.resendEveryMs
}

export const joinersOf = ({ g }: Turn) => (g.closing?.next ?? []).filter((peer) => !g.setup.members.includes(peer))

function merged(reveals: readonly Opened<Reveal>[], more: readonly Opened<Reveal>[]): readonly Opened<Reveal>[] {
  const bySeat = new Map([...more, ...reveals].map((one) => [one.seat, one]))
  return [...bySeat.values()].sort((a, b) => a.seat - b.seat)
}
