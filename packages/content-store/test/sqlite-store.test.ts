import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { blockOf } from '../src/index.js'
import { openBuiltSqliteStore as openSqliteStore } from './built.js'
import { bytesOf, coded, noise } from './trees.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'content-store-'))
})
afterEach(() => {
  vi.restoreAllMocks()
  rmSync(folder, { recursive: true })
})
const url = (name: string): string => JSON.stringify(new URL(`../dist/${name}`, import.meta.url).href)

test('when the thread that writes dies, every pending and later write is STORE_WRITE_FAILED; reading and closing go on', async () => {
  const posted = vi.spyOn(Worker.prototype, 'postMessage')
  const store = openSqliteStore(folder)
  const [a, b] = [blockOf(bytesOf('a'), 'raw'), blockOf(noise(900_000), 'raw')]
  await store.blocks.put([a])
  const pending = [store.blocks.put([b]), store.records('log').put([['k', a.bytes]]), store.blocks.delete([a.cid])]
  const outcomes = Promise.allSettled(pending)
  await Promise.resolve().then(() => {}) // now they are sent
  await (posted.mock.contexts[0] as Worker).terminate()
  for (const outcome of await outcomes) {
    // what the thread had done before it died may be there, but nobody was told so
    if (outcome.status === 'rejected') expect(outcome.reason).toEqual(coded('STORE_WRITE_FAILED'))
  }
  expect((await outcomes).some(({ status }) => status === 'rejected')).toBe(true)
  await expect(store.blocks.put([blockOf(bytesOf('c'), 'raw')])).rejects.toThrow(coded('STORE_WRITE_FAILED'))
  expect(() => store.blocks.get(b.cid)).not.toThrow()
  await store.close()
  const again = openSqliteStore(folder)
  await again.blocks.put([b])
  expect(again.blocks.get(b.cid)).toEqual(b.bytes)
  await again.close()
})

test('a damaged page is an error with a code, for reading and for writing', async () => {
  const many = Array.from({ length: 400 }, (_, i) => blockOf(noise(1_000, i + 1), 'raw'))
  const first = openSqliteStore(folder)
  await first.blocks.put(many)
  await first.close()
  const path = join(folder, 'store.sqlite')
  const bytes = readFileSync(path)
  writeFileSync(path, bytes.fill(0xa5, 2 * 16_384)) // all but the head and the first table's root
  const store = openSqliteStore(folder)
  const outcomes = many.map(({ cid }) => {
    try {
      return store.blocks.get(cid)
    } catch (error) {
      return (error as { code?: string }).code
    }
  })
  expect(new Set(outcomes)).toEqual(new Set(['STORE_READ_FAILED']))
  expect(() => store.blocks.list()).toThrow(coded('STORE_READ_FAILED'))
  expect(() => store.records('log').list('')).toThrow(coded('STORE_READ_FAILED'))
  await expect(store.records('log').put([['k', bytesOf('v')]])).rejects.toThrow(coded('STORE_WRITE_FAILED'))
  await store.close()
})

test('another program’s database is refused, and left as it was', () => {
  const path = join(folder, 'store.sqlite')
  const database = new DatabaseSync(path)
  database.exec('CREATE TABLE blocks (key BLOB PRIMARY KEY, value BLOB NOT NULL)')
  database.close()
  const bytes = readFileSync(path)
  expect(() => openSqliteStore(folder)).toThrow(coded('STORE_UNAVAILABLE'))
  expect(readFileSync(path)).toEqual(bytes)
})

test('a database that would not sync at every commit is STORE_UNAVAILABLE', () => {
  const { exec } = DatabaseSync.prototype
  vi.spyOn(DatabaseSync.prototype, 'exec').mockImplementation(function (this: DatabaseSync, sql) {
    exec.call(this, sql.replace('synchronous = FULL', 'synchronous = NORMAL'))
  })
  expect(() => openSqliteStore(folder)).toThrow(coded('STORE_UNAVAILABLE'))
})

test('an open store that writes nothing keeps no process alive, and a write is waited for', () => {
  const script = `
    import { openSqliteStore } from ${url('node/index.js')}
    const space = openSqliteStore(process.argv[1]).records('log')
    space.put([['k', new Uint8Array(9)]]).then(() => console.log('written'))`
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script, folder], { encoding: 'utf8', timeout: 120_000 })
  expect(output).toBe('written\n')
})

test('the warning that SQLite is experimental, which Node 22 has, reaches nobody; other warnings do', () => {
  const script = `
    process.on('warning', ({ message }) => console.log(message))
    const original = process.getBuiltinModule
    process.getBuiltinModule = (name) => {
      process.emitWarning('SQLite is an experimental feature and might change at any time', 'ExperimentalWarning')
      process.emitWarning('something else')
      return original(name)
    }
    const { openSqliteStore } = await import(${url('node/index.js')})
    await openSqliteStore(process.argv[1]).close()
    process.emitWarning('afterwards')`
  const args = ['--no-warnings', '--input-type=module', '-e', script, folder]
  expect(execFileSync(process.execPath, args, { encoding: 'utf8' })).toBe('something else\nafterwards\n')
})
