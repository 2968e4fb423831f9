import type { Dispute } from './dispute.js'

/** The first step of a dispute's gap; undefined: it has none. What can't be had of a gap is said of this step, so that jurors who lack different ones say the same. */
export const gapStart = ({ gap, step }: Pick<Dispute, 'gap' | 'step'>): number | undefined => (gap > 0 ? step - gap : undefined)
export const isInGap = (dispute: Pick<Dispute, 'gap' | 'step'>, step: number): boolean =>
  step >= dispute.step - dispute.gap && step < dispute.step
