/** How members look after one another's own work. */
export interface OwnWorkSettings {
  /** Of 1,000 final steps that this member ran, in so many it makes all others' own parts from its transcript and compares them. */
  readonly checkPerMille: number
  /** Of 1,000 final steps, after so many it challenges one other member. */
  readonly challengePerMille: number
  /** A reply that comes later counts as none, ms. */
  readonly replyWithinMs: number
  /** One challenger is answered this often at most, ms. */
  readonly replyEveryMs: number
  /**
   * So many steps are kept, with the latest transcripts of so many bytes together, the last always. Steps that are not final yet, five at most, must find room
   * with the longest.
   */
  readonly keptSteps: number
  readonly keptBytes: number
}

export const OWN_WORK_DEFAULTS: OwnWorkSettings = {
  checkPerMille: 1_000,
  challengePerMille: 20,
  replyWithinMs: 5_000,
  replyEveryMs: 1_000,
  keptSteps: 64,
  keptBytes: 16 * 1024 * 1024,
}
