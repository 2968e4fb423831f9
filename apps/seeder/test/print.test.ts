import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, expect, test, vi } from 'vitest'
import { explain } from '../src/explain.js'
import { noticeOf } from '../src/log-text.js'
import { harmless, jsonOf, print, printLines, tell } from '../src/print.js'
import { interpeer } from './interpeer.js'

const work = mkdtempSync(join(tmpdir(), 'interpeer-print-'))
afterAll(() => rmSync(work, { recursive: true, force: true }))
afterEach(() => void vi.restoreAllMocks())
/** Clears the screen, sets the title, rings, goes on in a line of its own, turns the text around; and the same in one character of eight bits. */
const HOSTILE = '\u001b[2J\u001b]0;x\u0007\r\nok\u202e\u2066\u009b2J\u007f'
const CONTROLS = /(?!\n)[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/u

test('a line is one line, whatever is in it', () => {
  const written: string[] = []
  for (const stream of [process.stdout, process.stderr])
    vi.spyOn(stream, 'write').mockImplementation((text) => {
      written.push(String(text))
      return true
    })
  printLines(`site ${HOSTILE}`, 'second')
  tell(HOSTILE)
  print({ name: HOSTILE }, ['a', HOSTILE])
  print({ name: HOSTILE }, ['a'], { json: true })
  for (const text of written) expect(text).not.toMatch(CONTROLS)
  expect(written.map((text) => text.split('\n').length - 1)).toEqual([2, 1, 2, 1])
  expect(JSON.parse(written[3] as string)).toEqual({ name: HOSTILE })
})

test('letters of any language, and signs that are put together of several, stay as they are', () => {
  for (const text of ['Grüße, 日本語, مرحبا, नमस्ते', 'می‌خواهم', '👩‍💻 🏳️‍🌈 é', '\\ "quoted"']) expect(harmless(text)).toBe(text)
  expect(jsonOf({ text: 'مرحبا 👩‍💻' })).toBe('{"text":"مرحبا 👩‍💻"}')
})

test('JSON in many lines has lines of its own alone', () => {
  const text = jsonOf({ a: HOSTILE, b: 1 }, 2)
  expect([text.split('\n').length, JSON.parse(text)]).toEqual([4, { a: HOSTILE, b: 1 }])
  expect(text).not.toMatch(CONTROLS)
})

test('what went wrong is told in lines of ours alone', () => {
  const failing = (failure: object) => explain(Object.assign(new Error(`WRONG ${HOSTILE}`), { failure, ...failure }))
  for (const text of [failing({ code: 'NO_SUCH_CODE' }), failing({ code: 'KEY_FILE_MISSING', path: HOSTILE }), explain(HOSTILE)]) {
    expect(text).not.toMatch(CONTROLS)
    expect(text.split('\n').length).toBeLessThanOrEqual(2)
  }
  expect(failing({ code: 'KEY_FILE_MISSING', path: HOSTILE })).toMatch(/^interpeer: WRONG \\u\{1b\}.*\nThere is no key at \\u\{1b\}/)
  const member = { peer: 'z'.repeat(52) as never, isMember: true, entries: [], dropped: 0, cursor: undefined, failure: HOSTILE }
  expect(harmless(noticeOf(member)?.text ?? '')).not.toMatch(CONTROLS)
})

test('names of folders, manifests and dumps come to a terminal as text', async () => {
  const site = join(work, 'site')
  mkdirSync(site)
  symlinkSync('/etc/passwd', join(site, 'leads\u001b[2J\nplanted'))
  const dump = join(work, 'dump.sql')
  writeFileSync(dump, 'INSERT INTO `a\u001b[2J\u009b\nplanted` VALUES (1);')
  const manifest = join(work, 'manifest')
  mkdirSync(manifest)
  writeFileSync(join(manifest, 'interpeer.json'), '{"a\\u001b[2J\\nplanted\\u202e": 1, "mutable": ["\\u001bc\\nplanted"]}')
  const runs = [
    ['site', 'check', join(work, 'none\u001b[2J\nplanted')],
    ['site', 'check', manifest],
    ['site', 'check', manifest, '--json'],
    ['site', 'lint', '--no-run', site],
    ['site', 'dev', '--port', '0', site],
    ['site', 'import', site, '--out', join(work, 'out'), '--sql', dump],
    ['site', 'lint', '--\u001b[2J\u202e'],
    ['\u001b[2J\u202e'],
  ]
  for (const args of runs) {
    const { code, stdout, stderr } = await interpeer(args)
    expect(code, args.join(' ')).toBeGreaterThan(0)
    expect(stdout + stderr, args.join(' ')).not.toMatch(CONTROLS)
    expect(stdout + stderr, args.join(' ')).not.toMatch(/^planted/m)
  }
})

test('one place prints, and one asks', () => {
  const source = fileURLToPath(new URL('../src/', import.meta.url))
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'))
  const writers = files.filter((path) =>
    /\bconsole\.|process\.std(?:out|err)\s*(?:\.write|\)|,)|\bwriteSync\(\s*[12]\b/.test(readFileSync(join(source, path), 'utf8')),
  )
  expect(writers.sort()).toEqual(['print.ts', 'terminal.ts'])
})
