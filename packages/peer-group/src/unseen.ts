import { sameBytes } from '@interpeer/wire-codec'
import { verifyReveals } from './certificate.js'
import { PeerGroupError } from './errors.js'
import { count, othersOf, send, type Turn } from './group-state.js'
import { askMessage, lateMessage, withheldMessage } from './messages.js'
import { ASK_EVERY_MS, WITHHELD_SHARE } from './settings.js'
import { sign } from './sign.js'
import { knownStep } from './steps.js'
import { disputeUnseen } from './tell-disputes.js'

/** Anyone may show a certificate and ask what this member says of it: its reveal, its dissent, that it is late, or that it was not given the batch. */
export function onShown(t: Turn, from: Parameters<typeof send>[1][number], certificate: Uint8Array): undefined {
  const { g } = t
  try {
    const { step, rank, batchHash } = verifyReveals(certificate, g.setup, g.verifier.verification)
    const known = knownStep(g, step)
    if (known === undefined) {
      if (step <= g.base.step || g.seat < 0 || g.phase !== 'open') return
      const { unseen } = g
      const isSame = unseen !== undefined && sameBytes(unseen.batch, batchHash)
      if (unseen === undefined || unseen.step <= g.base.step || (unseen.said !== undefined && !isSame))
        g.unseen = { step, rank, batch: batchHash, certificate, sinceMs: t.nowMs }
      else if (unseen.said !== undefined) send(t, [from], unseen.said)
      // what it lacks it asks the members for; whoever showed the certificate will ask again
      if (t.nowMs < g.askedAtMs + ASK_EVERY_MS) return
      g.askedAtMs = t.nowMs
      send(t, othersOf(g), sign(t, askMessage, { step: g.base.step }).envelope)
      return
    }
    if (!sameBytes(known.certified.batch.hash, batchHash)) return
    const said = known.dissents.get(g.seat) ?? known.certified.reveals.get(g.seat)?.envelope
    if (said !== undefined) send(t, [from], said)
    else if (known.own === 'late' || known.own === 'running') {
      const { batch } = known.certified
      if (g.phase !== 'shown' && g.seat >= 0) send(t, [from], sign(t, lateMessage, { step, rank, batch: batch.hash }).envelope)
    }
  } catch (error) {
    if (!(error instanceof PeerGroupError)) throw error
    count(t, error.code)
  }
}

/** When a member that was shown a certificate, and whom nobody gives its batch, will say so. */
export function unseenAtMs({ g }: Turn): number | undefined {
  const { unseen } = g
  if (unseen === undefined || unseen.said !== undefined || unseen.step <= g.base.step) return undefined
  return unseen.sinceMs + g.settings.dissentWindowMs * WITHHELD_SHARE
}

/** Colluders can't hide what they certify from the one member that would contradict them: that they did is signed, and told to the chain. */
export function sayUnseen(t: Turn): void {
  const { g } = t
  const { unseen } = g
  if (unseen === undefined || g.phase !== 'open' || t.nowMs < (unseenAtMs(t) ?? Number.POSITIVE_INFINITY)) return
  const { step, rank, batch } = unseen
  const { envelope } = sign(t, withheldMessage, { step, rank, batch })
  g.unseen = { ...unseen, said: envelope }
  t.durable = true
  send(t, othersOf(g), envelope)
  disputeUnseen(t)
}
