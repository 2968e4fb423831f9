import type { DirectoryEntry, FileChange, OpenFile, SymlinkEntry } from '@interpeer/content-store'
import type { Schedule } from '@interpeer/peer-group'

/** One HTTP request as a script sees it. */
export interface ScriptRequest {
  readonly method: string
  /** Path and query, starting with a slash. */
  readonly target: string
  readonly host: string
  readonly https: boolean
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Uint8Array
  /** Not a visitor's: what the group itself has the site do. Scripts are told, and no visitor can say so. */
  readonly event?: ScriptEvent
}
/** `cron`: the request is the target of a line that is due. The others run a script of the site, wherever it lies. */
export type ScriptEvent =
  | { readonly type: 'cron' }
  | { readonly type: 'timer'; readonly script: string; readonly args: Uint8Array }
  /** How a request of the outbox ended. `error` undefined: it was sent, and `answer` is what came back. Else a code (`OUTBOX_…`), and what was said of it, if anything. */
  | {
      readonly type: 'answer'
      readonly script: string
      readonly key: string
      readonly answer: OutboxAnswer | undefined
      readonly error: string | undefined
    }
export interface OutboxAnswer {
  /** HTTP's; 250 of mail that was handed over. */
  readonly status: number
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Uint8Array
}
/** What a script asks for beside its answer and its files: done once the group agreed on the answer, and not before. In the runtime's own bounds. */
export type ScriptEffect =
  /** Run a script of the site when `seconds` have passed since the request's time. `args` is the runtime's own form, at most 64 KiB. */
  | { readonly type: 'after'; readonly name: string; readonly seconds: number; readonly script: string; readonly args: Uint8Array }
  /** Pay from the job's account, in smallest units: at most `balance`, all of a run together. `account`: 64 hexadecimal digits. */
  | { readonly type: 'pay'; readonly account: string; readonly amount: bigint }
  /** Send one request through one member. `key`: 64 hexadecimal digits, never twice. `answerTo`: the script that is told how it ended. */
  | { readonly type: 'outbox'; readonly key: string; readonly request: OutboxRequest; readonly answerTo: string | undefined }
export type OutboxRequest = {
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** At most 1 MiB. */
  readonly body: Uint8Array
} & (
  | { readonly type: 'http'; readonly method: string; readonly url: string }
  | { readonly type: 'mail'; readonly to: string; readonly subject: string }
)
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
      /** In the order of the calls; left out: none. An answer that the runtime gives in a script's place has none. */
      readonly effects?: readonly ScriptEffect[]
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

/** What scripts may know of their job: the same at all members, whenever they run it. */
export interface JobFacts {
  readonly id: string
  readonly account: string
  /** Of the state that a read runs on; of the batch that a write is in. */
  readonly step: number
}

/** Whether nobody but the visitor would know that it ran: what a read may be. */
export const isPure = ({ changes, effects = [] }: ScriptOutcome & { type: 'answered' }): boolean => changes.length + effects.length === 0

/**
 * What runs a site's scripts. `peer` knows no language: the apps pass in one of these (`@interpeer/php-runtime-bridge` fits).
 * A root is the ContentId of a file tree; the runtime keeps the trees that it was given until told to forget them.
 */
export interface ScriptRuntime {
  readonly runtimeId: string
  /** Most reads that it runs at a time, beside a write; default 1, a read or a write. */
  readonly readers?: number
  has(root: string): boolean
  /**
   * The whole tree: its files, its symbolic links, and the directories that neither implies. Where a file ends early, or anything else keeps it from holding
   * the tree whole, it rejects and holds nothing.
   */
  load(root: string, files: readonly OpenFile[], directories: readonly DirectoryEntry[], symlinks: readonly SymlinkEntry[]): Promise<void>
  /** Does ahead of a root's first run what would take it long, and what all later states of the site have in common. It may fail, and run again. */
  prepare?(root: string): Promise<void>
  derive(root: string, from: string, changes: readonly ScriptChange[]): Promise<void>
  forget(root: string): void
  /** What the site's configuration plans: GET requests, and when they are due. A pure function of the tree. */
  cron(root: string): readonly { readonly schedule: Schedule; readonly target: string }[]
  /**
   * Runs on a private copy: `root` itself never changes.
   * @param at `balance`: what the job's scripts may pay, in smallest units
   * @param options `kind`: of a read nobody takes the changes over. Default `write`. `inPieces`: of a long file the answer may tell the digests of
   * its pieces (header `interpeer-pieces`, see `pieced-answer.ts`), each of which is had by its range
   */
  run(
    root: string,
    request: ScriptRequest,
    at: { readonly timeMs: number; readonly seed: Uint8Array; readonly job?: JobFacts; readonly balance?: bigint },
    options?: { readonly kind?: 'read' | 'write'; readonly inPieces?: boolean },
  ): Promise<ScriptOutcome>
  close(): Promise<void>
}
