// npm run test:phpt -- [--source FOLDER] [--only PATH]… [--workers N] [--guard-ms N] [--results FILE [--resume]]
// Runs php-src's own tests. Without --source (a folder with php-src) Debian's source package is fetched.
import '../typescript-sources.mjs'
import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    source: { type: 'string' },
    only: { type: 'string', multiple: true, default: [] },
    workers: { type: 'string', default: '1' },
    'guard-ms': { type: 'string', default: '30000' },
    results: { type: 'string' },
    resume: { type: 'boolean', default: false },
  },
})
const { groups } = await import('./src/groups.ts')
const { fetchSources, readSources, testsIn, textIn } = await import('./src/sources.ts')
const { runCases } = await import('./src/run.ts')
const { parseResults, reportOf } = await import('./src/report.ts')
const { reasonsOf } = await import('./src/reasons.ts')

const folder = values.source ?? fetchSources()
try {
  const sources = readSources(folder)
  const wanted = testsIn(sources, values.only.length > 0 ? values.only : groups.flatMap(({ prefixes }) => prefixes))
  const results = values.resume && existsSync(values.results) ? parseResults(readFileSync(values.results, 'utf8')) : []
  const told = new Set(results.map(({ path }) => path))
  const paths = wanted.filter((path) => !told.has(path))
  // whole lines only: of an interrupted run the last may be torn
  if (values.results !== undefined) writeFileSync(values.results, results.map((result) => `${JSON.stringify(result)}\n`).join(''))
  console.error(`${wanted.length} tests${told.size > 0 ? `, ${told.size} of them done before` : ''}`)
  await runCases({
    sources,
    paths,
    guardMs: Number(values['guard-ms']),
    workers: Number(values.workers),
    onResult: (result) => {
      results.push(result)
      if (values.results !== undefined) appendFileSync(values.results, `${JSON.stringify(result)}\n`)
      if (results.length % 500 === 0)
        console.error(`${results.length} done, ${results.filter(({ verdict }) => verdict === 'pass').length} passed`)
      if (values.only.length > 0 && result.verdict !== 'pass') console.error(result.verdict, result.path, result.detail)
    },
  })
  results.sort((a, b) => (a.path < b.path ? -1 : 1))
  console.log(`${reportOf(results)}\n\n${reasonsOf(results, (path) => textIn(sources, path) ?? '')}`)
} finally {
  if (values.source === undefined) rmSync(dirname(folder), { recursive: true, force: true })
}
