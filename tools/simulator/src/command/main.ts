import { globSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { runScenario } from '../run-scenario.js'
import { type Outcome, type PlanEvent, problemOf } from '../scenario.js'
import { shrinkPlan } from '../shrink.js'
import { Trace } from '../trace.js'
import { runPlanted } from './planted.js'
import { runSeeds } from './run-seeds.js'
import { type Done, scenarioIn } from './worker.js'
import { here, startWorker } from './workers.js'

const root = fileURLToPath(new URL('../../../../', import.meta.url))
const TRACED_LINES = 60
/** Fewer seeds than this are not worth a process. */
const SEEDS_FOR_WORKERS = 10

const named = (ending: string) =>
  globSync(`packages/*/simulations/*${ending}`, { cwd: root }).map((file) => [basename(file, ending), `${root}${file}`] as const)
const scenarios = new Map(named('.sim.ts'))
/** Large networks, to be measured: a run takes minutes, so `--all` has none of them. */
const large = new Map(named('.scale.ts'))
const files = new Map([...scenarios, ...large])
const { values, positionals } = parsed()
const seed = positive(values.seed)
const peersOf = (name: string): number => positive(values.peers ?? (large.has(name) ? '1000' : '5'))
const budgetMs = values.budget === undefined ? Number.POSITIVE_INFINITY : 1000 * positive(values.budget)
const count = values.seeds !== undefined ? positive(values.seeds) : values.budget === undefined ? 1 : Number.POSITIVE_INFINITY
const jobs = values.jobs === undefined ? Math.min(2, availableParallelism()) : positive(values.jobs)
const names = values.all ? [...scenarios.keys()].sort() : positionals

if (values.help) usage()
else if (values.planted) await plantedBugs()
else if (names.length === 0) usage()
else if (values.plan !== undefined || values.trace || values.shrink) await oneRun()
else await manySeeds()

async function manySeeds(): Promise<void> {
  const runners = count < SEEDS_FOR_WORKERS || jobs === 1 ? [here] : Array.from({ length: jobs }, () => startWorker())
  try {
    for (const name of names) {
      const file = fileOf(name)
      const peers = peersOf(name)
      const startedAtMs = performance.now()
      const failed: number[] = []
      const share = budgetMs / names.length
      const ran = await runSeeds(runners, { file, from: seed, count, peers, budgetMs: share }, (one, done) => {
        if (done.verdict === 'fail') failed.push(one)
        tell(name, one, done)
      })
      for (const one of failed.slice(0, 1)) if (!values.json) await showTrace(name, one)
      const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1)
      if (!values.json)
        console.log(`${name}: ${ran - failed.length} of ${ran} seeds from ${seed} passed with ${peers} peers in ${seconds} s`)
      if (failed.length > 0) process.exitCode = 1
    }
  } finally {
    for (const runner of runners) runner.end()
  }
}

function tell(name: string, one: number, { verdict, figures, digest }: Done): void {
  if (values.json) console.log(JSON.stringify({ scenario: name, seed: one, verdict, figures, digest }))
  else if (verdict === 'fail' || count === 1) {
    console.log(`${name} seed ${one}: ${verdict} ${JSON.stringify(figures)} digest ${digest}`)
    console.log(`  again: npm run sim -- ${name} --seed ${one} --peers ${peersOf(name)}`)
  }
}

/** The first failure's last lines; `--trace` shows all. */
async function showTrace(name: string, one: number): Promise<void> {
  const trace = new Trace(TRACED_LINES)
  runScenario(await scenarioIn(fileOf(name)), { seed: one, peers: peersOf(name), trace })
  console.log(`  the last lines of seed ${one} (--trace shows all, --shrink looks for a short plan that fails alike):`)
  for (const line of trace.last()) console.log(`  ${line}`)
}

/** Each seed here, with what was asked for: its trace, its plan in place of the drawn one, the shortest plan that fails alike. */
async function oneRun(): Promise<void> {
  const plan = values.plan === undefined ? undefined : (JSON.parse(readFileSync(values.plan, 'utf8')) as readonly PlanEvent[])
  for (const name of names) {
    const simulate = await scenarioIn(fileOf(name))
    const peers = peersOf(name)
    for (let one = seed; one < seed + count; one++) {
      const trace = values.trace ? new Trace(1_000_000) : undefined
      const outcome = runScenario(simulate, { seed: one, peers, plan, trace })
      for (const line of trace?.last() ?? []) console.log(line)
      tell(name, one, outcome)
      if (outcome.verdict === 'pass') continue
      process.exitCode = 1
      if (values.shrink) shrink(name, one, outcome, (events) => runScenario(simulate, { seed: one, peers, plan: events }))
    }
  }
}

function shrink(name: string, one: number, outcome: Outcome, run: (plan: readonly PlanEvent[]) => Outcome): void {
  if (outcome.plan === undefined) {
    console.log(`  ${name} does not say its plan: it can't be shrunk`)
    return
  }
  const problem = problemOf(outcome)
  const { plan, runs, isMinimal } = shrinkPlan(outcome.plan, (events) => problemOf(run(events)) === problem)
  const how = isMinimal ? 'none can be left out' : 'it may be shortened further'
  console.log(`  ${plan.length} of ${outcome.plan.length} events fail alike (${runs} runs; ${how}); in a file:`)
  console.log(JSON.stringify(plan))
  console.log(`  again: npm run sim -- ${name} --seed ${one} --peers ${peersOf(name)} --plan FILE --trace`)
}

async function plantedBugs(): Promise<void> {
  const results = await runPlanted(root, { names: positionals, jobs, fileOf, tell: (result) => !values.json && console.log(result.says) })
  for (const { says: _, ...result } of results) if (values.json) console.log(JSON.stringify(result))
  const missed = results.filter(({ found }) => !found)
  if (!values.json) console.log(`${results.length - missed.length} of ${results.length} planted bugs were found`)
  if (missed.length > 0 || results.length === 0) process.exitCode = 1
}

function fileOf(name: string): string {
  return files.get(name) ?? usage(`no scenario named ${name}`)
}

function positive(text: string): number {
  const number = Number(text)
  return Number.isSafeInteger(number) && number >= 1 ? number : usage(`not a positive integer: ${text}`)
}

function parsed() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        seed: { type: 'string', default: '1' },
        seeds: { type: 'string' },
        peers: { type: 'string' },
        budget: { type: 'string' },
        jobs: { type: 'string' },
        plan: { type: 'string' },
        all: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        trace: { type: 'boolean', default: false },
        shrink: { type: 'boolean', default: false },
        planted: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    return usage(error.message) // an option that there is none of
  }
}

function usage(problem?: string): never {
  if (problem !== undefined) console.error(problem)
  console.log(`npm run sim -- (SCENARIO… | --all) [--seed S] [--seeds COUNT] [--peers N] [--budget SECONDS] [--jobs N] [--json]
npm run sim -- SCENARIO --seed S [--peers N] [--trace] [--shrink] [--plan FILE]
npm run sim -- --planted [BUG…] [--json]`)
  console.log(`scenarios: ${[...files.keys()].sort().join(', ')}`)
  process.exit(problem === undefined ? 0 : 2)
}
