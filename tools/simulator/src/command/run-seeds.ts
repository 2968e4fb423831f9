import type { Done } from './worker.js'
import type { Runner } from './workers.js'

export interface Seeds {
  readonly file: string
  readonly from: number
  readonly count: number
  readonly peers: number
  /** No seed is begun after so long, but for the first. */
  readonly budgetMs: number
}

/** Runs seeds on all runners at once, and tells each outcome in the order of the seeds. Gives how many ran. */
export async function runSeeds(runners: readonly Runner[], seeds: Seeds, tell: (seed: number, done: Done) => void): Promise<number> {
  const startedAtMs = performance.now()
  const { from, count, file, peers, budgetMs } = seeds
  const early = new Map<number, Done>()
  let [next, told] = [from, from]
  const isOver = (): boolean => next >= from + count || (next > from && performance.now() - startedAtMs >= budgetMs)
  await Promise.all(
    runners.map(async (runner) => {
      while (!isOver()) {
        const seed = next++
        early.set(seed, await runner.run({ file, seed, peers }))
        for (let done = early.get(told); done !== undefined; done = early.get(told)) {
          early.delete(told)
          tell(told++, done)
        }
      }
    }),
  )
  return next - from
}
