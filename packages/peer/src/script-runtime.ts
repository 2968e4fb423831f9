import type { DirectoryEntry, FileChange, FileEntry, SymlinkEntry } from '@interpeer/content-store'

/** One HTTP request as a script sees it. */
export interface ScriptRequest {
  readonly method: string
  /** Path and query, starting with a slash. */
  readonly target: string
  readonly host: string
  readonly https: boolean
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Uint8Array
}
/** What a script leaves at a path. */
export type ScriptChange = FileChange

/**
 * What a run came to. `answered` is a pure function of files, request, time and seed. `abstained` is the host's own trouble: wall
 * time, memory, a crash. It decides nothing, so the member stays silent (design §5).
 */
export type ScriptOutcome =
  | {
      readonly type: 'answered'
      readonly status: number
      readonly headers: readonly (readonly [name: string, value: string])[]
      readonly body: Uint8Array
      readonly changes: readonly ScriptChange[]
      /** What the run did on its way, which the answer does not show; the same on every machine. Best under 24 KiB: of more, a hash is kept. */
      readonly transcript: Uint8Array
      /** What the script wrote to its error log, for the site's uploader. Not part of the answer. */
      readonly log?: string
      /** Work counted, in the runtime's own unit, the same on every machine: members agree on a batch's sum. A whole number, 0 to 2^40. */
      readonly fuel: number
      /** The most memory held: the same on every machine. */
      readonly memoryBytes?: number
    }
  | { readonly type: 'abstained'; readonly reason: string }

/**
 * What runs a site's scripts. `peer` knows no language: the apps pass in one of these (`@interpeer/php-runtime-bridge` fits).
 * A root is the ContentId of a file tree; the runtime keeps the trees that it was given until told to forget them.
 */
export interface ScriptRuntime {
  readonly runtimeId: string
  /** Most reads that it runs at a time, beside a write; default 1, a read or a write. */
  readonly readers?: number
  has(root: string): boolean
  /** The whole tree: its files, its symbolic links, and the directories that neither implies. */
  load(root: string, files: readonly FileEntry[], directories: readonly DirectoryEntry[], symlinks: readonly SymlinkEntry[]): Promise<void>
  derive(root: string, from: string, changes: readonly ScriptChange[]): Promise<void>
  forget(root: string): void
  /**
   * Runs on a private copy: `root` itself never changes.
   * @param options `kind`: of a read nobody takes the changes over. Default `write`
   */
  run(
    root: string,
    request: ScriptRequest,
    at: { readonly timeMs: number; readonly seed: Uint8Array },
    options?: { readonly kind?: 'read' | 'write' },
  ): Promise<ScriptOutcome>
  close(): Promise<void>
}
