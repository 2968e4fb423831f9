import type { PhpVersion } from './php-version.js'

/** Codes are public API: add new ones, never rename or reuse one. What a visitor's request causes is an answer, never one of these. */
export type PhpRuntimeFailure =
  | { readonly code: 'PATH_INVALID'; readonly path: string }
  | { readonly code: 'PATH_CLASH'; readonly path: string }
  | { readonly code: 'ROOT_UNKNOWN'; readonly root: string }
  | { readonly code: 'OPTION_INVALID'; readonly option: string }
  | { readonly code: 'START_FAILED'; readonly detail: string }
  /** So many runs of the kind wait already: ask again later. */
  | { readonly code: 'RUNTIME_BUSY'; readonly waitingMax: number }
  /** The package that has a version of PHP is not installed. `install`: what a package manager should add, name@version. */
  | { readonly code: 'VERSION_MISSING'; readonly php: PhpVersion; readonly install: string }
  /** It is, but what it has is not what every member runs. */
  | { readonly code: 'BUILD_UNKNOWN'; readonly php: PhpVersion; readonly install: string }
  /** An extension of PHP's (`side`) does not fit the binary. */
  | { readonly code: 'LINK_FAILED'; readonly side: string; readonly detail: string }
  | { readonly code: 'RUNTIME_CLOSED' }
  /** A file's content is longer or shorter than its size, or longer than any file may be. */
  | { readonly code: 'FILE_INVALID'; readonly path: string }
  /** What of a site does not stay in memory could not be written to the disk: it may be full. */
  | { readonly code: 'PAGE_UNWRITTEN'; readonly detail: string }
  /** What was written there could not be read again: the disk is broken. */
  | { readonly code: 'PAGE_UNREAD'; readonly detail: string }
  | { readonly code: 'METER_MALFORMED'; readonly detail: string; readonly at: number }
  | { readonly code: 'METER_UNSUPPORTED'; readonly detail: string; readonly at: number }

export class PhpRuntimeError extends Error {
  override readonly name = 'PhpRuntimeError'
  readonly failure: PhpRuntimeFailure

  constructor(failure: PhpRuntimeFailure, options?: ErrorOptions) {
    super(failure.code, options)
    this.failure = failure
  }

  get code(): PhpRuntimeFailure['code'] {
    return this.failure.code
  }
}
