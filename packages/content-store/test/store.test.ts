import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { BLOCK_MAX_BYTES, blockOf, type ContentStore, memoryStore, RECORD_MAX_BYTES, type StoreOptions } from '../src/index.js'
import { openLmdbStore } from '../src/node/index.js'
import { openBuiltSqliteStore } from './built.js'
import { bytesOf, coded, noise } from './trees.js'

const folders: string[] = []
const opened: ContentStore[] = []
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close()
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})
const inNewFolder =
  (open: (folder: string, options?: StoreOptions) => ContentStore) =>
  (options?: StoreOptions): ContentStore => {
    const folder = mkdtempSync(join(tmpdir(), 'content-store-'))
    folders.push(folder)
    return open(folder, options)
  }

describe.each([
  ['memory', memoryStore],
  ['lmdb', inNewFolder(openLmdbStore)],
  ['SQLite', inNewFolder(openBuiltSqliteStore)],
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
    const { blocks, records, usedBytes } = open({ maxBytes: 700_000 })
    const before = usedBytes()
    await blocks.put([b])
    expect(usedBytes() - before).toBeGreaterThan(b.bytes.length - 65_536) // a part may lie on a page that was begun
    const more = [noise(220_000, 2), noise(220_000, 3)].map((bytes) => blockOf(bytes, 'raw'))
    await expect(blocks.put(more)).rejects.toThrow(coded('STORE_FULL'))
    await expect(records('locks').put([['k', noise(600_000)]])).rejects.toThrow(coded('STORE_FULL'))
    expect(more.some(({ cid }) => blocks.has(cid))).toBe(false)
    expect(blocks.get(b.cid)).toEqual(b.bytes)
    await blocks.put([b]) // there already
    await blocks.delete([b.cid])
    expect(usedBytes()).toBeLessThan(b.bytes.length)
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
    expect(() => store.usedBytes()).toThrow(coded('STORE_CLOSED'))
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

  test('what is under a quota: each block once, its bytes at least; deleting makes room at once', async () => {
    const { blocks } = open({ maxBytes: 1_100_000 })
    const many = Array.from({ length: 12 }, (_, i) => blockOf(noise(65_536, i + 1), 'raw'))
    await blocks.put(many.slice(0, 8))
    await blocks.put(many.slice(0, 8)) // no more than once
    await expect(blocks.put(many.slice(8, 12).concat(many.slice(0, 4)))).resolves.toBeUndefined()
    const over = blockOf(noise(200_000, 99), 'raw')
    await expect(blocks.put([over])).rejects.toThrow(coded('STORE_FULL'))
    await expect(blocks.put([over])).rejects.toHaveProperty('failure.neededBytes', expect.closeTo(200_000, -5))
    await blocks.delete(many.slice(0, 4).map(({ cid }) => cid))
    await blocks.put([over])
    expect(blocks.get(over.cid)).toEqual(over.bytes)
  })

  test('however many puts are under way, together they keep to the quota', async () => {
    const { blocks } = open({ maxBytes: 1_200_000 })
    const outcomes: Promise<string>[] = []
    for (let i = 0; i < 40; i++) {
      const put = blocks.put([blockOf(noise(65_536, i + 1), 'raw')])
      outcomes.push(put.then(() => 'written').catch((error) => error.code))
      if (i % 3 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    const count = (wanted: string) => Promise.all(outcomes).then((all) => all.filter((one) => one === wanted).length)
    const written = await count('written')
    expect([...blocks.list()]).toHaveLength(written)
    expect(written).toBeGreaterThanOrEqual(12)
    expect(written).toBeLessThanOrEqual(16)
    expect(await count('STORE_FULL')).toBe(40 - written)
  })

  test('when blocks are full, records are still written, up to the quota', async () => {
    const { blocks, records } = open({ maxBytes: 2_000_000 })
    let code: unknown
    for (let i = 1; code === undefined; i++) {
      await blocks.put([blockOf(noise(30_000, i), 'raw')]).catch((error) => {
        code = error.code
      })
    }
    expect(code).toBe('STORE_FULL')
    const locks = records('locks')
    await locks.put([['k', noise(100_000)]])
    expect(locks.get('k')).toHaveLength(100_000)
    await expect(locks.put([['l', noise(300_000)]])).rejects.toThrow(coded('STORE_FULL'))
    await locks.delete(['k'])
    await locks.put([['m', noise(100_000)]])
  })

  test('one block put many times at once is there once, and fits where one fits', async () => {
    const { blocks } = open({ maxBytes: 400_000 })
    await Promise.all(Array.from({ length: 8 }, () => blocks.put([b, b])))
    await Promise.all([blocks.put([b]), blocks.put([a, b])])
    expect([...blocks.list()].sort()).toEqual([a.cid, b.cid].sort())
  })

  test('of a put and a delete at once, the later counts', async () => {
    const { blocks, records } = open()
    await blocks.put([a])
    await Promise.all([blocks.delete([a.cid]), blocks.put([a])])
    expect(blocks.get(a.cid)).toEqual(a.bytes)
    await Promise.all([blocks.delete([a.cid]), blocks.put([a, b]), blocks.delete([a.cid])])
    expect([blocks.has(a.cid), blocks.has(b.cid)]).toEqual([false, true])
    const space = records('log')
    await Promise.all([space.put([['k', a.bytes]]), space.delete(['k']), space.put([['k', bytesOf('last')]])])
    expect(space.get('k')).toEqual(bytesOf('last'))
  })

  test('ten thousand blocks at once', async () => {
    const { blocks } = open()
    const many = Array.from({ length: 10_000 }, (_, i) => blockOf(bytesOf(`block ${i}`), i % 2 === 0 ? 'raw' : 'dag-cbor'))
    await blocks.put(many)
    expect(many.every(({ cid, bytes }) => Buffer.compare(blocks.get(cid) ?? bytesOf(''), bytes) === 0)).toBe(true)
    expect(new Set(blocks.list())).toEqual(new Set(many.map(({ cid }) => cid)))
    await blocks.delete(many.map(({ cid }) => cid))
    expect([...blocks.list()]).toEqual([])
  })

  test('bytes that are views into something larger, of every length around a page', async () => {
    const { blocks, records } = open()
    const whole = noise(1_100_000)
    const views = [0, 1, 2, 7, 4_079, 4_080, 4_096, 16_384, 65_536, BLOCK_MAX_BYTES].map((length, i) =>
      whole.subarray(i + 1, i + 1 + length),
    )
    const many = [...views, Buffer.from(whole.buffer, 9, 99)].map((bytes) => blockOf(bytes, 'raw'))
    await blocks.put(many)
    await records('log').put(views.map((view) => [`k${view.length}`, view] as const))
    for (const { cid, bytes } of many) expect(Buffer.compare(blocks.get(cid) ?? bytesOf('?'), bytes)).toBe(0)
    for (const view of views) expect(Buffer.compare(records('log').get(`k${view.length}`) ?? bytesOf('?'), view)).toBe(0)
    expect(whole).toHaveLength(1_100_000) // not sent away to a thread
    expect(blocks.counters()).toEqual({ corrupt: 0 })
  })

  test('what is done afterwards to bytes that were put, or were got, changes nothing', async () => {
    const { blocks, records } = open()
    const bytes = noise(100_000, 7)
    const block = blockOf(bytes, 'raw')
    const space = records('log')
    await Promise.all([blocks.put([block]), space.put([['k', bytes]])])
    bytes.fill(0)
    const got = [blocks.get(block.cid), space.get('k'), [...space.list('')][0]?.[1]]
    for (const one of got) {
      expect(one).toEqual(noise(100_000, 7))
      one?.fill(1)
    }
    expect(blocks.get(block.cid)).toEqual(noise(100_000, 7))
    expect(space.get('k')).toEqual(noise(100_000, 7))
  })

  test('keys that mean something elsewhere are keys like others', async () => {
    const store = open()
    const keys = [
      '__proto__',
      'constructor',
      '%',
      '_',
      '*',
      "';DROP-TABLE-records;--",
      '/',
      '//',
      '../x',
      '~'.repeat(200),
      '!',
      'a/b',
      '\\0',
    ]
    const [space, next] = [store.records('a'), store.records('a-b')]
    await space.put(keys.map((key) => [key, bytesOf(key)] as const))
    await next.put([['b', bytesOf('other')]])
    for (const key of keys) expect(space.get(key)).toEqual(bytesOf(key))
    expect([...space.list('')].map(([key]) => key)).toEqual([...keys].sort())
    expect([...space.list('_')].map(([key]) => key)).toEqual(['_', '__proto__'])
    expect([...store.records('b').list('')]).toEqual([])
    expect(space.get('toString')).toBeUndefined()
    await space.delete(keys)
    expect([...next.list('')]).toHaveLength(1)
  })

  test('a list is as of the call, whatever is written while it is read', async () => {
    const { blocks, records } = open()
    const space = records('log')
    await Promise.all([blocks.put([a]), space.put([['k', a.bytes]])])
    const [cids, entries] = [blocks.list(), space.list('')]
    await Promise.all([blocks.put([b]), blocks.delete([a.cid]), space.delete(['k'])])
    expect([...cids]).toEqual([a.cid])
    expect([...entries]).toEqual([['k', a.bytes]])
  })

  test('the largest record, and one put with nothing in it', async () => {
    const space = open().records('log')
    await space.put([['large', noise(RECORD_MAX_BYTES)]])
    await space.put([['empty', new Uint8Array()]])
    expect(space.get('large')).toHaveLength(RECORD_MAX_BYTES)
    expect(space.get('empty')).toEqual(new Uint8Array())
    await space.put([])
    await space.delete([])
  })

  test('of a batch of records with one fault none is written', async () => {
    const space = open().records('log')
    await expect(
      space.put([
        ['good', a.bytes],
        ['bad key', a.bytes],
      ]),
    ).rejects.toThrow(coded('RECORD_KEY'))
    expect([...space.list('')]).toEqual([])
  })
})

describe.each([
  ['lmdb', openLmdbStore],
  ['SQLite', openBuiltSqliteStore],
])('%s on disk', (_name, openStore) => {
  test('close waits for what is under way: all of it is there afterwards', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'content-store-'))
    folders.push(folder)
    const many = Array.from({ length: 300 }, (_, i) => blockOf(noise(20_000, i + 1), 'raw'))
    const first = openStore(folder)
    const written = Promise.all([...many.map((block) => first.blocks.put([block])), first.records('log').put([['k', bytesOf('v')]])])
    const turn = new Promise((resolve) => setImmediate(resolve))
    await turn
    await Promise.all([first.close(), first.close()])
    await written
    const second = openStore(folder)
    opened.push(second)
    expect(many.every(({ cid }) => second.blocks.get(cid) !== undefined)).toBe(true)
    expect(second.records('log').get('k')).toEqual(bytesOf('v'))
  })
})
