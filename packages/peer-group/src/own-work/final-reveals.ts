import type { Group } from '../group-state.js'
import type { Reveal } from '../messages.js'
import type { Opened } from '../verifier.js'

/** Those of one step, by seat. */
export type FinalReveals = ReadonlyMap<number, Opened<Reveal>>

/**
 * What members revealed of the final steps that a late reveal still counts for: just what the tally counts, by whatever message it came; another map where one has come
 * since. For the watch over their own work (`revealed`).
 */
export function finalReveals({ steps }: Pick<Group, 'steps'>): readonly FinalReveals[] {
  return steps.flatMap(({ told, certified }) => (told === 'final' ? [certified.reveals] : []))
}
