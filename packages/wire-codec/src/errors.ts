/** Codes are public API: add new ones, never rename or reuse one. */
export type WireFailure =
  | { readonly code: 'WIRE_TOO_LARGE'; readonly bytes: number; readonly maxBytes: number }
  | { readonly code: 'WIRE_TOO_DEEP'; readonly maxDepth: number }
  | { readonly code: 'WIRE_MALFORMED'; readonly reason: string }
  | { readonly code: 'WIRE_NOT_CANONICAL' }
  | { readonly code: 'WIRE_NUMBER'; readonly expected: number; readonly found: unknown }
  | { readonly code: 'WIRE_SHAPE'; readonly path: string; readonly expected: string }

/** Bytes that are not what they should be. `failure` says which rule they break and where. */
export class WireError extends Error {
  override readonly name = 'WireError'
  readonly failure: WireFailure
  constructor(failure: WireFailure, options?: ErrorOptions) {
    super(failure.code === 'WIRE_SHAPE' ? `${failure.code} at ${failure.path}: expected ${failure.expected}` : failure.code, options)
    this.failure = failure
  }
  get code(): WireFailure['code'] {
    return this.failure.code
  }
}
