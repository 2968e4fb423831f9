/** Certified steps that a dispute names, and that the next epoch may have to run again: as many as the chain's entry of an epoch holds. */
export const DISPUTE_STEPS_MAX = 64

/** Steps after a stretch whose batches and bodies jurors get while they have time, for its objector to look at. */
export const RELIEF_STEPS_MAX = 4_096

/** Rating weights of jurors, in thousandths: one without a rating has 1,000. */
export const WEIGHT_MIN = 500
export const WEIGHT_USUAL = 1_000
export const WEIGHT_MAX = 2_000
