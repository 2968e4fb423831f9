import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openBuiltDiskStore as openDiskStore } from './built.js'
import { bytesOf, coded } from './trees.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'content-store-'))
})
afterEach(() => rmSync(folder, { recursive: true }))
const filesIn = (): string[] => readdirSync(folder).filter((name) => name !== 'ballast')

test('a new folder is lmdb’s, unless SQLite is asked for', async () => {
  await openDiskStore(folder).close()
  expect(filesIn()).toEqual(['data.mdb', 'lock.mdb'])
})

test.each(['lmdb', 'sqlite'] as const)('a folder that began with %s goes on with it, and is refused to the other', async (kind) => {
  const first = openDiskStore(folder, { kind })
  await first.records('locks').put([['k', bytesOf('lock')]])
  await first.close()
  const second = openDiskStore(folder)
  expect(second.records('locks').get('k')).toEqual(bytesOf('lock'))
  await second.close()
  const files = filesIn()
  const other = kind === 'lmdb' ? 'sqlite' : 'lmdb'
  expect(() => openDiskStore(folder, { kind: other })).toThrow(coded('STORE_OTHER_KIND'))
  expect(filesIn()).toEqual(files)
})

test('limits are passed on', async () => {
  const store = openDiskStore(folder, { kind: 'sqlite', maxBytes: 200_000 })
  await expect(store.records('log').put([['k', new Uint8Array(200_000)]])).rejects.toThrow(coded('STORE_FULL'))
  await store.close()
})

test('where lmdb has no binary a new folder is SQLite’s, and one of lmdb’s is STORE_UNAVAILABLE', async () => {
  const script = `
    import Module from 'node:module'
    import { join } from 'node:path'
    const load = Module._load
    Module._load = (name, ...rest) => {
      if (name === 'lmdb') throw new Error('No native build was found for platform=linux arch=x64 libc=musl')
      return load(name, ...rest)
    }
    const { openDiskStore } = await import(${JSON.stringify(new URL('../dist/node/index.js', import.meta.url).href)})
    const store = openDiskStore(join(process.argv[1], 'new'))
    await store.records('locks').put([['k', new Uint8Array(1)]])
    await store.close()
    try { openDiskStore(join(process.argv[1], 'old')) } catch (error) { console.log(error.code, error.cause.message) }`
  await openDiskStore(join(folder, 'old'), { kind: 'lmdb' }).close()
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script, folder], { encoding: 'utf8' })
  expect(output).toBe('STORE_UNAVAILABLE No native build was found for platform=linux arch=x64 libc=musl\n')
  expect(readdirSync(join(folder, 'new')).toSorted()).toEqual(['ballast', 'store.sqlite'])
})
