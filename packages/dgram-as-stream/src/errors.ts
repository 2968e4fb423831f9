/** Codes are public API: add new ones, never rename or reuse one. */
export type DgramFailure =
  | { readonly code: 'ADDRESS_SYNTAX'; readonly host: string; readonly port: number }
  | { readonly code: 'BIND_FAILED'; readonly host: string; readonly port: number }
  | { readonly code: 'SOCKET_CLOSED' }
  | { readonly code: 'STREAM_ID_TAKEN'; readonly localId: number }
  | { readonly code: 'STREAM_ID_RANGE'; readonly id: number }
  | { readonly code: 'STREAM_RESET' }
  | { readonly code: 'STREAM_OVERFLOW'; readonly receiveQueueBytes: number }

export class DgramError extends Error {
  override readonly name = 'DgramError'
  readonly failure: DgramFailure

  constructor(failure: DgramFailure, options?: ErrorOptions) {
    super(failure.code, options)
    this.failure = failure
  }

  get code(): DgramFailure['code'] {
    return this.failure.code
  }
}
