// npm run model -- [NAME…] [--deep] [--traces]     without a NAME: all; a NAME is the start of a run's name, as in `one-step` or `naming N=5`
// Exits with 1 when a model breaks a rule, or a planted variant breaks none.
import { parseArgs } from 'node:util'
import '../typescript-sources.mjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { deep: { type: 'boolean', default: false }, traces: { type: 'boolean', default: false } },
})
const { runs } = await import('./src/runs.ts')
const chosen = runs.filter(
  ({ name, deep }) => (values.deep || !deep) && (positionals.length === 0 || positionals.some((start) => name.startsWith(start))),
)
if (chosen.length === 0) {
  console.error(`no run of that name; there are:\n${runs.map(({ name, deep }) => `  ${name}${deep ? ' (with --deep)' : ''}`).join('\n')}`)
  process.exit(2)
}
let seconds = 0
for (const { name, breaks, explore } of chosen) {
  // seconds of CPU, which other work on the machine changes less
  const before = process.cpuUsage()
  const { states, transitions, complete, counterexample } = explore()
  const { user, system } = process.cpuUsage(before)
  const took = (user + system) / 1_000_000
  seconds += took
  const asWanted = complete && counterexample?.rule === breaks
  if (!asWanted) process.exitCode = 1
  const found = counterexample?.rule ?? (complete ? 'holds in all states' : 'holds in the states seen; there are more')
  const figures = `${states.toLocaleString('en')} states, ${transitions.toLocaleString('en')} transitions, ${took.toFixed(1)} s of CPU`
  console.log(`${asWanted ? 'ok ' : 'BAD'} ${name}: ${figures}: ${found}`)
  if (values.traces || !asWanted) for (const line of counterexample?.trace ?? []) console.log(`      ${line}`)
}
console.log(`${chosen.length} runs, ${seconds.toFixed(1)} s of CPU`)
