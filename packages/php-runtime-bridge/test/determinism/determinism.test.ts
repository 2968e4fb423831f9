import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { otherNode } from './other-node.js'

const run = promisify(execFile)
const script = fileURLToPath(new URL('run.mjs', import.meta.url))
interface Line {
  readonly name: string
  readonly status: number
  readonly transcript: string
  readonly body: string
  readonly log: string
  readonly changes: readonly string[]
}

async function runIn(node: string, env: Record<string, string>, cwd: string): Promise<string[]> {
  const { PHP_VERSION = '8.2' } = process.env
  const { stdout } = await run(node, [script], { env: { ...env, PHP_VERSION }, cwd, maxBuffer: 64 * 1024 * 1024 })
  return stdout.trim().split('\n')
}

test('separate processes with other time zones, languages, environments and Node versions give the same bytes', async () => {
  const other = await otherNode()
  const [one, two] = await Promise.all([
    runIn(process.execPath, { TZ: 'Asia/Tokyo', LANG: 'de_DE.UTF-8', LC_ALL: 'de_DE.UTF-8', HOME: '/root', SECRET: 'x' }, '/'),
    runIn(other ?? process.execPath, { TZ: 'America/New_York', LANG: 'C', USER: 'someone', TMPDIR: '/var/tmp' }, process.cwd()),
  ])
  expect(two).toEqual(one)

  const lines = one.map((line) => JSON.parse(line) as Line)
  expect(lines[1], 'the second run in one process').toEqual(lines[0])
  const nasty = lines[0]
  expect(nasty?.status).toBe(200)
  expect(nasty?.log).toMatch(/^\[21-Sep-2026 [^\n]* nasty \d+\n$/)
  expect(nasty?.body.split('\n').length).toBeGreaterThan(30)
  const image = one.map((line) => JSON.parse(line)).find(({ name }) => name === 'image')
  expect(image).toMatchObject({ digest: expect.stringMatching(/^[0-9a-f]{64}$/), scripts: ['/site/index.php', '/site/random.php'] })
  expect(nasty?.changes).toEqual([expect.stringMatching(/^\.interpeer\/sessions\/sess_/), 'made by nasty.txt', 'nasty.db'])
})
