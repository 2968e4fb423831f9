import type { PeerId } from '@interpeer/crypto-ids'
import { sameBytes } from '@interpeer/wire-codec'
import { tellFault } from './accuse.js'
import type { Adopted } from './adopt.js'
import { previousOf } from './ancestors.js'
import { namingOf, readBatch } from './batch.js'
import type { Turn } from './group-state.js'
import { dissentHeldMessage, revealMessage } from './messages.js'
import { isJudged, knownStep, unnamedSteps } from './steps.js'
import type { Verifier } from './verifier.js'

/**
 * A group that certifies over a dissent it was shown commits a provable lie (design §6). Provable only at rank 0, where nothing can bind a batch: above it, another
 * proposal of the same batch may have been bound. The batch before shows that the step was not named yet: afterwards all batches name it.
 */
export function accuseLiars(t: Turn, { step, rank, batch, answer, reveals }: Adopted): void {
  if (rank !== 0 || !isJudged(t.g) || answer.final === 0 || batch.value.epoch !== t.g.setup.epoch) return
  const before = knownStep(t.g, step - 1)?.certified.batch
  if (before === undefined) return // what was named already is not known here
  for (const known of unnamedSteps(t.g)) {
    if (known.step > answer.final) break
    for (const reveal of reveals) {
      const held = known.holders.get(reveal.seat)
      if (held === undefined || held.value.sealedStep >= step) continue
      tellFault(t, 'clear-over-dissent', reveal.seat, [held.envelope, reveal.envelope, batch.bytes, before.bytes])
    }
  }
}

/** Whether a member revealed, at rank 0 of a later step than any it had sealed when it held a dissent, on the first batch that names the disputed step clear. */
export function clearOverDissent(
  heldEnvelope: Uint8Array,
  revealEnvelope: Uint8Array,
  batchBytes: Uint8Array,
  beforeBytes: Uint8Array,
  verifier: Verifier,
): { readonly peer: PeerId; readonly kind: 'clear-over-dissent' } | undefined {
  const [held, reveal] = [verifier.open(dissentHeldMessage, heldEnvelope), verifier.open(revealMessage, revealEnvelope)]
  if (typeof held === 'string' || typeof reveal === 'string' || held.seat !== reveal.seat) return undefined
  if (reveal.value.rank !== 0 || reveal.value.step <= held.value.sealedStep) return undefined
  try {
    const batch = readBatch(batchBytes)
    const { epoch, final } = batch.value
    if (!sameBytes(batch.hash, reveal.value.batch) || epoch !== verifier.context.epoch || final < held.value.step) return undefined
    const before = readBatch(beforeBytes)
    const named = namingOf(before.value, epoch).final
    if (!sameBytes(before.hash, previousOf(batch)) || named >= held.value.step) return undefined
  } catch {
    return undefined
  }
  return { peer: verifier.context.members[held.seat] as PeerId, kind: 'clear-over-dissent' }
}
