/** Codes are public API: add new ones, never rename or reuse one. `text` is cut to 80 characters: it came from outside. */
export type CryptoFailure =
  | { readonly code: 'PEER_ID_SYNTAX'; readonly text: string }
  | { readonly code: 'PEER_KEY_UNUSABLE'; readonly reason: 'length' | 'not canonical' | 'small order' | 'not a point' }
  | { readonly code: 'CONTENT_ID_SYNTAX'; readonly text: string }
  | { readonly code: 'CONTENT_ID_BYTES'; readonly reason: 'length' | 'not CIDv1 sha2-256 of raw or dag-cbor' }
  | { readonly code: 'CONTENT_ID_CODEC'; readonly wanted: 'dag-cbor' }
  | { readonly code: 'ACCOUNT_ID_SYNTAX'; readonly text: string }
  | { readonly code: 'ENVELOPE_MALFORMED'; readonly reason: 'header' | 'length' | 'too large' }
  | { readonly code: 'SIGNER_UNKNOWN' }
  | { readonly code: 'SIGNATURE_WRONG'; readonly signer: string }
  | { readonly code: 'SHARED_SECRET_ZERO' }
  | { readonly code: 'BYTES_LENGTH'; readonly what: string; readonly wanted: number; readonly given: number }
  | { readonly code: 'ONION_EMPTY' | 'ONION_FORGED' | 'ONION_KEY_UNUSABLE' | 'ONION_MALFORMED' | 'ONION_REPLAYED' }
  | { readonly code: 'ONION_MEMORY_FULL'; readonly tagsMax: number }
  | { readonly code: 'ONION_TOO_LARGE'; readonly areaBytes: number; readonly given: number }
  | { readonly code: 'ONION_VERSION'; readonly version: number }
  | { readonly code: 'VERIFIER_FULL'; readonly waitingMax: number }
  | { readonly code: 'ENCRYPTED_KEY_MALFORMED'; readonly reason: 'syntax' | 'version' | 'cost' }
  | { readonly code: 'PASSPHRASE_UNUSABLE' | 'PASSPHRASE_WRONG' }
  | { readonly code: 'SECRET_TOO_LONG'; readonly bytesMax: number }
  | { readonly code: 'PHRASE_LENGTH'; readonly wanted: number }
  | { readonly code: 'PHRASE_WORD_UNKNOWN'; readonly place: number }
  | { readonly code: 'PHRASE_CHECKSUM' }
  | { readonly code: 'KEY_FILE_EXISTS' | 'KEY_FILE_MALFORMED' | 'KEY_FILE_MISSING' | 'KEY_FILE_PASSPHRASE_NEEDED'; readonly path: string }
  | { readonly code: 'KEY_FILE_UNREADABLE' | 'KEY_FILE_UNWRITABLE'; readonly path: string }
  | { readonly code: 'KEY_FILE_OPEN_TO_OTHERS'; readonly path: string; readonly mode: number }

export class CryptoError extends Error {
  override readonly name = 'CryptoError'
  readonly failure: CryptoFailure

  constructor(failure: CryptoFailure, options?: ErrorOptions) {
    super(failure.code, options)
    this.failure = failure
  }

  get code(): CryptoFailure['code'] {
    return this.failure.code
  }
}

/** The start of a hostile text, short enough to put in a log line. */
export function cut(text: string): string {
  return text.slice(0, 80)
}

/** @throws {CryptoError} BYTES_LENGTH */
export function requireLength(bytes: Uint8Array, wanted: number, what: string): void {
  if (bytes.length !== wanted) throw new CryptoError({ code: 'BYTES_LENGTH', what, wanted, given: bytes.length })
}
