import { Random } from '@interpeer/simulator'
import { liar, type Tactic } from './adversary.js'
import {
  bodyWithholder,
  clearOverDissent,
  deafToDissent,
  dissentToSome,
  hideFrom,
  hideSteps,
  lateDissenter,
  silentTo,
  twoAnswers,
} from './dissent-adversary.js'
import { DICE } from './storm.js'

/** Two members who were out of order in one epoch keep to the rules in the next: so that it can be seen whether all that was accepted becomes final. */
export const KINDS = [
  'lie',
  'lie-to-some',
  'late-dissent',
  'two-answers',
  'collude',
  'collude-and-hide',
  'collude-and-hide-steps',
  'collude-and-lie-about-it',
  'withhold',
] as const
export type Kind =
  | (typeof KINDS)[number]
  | 'silent-source'
  | 'collude-and-close'
  | 'collude-and-fork'
  | 'collude-and-hide-many'
  | 'collude-and-hide-many-and-close'
/** In these the epoch closes. */
export const CLOSING: readonly Kind[] = ['collude-and-close', 'collude-and-fork', 'collude-and-hide-many-and-close']
/** In these they hide more steps in a row than jurors run. */
export const LONG: readonly Kind[] = ['collude-and-hide-many', 'collude-and-hide-many-and-close']

/** Some also close the epoch, at once after what they hide. Drawn apart, so that all other kinds stay what they were. */
export function kindOf(drawn: (typeof KINDS)[number], seed: number): Kind {
  if (drawn === 'withhold') return Random.named(seed, DICE.traitors, 3).chance(500) ? 'silent-source' : drawn
  if (drawn === 'collude') return Random.named(seed, DICE.traitors, 7).chance(500) ? 'collude-and-fork' : drawn
  if (drawn === 'collude-and-hide') return Random.named(seed, DICE.traitors, 4).chance(500) ? 'collude-and-close' : drawn
  if (drawn !== 'collude-and-hide-steps') return drawn
  const dice = Random.named(seed, DICE.traitors, 9)
  if (!dice.chance(300)) return drawn
  return dice.chance(500) ? 'collude-and-hide-many-and-close' : 'collude-and-hide-many'
}

/** What is done in them answers nobody: no visitor has their certificates. */
export const isHiddenStep = (step: number): boolean => step % 3 === 2

export function tacticsOf(
  kind: Exclude<Kind, 'collude-and-fork'>,
  dice: Random,
  honestSeats: readonly number[],
  isHiddenAtEnd: (step: number) => boolean,
  inLongGap: { readonly isHidden: (step: number) => boolean; readonly isLie: (step: number) => boolean; readonly isGiven: boolean },
): (seat: number) => readonly Tactic[] {
  const hide = hideFrom(honestSeats)
  const drawn: Record<Exclude<Kind, 'collude-and-fork'>, () => readonly Tactic[]> = {
    lie: () => [liar],
    'lie-to-some': () => [liar, dissentToSome],
    'late-dissent': () => [lateDissenter(dice)],
    'two-answers': () => [twoAnswers(dice)],
    collude: () => [liar, deafToDissent],
    'collude-and-hide': () => [liar, hide],
    'collude-and-hide-steps': () => [hideSteps(honestSeats, isHiddenStep), deafToDissent],
    'collude-and-hide-many': () => [hideSteps(honestSeats, inLongGap.isHidden, inLongGap), deafToDissent],
    'collude-and-hide-many-and-close': () => [hideSteps(honestSeats, inLongGap.isHidden, inLongGap), deafToDissent],
    'collude-and-close': () => [hideSteps(honestSeats, isHiddenAtEnd), deafToDissent],
    'collude-and-lie-about-it': () => [liar, clearOverDissent],
    withhold: () => [bodyWithholder],
    'silent-source': () => [silentTo(honestSeats[0] as number)],
  }
  return () => drawn[kind]()
}
