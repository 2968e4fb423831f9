/**
 * A model: states, what can happen next, and what must never be. States are immutable values; `key` is equal for states that
 * differ only in the names of members or batches, so that one of them stands for all (symmetry reduction).
 */
export interface Model<S> {
  readonly start: readonly S[]
  /** Calls `emit` for each thing that can happen next; `label` is asked for only when a trace is printed. */
  next(state: S, emit: (next: S, label: () => string) => void): void
  key(state: S): string
  /** The rule that this state breaks, if any. */
  broken(state: S): string | undefined
}

export interface Exploration {
  readonly states: number
  readonly transitions: number
  /** False where the limit of states cut the search. */
  readonly complete: boolean
  readonly counterexample?: { readonly rule: string; readonly trace: readonly string[] }
}

/** Breadth first, so that the first counterexample is one of the shortest. */
export function explore<S>(model: Model<S>, statesMax = 5_000_000): Exploration {
  const seen = new Set<string>()
  const states: S[] = []
  const parents: number[] = []
  let transitions = 0
  let broken: string | undefined
  const reach = (state: S, parent: number) => {
    const key = model.key(state)
    if (seen.has(key)) return
    seen.add(key)
    states.push(state)
    parents.push(parent)
    broken ??= model.broken(state)
  }
  for (const state of model.start) if (broken === undefined) reach(state, -1)
  for (let at = 0; at < states.length && broken === undefined && states.length < statesMax; at++) {
    model.next(states[at] as S, (next) => {
      transitions++
      if (broken === undefined) reach(next, at)
    })
  }
  const figures = { states: states.length, transitions, complete: states.length < statesMax || broken !== undefined }
  return broken === undefined ? figures : { ...figures, counterexample: { rule: broken, trace: traceTo(model, states, parents) } }
}

/** The labels on the way to the last state found. Stored states are as they were reached, so names of members hold along the way. */
function traceTo<S>(model: Model<S>, states: readonly S[], parents: readonly number[]): string[] {
  const path: number[] = []
  for (let at = states.length - 1; at >= 0; at = parents[at] as number) path.unshift(at)
  return path.slice(1).map((to, index) => {
    const wanted = model.key(states[to] as S)
    let found = '?'
    model.next(states[path[index] as number] as S, (next, label) => {
      if (found === '?' && next !== undefined && model.key(next) === wanted && same(next, states[to] as S)) found = label()
    })
    return found
  })
}

const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other)
