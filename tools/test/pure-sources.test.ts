import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { MESSAGE_NUMBERS } from '../../packages/wire-codec/src/message-numbers.js'
import { purityFaults } from './purity.js'
import { filesBelow, packageFolders, type SourceFile } from './workspace.js'

/** `design.md` §2 marks every other package pure, or its `.` */
const NOT_PURE: Readonly<Record<string, string>> = { 'packages/dgram-as-stream': 'it is the socket' }
/** Files of a pure package that may touch the world, each with its reason. */
const ALLOWED: Readonly<Record<string, string>> = {}

const folders = packageFolders('packages').filter((folder) => NOT_PURE[folder] === undefined)
const isShell = ({ path }: SourceFile) => path.includes('/src/node/') || ALLOWED[path] !== undefined

test.each(folders)('%s reads no clock, rolls no dice and starts no timer outside src/node', (folder) => {
  const sources = filesBelow(`${folder}/src`, '.ts').filter((file) => !isShell(file))
  expect(sources.length).toBeGreaterThan(0)
  expect(sources.flatMap(purityFaults)).toEqual([])
})

test('every exception still exists', () => {
  const paths = new Set(packageFolders('packages').flatMap((folder) => filesBelow(`${folder}/src`, '.ts').map(({ path }) => path)))
  expect(Object.keys(ALLOWED).filter((path) => !paths.has(path))).toEqual([])
})

test.each([
  ['const at = Date.now()', 'Date'],
  ['const at = new Date()', 'Date'],
  ['const at = globalThis.Date.now()', 'globalThis'],
  ['const dice = Math.random()', 'Math.random'],
  ["const dice = Math['random']()", 'Math'],
  ['const { random } = Math', 'Math'],
  ['const at = performance.now()', 'performance'],
  ['const home = process.env.HOME', 'process'],
  ['setTimeout(() => {}, 1)', 'setTimeout'],
  ['const timers = { later: setInterval }', 'setInterval'],
  ['const key = crypto.getRandomValues(new Uint8Array(32))', 'crypto'],
  ["const page = fetch('http://localhost/')", 'fetch'],
  ["import { readFileSync } from 'node:fs'", 'node:fs'],
  ["import { openStore } from './node/store.js'", './node/store.js'],
  ["const late = import('node:os')", 'node:os'],
  ["export { openOverlay } from '@interpeer/overlay/node'", '@interpeer/overlay/node'],
  ['const here = import.meta.url', 'import.meta'],
  ["names.sort((a, b) => a.localeCompare(b)) // 'x'", 'localeCompare'],
])('a planted fault is found: %s', (text, words) => {
  const faults = purityFaults({ path: 'src/a.ts', text })
  expect(faults).toHaveLength(1)
  expect(faults[0]).toContain(words)
})

test.each([
  '// Date.now() and setTimeout are for src/node',
  "const text = 'Math.random()'",
  'const later = (fetch: (cid: string) => void) => fetch(cid)',
  'const type = reply.headers.process',
  'type When = Date',
  'const round = Math.floor(1.5)',
])('what only looks like one is not: %s', (text) => {
  expect(purityFaults({ path: 'src/a.ts', text })).toEqual([])
})

test('no two messages have one number, and each number lies in a range of design.md §12.2', () => {
  const rule = /^2\. \*\*Message numbers\*\*.*$/m.exec(readFileSync(new URL('../../docs/design.md', import.meta.url), 'utf8'))?.[0] ?? ''
  const ranges = Array.from(rule.matchAll(/(\d+)–(\d+)/g), ([, first, last]) => [Number(first), Number(last)] as const)
  const { example, ...numbers } = MESSAGE_NUMBERS
  const used = Object.values<number>(numbers)
  expect(new Set([...used, example]).size).toBe(used.length + 1)
  expect(used.filter((number) => !ranges.some(([first, last]) => first <= number && number <= last))).toEqual([])
})
