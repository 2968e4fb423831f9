// npm run bench -- SUITE… [--json]     A suite is a file suites/NAME.ts with an export measure(say, signal, known) → Figure[].
// With --json one object a line on stdout, as design.md §12.10 says; steps in words go to stderr.
import { globSync } from 'node:fs'
import { basename } from 'node:path'
import { parseArgs } from 'node:util'
import { jsonLine, table } from './figures.ts'

const here = new URL('./', import.meta.url)
const suites = globSync('suites/*.ts', { cwd: here }).map((file) => basename(file, '.ts'))
const usage = (reason) => {
  console.error(`${reason}\nnpm run bench -- SUITE… [--json]\nsuites: ${suites.join(' ')} (store runs map and tree too)`)
  process.exit(2)
}

const { values, positionals } = readArguments()
if (values.help) usage('Measures Interpeer and what it is compared with in one run.')
if (positionals.length === 0) usage('Which suite?')
const unknown = positionals.filter((name) => !suites.includes(name))
if (unknown.length > 0) usage(`no such suite: ${unknown.join(' ')}`)

// maps and trees are the store's too: whoever asks for `store` sees all that content-store states
const ALSO = { store: ['map', 'tree'] }
const chosen = new Set(positionals.flatMap((name) => [name, ...(ALSO[name] ?? [])]))

const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stop.abort())

try {
  for (const name of chosen) {
    const { measure } = await import(new URL(`suites/${name}.ts`, here).href)
    // a suite that takes long says each figure when it knows it; the others give all of theirs at the end
    const told = []
    const known = (figure) => {
      told.push(figure)
      if (values.json) console.log(jsonLine(figure))
      else console.error(table([figure]).split('\n')[1])
    }
    const figures = await measure((line) => console.error(line), stop.signal, known)
    if (!values.json) console.log(table([...told, ...figures]))
    else if (figures.length > 0) console.log(figures.map(jsonLine).join('\n'))
  }
} catch (error) {
  console.error(stop.signal.aborted ? 'stopped' : error)
  process.exitCode = 1
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: { json: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h', default: false } },
    })
  } catch (error) {
    return usage(error.message)
  }
}
