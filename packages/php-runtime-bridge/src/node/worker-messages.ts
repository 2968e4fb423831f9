import type { SiteConfiguration } from '../configuration/site-configuration.js'
import type { TreeDirectory } from '../file-tree.js'
import type { FileChange } from '../files.js'
import type { ScriptOutcome } from '../outcome.js'
import type { ScriptRequest } from '../request.js'
import type { AgreedPoint } from './execute.js'
import type { Image, PhpParts } from './image-builder.js'
import type { Snapshot } from './php-instance.js'

/** What a worker is born with. File bytes and snapshots lie in memory shared by all threads, so none of it is copied. */
export interface WorkerStart {
  readonly php: PhpParts
  readonly trees: ReadonlyMap<string, TreeDirectory>
  /** By image id. Without PLAIN_IMAGE the worker makes that first. */
  readonly snapshots: ReadonlyMap<string, Snapshot>
}

/** The image of sites that have none of their own: PHP as it starts. */
export const PLAIN_IMAGE = 'plain'

/** What changes a worker's knowledge: it does not answer. */
export type Told =
  | { readonly type: 'load'; readonly root: string; readonly tree: TreeDirectory }
  | { readonly type: 'derive'; readonly root: string; readonly from: string; readonly changes: readonly FileChange[] }
  | { readonly type: 'forget'; readonly root: string }
  | { readonly type: 'image'; readonly id: string; readonly snapshot: Snapshot }
  | { readonly type: 'forget-image'; readonly id: string }
/** What a worker does one at a time, and answers. */
export type Task =
  | {
      readonly type: 'run'
      readonly root: string
      readonly image: string
      readonly request: ScriptRequest
      readonly at: AgreedPoint
      readonly scratch: boolean
    }
  | { readonly type: 'build'; readonly initial: TreeDirectory; readonly configuration: SiteConfiguration }
export type ToWorker = Told | Task

export type TaskResult =
  | { readonly type: 'ran'; readonly outcome: ScriptOutcome }
  | { readonly type: 'built'; readonly image: Image }
  /** No image can be made here. */
  | { readonly type: 'failed'; readonly detail: string }
export type FromWorker = { readonly type: 'ready'; readonly plain: Snapshot } | TaskResult
