import type { Group } from '../group-state.js'
import type { Reveal } from '../messages.js'
import type { Opened } from '../verifier.js'

export interface FinalReveals {
  /** SHA-256 of the batch. */
  readonly batch: Uint8Array
  /** By seat. Another map where one has come since. */
  readonly reveals: ReadonlyMap<number, Opened<Reveal>>
}

/**
 * What members revealed of the final steps that a late reveal still counts for: just what the tally counts, by whatever message it came. For the watch over their own
 * work (`revealed`).
 */
export function finalReveals({ steps }: Pick<Group, 'steps'>): readonly FinalReveals[] {
  return steps.flatMap(({ told, certified: { batch, reveals } }) => (told === 'final' ? [{ batch: batch.hash, reveals }] : []))
}
