import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ROOT } from '../../test/workspace.js'
import { type Bundle, bundle } from '../src/bundle.ts'
import { listTargets } from '../src/list.ts'
import { commandFor, type Outcome, run, saveFinding } from '../src/run.ts'

/** Of all targets together. More finds more: a nightly run may take hours. */
const SECONDS = Number(process.env.FUZZ_SECONDS ?? 40)
/** The same inputs on every machine, as far as the time goes. */
const SEED = 1

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'interpeer-fuzz-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('no decoder of the repository throws what has no code, hangs, or takes more memory than it may', async () => {
  const made = await bundle(ROOT, join(ROOT, 'tools/fuzz/src/all-targets.ts'), folder)
  const targets = listTargets(made)
  const budget = { seed: SEED, seconds: SECONDS / targets.length, executions: Number.MAX_SAFE_INTEGER, findings: 8 }
  const outcomes = await run({ root: ROOT, bundle: made, folder, targets, budget })
  const executions = outcomes.map(({ tally }) => tally?.executions ?? 0)
  console.log(
    `${executions.reduce((a, b) => a + b, 0)} inputs for ${targets.length} targets in ${SECONDS} s, at least ${Math.min(...executions)} each`,
  )
  const found = outcomes.flatMap(({ findings }) => findings)
  const told = found.map((finding) => {
    const path = saveFinding(join(ROOT, 'tools/fuzz/findings'), finding)
    return `${finding.kind}: ${finding.detail.slice(0, 500)}\nagain: ${commandFor(finding.target, path)}`
  })
  expect(told).toEqual([])
  expect(Math.min(...executions)).toBeGreaterThanOrEqual(100)
  for (const { target, tally } of outcomes) expect(tally?.covered[1], target).toBeGreaterThan(10)
})

let planted: Bundle
const plantedRun = async (name: string, replay?: Uint8Array): Promise<Outcome> => {
  planted ??= await bundle(ROOT, join(ROOT, 'tools/fuzz/test/planted/entry.ts'), folder, /\/test\/planted\/decoder\.ts$/)
  const budget = { seed: SEED, seconds: 300, executions: 200_000, findings: 1 }
  const given = replay === undefined ? {} : { replay }
  const [outcome] = await run({ root: ROOT, bundle: planted, folder, targets: [`planted/${name}`], budget, silentMs: 5_000, ...given })
  return outcome as Outcome
}
const MARK = [0x49, 0x50, 0x21]

test('a decoder without a bug is found without one, and all of it is reached', async () => {
  const { tally, findings } = await plantedRun('sound')
  expect(findings).toEqual([])
  expect(tally?.executions).toBe(200_000)
  expect(tally?.covered[1]).toBeGreaterThan(tally?.covered[0] as number)
})
test.each([
  ['uncoded', 'uncoded'],
  ['hang', 'hang'],
  ['memory', 'memory'],
  ['slow', 'slow'],
  ['crash', 'crash'],
  ['waiting', 'crash'],
])('a planted bug behind three bytes is found: %s', async (name, kind) => {
  const { findings } = await plantedRun(name)
  const [found] = findings.filter((finding) => finding.kind === kind)
  expect(findings.map((finding) => finding.kind)).toContain(kind)
  expect([...(found?.input.subarray(0, 3) ?? [])]).toEqual(MARK)
  // and again, by itself, from the file
  const path = saveFinding(folder, found as NonNullable<typeof found>)
  const again = await plantedRun(name, new Uint8Array(readFileSync(path)))
  expect(again.findings.map((finding) => finding.kind)).toEqual([kind])
})
test('memory for each item of a long input is found, which no short one shows', async () => {
  const { findings } = await plantedRun('hoard')
  expect(findings.map(({ kind }) => kind)).toEqual(['memory'])
  const input = findings[0]?.input as Uint8Array
  expect(input.length).toBeGreaterThan(1_000_000)
  const again = await plantedRun('hoard', input)
  expect(again.findings.map(({ kind }) => kind)).toEqual(['memory'])
})
test('an error of another class than the decoder says is found', async () => {
  const { findings } = await plantedRun('other-error')
  expect(findings[0]).toMatchObject({ kind: 'uncoded', input: new Uint8Array() })
  expect(findings[0]?.detail).toContain('PlantedError')
})
test('an import of PHP that falls over one descriptor is found', async () => {
  const { findings } = await plantedRun('kernel')
  expect(findings.map(({ kind }) => kind)).toEqual(['uncoded'])
  expect(findings[0]?.detail).toContain('TypeError')
})
test('targets after one that ended the process go on', async () => {
  await plantedRun('sound')
  const budget = { seed: SEED, seconds: 300, executions: 100_000, findings: 1 }
  const targets = ['planted/crash', 'planted/sound']
  const outcomes = await run({ root: ROOT, bundle: planted, folder, targets, budget })
  expect(outcomes.map(({ target, findings }) => [target, findings.map(({ kind }) => kind)])).toEqual([
    ['planted/crash', ['crash']],
    ['planted/sound', []],
  ])
})
