import type { TreeDirectory } from '../file-tree.js'
import type { FileChange } from '../files.js'
import type { ScriptOutcome } from '../outcome.js'
import type { ScriptRequest } from '../request.js'
import type { RunKind } from '../run-queue.js'
import type { ContentChannel } from './content-channel.js'
import type { AgreedPoint } from './execute.js'
import type { Image, ImageOrder } from './image-builder.js'
import type { PhpParts, Snapshot } from './php-instance.js'

/** What a worker is born with. File bytes and snapshots lie in memory shared by all threads, so none of it is copied. */
export interface WorkerStart {
  /** By name (php-builds.ts). */
  readonly builds: ReadonlyMap<string, PhpParts>
  /** The one that PLAIN_IMAGE is of. */
  readonly usual: string
  readonly content: ContentChannel | undefined
  /** By key: see RootTable. */
  readonly trees: ReadonlyMap<number, TreeDirectory>
  /** By image id. Without PLAIN_IMAGE the worker makes that first. */
  readonly images: ReadonlyMap<string, KeptImage>
}

/** An image as workers know it: of which build, and what it is. */
export interface KeptImage {
  readonly build: string
  readonly snapshot: Snapshot
}

/** The image of sites that have none of their own: PHP as it starts. */
export const PLAIN_IMAGE = 'plain'

/** What changes a worker's knowledge: it does not answer. */
export type Told =
  | { readonly type: 'load'; readonly key: number; readonly tree: TreeDirectory }
  | { readonly type: 'derive'; readonly key: number; readonly from: number; readonly changes: readonly FileChange[] }
  | { readonly type: 'forget'; readonly key: number }
  | { readonly type: 'php'; readonly build: string; readonly parts: PhpParts }
  | { readonly type: 'image'; readonly id: string; readonly image: KeptImage }
  | { readonly type: 'forget-image'; readonly id: string }
/** What a worker does one at a time, and answers. */
export type Task =
  | {
      readonly type: 'run'
      readonly tree: number
      readonly image: string
      readonly request: ScriptRequest
      readonly at: AgreedPoint
      readonly kind: RunKind
      readonly scratch: boolean
      readonly inPieces: boolean
    }
  /** Without an order: PHP as it starts. */
  | { readonly type: 'build'; readonly build: string; readonly order: ImageOrder | undefined }
export type ToWorker = Told | Task

export type TaskResult =
  | { readonly type: 'ran'; readonly outcome: ScriptOutcome }
  | { readonly type: 'built'; readonly image: Image }
  /** No image can be made here. */
  | { readonly type: 'failed'; readonly detail: string }
export type FromWorker =
  | { readonly type: 'ready'; readonly plain: Snapshot }
  /** It learned all that it was told up to a `forget`. */
  | { readonly type: 'forgot' }
  | TaskResult
