import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { interpeer } from './interpeer.js'

const work = mkdtempSync(join(tmpdir(), 'interpeer-check-'))
afterAll(() => rmSync(work, { recursive: true, force: true }))
let folders = 0
function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = join(work, String(folders++))
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, path, '..'), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  return folder
}

test('site check prints what a good configuration means, and what holds without one', async () => {
  const given = folderWith({ 'interpeer.json': '{"slots": 2, "mutable": ["data"], "scratch": ["tmp"]}', 'data/a': '' })
  const { code, stdout } = await interpeer(['site', 'check', given])
  expect([code, JSON.parse(stdout)]).toMatchObject([
    0,
    { php: '8.2', slots: 2, mutable: ['data'], scratch: ['tmp'], warmUp: [], extensions: [], effects: ['after'] },
  ])
  const without = await interpeer(['site', 'check', folderWith({ 'index.php': '' }), '--json'])
  expect(JSON.parse(without.stdout)).toMatchObject({ type: 'valid', configuration: { mutable: 'everything' } })
})

test('site check and site publish tell every fault with file, line and column; publishing stops before it makes anything', async () => {
  const folder = folderWith({ 'interpeer.json': '{\n  "slots": 0,\n  "mutabel": [],\n  "scratch": ["var/cache"]\n}\n' })
  const file = join(folder, 'interpeer.json')
  const faults = [
    `interpeer: ${file}:2:12: slots: found 0; allowed: a whole number from 1 to 5`,
    `${file}:3:3: found the key "mutabel"; did you mean "mutable"? allowed: `,
    `${file}:4:15: scratch[0]: found "var/cache"; allowed: what lies in a folder of the site: "var" is none, and no script could make it`,
  ]
  const data = join(work, 'data')
  const publish = ['site', 'publish', folder, '--data', data, '--genesis', join(work, 'none'), '--name', 'a']
  for (const args of [['site', 'check', folder], publish]) {
    const { code, stderr } = await interpeer(args)
    expect([code, stderr.split('\n').slice(0, 3)]).toEqual([1, faults.map((fault) => expect.stringContaining(fault))])
  }
  expect(() => readFileSync(data)).toThrow('ENOENT')
  const { code, stdout } = await interpeer(['site', 'check', folder, '--json'])
  expect([code, JSON.parse(stdout).faults[0]]).toEqual([
    1,
    { line: 2, column: 12, name: 'slots', found: '0', allowed: 'a whole number from 1 to 5' },
  ])
})

test.each([
  ['a file of another case', { 'INTERPEER.json': '{}' }, '1:1: found a file named "INTERPEER.json"; allowed: "interpeer.json"'],
  ['a folder', { 'interpeer.json/x': '' }, '1:1: found something that is no file; allowed: a file'],
  ['a large file', { 'interpeer.json': ' '.repeat(70_000) }, '1:1: found 70000 bytes; allowed: at most 65536'],
])('%s in its place is refused', async (_, files, fault) => {
  const { code, stderr } = await interpeer(['site', 'check', folderWith(files)])
  expect([code, stderr]).toEqual([1, expect.stringContaining(fault)])
})

test('a configuration that is a link is none: it is published as a link, and nobody follows it', async () => {
  const folder = folderWith({ 'configurations/live.json': '{"slots": 3}' })
  symlinkSync('configurations/live.json', join(folder, 'interpeer.json'))
  expect((await interpeer(['site', 'check', folder])).stderr).toContain('found something that is no file; allowed: a file')
})

test('site schema prints the schema', async () => {
  const { stdout } = await interpeer(['site', 'schema'])
  expect(JSON.parse(stdout)).toMatchObject({ properties: { mutable: { default: 'everything' } } })
})
