/**
 * One kind of review (§6.6), in thousandths of a review, of epochs, not of steps: a job with many writes weighs no more than one with few.
 * Old reviews fade, so that a good name can't be saved up and spent.
 */
export interface Rating {
  readonly good: number
  readonly bad: number
}
export const FRESH_RATING: Rating = { good: 0, bad: 0 }

const REVIEW = 1_000
/** What everyone begins with: so many good reviews, so that three bad ones in a row say enough, and one says little. */
const PRIOR = 16 * REVIEW

export const rated = ({ good, bad }: Rating, isGood: boolean): Rating =>
  isGood ? { good: good + REVIEW, bad } : { good, bad: bad + REVIEW }

/** Without the part of one review that some of its reviewers gave; what has faded is not there to be taken. */
export function withoutShare(
  { good, bad }: Rating,
  said: 'good' | 'bad',
  { part, of }: { readonly part: number; readonly of: number },
): Rating {
  const share = Math.floor((REVIEW * part) / of)
  return said === 'good' ? { good: Math.max(0, good - share), bad } : { good, bad: Math.max(0, bad - share) }
}

/** What is left of it an interval later: three quarters. */
export const withoutOldest = ({ good, bad }: Rating): Rating => ({ good: faded(good), bad: faded(bad) })
const faded = (reviews: number): number => Math.floor((reviews * 3) / 4)

/** The share of good reviews, in thousandths: 1,000 for a peer that nobody has reviewed. */
export const ratingPerMille = ({ good, bad }: Rating): number => Math.floor((1_000 * (good + PRIOR)) / (good + bad + PRIOR))
