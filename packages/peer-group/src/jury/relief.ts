import { hexOf } from '@interpeer/wire-codec'
import type { RequestRef } from '../api.js'
import { askForBodies } from './fetch.js'
import type { Juror, JurorTurn } from './juror-api.js'
import { DISPUTE_STEPS_MAX, RELIEF_STEPS_MAX } from './settings.js'
import { placeAt, walkTo } from './walk-back.js'

/** The stretch up to this step holds. */
export function beginRelief(t: JurorTurn, through: number): void {
  t.j.relieved = through
  if (t.j.setup.isOwn !== true) askForBodies(t, spareRequestsOf(t.j))
}

/**
 * Who asks for a stretch may have been given nothing of what comes after it either, and all that jurors were given anyone may have from them: so a juror whose stretch holds gets the rest of the gap too, in the time that
 * it has to fetch. It runs none of it. @returns whether it is done
 */
export function relieve(t: JurorTurn): boolean {
  const { j, nowMs } = t
  if (j.relieved === undefined) return true
  const last = lastSpare(t.j)
  while (j.relieved < last && j.setup.isOwn !== true && nowMs < j.setup.fetchUntilMs) {
    const through = windowEnd(j.relieved, last)
    for (let at = through; at > j.relieved; at--) walkTo(t, at)
    if (!isHere(j, through)) return false
    forget(t, through)
    j.relieved = through
    askForBodies(t, spareRequestsOf(j))
  }
  return true
}
const windowEnd = (after: number, last: number): number => Math.min(after + DISPUTE_STEPS_MAX, last)

function isHere(j: Juror, through: number): boolean {
  for (let at = (j.relieved ?? 0) + 1; at <= through; at++) {
    const place = placeAt(j, at)
    if (place === undefined || !j.batches.has(hexOf(place.batch))) return false
  }
  return spareRequestsOf(j).every(({ cid }) => j.bodies.has(cid))
}

/** The last step that it gets for others. */
const lastSpare = ({ setup: { dispute } }: Juror): number =>
  Math.min(dispute.step - 1, (dispute.stretch?.through ?? dispute.step) + RELIEF_STEPS_MAX)
/** Whether a step is among the next of those. */
export const isSpare = (j: Juror, step: number): boolean =>
  j.relieved !== undefined && step > j.relieved && step <= windowEnd(j.relieved, lastSpare(j))

/** The bodies of these, as far as it knows their batches. */
export const spareRequestsOf = (j: Juror): readonly RequestRef[] =>
  j.passed.filter(({ step }) => isSpare(j, step)).flatMap(({ batch }) => j.batches.get(hexOf(batch))?.known?.requests ?? [])

/** What is on its disk need not be in its memory, but for what leads on: of that it is never much. */
function forget({ j }: JurorTurn, through: number): void {
  const gone = j.passed.filter(({ step }) => step <= through && step < j.setup.dispute.step)
  const batches = new Map(j.batches)
  const bodies = new Set(j.bodies)
  for (const { batch } of gone) {
    for (const { cid } of batches.get(hexOf(batch))?.known?.requests ?? []) bodies.delete(cid)
    batches.delete(hexOf(batch))
  }
  j.passed = j.passed.filter((one) => !gone.includes(one))
  j.batches = batches
  j.bodies = bodies
}
