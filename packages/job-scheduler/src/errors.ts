/** Codes are public API: add new ones, never rename or reuse one. */
export type SchedulerFailure =
  | { readonly code: 'MANIFEST_FIELD'; readonly field: string; readonly expected: string }
  | { readonly code: 'JOB_EXISTS' | 'JOB_UNKNOWN' | 'JOB_ENDED'; readonly job: string }
  | { readonly code: 'JOB_NAME_TAKEN'; readonly name: string }
  | { readonly code: 'JOB_CREATED'; readonly fromMs: number; readonly untilMs: number }
  | { readonly code: 'JOB_GROUP_SIZE'; readonly wanted: number; readonly most: number }
  | { readonly code: 'EPOCH_OTHER'; readonly current: number; readonly given: number }
  | { readonly code: 'EPOCH_TOO_EARLY'; readonly atMs: number }
  | { readonly code: 'PAID_TOO_MUCH'; readonly paid: string; readonly most: string }
  | { readonly code: 'SEAT_NOT_DRAWN' }
  | { readonly code: 'SEAT_PROOF_WRONG'; readonly reason: string }
  | { readonly code: 'SHOW_NOT_WANTED' | 'SHOW_KNOWN' | 'SHOW_STRANGER' | 'SHOW_PART_EARLY' | 'SHOW_PART_WRONG' }

export class SchedulerError extends Error {
  override readonly name = 'SchedulerError'
  readonly failure: SchedulerFailure
  constructor(failure: SchedulerFailure, options?: ErrorOptions) {
    super(`${failure.code} ${JSON.stringify({ ...failure, code: undefined })}`, options)
    this.failure = failure
  }
  get code(): SchedulerFailure['code'] {
    return this.failure.code
  }
}
