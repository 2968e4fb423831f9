/**
 * How long the simulations run that `npm test` contains, in ms each: as many seeds as fit. All of CI's simulations have five minutes together, and
 * those with a fixed number of seeds (vote-chain, peer) take their part of it. `npm run sim -- --all --seeds 10000` runs them all.
 */
export const BUDGETS_MS = {
  group: 12_000,
  'group-disputes': 12_000,
  'group-epochs': 10_000,
  'group-events': 10_000,
  'group-locks': 6_000,
  'group-traitors': 12_000,
  exchange: 10_000,
  chain: 12_000,
  /** All planted bugs of the group, and of the chain, in two processes. */
  planted: 60_000,
  'chain-planted': 32_000,
} as const
export const BUDGET_OF_ALL_MS = 300_000
/** What is left for simulations with a fixed number of seeds. */
export const FIXED_SEEDS_MS = 120_000

/** The seeds from 1 on while `budgetMs` lasts, one at least; only SIM_SEED when that is set, which replays one run. */
export function* seedsWithin(budgetMs: number, environment: { readonly SIM_SEED?: string | undefined } = process.env): Generator<number> {
  const given = Number(environment.SIM_SEED)
  if (Number.isSafeInteger(given) && given > 0) {
    yield given
    return
  }
  const startedAtMs = performance.now()
  for (let seed = 1; seed === 1 || performance.now() - startedAtMs < budgetMs; seed++) yield seed
}
