import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { bytesOfContentId, type PeerId } from '@interpeer/crypto-ids'
import { open as openLmdb } from 'lmdb'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Block, blockOf, buildTree, type ContentStore, openCollector, openExchange, readTree } from '../src/index.js'
import { openBuiltLmdbStore, openBuiltSqliteStore, childScript as scriptOn } from './built.js'
import { idleClock, peerAt, serve } from './exchanges.js'
import { bytesOf, coded, fileAt, holding, noise } from './trees.js'

let folder: string
const opened: ContentStore[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'content-store-'))
})
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close()
  rmSync(folder, { recursive: true })
})

type Change = (bytes: Uint8Array) => Uint8Array
const changed = (value: Uint8Array | undefined, change: Change): Uint8Array => change(Uint8Array.from(value ?? bytesOf('?')))

/** What a failing disk does, done to a stored value under the store's feet. */
async function spoilInLmdb(table: 'blocks' | 'records', key: Uint8Array, change: Change): Promise<void> {
  const env = openLmdb({ path: folder, noSubdir: false, maxDbs: 4, overlappingSync: false })
  const raw = env.openDB<Uint8Array, Uint8Array>({ name: table, keyEncoding: 'binary', encoding: 'binary' })
  await raw.put(key, changed(raw.getBinary(key), change))
  await env.close()
}
async function spoilInSqlite(table: 'blocks' | 'records', key: Uint8Array, change: Change): Promise<void> {
  const database = new DatabaseSync(join(folder, 'store.sqlite'))
  const row = database.prepare(`SELECT value FROM ${table} WHERE key = ?`).get(key)
  database.prepare(`INSERT OR REPLACE INTO ${table} VALUES (?, ?)`).run(key, changed(row?.value as Uint8Array | undefined, change))
  database.close()
}
const flipped =
  (at: number): Change =>
  (bytes) =>
    bytes.with(at, (bytes[at] as number) ^ 1)

describe.each([
  { kind: 'lmdb', openStore: openBuiltLmdbStore, opener: 'openLmdbStore', file: 'data.mdb', pageBytes: 4096, spoil: spoilInLmdb },
  {
    kind: 'SQLite',
    openStore: openBuiltSqliteStore,
    opener: 'openSqliteStore',
    file: 'store.sqlite',
    pageBytes: 16_384,
    spoil: spoilInSqlite,
  },
] as const)('$kind', ({ openStore, opener, file, pageBytes, spoil }) => {
  const open = (): ContentStore => {
    const store = openStore(folder)
    opened.push(store)
    return store
  }
  const path = (): string => join(folder, file)
  /** Flips a bit of these bytes where they lie in the database's file. */
  function flipOnDisk(part: Uint8Array): void {
    const bytes = readFileSync(path())
    const at = bytes.indexOf(part)
    expect(at).toBeGreaterThan(0)
    bytes[at] = (bytes[at] as number) ^ 1
    writeFileSync(path(), bytes)
  }

  test('everything is there after a restart', async () => {
    const block = blockOf(noise(100_000), 'raw')
    const first = open()
    await first.blocks.put([block])
    await first.records('locks').put([['k', bytesOf('lock')]])
    await first.close()
    const second = open()
    expect(second.blocks.get(block.cid)).toEqual(block.bytes)
    expect(second.records('locks').get('k')).toEqual(bytesOf('lock'))
  })

  test('a block that the disk has spoiled is not given out, is counted, and is replaced by the next put', async () => {
    const blocks = [1, 2, 3, 4].map((seed) => blockOf(noise(70_000, seed), 'raw'))
    const [, spoiled, cut, lost] = blocks as [Block, Block, Block, Block]
    const first = open()
    await first.blocks.put(blocks)
    await first.close()
    flipOnDisk(spoiled.bytes.subarray(40_000, 40_040))
    await spoil('blocks', bytesOfContentId(cut.cid), (bytes) => bytes.subarray(1))
    await spoil('blocks', bytesOfContentId(lost.cid), () => new Uint8Array())
    const store = open()
    expect(blocks.map(({ cid }) => store.blocks.get(cid) !== undefined)).toEqual([true, false, false, false])
    expect(store.blocks.counters()).toEqual({ corrupt: 3 })
    expect(blocks.map(({ cid }) => store.blocks.has(cid))).toEqual([true, true, true, true]) // something is there: the collector must know
    await store.blocks.put(blocks)
    expect(blocks.every(({ cid, bytes }) => Buffer.compare(store.blocks.get(cid) ?? bytesOf(''), bytes) === 0)).toBe(true)
    expect(store.blocks.counters()).toEqual({ corrupt: 3 })
  })

  test('spoiled blocks are fetched again, from a peer that has them', async () => {
    const built = buildTree([fileAt('a', noise(300_000)), fileAt('b/c')])
    const first = open()
    await first.blocks.put(built.blocks)
    await first.close()
    const chunks = built.blocks.filter(({ bytes }) => bytes.length > 60_000)
    for (const { bytes } of chunks.slice(0, 2)) flipOnDisk(bytes.subarray(9_000, 9_040))
    const peer = await holding(built)
    const { get, put, counters } = open().blocks
    expect(readTree(get, built.root)).toHaveProperty('missing.length', 2)
    let asked = 0
    const ask = (_: PeerId, request: Uint8Array) => {
      asked++
      return serve(peer.get, request)
    }
    const exchange = openExchange({ get, put, ask, clock: idleClock() })
    const cid = (chunks[0] as Block).cid
    await exchange.fetchBlocks([cid], { from: [peerAt(0)] })
    expect(get(cid)).toEqual(chunks[0]?.bytes)
    await exchange.fetchDag(built.root, { from: [peerAt(0)] })
    expect(readTree(get, built.root)).toHaveProperty('files.length', 2)
    expect(asked).toBe(2)
    expect(counters().corrupt).toBeGreaterThanOrEqual(3)
  })

  test('while a live block is spoiled on disk the collector deletes nothing', async () => {
    const built = buildTree([fileAt('a', noise(300_000))])
    const loose = blockOf(noise(5_000, 9), 'raw')
    const first = open()
    await first.blocks.put([...built.blocks, loose])
    await first.close()
    const root = built.blocks.find(({ cid }) => cid === built.root) as Block
    await spoil('blocks', bytesOfContentId(root.cid), flipped(root.bytes.length - 1))
    const store = open().blocks
    let nowMs = 0
    const collector = openCollector({ store, roots: () => ({ held: [built.root], wanted: [] }), graceMs: 1, nowMs: () => nowMs })
    await collector.look()
    nowMs = 9
    expect(await collector.collect(1e9)).toMatchObject({ deletedBlocks: 0, spoiled: [built.root] })
    await store.put([root])
    await collector.look()
    nowMs = 99
    expect(await collector.collect(1e9)).toMatchObject({ deletedBlocks: 1, spoiled: [] })
    expect(store.has(loose.cid)).toBe(false)
  })

  test('a store that is full to its limit takes a spoiled block again, and can then let go of the rest', async () => {
    const maxBytes = 2_000_000
    const built = buildTree([fileAt('a', noise(300_000))])
    const looseAt = (seed: number) => blockOf(noise(60_000, seed), 'raw')
    const first = openStore(folder, { maxBytes })
    await first.blocks.put(built.blocks)
    const put = ({ blocks }: ContentStore, block: Block) =>
      blocks.put([block]).then(
        () => true,
        () => false,
      )
    let loose = 1
    while (await put(first, looseAt(loose))) loose++
    await first.close()
    const spoiled = built.blocks.find(({ bytes }) => bytes.length > 60_000) as Block
    await spoil('blocks', bytesOfContentId(spoiled.cid), flipped(9))
    const root = built.blocks.find(({ cid }) => cid === built.root) as Block
    await spoil('blocks', bytesOfContentId(root.cid), flipped(root.bytes.length - 1))
    const store = openStore(folder, { maxBytes })
    opened.push(store)
    const collector = openCollector({
      ...{ store: store.blocks, graceMs: 0, nowMs: () => 0 },
      roots: () => ({ held: [built.root], wanted: [] }),
    })
    expect(await collector.collect(1e9)).toMatchObject({ deletedBlocks: 0, spoiled: [root.cid] })
    expect(await put(store, looseAt(loose))).toBe(false)
    await store.blocks.put([spoiled, root])
    expect(readTree(store.blocks.get, built.root)).toHaveProperty('files.length', 1)
    expect(store.usedBytes()).toBeLessThanOrEqual(maxBytes)
    expect(await put(store, looseAt(loose))).toBe(false)
    expect(await collector.collect(1e9)).toMatchObject({ deletedBlocks: loose - 1, spoiled: [] })
    expect(await put(store, looseAt(loose))).toBe(true)
  })

  test('a spoiled record is an error, never a value and never nothing', async () => {
    const first = open()
    await first.records('locks').put([['k', bytesOf('a lock that is long enough to be found')]])
    await first.close()
    flipOnDisk(bytesOf('that is long enough to be found'))
    const store = open()
    expect(() => store.records('locks').get('k')).toThrow(coded('RECORD_CORRUPT'))
    expect(() => store.records('locks').list('')).toThrow(coded('RECORD_CORRUPT'))
    await store.records('locks').put([['k', bytesOf('new')]])
    expect(store.records('locks').get('k')).toEqual(bytesOf('new'))
  })

  test('a block whose key is spoiled is not there, and does not spoil the list', async () => {
    const [a, b] = [blockOf(bytesOf('a'), 'raw'), blockOf(bytesOf('b'), 'raw')]
    const first = open()
    await first.blocks.put([a, b])
    await first.close()
    await spoil('blocks', bytesOf('no CID'), () => bytesOf('x'))
    const store = open()
    expect([...store.blocks.list()].sort()).toEqual([a.cid, b.cid].sort())
    expect(store.blocks.counters()).toEqual({ corrupt: 1 })
  })

  test('a folder that cannot be one is STORE_UNAVAILABLE', () => {
    writeFileSync(join(folder, 'file'), '')
    expect(() => openStore(join(folder, 'file', 'store'))).toThrow(coded('STORE_UNAVAILABLE'))
  })

  test('a file that is no database, or another’s, is STORE_UNAVAILABLE', async () => {
    writeFileSync(path(), noise(100_000))
    expect(() => openStore(folder)).toThrow(coded('STORE_UNAVAILABLE'))
  })

  test('a file whose head is spoiled is STORE_UNAVAILABLE', async () => {
    const first = open()
    await first.blocks.put([blockOf(noise(50_000), 'raw')])
    await first.close()
    const bytes = readFileSync(path())
    writeFileSync(path(), bytes.fill(0xa5, 0, 16_384))
    expect(() => openStore(folder)).toThrow(coded('STORE_UNAVAILABLE'))
    expect(statSync(path()).size).toBe(bytes.length)
  })

  test('a damaged page is an error with a code, and what lies elsewhere is still read', async () => {
    const many = Array.from({ length: 400 }, (_, i) => blockOf(noise(1_000, i + 1), 'raw'))
    const first = open()
    await first.blocks.put(many)
    await first.close()
    const bytes = readFileSync(path())
    const at = bytes.indexOf((many[200] as Block).bytes.subarray(100, 200))
    const page = at - (at % pageBytes)
    writeFileSync(path(), bytes.fill(0, page, page + pageBytes))
    const { blocks } = open()
    const outcomes = many.map(({ cid }) => {
      try {
        return blocks.get(cid)?.length
      } catch (error) {
        return (error as { code?: string }).code
      }
    })
    expect(outcomes[200]).toBe('STORE_READ_FAILED')
    expect(new Set(outcomes)).toEqual(new Set(['STORE_READ_FAILED', 1_000]))
    await expect(blocks.put([many[200] as Block])).rejects.toThrow(coded('STORE_READ_FAILED'))
  })

  test('a file that was cut short is an error with a code, not the end of the process', async () => {
    const first = open()
    await first.blocks.put(Array.from({ length: 400 }, (_, i) => blockOf(noise(1_000, i + 1), 'raw')))
    await first.close()
    truncateSync(path(), 5 * pageBytes)
    expect(() => {
      const store = open()
      for (let i = 0; i < 400; i++) store.blocks.get(blockOf(noise(1_000, i + 1), 'raw').cid)
    }).toThrow(expect.objectContaining({ code: expect.stringMatching(/^STORE_(UNAVAILABLE|READ_FAILED)$/) }))
  })

  test('kill -9 while writing: what was acknowledged is there, and no batch is there by half', async () => {
    for (let round = 0; round < 3; round++) {
      const script = `${scriptOn(opener)}
      const records = store.records('log')
      for (let i = ${round * 10_000}; ; i += 3) {
        const three = [0, 1, 2].map((j) => blockAt((i + j) % 65_536))
        await Promise.all([store.blocks.put(three), records.put(three.map(({ cid }) => [cid, new Uint8Array([1])]))])
        process.stdout.write(three.map(({ cid }) => cid).join(' ') + '\\n')
      }`
      const child = spawn(process.execPath, ['--input-type=module', '-e', script, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
      const acknowledged = await new Promise<string[]>((resolve) => {
        let output = ''
        child.stdout.on('data', (chunk) => {
          output += chunk
          if (output.split('\n').length > 60 + round * 17) child.kill('SIGKILL')
        })
        child.on('close', () =>
          resolve(
            output
              .split('\n')
              .slice(0, -1)
              .flatMap((line) => line.split(' ')),
          ),
        )
      })
      const store = openStore(folder)
      const records = store.records('log')
      expect(acknowledged.length).toBeGreaterThan(100)
      for (const cid of acknowledged as never[]) {
        expect(store.blocks.get(cid)).toBeDefined()
        expect(records.get(cid)).toEqual(new Uint8Array([1]))
      }
      expect([...store.blocks.list()].length % 3).toBe(0)
      expect([...records.list('')].length % 3).toBe(0)
      expect(store.blocks.counters()).toEqual({ corrupt: 0 })
      await store.close()
    }
  })
})
