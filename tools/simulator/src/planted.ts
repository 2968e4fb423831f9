/** A bug that a simulation must find, put into a source when it is loaded; the sources on the disk never have it. */
export interface PlantedBug {
  readonly name: string
  /** What is wrong with it. */
  readonly says: string
  /** Files from the package's folder. `search` stands exactly once in its file. */
  readonly patches: readonly { readonly file: string; readonly search: string; readonly replace: string }[]
  /** Where it shows, in this order: at most `seedsMax` seeds from `seedFrom` on, or from 1. A bug that only few seeds find names where one of them is near. */
  readonly foundBy: readonly {
    readonly scenario: string
    readonly peers: number
    readonly seedsMax: number
    readonly seedFrom?: number
  }[]
}
