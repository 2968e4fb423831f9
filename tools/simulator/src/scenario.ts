import type { Trace } from './trace.js'

/** One event of a plan: a fault of the world (`Fault`), or the scenario's own (a visitor's write). JSON. */
export interface PlanEvent {
  readonly type: string
  readonly atMs: number
}

export interface ScenarioInput {
  readonly seed: number
  readonly peers: number
  /** What happens, in place of what the seed draws. */
  readonly plan?: readonly PlanEvent[] | undefined
  readonly trace?: Trace | undefined
}
export interface Outcome {
  readonly verdict: 'pass' | 'fail'
  /** With `problem`, the first thing that went wrong, where the verdict is `fail`. */
  readonly figures: Readonly<Record<string, number | string | Readonly<Record<string, number>>>>
  readonly digest: string
  /** What happened, where the scenario can replay a part of it. */
  readonly plan?: readonly PlanEvent[]
}
/** What `simulations/NAME.sim.ts` of a package exports as `simulate`. The same input gives the same outcome on every machine. */
export type Simulate = (input: ScenarioInput) => Outcome

/** What went wrong, without numbers: two runs fail alike when this is the same. */
export const problemOf = ({ verdict, figures }: Outcome): string | undefined =>
  verdict === 'pass' ? undefined : String(figures.problem ?? 'it failed').replace(/\d+/g, '#')
