import { globSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { PlantedBug } from '../planted.js'
import { here, startWorker } from './workers.js'

export interface PlantedResult {
  readonly planted: string
  readonly found: boolean
  /** Which seed failed with it, and passes without; null: none. */
  readonly seed: number | null
  readonly scenario: string | null
  /** How many were run until then, in all scenarios. */
  readonly seeds: number
  readonly problem: string
  readonly ms: number
  readonly says: string
}
const SEED_MAX_MS = 60_000
interface Options {
  /** Of bugs; none: all. */
  readonly names: readonly string[]
  readonly jobs: number
  readonly fileOf: (scenario: string) => string
  readonly tell: (result: PlantedResult) => void
}

/** Runs every planted bug of `simulations/planted.ts` of any package until a seed fails that passes without it. */
export async function runPlanted(root: string, { names, jobs, fileOf, tell }: Options): Promise<readonly PlantedResult[]> {
  const bugs: (PlantedBug & { readonly folder: string })[] = []
  for (const file of globSync('packages/*/simulations/planted.ts', { cwd: root })) {
    const { planted } = (await import(pathToFileURL(join(root, file)).href)) as { readonly planted: readonly PlantedBug[] }
    bugs.push(...planted.map((bug) => ({ ...bug, folder: dirname(dirname(file)) })))
  }
  const unknown = names.filter((name) => bugs.every((bug) => bug.name !== name))
  if (unknown.length > 0)
    throw new RangeError(`no planted bug named ${unknown.join(', ')}; there are ${bugs.map(({ name }) => name).join(', ')}`)
  const chosen = bugs.filter(({ name }) => names.length === 0 || names.includes(name))
  const results: PlantedResult[] = []
  const waiting = [...chosen]
  const work = async (): Promise<void> => {
    for (let bug = waiting.shift(); bug !== undefined; bug = waiting.shift()) {
      const result = await hunt(bug, fileOf)
      results.push(result)
      tell(result)
    }
  }
  await Promise.all(Array.from({ length: jobs }, work))
  return results.sort((a, b) => (a.planted < b.planted ? -1 : 1))
}

async function hunt(bug: PlantedBug & { readonly folder: string }, fileOf: Options['fileOf']): Promise<PlantedResult> {
  const startedAtMs = performance.now()
  const patches = bug.patches.map((patch) => ({ ...patch, file: `${bug.folder}/${patch.file}` }))
  const worker = startWorker(JSON.stringify(patches))
  let seeds = 0
  const result = (found: Pick<PlantedResult, 'seed' | 'scenario' | 'problem'>): PlantedResult => {
    const ms = Math.round(performance.now() - startedAtMs)
    const where = found.seed === null ? 'NOT FOUND' : `found by ${found.scenario} seed ${found.seed}`
    const says = `${bug.name}: ${where} after ${seeds} seeds, ${(ms / 1000).toFixed(1)} s: ${found.problem}`
    return { planted: bug.name, found: found.seed !== null, ...found, seeds, ms, says }
  }
  try {
    for (const { scenario, peers, seedsMax, seedFrom = 1 } of bug.foundBy) {
      const file = fileOf(scenario)
      for (let seed = seedFrom; seed < seedFrom + seedsMax; seed++) {
        seeds++
        const { verdict, figures } = await inTime(worker.run({ file, seed, peers }), `seed ${seed} of ${scenario}`)
        if (verdict === 'pass') continue
        const without = await here.run({ file, seed, peers })
        if (without.verdict === 'fail') return result({ seed: null, scenario, problem: `seed ${seed} of ${scenario} fails without it too` })
        return result({ seed, scenario, problem: String(figures.problem) })
      }
    }
    return result({ seed: null, scenario: null, problem: 'no seed failed' })
  } catch (error) {
    return result({ seed: null, scenario: null, problem: error instanceof Error ? error.message : String(error) })
  } finally {
    worker.end()
  }
}

/** A bug may make a run go on for ever: that is not what was looked for. */
async function inTime<T>(run: Promise<T>, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not end in ${SEED_MAX_MS / 1000} s`)), SEED_MAX_MS)
  })
  try {
    return await Promise.race([run, late])
  } finally {
    clearTimeout(timer)
  }
}
