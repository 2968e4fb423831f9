/** A decoder that takes bytes from outside, as the fuzzer sees it. */
export interface Target {
  /** The package, a slash, what is decoded: `overlay/packet`. */
  readonly name: string
  /** The source file whose coverage is reported, relative to the root: where there is one beside wire-codec's. */
  readonly file?: string
  /**
   * Decodes `bytes`, and may check what must hold of the outcome. What it throws is a finding, unless it is an error with a code of one of
   * `errors`.
   */
  readonly run: (bytes: Uint8Array) => void | Promise<void>
  /** Names of the error classes that it may throw. */
  readonly errors: readonly string[]
  /** Inputs to begin with, beside those in the vectors of the package. */
  readonly seeds?: () => readonly Uint8Array[]
  /** The longest that its input can be, in bytes: one so long, full of tiny items of CBOR, is among the inputs. */
  readonly maxBytes?: number
  /** The longest that one input may take, in ms. */
  readonly maxMs?: number
  /** The most that the heap and buffers may grow by one input, in MiB. */
  readonly maxMiB?: number
}

export const DEFAULT_MAX_BYTES = 1024 * 1024
/** For inputs of at most 4 KiB (jsfuzz's limit), and the one of the full size. */
export const DEFAULT_MAX_MS = 200
export const DEFAULT_MAX_MIB = 16

/** What a target throws when something does not hold that it checks. */
export class Broken extends Error {
  override readonly name = 'Broken'
}
export function assertSame(found: Uint8Array, expected: Uint8Array, what: string): void {
  if (Buffer.compare(found, expected) !== 0) throw new Broken(what)
}

/** For decoders of text. Bytes that are no UTF-8 become U+FFFD. */
export const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString()
export const bytesOfText = (text: string): Uint8Array => new Uint8Array(Buffer.from(text))
