import type { ContentId } from '@interpeer/crypto-ids'
import { hexOf } from '@interpeer/wire-codec'
import type { KnownBatch } from '../batch.js'
import type { Dispute } from './dispute.js'
import type { CaseStep, Juror, JurorTurn } from './juror-api.js'

/** The first step of a dispute's gap; undefined: it has none. What can't be had of a gap is said of this step, so that jurors who lack different ones say the same. */
export const gapStart = ({ gap, step }: Pick<Dispute, 'gap' | 'step'>): number | undefined => (gap > 0 ? step - gap : undefined)
export const isInGap = (dispute: Pick<Dispute, 'gap' | 'step'>, step: number): boolean =>
  step >= dispute.step - dispute.gap && step < dispute.step

/** Finds the steps of a gap, from the disputed one on backwards: each batch that came names the one before it. */
export function walkBack(t: JurorTurn): void {
  const { j } = t
  const first = gapStart(j.setup.dispute)
  if (first === undefined) return
  for (;;) {
    const lowest: CaseStep | undefined = j.steps.find(({ step }) => step >= first)
    const batch = lowest === undefined ? undefined : j.batches.get(hexOf(lowest.batch))?.known
    if (lowest === undefined || lowest.step === first || batch === undefined) return
    const previous = previousOf(batch, lowest.step, j)
    if (previous === undefined) return // nothing leads to it: it can't be had
    const before: CaseStep = { step: lowest.step - 1, batch: previous, certified: undefined }
    j.steps = [...j.steps, before].sort((a, b) => a.step - b.step)
    t.effects.push({ type: 'fetch-batches', hashes: [previous], from: [...j.setup.context.members, ...j.setup.jury].filter(isOther(j)) })
  }
}
const isOther =
  ({ self }: Juror) =>
  (peer: string) =>
    peer !== self.peerId

/** The batch of the step before: the one that the epoch was to run again there, or the one that this batch names. */
function previousOf({ value }: KnownBatch, step: number, { setup: { context, rerun } }: Juror): Uint8Array | undefined {
  const again = rerun[step - 2]
  if (again !== undefined) return again
  return value.epoch === context.epoch && value.step === step ? value.previous : undefined
}

/** What those who certified on a step of a gap say that it comes to; undefined: the batch after it is of an earlier epoch, and says nothing of this one. */
export function claimedRoot(j: Juror, step: number): ContentId | undefined {
  const { context, dispute } = j.setup
  if (step + 1 === dispute.step) return dispute.start
  const after = j.steps.find((one) => one.step === step + 1)
  const batch = after === undefined ? undefined : j.batches.get(hexOf(after.batch))?.known
  return batch?.value.epoch === context.epoch ? batch.from : undefined
}
