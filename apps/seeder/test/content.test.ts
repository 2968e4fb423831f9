import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { importFolder, openDiskStore, openLmdbStore, openSqliteStore } from '@interpeer/content-store/node'
import { lockFolder } from '@interpeer/peer/node'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { program } from '../src/commands.js'

let base: string
let printed: string[]
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'interpeer-content-'))
  printed = []
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => printed.push(String(text)) > 0)
})
afterEach(() => {
  vi.restoreAllMocks()
  rmSync(base, { recursive: true })
})
const run = (...words: string[]) => program().parseAsync(words, { from: 'user' })
const at = (name: string): string => join(base, name)

async function site(open = openLmdbStore): Promise<string> {
  mkdirSync(at('site'))
  writeFileSync(join(at('site'), 'index.php'), '<?php')
  const store = open(join(at('a'), 'store'))
  const { root } = await importFolder(at('site'), store.blocks)
  await store.close()
  return root
}

test('content goes from one peer’s folder to another’s as a CAR file', async () => {
  const root = await site()
  await run('content', 'export', root, at('site.car'), '--data', at('a'), '--json')
  expect(JSON.parse(printed[0] ?? '')).toMatchObject({ root })
  await run('content', 'import', at('site.car'), '--data', at('b'))
  expect(printed[1]).toBe(`${root}\n`)
  const store = openLmdbStore(join(at('b'), 'store'))
  expect(store.blocks.get(root as never)).toBeDefined()
  await store.close()
})

test('a peer that keeps its store in SQLite goes on keeping it there', async () => {
  const root = await site(openSqliteStore)
  await run('content', 'export', root, at('site.car'), '--data', at('a'))
  expect(statSync(at('site.car')).mode & 0o777).toBe(0o600)
  await run('content', 'import', at('site.car'), '--data', at('a'))
  await openDiskStore(join(at('a'), 'store')).close()
  await openDiskStore(join(at('a'), 'store'), { kind: 'sqlite' }).close()
})

test('a folder that is not there is not made', async () => {
  const root = await site()
  await expect(run('content', 'export', root, at('site.car'), '--data', at('c'))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  expect(existsSync(at('c'))).toBe(false)
})

test('nothing is written over, half an archive is none, and a bad one is refused', async () => {
  const root = await site()
  writeFileSync(at('there.car'), 'mine')
  await expect(run('content', 'export', root, at('there.car'), '--data', at('a'))).rejects.toMatchObject({ code: 'EEXIST' })
  const missing = root.replace(/.{8}$/, 'aaaaaaaa')
  await expect(run('content', 'export', missing, at('new.car'), '--data', at('a'))).rejects.toMatchObject({ code: 'CAR_INCOMPLETE' })
  expect(existsSync(at('new.car'))).toBe(false)
  await run('content', 'export', root, at('new.car'), '--data', at('a'))
  truncateSync(at('new.car'), 90)
  await expect(run('content', 'import', at('new.car'), '--data', at('b'))).rejects.toMatchObject({ code: 'CAR_MALFORMED' })
})

test('a running peer’s folder is left alone', async () => {
  const root = await site()
  const unlock = lockFolder(at('a'))
  await expect(run('content', 'export', root, at('site.car'), '--data', at('a'))).rejects.toMatchObject({ code: 'DATA_IN_USE' })
  unlock()
  await run('content', 'export', root, at('site.car'), '--data', at('a'))
  expect(existsSync(at('site.car'))).toBe(true)
})
