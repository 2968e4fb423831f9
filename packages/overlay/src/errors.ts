/** Codes are public API: add new ones, never rename or reuse one. None of them says that a peer did wrong. */
export type OverlayFailure =
  | { readonly code: 'ADDRESS_SYNTAX'; readonly host: string; readonly port: number }
  | { readonly code: 'BODY_TOO_LARGE'; readonly bytes: number; readonly maxBytes: number }
  | { readonly code: 'BUSY' }
  | { readonly code: 'CLOSED' }
  | { readonly code: 'HANDSHAKE_BROKEN'; readonly reason: 'length' | 'tag' | 'key' | 'order' }
  | { readonly code: 'NO_ADDRESS'; readonly peer: string }
  | { readonly code: 'PEER_UNREACHABLE'; readonly peer: string }
  | { readonly code: 'QUEUE_FULL' }
  | { readonly code: 'REFUSED' }
  | { readonly code: 'REPLY_TOO_LARGE'; readonly maxBytes: number }
  | { readonly code: 'REQUEST_ABORTED' }
  | { readonly code: 'REQUEST_FAILED'; readonly retryable: boolean }
  | { readonly code: 'REQUEST_TIMEOUT'; readonly timeoutMs: number }
  | { readonly code: 'TO_SELF' }

const RETRYABLE = new Set<OverlayFailure['code']>(['BUSY', 'NO_ADDRESS', 'PEER_UNREACHABLE', 'QUEUE_FULL', 'REQUEST_TIMEOUT'])

export class OverlayError extends Error {
  override readonly name = 'OverlayError'
  readonly failure: OverlayFailure

  constructor(failure: OverlayFailure, options?: ErrorOptions) {
    super(failure.code, options)
    this.failure = failure
  }

  get code(): OverlayFailure['code'] {
    return this.failure.code
  }

  /** Whether the same request may succeed later. It may have been carried out already: send only what can bear that twice. */
  get retryable(): boolean {
    return this.failure.code === 'REQUEST_FAILED' ? this.failure.retryable : RETRYABLE.has(this.failure.code)
  }
}
