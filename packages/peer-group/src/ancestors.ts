import { sha256 } from '@interpeer/crypto-ids'
import { sameBytes } from '@interpeer/wire-codec'
import type { GroupSetup } from './api.js'
import type { KnownBatch } from './batch.js'

/** Which epoch a batch is to be read in, and SHA-256 of what that has to run again first: such a batch names what was before it in another epoch. */
export interface AncestorContext {
  readonly epoch: number
  readonly rerun: readonly Uint8Array[]
}

/** The same from an epoch's setup, which has the batches whole. */
export const ancestorContext = ({ epoch, rerun }: Pick<GroupSetup, 'epoch' | 'rerun'>): AncestorContext => ({
  epoch,
  rerun: hashesOf(rerun),
})
const hashed = new WeakMap<readonly Uint8Array[], readonly Uint8Array[]>()
function hashesOf(batches: readonly Uint8Array[]): readonly Uint8Array[] {
  const known = hashed.get(batches) ?? batches.map((batch) => sha256(batch))
  hashed.set(batches, known)
  return known
}

/**
 * The steps whose batches the batch of a step names (peer-group.md, 3): the one before it, and from there on each with the lowest bit of its number cleared, down to the epoch's first. So from any
 * batch a few others lead to any before it, and who has one batch knows what the next has to name.
 */
export function ancestorSteps(step: number): readonly number[] {
  const steps: number[] = []
  for (let at = step - 1; at > 0; at -= lowestBit(at)) steps.push(at)
  return steps
}
const lowestBit = (n: number): number => {
  let bit = 1
  while (n % (2 * bit) === 0) bit *= 2
  return bit
}

/** The batch of a step as the epoch has it: where it is run again, that is another one than its own bytes say. */
interface Placed {
  readonly step: number
  readonly batch: Pick<KnownBatch, 'hash' | 'value'>
}

/** SHA-256 of the batches that the batch after this one has to name. */
export function ancestorsAfter({ step, batch }: Placed, { epoch, rerun }: AncestorContext): readonly Uint8Array[] {
  const named =
    step <= rerun.length ? ancestorSteps(step).map((at) => rerun[at - 1]) : batch.value.epoch === epoch ? batch.value.ancestors : []
  const before = new Map(ancestorSteps(step).map((at, i) => [at, named[i] ?? NO_BATCH]))
  return ancestorSteps(step + 1).map((at) => (at === step ? batch.hash : (before.get(at) ?? NO_BATCH)))
}

/** Whether a batch names exactly these. */
export const sameAncestors = (a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean =>
  a.length === b.length && a.every((hash, i) => sameBytes(hash, b[i] as Uint8Array))

/** In place of the hash of a batch: there is none. */
export const NO_BATCH = new Uint8Array(32)

/** The hash of the batch before; zeros: it names none. */
export const previousOf = ({ value }: Pick<KnownBatch, 'value'>): Uint8Array => value.ancestors[0] ?? NO_BATCH

/** On the way from a later batch down to step `to`: the next one to look at. Undefined: nothing leads there. */
export function ancestorTowards(
  { step, batch }: Placed,
  to: number,
  { epoch }: Pick<AncestorContext, 'epoch'>,
): { readonly step: number; readonly hash: Uint8Array } | undefined {
  if (batch.value.epoch !== epoch || batch.value.step !== step) return undefined
  const steps = ancestorSteps(step)
  const i = steps.findLastIndex((at) => at >= to)
  const [at, hash] = [steps[i], batch.value.ancestors[i]]
  return at === undefined || hash === undefined ? undefined : { step: at, hash }
}
