import type { CaseResult, Verdict } from './case.ts'
import { groups } from './groups.ts'

const verdicts: readonly Verdict[] = ['pass', 'fail', 'error', 'skip']

/** What a run wrote, one result a line. What was torn when it was interrupted is left out, and so is run again. */
export function parseResults(text: string): CaseResult[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as CaseResult)
}

/** A table of Markdown: a line for each group that ran, and all together. */
export function reportOf(results: readonly CaseResult[]): string {
  const nameOf = ({ path }: CaseResult) =>
    groups.find(({ prefixes }) => prefixes.some((prefix) => path.startsWith(prefix)))?.name ?? 'others'
  const names = [...groups.map(({ name }) => name), 'others']
  const lines = names.flatMap((name) => {
    const own = results.filter((result) => nameOf(result) === name)
    return own.length === 0 ? [] : [lineOf(name, own)]
  })
  return [
    '| folder | pass | fail | error | skip | passed of those run |',
    '| --- | --: | --: | --: | --: | --: |',
    ...lines,
    lineOf('**all**', results),
  ].join('\n')
}

function lineOf(name: string, results: readonly CaseResult[]): string {
  const counts = verdicts.map((verdict) => results.filter((result) => result.verdict === verdict).length)
  const [passed = 0, failed = 0, broken = 0] = counts
  const run = passed + failed + broken
  const rate = run === 0 ? '' : `${((100 * passed) / run).toFixed(1)} %`
  return `| ${name} | ${counts.join(' | ')} | ${rate} |`
}
