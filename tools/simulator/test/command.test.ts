import { spawnSync } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const main = fileURLToPath(new URL('../main.mjs', import.meta.url))
const sim = (...words: string[]) => spawnSync(process.execPath, [main, ...words], { encoding: 'utf8' })
const lines = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

test('the outcomes of seeds are one JSON object a line, in order, and the same in one process as in two', () => {
  const one = sim('group-traffic', '--seeds', '12', '--peers', '3', '--json', '--jobs', '1')
  const two = sim('group-traffic', '--seeds', '12', '--peers', '3', '--json', '--jobs', '2')
  expect(one.status).toBe(0)
  expect(two.stdout).toBe(one.stdout)
  const outcomes = lines(one.stdout)
  expect(outcomes.map(({ seed }) => seed)).toEqual(Array.from({ length: 12 }, (_, i) => i + 1))
  expect(Object.keys(outcomes[0])).toEqual(['scenario', 'seed', 'verdict', 'figures', 'digest'])
  expect(new Set(outcomes.map(({ digest }) => digest)).size).toBe(12)
})

test('an option that there is none of is named, with how it is used', () => {
  const { status, stdout, stderr } = sim('group', '--sedes', '12')
  expect([status, stderr.split('\n')[0]]).toEqual([2, expect.stringContaining("'--sedes'")])
  expect(stdout).toContain('scenarios: ')
  expect(stderr).not.toContain('    at ')
})

test('a budget says how many seeds fitted, one at least', () => {
  const { status, stdout } = sim('group-traffic', '--budget', '1', '--peers', '2', '--jobs', '1')
  expect(status).toBe(0)
  expect(stdout).toMatch(/^group-traffic: (\d+) of \1 seeds from 1 passed with 2 peers in [\d.]+ s$/m)
})

test('a plan in a file is run in place of the drawn one, and its failure is traced, shrunk and replayed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'plan-'))
  const plan = join(folder, 'plan.json')
  // everything vanishes for as long as the run lasts, so its one write can't become final
  const events = [
    { type: 'jump', atMs: 40, node: 1, ms: 10 },
    { type: 'write', atMs: 100, id: '00112233445566778899aabbccddeeff' },
    { type: 'weather', atMs: 0, forMs: 60_000, weather: { lossPerMille: 1_000 } },
    { type: 'stall', atMs: 50, forMs: 20, node: 2 },
  ]
  writeFileSync(plan, JSON.stringify(events))
  const { status, stdout } = sim('group-traffic', '--seed', '4', '--peers', '3', '--plan', plan, '--trace', '--shrink')
  expect(status).toBe(1)
  expect(stdout).toContain('world   fault: {"type":"weather","forMs":60000,"weather":{"lossPerMille":1000}}')
  expect(stdout).toContain('"problem":"a write is not final"')
  expect(stdout).toContain('again: npm run sim -- group-traffic --seed 4 --peers 3')
  const shrunk = stdout.split('\n').find((line) => line.startsWith('[{'))
  expect(JSON.parse(shrunk ?? '[]').map(({ type }: { type: string }) => type)).toEqual(['write', 'weather'])
  writeFileSync(plan, shrunk ?? '')
  expect(sim('group-traffic', '--seed', '4', '--peers', '3', '--plan', plan).stdout).toContain('"problem":"a write is not final"')
})

test('what it does not know is said, with how to use it', () => {
  const { status, stdout, stderr } = sim('no-such-scenario')
  expect(status).toBe(2)
  expect(stderr).toContain('no scenario named no-such-scenario')
  expect(stdout).toContain('npm run sim -- (SCENARIO… | --all)')
})
