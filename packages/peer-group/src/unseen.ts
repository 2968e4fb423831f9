import { bytesOfContentId, type PeerId, sha256 } from '@interpeer/crypto-ids'
import { sameBytes, WireError } from '@interpeer/wire-codec'
import { takeCertified } from './adopt.js'
import type { ShownBy } from './api.js'
import { mayNoteBranch, noteBranch, saidOfBranch } from './branches.js'
import { readCertificate, readReveals } from './certificate.js'
import { PeerGroupError } from './errors.js'
import { count, type KnownStep, othersOf, send, type Turn, type Unseen } from './group-state.js'
import { stretchIn } from './jury/stretch.js'
import { askMessage, certificateMessage, lateMessage, withheldMessage } from './messages.js'
import { askBodiesAgain, withheldAtMs } from './own-run.js'
import { lookAtPast } from './past.js'
import { ASK_EVERY_MS, WAITING_MAX, WAITING_ON_CHAIN_MAX, WITHHELD_SHARE } from './settings.js'
import { sign } from './sign.js'
import { isJudged, isSkipped, knownStep } from './steps.js'
import { disputeUnseen, stretchUnseen } from './tell-disputes.js'
import { createVerifier } from './verifier.js'
import { waitedFor, withSaid } from './waited-for.js'

/**
 * Anyone may show a certificate and ask what this member says of it: its reveal, its dissent, that it is late, or that it was not given the batch. Signatures are looked at
 * only where this member knows nothing of the step, and not twice of what it waits for: whoever shows much costs little.
 * @param by what the chain was shown it may go on from: others' certificates must not keep it waiting
 */
export function onShown(t: Turn, from: PeerId, certificate: Uint8Array, by: ShownBy): void {
  const { g } = t
  try {
    const shown = certificateMessage.decode(certificate)
    const { job, epoch, step, batch } = shown
    const known = knownStep(g, step)
    if (!sameBytes(job, bytesOfContentId(g.setup.job)) || epoch !== g.setup.epoch) count(t, 'CERTIFICATE_INVALID')
    else if (known !== undefined && !sameBytes(known.certified.batch.hash, batch)) takeBranch(t, from, certificate, batch, by)
    else if (known === undefined && g.seat >= 0 && (step > g.base.step || isSkipped(g, step)))
      takeUnseen(t, from, certificate, { step, batch, by })
    else {
      lookAtPast(t, certificate, shown, by)
      // what the chain has nobody waits to hear about
      if (known !== undefined && by !== 'chain') tellOf(t, from, known)
    }
  } catch (error) {
    if (!(error instanceof PeerGroupError || error instanceof WireError)) throw error
    count(t, 'CERTIFICATE_INVALID')
  }
}

function takeUnseen(
  t: Turn,
  from: PeerId,
  certificate: Uint8Array,
  { step, batch, by }: { readonly step: number; readonly batch: Uint8Array; readonly by: ShownBy },
): undefined {
  const { g } = t
  const same = g.unseen.find((one) => one.step === step && sameBytes(one.batchHash, batch))
  if (same === undefined && waitedFor(g).length < (by === 'anyone' ? WAITING_MAX : WAITING_ON_CHAIN_MAX) && !g.isShowDue) {
    const read = readReveals(certificate, createVerifier(g.setup, g.verifier.verification))
    if (step === 1 && !sameBytes(read.start, bytesOfContentId(g.setup.start))) return count(t, 'CERTIFICATE_OTHER_START')
    g.unseen = [...g.unseen, { ...read, certificate, shownBy: by, sinceMs: t.nowMs, shownMs: t.nowMs }]
    fetch(t, batch)
  }
  if (same?.said !== undefined) send(t, [from], same.said)
  else ask(t)
}

/** Of a step that this member knows by another batch: what it has said of it, or it looks at what leads there. */
function takeBranch(t: Turn, from: PeerId, certificate: Uint8Array, batch: Uint8Array, by: ShownBy): void {
  const { g } = t
  const said = saidOfBranch(g, batch)
  if (said !== undefined) send(t, [from], said)
  else if (mayNoteBranch(g, batch, by)) noteBranch(t, { ...readReveals(certificate, g.verifier), certificate }, by)
}

function tellOf(t: Turn, from: PeerId, known: KnownStep): void {
  const { g } = t
  const { step, certified, dissents, own } = known
  const { rank, batch, reveals } = certified
  const said = dissents.get(g.seat) ?? reveals.get(g.seat)?.envelope
  const isLate = (own === 'late' || own === 'running') && g.show === undefined && g.seat >= 0
  if (said !== undefined) send(t, [from], said)
  else if (isLate) send(t, [from], sign(t, lateMessage, { step, rank, batch: batch.hash }).envelope)
}

/** The batch of a certificate that it was shown came from another member's store: its step is taken up like any other, also one that this member had skipped. */
export function onBatch(t: Turn, bytes: Uint8Array): undefined {
  const { g } = t
  const hash = sha256(bytes)
  // also one that it has said is withheld: better late than never seen
  const one = g.unseen.find(({ batchHash }) => sameBytes(batchHash, hash))
  if (one === undefined || knownStep(g, one.step) !== undefined) return count(t, 'BATCH_UNWANTED')
  try {
    takeCertified(t, one.certificate, readCertificate(one.certificate, bytes, g.verifier))
  } catch (error) {
    if (!(error instanceof PeerGroupError)) throw error
    count(t, 'CERTIFICATE_INVALID') // q members certified what no honest one could run, and this one has still nothing that it could
  }
}

/** What this member lacks it asks the others for: again while it waits, for what it says when nobody gives it costs it something. */
function ask(t: Turn): void {
  const { g } = t
  if (t.nowMs < g.askedAtMs + ASK_EVERY_MS) return
  g.askedAtMs = t.nowMs
  send(t, othersOf(g), sign(t, askMessage, { step: g.base.step }).envelope)
}
/** By its hash too: those who know the step may have gone on, and forgotten its certificate. */
const fetch = (t: Turn, hash: Uint8Array): void => {
  t.effects.push({ type: 'fetch-batch', hash, from: othersOf(t.g) })
}

const sayAtMs = ({ g: { settings } }: Turn, { sinceMs }: Unseen): number => sinceMs + settings.dissentWindowMs * WITHHELD_SHARE

/** When a member that was shown a certificate asks for its batch again, or will say that nobody gives it. */
export function unseenAtMs(t: Turn): number | undefined {
  const { askedAtMs, settings } = t.g
  return isAsking(t) ? Math.min(...waitedFor(t.g).map((one) => sayAtMs(t, one)), askedAtMs + settings.resendMs) : undefined
}
/** While the epoch is open, bodies are asked for again with open messages. */
const isAsking = (t: Turn): boolean =>
  waitedFor(t.g).length > 0 || askedOfJurors(t).length > 0 || (t.g.phase !== 'open' && (withheldAtMs(t) ?? 0) > t.nowMs)

/** This peer could not ask for a batch: that says nothing of what others give. It waits anew, and after a while no more, since it may have to show. */
export function onUnasked(t: Turn, hash: Uint8Array): void {
  const { g } = t
  const isIt = (one: Unseen) => one.said === undefined && sameBytes(one.batchHash, hash)
  const isPast = ({ shownMs = 0 }: Unseen) => t.nowMs > shownMs + UNASKED_WINDOWS * g.settings.dissentWindowMs
  g.unseen = g.unseen.flatMap((one) => (isIt(one) ? (isPast(one) ? [] : [{ ...one, sinceMs: t.nowMs }]) : [one]))
}
const UNASKED_WINDOWS = 5

/** What leads to these begins far back: jurors get their batches first, and whoever has them may look at the rest. */
const askedOfJurors = ({ g, nowMs }: Turn): readonly Unseen[] =>
  g.unseen.filter((one) => {
    const isFar = one.said !== undefined && stretchIn(one.said) !== undefined && nowMs < one.sinceMs + ASKED_OF_JURORS_MS
    return isFar && one.step > g.base.step
  })
const ASKED_OF_JURORS_MS = 300_000

function askAgain(t: Turn): void {
  const { g } = t
  if (!isAsking(t) || t.nowMs < g.askedAtMs + g.settings.resendMs) return
  ask(t)
  for (const { batchHash } of [...waitedFor(g), ...askedOfJurors(t)]) fetch(t, batchHash)
  if (g.phase !== 'open') askBodiesAgain(t)
}

/** Colluders can't hide what they certify from the one member that would contradict them: that they did is signed, and told to the chain. */
export function sayUnseen(t: Turn): void {
  const { g } = t
  askAgain(t)
  for (const one of waitedFor(g)) {
    if (t.nowMs < sayAtMs(t, one)) continue
    const { step, rank, batchHash } = one
    const { envelope } = sign(t, withheldMessage, { step, rank, batch: batchHash, stretch: stretchUnseen(t, one) ?? null })
    const told = { ...one, said: envelope }
    g.unseen = withSaid(
      g.unseen.filter((other) => other !== one),
      told,
    )
    if (isJudged(g)) g.objectedFrom = Math.min(g.objectedFrom, step)
    t.durable = true
    send(t, othersOf(g), envelope)
    disputeUnseen(t, told)
  }
}
