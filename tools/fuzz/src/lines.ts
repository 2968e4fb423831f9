import type { Budget, Finding, Tally } from './engine.ts'

/** What a child process is to do. */
export interface ChildOrders {
  readonly root: string
  /** Names, in order. */
  readonly targets: readonly string[]
  readonly budget: Budget
  /** Where it notes the input it is about to run. */
  readonly trace: string
  /** Where `SourceCounters` lie, as JSON. */
  readonly sources: string
  /** The file of one input, which is run instead. */
  readonly replay?: string
}
/** Of each source file that is measured: its first counter, and how many it has. */
export type SourceCounters = Readonly<Record<string, readonly [first: number, count: number]>>

/** What a child says, a line each. Inputs are hexadecimal. */
export type ChildLine =
  | { readonly type: 'alive' }
  | { readonly type: 'start' | 'replayed'; readonly target: string }
  | ({ readonly type: 'finding'; readonly input: string } & Omit<Finding, 'input'>)
  | ({ readonly type: 'end'; readonly target: string; readonly file: readonly [covered: number, all: number] } & Tally)
