/** A bug that a simulation must find, put into a source when it is loaded; the sources on the disk never have it. */
export interface PlantedBug {
  readonly name: string
  /** What is wrong with it. */
  readonly says: string
  /** Files from the package's folder. `search` stands exactly once in its file. */
  readonly patches: readonly { readonly file: string; readonly search: string; readonly replace: string }[]
  /** Where it shows, in this order; each with seeds from 1 to `seedsMax`, or those named. */
  readonly foundBy: readonly { readonly scenario: string; readonly peers: number; readonly seedsMax: number }[]
}
