// npm run sim -- SCENARIO --seed S --peers N [--seeds COUNT] [--json]     or --all
// A scenario is a file packages/*/simulations/NAME.sim.ts with an export simulate({ seed, peers }) → { verdict, figures, digest }.
// With --seeds, the seeds S to S + COUNT - 1 are run. Every failure is printed with the command that replays it.
import { globSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { basename } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'

// The sources are TypeScript without anything that Node could not strip, but import each other as .js, as the built files do.
registerHooks({
  resolve(specifier, context, next) {
    try {
      return next(specifier, context)
    } catch (error) {
      if (!specifier.startsWith('.') || !specifier.endsWith('.js')) throw error
      return next(`${specifier.slice(0, -3)}.ts`, context)
    }
  },
})

const root = new URL('../../', import.meta.url)
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '1' },
    peers: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
    all: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
})
const files = new Map(globSync('packages/*/simulations/*.sim.ts', { cwd: root }).map((file) => [basename(file, '.sim.ts'), file]))
const [seed, count, peers] = [values.seed, values.seeds, values.peers].map((text) => {
  const number = Number(text)
  if (!Number.isSafeInteger(number) || number < 1) usage(`not a positive integer: ${text}`)
  return number
})
const names = values.all ? [...files.keys()].sort() : positionals
if (values.help || names.length === 0) usage()

for (const name of names) {
  const file = files.get(name)
  if (file === undefined) usage(`no scenario named ${name}`)
  const { simulate } = await import(pathToFileURL(new URL(file, root).pathname).href)
  const startedAtMs = performance.now()
  let failed = 0
  for (let one = seed; one < seed + count; one++) {
    const outcome = await simulate({ seed: one, peers })
    if (outcome.verdict === 'fail') failed++
    if (values.json) console.log(JSON.stringify({ scenario: name, seed: one, ...outcome }))
    else if (outcome.verdict === 'fail' || count === 1) {
      console.log(`${name} seed ${one}: ${outcome.verdict} ${JSON.stringify(outcome.figures)} digest ${outcome.digest}`)
      console.log(`  again: npm run sim -- ${name} --seed ${one} --peers ${peers}`)
    }
  }
  const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1)
  if (!values.json) console.log(`${name}: ${count - failed} of ${count} seeds from ${seed} passed with ${peers} peers in ${seconds} s`)
  if (failed > 0) process.exitCode = 1
}

function usage(problem) {
  if (problem !== undefined) console.error(problem)
  console.log('npm run sim -- (SCENARIO… | --all) [--seed S] [--seeds COUNT] [--peers N] [--json]')
  console.log(`scenarios: ${[...files.keys()].sort().join(', ')}`)
  process.exit(problem === undefined ? 0 : 2)
}
