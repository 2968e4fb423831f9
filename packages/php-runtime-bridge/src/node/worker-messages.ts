import type { TreeDirectory } from '../file-tree.js'
import type { FileChange } from '../files.js'
import type { SlotLimits } from '../limits.js'
import type { ScriptOutcome } from '../outcome.js'
import type { ScriptRequest } from '../request.js'
import type { MeteredModule } from './binary.js'
import type { AgreedPoint } from './execute.js'
import type { Snapshot } from './php-instance.js'

/** What a worker is born with. File bytes and the snapshot lie in memory shared by all threads, so none of it is copied. */
export interface WorkerStart {
  readonly binary: MeteredModule
  /** Absent for the first worker, which takes it. */
  readonly snapshot: Snapshot | undefined
  readonly trees: ReadonlyMap<string, TreeDirectory>
}

export type ToWorker =
  | { readonly type: 'load'; readonly root: string; readonly tree: TreeDirectory }
  | { readonly type: 'derive'; readonly root: string; readonly from: string; readonly changes: readonly FileChange[] }
  | { readonly type: 'forget'; readonly root: string }
  | {
      readonly type: 'run'
      readonly root: string
      readonly request: ScriptRequest
      readonly at: AgreedPoint
      readonly limits: SlotLimits
    }

export type FromWorker = { readonly type: 'ready'; readonly snapshot: Snapshot } | { readonly type: 'ran'; readonly outcome: ScriptOutcome }
