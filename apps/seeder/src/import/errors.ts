/** Codes are public API: add new ones, never rename or reuse one. */
export type SiteImportFailure =
  | { readonly code: 'IMPORT_OUT_NOT_EMPTY'; readonly path: string }
  | { readonly code: 'IMPORT_OUT_INSIDE'; readonly path: string }
  | { readonly code: 'IMPORT_ROOT_INVALID'; readonly path: string }
  | { readonly code: 'IMPORT_DATABASE_THERE'; readonly path: string }

export class SiteImportError extends Error {
  override readonly name = 'SiteImportError'
  readonly failure: SiteImportFailure

  constructor(failure: SiteImportFailure) {
    super(`${failure.code} ${failure.path}`)
    this.failure = failure
  }
  get code(): SiteImportFailure['code'] {
    return this.failure.code
  }
}
