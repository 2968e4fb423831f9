import type { TreeDirectory } from '../file-tree.js'
import type { FileChange } from '../files.js'
import type { ScriptOutcome } from '../outcome.js'
import type { ScriptRequest } from '../request.js'
import type { AgreedPoint } from './execute.js'
import type { Extension } from './linker/extensions.js'
import type { Snapshot } from './php-instance.js'
import type { WasmModule } from './wasm-api.js'

/** What a worker is born with. File bytes and the snapshot lie in memory shared by all threads, so none of it is copied. */
export interface WorkerStart {
  readonly module: WasmModule
  readonly pagesMax: number
  readonly extensions: readonly Extension[]
  /** Absent for the first worker, which takes it. */
  readonly snapshot: Snapshot | undefined
  readonly trees: ReadonlyMap<string, TreeDirectory>
}

export type ToWorker =
  | { readonly type: 'load'; readonly root: string; readonly tree: TreeDirectory }
  | { readonly type: 'derive'; readonly root: string; readonly from: string; readonly changes: readonly FileChange[] }
  | { readonly type: 'forget'; readonly root: string }
  | { readonly type: 'run'; readonly root: string; readonly request: ScriptRequest; readonly at: AgreedPoint }

export type FromWorker = { readonly type: 'ready'; readonly snapshot: Snapshot } | { readonly type: 'ran'; readonly outcome: ScriptOutcome }
