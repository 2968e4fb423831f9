import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ScriptOutcome, type ScriptRequest, usualConfiguration } from '@interpeer/php-runtime-bridge'
import type { PhpRuntime } from '@interpeer/php-runtime-bridge/node'
import { afterAll, expect, test } from 'vitest'
import { DevSite } from '../../src/dev/dev-site.js'

const folder = mkdtempSync(join(tmpdir(), 'interpeer-dev-site-'))
writeFileSync(join(folder, 'index.php'), '')
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const request = (method: string): ScriptRequest => ({
  method,
  target: '/',
  host: 'localhost',
  https: false,
  headers: [],
  body: new Uint8Array(),
})
const answered = (changes: (ScriptOutcome & { type: 'answered' })['changes']) =>
  ({
    type: 'answered',
    status: 200,
    headers: [],
    body: new Uint8Array(),
    changes,
    effects: [],
    fuel: 1,
    memoryBytes: 1,
    log: '',
  }) as unknown as ScriptOutcome

/** A runtime that knows which versions it has, and whose reads on scratch end when they are let. */
function runtimeOf() {
  const roots = new Set<string>()
  let release = (): void => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  const known = (root: string): void => {
    if (!roots.has(root)) throw new Error(`ROOT_UNKNOWN ${root}`)
  }
  const runtime = {
    load: async (root: string) => void roots.add(root),
    derive: async (root: string, from: string) => {
      known(from)
      roots.add(root)
    },
    forget: (root: string) => void roots.delete(root),
    cron: () => [],
    run: async (root: string, { method }: ScriptRequest, _: unknown, options?: { scratch?: boolean }) => {
      known(root)
      if (options?.scratch === true) await released
      return answered(method === 'POST' ? [{ type: 'delete', path: 'x' }] : [])
    },
  } as unknown as PhpRuntime
  return { runtime, roots, release }
}

test('a read that a write overtakes is looked at on the version that it read, which is gone afterwards', async () => {
  const { runtime, roots, release } = runtimeOf()
  const configuration = { ...usualConfiguration, scratch: ['cache'] }
  const site = await DevSite.open({ folder, runtime, configuration: () => configuration, explain: true })
  const reading = [site.answer(request('GET')), site.answer(request('GET'))]
  await site.answer(request('POST'))
  expect([...roots]).toEqual(['version 1', 'version 2'])
  release()
  for (const read of reading) expect(await read).toMatchObject({ ran: 'read', closer: { dependsOnScratch: false } })
  expect([...roots]).toEqual(['version 2'])
})

test('the history of the source is not read, neither at first nor when something was saved', async () => {
  const kept = mkdtempSync(join(tmpdir(), 'interpeer-dev-history-'))
  try {
    writeFileSync(join(kept, 'index.php'), '')
    mkdirSync(join(kept, 'vendor/a/.git'), { recursive: true })
    symlinkSync('/etc/passwd', join(kept, 'vendor/a/.git/outward')) // a site that had it would be refused
    const site = await DevSite.open({ folder: kept, runtime: runtimeOf().runtime, configuration: () => usualConfiguration, explain: false })
    expect(site.leftOut.map(({ path }) => path)).toEqual(['vendor/a/.git'])
    mkdirSync(join(kept, '.hg'))
    symlinkSync('/etc/passwd', join(kept, '.hg/outward'))
    writeFileSync(join(kept, 'saved.php'), '')
    expect(await site.reload()).toEqual(['saved.php'])
  } finally {
    rmSync(kept, { recursive: true, force: true })
  }
})
