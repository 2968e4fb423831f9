// npm run fuzz -- [TARGET…] [--seconds N] [--seed S] [--list]     without a target: all of them
// npm run fuzz -- TARGET --replay FILE
// A TARGET is a name of --list, or the part before the slash for all of a package. Exits with 1 when something was found.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { bundle } from './src/bundle.ts'
import { listTargets } from './src/list.ts'
import { commandFor, lineOf, run, saveFinding } from './src/run.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const { values, positionals } = readArguments()
if (values.help) usage(undefined)
const [seconds, seed] = [values.seconds, values.seed].map((text) => {
  const number = Number(text)
  if (!(number > 0)) usage(`not a positive number: ${text}`)
  return number
})

const folder = mkdtempSync(join(tmpdir(), 'interpeer-fuzz-'))
const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stop.abort())
try {
  const made = await bundle(root, join(root, 'tools/fuzz/src/all-targets.ts'), folder)
  const all = listTargets(made)
  if (values.list) console.log(all.join('\n'))
  else await fuzz(made, chosen(all))
} catch (error) {
  console.error(stop.signal.aborted ? 'stopped' : error)
  process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function fuzz(made, targets) {
  const replay = values.replay === undefined ? undefined : new Uint8Array(readFileSync(values.replay))
  if (replay !== undefined && targets.length !== 1) usage('--replay takes one target')
  const budget = { seed, seconds: seconds / targets.length, executions: Number.MAX_SAFE_INTEGER, findings: 8 }
  if (replay === undefined) console.log(`${targets.length} targets, ${budget.seconds.toFixed(1)} s each`)
  let [done, inputs, found] = [0, 0, 0]
  await run({
    root,
    bundle: made,
    folder,
    targets,
    budget,
    signal: stop.signal,
    ...(replay === undefined ? {} : { replay }),
    onEnd: (outcome) => {
      done++
      inputs += outcome.tally?.executions ?? 0
      if (replay === undefined) console.log(`${done}/${targets.length} ${lineOf(outcome)}`)
      for (const finding of outcome.findings) {
        found++
        console.log(`${finding.target}: ${finding.kind}: ${finding.detail}`)
        if (replay === undefined) {
          const path = relative(process.cwd(), saveFinding(join(root, 'tools/fuzz/findings'), finding))
          console.log(`  again: ${commandFor(finding.target, path)}`)
        }
      }
    },
  })
  if (replay === undefined) console.log(`${inputs} inputs, ${found} found`)
  else if (found === 0) console.log('nothing wrong with this input')
  if (found > 0) process.exitCode = 1
}

function chosen(all) {
  const unknown = positionals.filter((name) => !all.some((target) => target === name || target.startsWith(`${name}/`)))
  if (unknown.length > 0) usage(`no such target: ${unknown.join(' ')}`)
  if (positionals.length === 0) return all
  return all.filter((target) => positionals.some((name) => target === name || target.startsWith(`${name}/`)))
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        seconds: { type: 'string', default: '120' },
        seed: { type: 'string', default: '1' },
        replay: { type: 'string' },
        list: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
  } catch (error) {
    return usage(error.message)
  }
}
function usage(problem) {
  if (problem !== undefined) console.error(problem)
  console.log('npm run fuzz -- [TARGET…] [--seconds N] [--seed S] [--list]     N for all targets together, 120 if not said')
  console.log('npm run fuzz -- TARGET --replay FILE')
  process.exit(problem === undefined ? 0 : 2)
}
