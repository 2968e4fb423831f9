/** What a child job is given, and what it leaves. */
export interface ChildTask {
  /** Absolute. */
  readonly script: string
  /** Plain data. */
  readonly args: Uint8Array
  /** What the script returned: plain data; undefined as long as it did not. */
  result: Uint8Array | undefined
  /** What PHP said of the error that ended it. */
  failure: Uint8Array | undefined
}
/** Why a child job gave no result, in one word. */
export type ChildFailure = 'FATAL_ERROR' | 'EXITED' | 'RESPONSE_TOO_LARGE' | 'STACK_EXHAUSTED' | 'SCRIPT_TRAPPED' | 'CHANGES_INVALID'
/** How a child job ended, and what it printed. */
export type ChildEnd = { readonly output: Uint8Array } & (
  | { readonly type: 'returned'; readonly result: Uint8Array }
  | { readonly type: 'exhausted'; readonly what: 'SlotExhausted' | 'MemoryExhausted' }
  | { readonly type: 'failed'; readonly reason: ChildFailure; readonly message: Uint8Array }
)
/** A child job that ended, for those who look at what a request did. */
export interface ChildJobRecord {
  /** Path in the site. */
  readonly script: string
  readonly slots: number
  readonly end: 'returned' | 'SLOT_EXHAUSTED' | 'MEMORY_EXHAUSTED' | ChildFailure
  /** Work done, in fuel. */
  readonly fuel: number
  /** The most memory that its instance had, bytes. */
  readonly memoryBytes: number
}
