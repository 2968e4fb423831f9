import type { ContentId } from '@interpeer/crypto-ids'
import { hexOf } from '@interpeer/wire-codec'
import { ancestorsAfter, ancestorTowards, sameAncestors } from '../ancestors.js'
import type { KnownBatch } from '../batch.js'
import { type Dispute, isFromWord, tipOf } from './dispute.js'
import { askForBatches, othersOf } from './fetch.js'
import type { CaseStep, Juror, JurorTurn } from './juror-api.js'

/** The certified steps that are run, in order, and the disputed one where it is. */
export function stepsShown({ path, stretch, step, batch }: Dispute): readonly CaseStep[] {
  const disputed = { step, batch, certified: undefined }
  if (stretch !== undefined) return stretch.through === step ? [disputed] : []
  return [...path.map((certified) => ({ step: certified.step, batch: certified.batchHash, certified })), disputed]
}

/** Finds the batches of a gap, from the disputed one on: each names some before it. What comes from there on the way is asked for too. */
export function walkBack(t: JurorTurn): void {
  const { j } = t
  const { dispute } = j.setup
  const { gap, step, stretch } = dispute
  const first = stretch === undefined ? step - gap : stretch.after + 1
  const last = Math.min(step - 1, stretch === undefined ? step : stretch.through + 1)
  for (let at = last; gap > 0 && at >= first; at--) walkTo(t, at)
  if (j.startRoot !== undefined) return
  j.startRoot = startOf(j)
  if (j.startRoot !== undefined) t.effects.push({ type: 'fetch-state', root: j.startRoot, from: othersOf(j) })
}

export function walkTo(t: JurorTurn, to: number): undefined {
  const { j } = t
  const { dispute, context, rerun } = j.setup
  if (placeAt(j, to) !== undefined) return
  const again = rerun[to - 1]
  if (again !== undefined) return note(t, to, again)
  let at: number = dispute.step
  let hash = dispute.batch
  while (at > to) {
    const batch = j.batches.get(hexOf(hash))?.known
    const next = batch === undefined ? undefined : ancestorTowards({ step: at, batch }, to, context)
    if (next === undefined) return // it is still to come; or nothing leads there, and it can't be had
    at = next.step
    hash = next.hash
    note(t, at, hash)
  }
}
function note(t: JurorTurn, step: number, batch: Uint8Array): undefined {
  const { j } = t
  if (placeAt(j, step) !== undefined) return
  const { gap, stretch, ...dispute } = j.setup.dispute
  const isRun = stretch === undefined ? step >= dispute.step - gap : step > stretch.after && step <= stretch.through
  if (isRun) j.steps = [...j.steps, { step, batch, certified: undefined }].sort((a, b) => a.step - b.step)
  else j.passed = [...j.passed, { step, batch }]
  askForBatches(t, [batch])
}
export const placeAt = ({ steps, passed }: Juror, at: number) =>
  steps.find(({ step }) => step === at) ?? passed.find(({ step }) => step === at)
function batchAt(j: Juror, step: number): KnownBatch | undefined {
  const place = placeAt(j, step)
  return place === undefined ? undefined : j.batches.get(hexOf(place.batch))?.known
}

/** The state that it begins from: that of a stretch its first batch names, where no certificate shows it. */
function startOf(j: Juror): ContentId | undefined {
  const { dispute, context } = j.setup
  const { stretch, base } = dispute
  if (stretch === undefined) return base.state
  if (!isFromWord(dispute)) return tipOf(dispute).state
  const batch = batchAt(j, stretch.after + 1)
  return batch?.value.epoch === context.epoch ? batch.from : undefined
}

/** Whether all of a gap that has to be found is found. */
export function isFound(j: Juror): boolean {
  const { gap, step, stretch } = j.setup.dispute
  if (gap === 0) return true
  const first = stretch === undefined ? step - gap : stretch.after + 1
  const last = stretch === undefined ? step : Math.min(step, stretch.through + 1)
  for (let at = first; at <= last; at++) if (placeAt(j, at) === undefined) return false
  return true
}

/** What those who certified on a step of a gap say that it comes to; undefined: the batch after it is of an earlier epoch, and says nothing of this one. */
export function claimedRoot(j: Juror, step: number): ContentId | undefined {
  const { context, dispute } = j.setup
  if (step + 1 === dispute.step) return dispute.start
  const batch = batchAt(j, step + 1)
  return batch?.value.epoch === context.epoch ? batch.from : undefined
}

/** Whether the batch after one of a gap names it, and all that it has to name: or what leads to the one is not what leads to the other. */
export function isNamedByNext(j: Juror, step: number): boolean {
  const { context, rerun } = j.setup
  const [batch, next] = [batchAt(j, step), batchAt(j, step + 1)]
  if (batch === undefined || next === undefined || step < rerun.length || next.value.epoch !== context.epoch) return true
  return sameAncestors(next.value.ancestors, ancestorsAfter({ step, batch }, { epoch: context.epoch, rerun }))
}
