import type { Skip } from './group-state.js'
import type { Way } from './jury/bring.js'
import { DISPUTE_STEPS_MAX } from './jury/settings.js'
import type { Stretch } from './jury/stretch.js'

/** Whether more steps lead to one than jurors run: then a stretch of those that nobody shows a certificate of is run at a time (ADR 0046). */
const isFar = ({ base }: Pick<Way, 'base'>, step: number): boolean => step - (base?.step ?? 0) > DISPUTE_STEPS_MAX

/** The stretch that begins after a step, of the way to a later one; undefined: all of that can be run at once. */
export function stretchFrom(way: Pick<Way, 'base'>, after: number, step: number): Stretch | undefined {
  return isFar(way, step) ? { after, through: Math.min(after + DISPUTE_STEPS_MAX, step) } : undefined
}
/** What of a gap is being run. */
export const stretchOf = ({ way, ran, step }: Pick<Skip, 'way' | 'ran' | 'step'>): Stretch | undefined => stretchFrom(way, ran, step)

/** Whether a dispute about a step can hold: with all that is certified before it, and where that is too much, with a gap. */
export const mayBring = (way: Way, gap: number, step: number): boolean =>
  way.path.length < DISPUTE_STEPS_MAX && (gap > 0 || !isFar(way, step))

/** What is certified on a way ends here: after it nobody shows anything. */
export const endOf = ({ base, path }: Way): number => path.at(-1)?.step ?? base?.step ?? 0
