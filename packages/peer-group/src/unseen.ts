import { bytesOfContentId, type PeerId } from '@interpeer/crypto-ids'
import { sameBytes, WireError } from '@interpeer/wire-codec'
import { readReveals } from './certificate.js'
import { PeerGroupError } from './errors.js'
import { count, type KnownStep, othersOf, send, type Turn, type Unseen } from './group-state.js'
import { askMessage, certificateMessage, lateMessage, withheldMessage } from './messages.js'
import { ASK_EVERY_MS, UNSEEN_MAX, WITHHELD_SHARE } from './settings.js'
import { sign } from './sign.js'
import { knownStep } from './steps.js'
import { disputeUnseen } from './tell-disputes.js'
import { createVerifier } from './verifier.js'

/**
 * Anyone may show a certificate and ask what this member says of it: its reveal, its dissent, that it is late, or that it was not given the batch. Signatures are looked at
 * only where this member knows nothing of the step, and not twice of what it waits for: whoever shows much costs little.
 */
export function onShown(t: Turn, from: PeerId, certificate: Uint8Array): void {
  const { g } = t
  try {
    const { job, epoch, step, batch } = certificateMessage.decode(certificate)
    const known = knownStep(g, step)
    if (!sameBytes(job, bytesOfContentId(g.setup.job)) || epoch !== g.setup.epoch) count(t, 'CERTIFICATE_INVALID')
    else if (known !== undefined) tellOf(t, from, known, batch)
    else if (step > g.base.step && g.seat >= 0 && g.phase === 'open') takeUnseen(t, from, certificate, { step, batch })
  } catch (error) {
    if (!(error instanceof PeerGroupError || error instanceof WireError)) throw error
    count(t, 'CERTIFICATE_INVALID')
  }
}

function takeUnseen(
  t: Turn,
  from: PeerId,
  certificate: Uint8Array,
  { step, batch }: { readonly step: number; readonly batch: Uint8Array },
): void {
  const { g } = t
  const same = g.unseen.find((one) => one.step === step && sameBytes(one.batchHash, batch))
  if (same === undefined && waitedFor(t) === undefined && !g.isShowDue) {
    const read = readReveals(certificate, createVerifier(g.setup, g.verifier.verification))
    // one that nothing was said of had its batch in time
    const kept = g.unseen.filter(({ said }) => said !== undefined).slice(1 - UNSEEN_MAX)
    g.unseen = [...kept, { ...read, certificate, sinceMs: t.nowMs }]
  }
  if (same?.said !== undefined) send(t, [from], same.said)
  else ask(t)
}

function tellOf(t: Turn, from: PeerId, known: KnownStep, shown: Uint8Array): void {
  const { g } = t
  const { step, certified, dissents, own } = known
  const { rank, batch, reveals } = certified
  if (!sameBytes(batch.hash, shown)) return
  const said = dissents.get(g.seat) ?? reveals.get(g.seat)?.envelope
  const isLate = (own === 'late' || own === 'running') && g.phase !== 'shown' && g.seat >= 0
  if (said !== undefined) send(t, [from], said)
  else if (isLate) send(t, [from], sign(t, lateMessage, { step, rank, batch: batch.hash }).envelope)
}

/** What this member lacks it asks the others for: again while it waits, for what it says when nobody gives it costs it something. */
function ask(t: Turn): void {
  const { g } = t
  if (t.nowMs < g.askedAtMs + ASK_EVERY_MS) return
  g.askedAtMs = t.nowMs
  send(t, othersOf(g), sign(t, askMessage, { step: g.base.step }).envelope)
}

/** The certificate that it was shown of a step that it does not know yet, where it has said nothing of that. */
export function waitedFor({ g: { unseen, base } }: Turn): Unseen | undefined {
  const last = unseen.at(-1)
  return last !== undefined && last.said === undefined && last.step > base.step ? last : undefined
}
const sayAtMs = ({ g: { settings } }: Turn, { sinceMs }: Unseen): number => sinceMs + settings.dissentWindowMs * WITHHELD_SHARE

/** When a member that was shown a certificate asks for its batch again, or will say that nobody gives it. */
export function unseenAtMs(t: Turn): number | undefined {
  const { askedAtMs, settings } = t.g
  const one = waitedFor(t)
  return one === undefined ? undefined : Math.min(sayAtMs(t, one), askedAtMs + settings.resendMs)
}

/** Colluders can't hide what they certify from the one member that would contradict them: that they did is signed, and told to the chain. */
export function sayUnseen(t: Turn): void {
  const { g } = t
  const one = waitedFor(t)
  if (one === undefined || g.phase !== 'open') return
  if (t.nowMs < sayAtMs(t, one)) {
    if (t.nowMs >= g.askedAtMs + g.settings.resendMs) ask(t)
    return
  }
  const { step, rank, batchHash } = one
  const { envelope } = sign(t, withheldMessage, { step, rank, batch: batchHash })
  const told = { ...one, said: envelope }
  g.unseen = g.unseen.map((other) => (other === one ? told : other))
  t.durable = true
  send(t, othersOf(g), envelope)
  disputeUnseen(t, told)
}
