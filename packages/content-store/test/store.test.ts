import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { BLOCK_MAX_BYTES, blockOf, type ContentStore, memoryStore, RECORD_MAX_BYTES, type StoreOptions } from '../src/index.js'
import { openLmdbStore } from '../src/node/index.js'
import { bytesOf, coded, noise } from './trees.js'

const folders: string[] = []
const opened: ContentStore[] = []
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close()
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})
function openOnDisk(options?: StoreOptions): ContentStore {
  const folder = mkdtempSync(join(tmpdir(), 'content-store-'))
  folders.push(folder)
  return openLmdbStore(folder, options)
}

describe.each([
  ['memory', memoryStore],
  ['lmdb', openOnDisk],
])('%s store', (_name, openStore) => {
  const open = (options?: StoreOptions): ContentStore => {
    const store = openStore(options)
    opened.push(store)
    return store
  }
  const [a, b] = [blockOf(bytesOf('a'), 'raw'), blockOf(noise(200_000), 'raw')]

  test('gives back what was put, as plain arrays of the caller’s own', async () => {
    const { blocks } = open()
    await blocks.put([a, b])
    expect(blocks.get(a.cid)).toEqual(a.bytes)
    expect(blocks.get(b.cid)).toEqual(b.bytes)
    expect(blocks.get(a.cid)?.constructor).toBe(Uint8Array)
    blocks.get(a.cid)?.fill(0)
    expect(blocks.get(a.cid)).toEqual(a.bytes)
    expect([...blocks.list()].sort()).toEqual([a.cid, b.cid].sort())
  })

  test('an empty block is a block; what is not there is undefined', async () => {
    const { blocks } = open()
    const empty = blockOf(new Uint8Array(), 'raw')
    expect(blocks.has(empty.cid)).toBe(false)
    expect(blocks.get(empty.cid)).toBeUndefined()
    await blocks.put([empty, empty])
    expect(blocks.has(empty.cid)).toBe(true)
    expect(blocks.get(empty.cid)).toEqual(new Uint8Array())
  })

  test('raw and dag-cbor of the same bytes are two blocks', async () => {
    const { blocks } = open()
    const cbor = blockOf(a.bytes, 'dag-cbor')
    await blocks.put([a])
    expect(blocks.has(cbor.cid)).toBe(false)
  })

  test('deletes', async () => {
    const { blocks } = open()
    await blocks.put([a, b])
    await blocks.delete([a.cid, blockOf(bytesOf('never'), 'raw').cid])
    expect(blocks.has(a.cid)).toBe(false)
    expect([...blocks.list()]).toEqual([b.cid])
  })

  test('refuses a block that is too large, or is not what its name says, and keeps none of the batch', async () => {
    const { blocks } = open()
    const large = new Uint8Array(BLOCK_MAX_BYTES + 1)
    expect(() => blockOf(large, 'raw')).toThrow(coded('BLOCK_TOO_LARGE'))
    await expect(blocks.put([a, { cid: b.cid, bytes: large }])).rejects.toThrow(coded('BLOCK_TOO_LARGE'))
    await expect(blocks.put([a, { cid: b.cid, bytes: a.bytes }])).rejects.toThrow(coded('BLOCK_MISMATCH'))
    expect(blocks.has(a.cid)).toBe(false)
  })

  test('a store that is full says so, keeps nothing of the batch, and can still be read and emptied', async () => {
    const { blocks, records } = open({ maxBytes: 400_000 })
    await blocks.put([b])
    const more = [noise(150_000, 2), noise(150_000, 3)].map((bytes) => blockOf(bytes, 'raw'))
    await expect(blocks.put(more)).rejects.toThrow(coded('STORE_FULL'))
    await expect(records('locks').put([['k', noise(300_000)]])).rejects.toThrow(coded('STORE_FULL'))
    expect(more.some(({ cid }) => blocks.has(cid))).toBe(false)
    expect(blocks.get(b.cid)).toEqual(b.bytes)
    await blocks.put([b]) // there already
    await blocks.delete([b.cid])
    await blocks.put(more)
  })

  test('many puts at once', async () => {
    const { blocks } = open()
    const many = Array.from({ length: 200 }, (_, i) => blockOf(noise(100, i + 1), 'raw'))
    await Promise.all(many.map((block) => blocks.put([block])))
    expect(many.every(({ cid }) => blocks.get(cid) !== undefined)).toBe(true)
  })

  test('after close everything is refused, and closing again is fine', async () => {
    const store = open()
    const space = store.records('locks')
    const written = store.blocks.put([a])
    await store.close()
    await written
    await store.close()
    expect(() => store.blocks.get(a.cid)).toThrow(coded('STORE_CLOSED'))
    expect(() => store.records('locks')).toThrow(coded('STORE_CLOSED'))
    expect(() => space.get('k')).toThrow(coded('STORE_CLOSED'))
    await expect(store.blocks.put([b])).rejects.toThrow(coded('STORE_CLOSED'))
    await expect(space.put([['k', a.bytes]])).rejects.toThrow(coded('STORE_CLOSED'))
  })

  test('records: put, get, replace, delete; spaces are apart', async () => {
    const store = open()
    const [locks, sent] = [store.records('locks'), store.records('sent')]
    await locks.put([
      ['job/1', bytesOf('one')],
      ['job/2', bytesOf('two')],
    ])
    await sent.put([['job/1', bytesOf('other')]])
    expect(locks.get('job/1')).toEqual(bytesOf('one'))
    expect(sent.get('job/1')).toEqual(bytesOf('other'))
    expect(locks.get('job/3')).toBeUndefined()
    await locks.put([['job/1', bytesOf('uno')]])
    await locks.delete(['job/2', 'job/9'])
    expect([...store.records('locks').list('')]).toEqual([['job/1', bytesOf('uno')]])
    expect([...sent.list('')]).toHaveLength(1)
  })

  test('records are listed by prefix, sorted by code unit', async () => {
    const space = open().records('log')
    const keys = ['b', 'a/2', 'a/10', 'a', 'A/1', 'a0', '~', '!']
    await space.put(keys.map((key) => [key, bytesOf(key)] as const))
    expect([...space.list('')].map(([key]) => key)).toEqual([...keys].sort())
    expect([...space.list('a/')].map(([key, bytes]) => [key, bytes])).toEqual([
      ['a/10', bytesOf('a/10')],
      ['a/2', bytesOf('a/2')],
    ])
    expect([...space.list('~')]).toHaveLength(1)
  })

  test('refuses odd keys, odd spaces and large records', async () => {
    const store = open()
    const space = store.records('log')
    for (const key of ['', 'with space', 'ü', 'x'.repeat(201), 'nul\0']) {
      expect(() => space.get(key)).toThrow(coded('RECORD_KEY'))
      await expect(space.put([[key, a.bytes]])).rejects.toThrow(coded('RECORD_KEY'))
    }
    for (const name of ['', 'Log', 'a/b', 'x'.repeat(33)]) expect(() => store.records(name)).toThrow(coded('RECORD_KEY'))
    await expect(space.put([['k', new Uint8Array(RECORD_MAX_BYTES + 1)]])).rejects.toThrow(coded('RECORD_TOO_LARGE'))
  })
})
