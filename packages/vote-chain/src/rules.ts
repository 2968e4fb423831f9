import type { ChainRules } from './application.js'
import type { Draft } from './state.js'

/** What this height goes by: alike for all who have the block before. */
export const rulesOf = <S>({ fixed, tip }: Pick<Draft<S>, 'fixed' | 'tip'>): ChainRules =>
  fixed.application.rules?.(tip.state) ?? fixed.genesis.settings
