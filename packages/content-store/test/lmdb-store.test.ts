import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bytesOfContentId } from '@interpeer/crypto-ids'
import { open as openRaw } from 'lmdb'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Block, blockOf, buildTree, openExchange, readTree } from '../src/index.js'
import { openLmdbStore } from '../src/node/index.js'
import { idleClock, peerAt, serve } from './exchanges.js'
import { bytesOf, coded, fileAt, holding, noise } from './trees.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'content-store-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

/** What a failing disk does, done to the stored bytes under the store's feet. */
async function spoil(table: 'blocks' | 'records', key: Uint8Array, change: (bytes: Uint8Array) => Uint8Array): Promise<void> {
  const env = openRaw({ path: folder, noSubdir: false, maxDbs: 4, overlappingSync: false })
  const raw = env.openDB<Uint8Array, Uint8Array>({ name: table, keyEncoding: 'binary', encoding: 'binary' })
  await raw.put(key, change(Uint8Array.from(raw.getBinary(key) ?? bytesOf('?'))))
  await env.close()
}
const flipped = (at: number) => (bytes: Uint8Array) => bytes.with(at, (bytes[at] as number) ^ 1)

test('everything is there after a restart', async () => {
  const block = blockOf(noise(100_000), 'raw')
  const first = openLmdbStore(folder)
  await first.blocks.put([block])
  await first.records('locks').put([['k', bytesOf('lock')]])
  await first.close()
  const second = openLmdbStore(folder)
  expect(second.blocks.get(block.cid)).toEqual(block.bytes)
  expect(second.records('locks').get('k')).toEqual(bytesOf('lock'))
  await second.close()
})

test('a block that the disk has spoiled is not given out, is counted, and is replaced by the next put', async () => {
  const blocks = [1, 2, 3].map((seed) => blockOf(noise(70_000, seed), 'raw'))
  const [, spoiled, cut] = blocks as [Block, Block, Block]
  const first = openLmdbStore(folder)
  await first.blocks.put(blocks)
  await first.close()
  await spoil('blocks', bytesOfContentId(spoiled.cid), flipped(69_999))
  await spoil('blocks', bytesOfContentId(cut.cid), (bytes) => bytes.subarray(1))
  const store = openLmdbStore(folder)
  expect(blocks.map(({ cid }) => store.blocks.get(cid) !== undefined)).toEqual([true, false, false])
  expect(store.blocks.counters()).toEqual({ corrupt: 2 })
  await store.blocks.put(blocks)
  expect(blocks.every(({ cid, bytes }) => Buffer.compare(store.blocks.get(cid) ?? bytesOf(''), bytes) === 0)).toBe(true)
  await store.close()
})

test('a tree with a spoiled block is repaired from a peer', async () => {
  const built = buildTree([fileAt('a', noise(300_000)), fileAt('b/c')])
  const first = openLmdbStore(folder)
  await first.blocks.put(built.blocks)
  await first.close()
  await spoil('blocks', bytesOfContentId((built.blocks[2] as Block).cid), flipped(0))
  const store = openLmdbStore(folder)
  expect(readTree(store.blocks.get, built.root)).toEqual({ missing: [built.blocks[2]?.cid] })
  const peer = await holding(built)
  const { get, put } = store.blocks
  const exchange = openExchange({ get, put, ask: (_, request) => serve(peer.get, request), clock: idleClock() })
  await exchange.fetchDag(built.root, { from: [peerAt(0)] })
  expect(readTree(store.blocks.get, built.root)).toHaveProperty('files.length', 2)
  await store.close()
})

test('a spoiled record is an error, never a value and never nothing', async () => {
  const first = openLmdbStore(folder)
  await first.records('locks').put([['k', bytesOf('lock')]])
  await first.close()
  await spoil('records', bytesOf('locks/k'), flipped(34))
  const store = openLmdbStore(folder)
  expect(() => store.records('locks').get('k')).toThrow(coded('RECORD_CORRUPT'))
  expect(() => store.records('locks').list('')).toThrow(coded('RECORD_CORRUPT'))
  await store.records('locks').put([['k', bytesOf('new')]])
  expect(store.records('locks').get('k')).toEqual(bytesOf('new'))
  await store.close()
})

test('a folder that cannot be one is STORE_UNAVAILABLE', () => {
  writeFileSync(join(folder, 'file'), '')
  expect(() => openLmdbStore(join(folder, 'file', 'store'))).toThrow(coded('STORE_UNAVAILABLE'))
})

// The children below run the built package, as a peer does.
const built = (name: string): string => JSON.stringify(new URL(`../dist/${name}`, import.meta.url).href)
const preamble = `
  import { blockOf } from ${built('index.js')}
  import { openLmdbStore } from ${built('node/index.js')}
  const blockAt = (i) => blockOf(new Uint8Array(20_000).fill(i).fill(i >> 8, 0, 9), 'raw')
  const store = openLmdbStore(process.argv[1])
`

test('kill -9 while writing: what was acknowledged is there, and no batch is there by half', { timeout: 30_000 }, async () => {
  for (let round = 0; round < 3; round++) {
    const script = `${preamble}
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
    const store = openLmdbStore(folder)
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

describe('a disk that is really full', () => {
  const onTinyDisk = (script: string): string =>
    execFileSync(
      'unshare',
      [
        '-Urm',
        'sh',
        '-c',
        'mount -t tmpfs -o size=14m none "$1" && exec "$2" --input-type=module -e "$3" "$1"',
        'sh',
        folder,
        process.execPath,
        script,
      ],
      {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    )
  const canMount = (): boolean => {
    try {
      execFileSync('unshare', ['-Urm', 'sh', '-c', 'mount -t tmpfs -o size=1m none /mnt'], { stdio: 'ignore' })
      return true
    } catch {
      return false
    }
  }

  test.skipIf(!canMount())(
    'is STORE_FULL for blocks; locks are still written, everything is read, and once there is room blocks are written again',
    () => {
      const script = `${preamble}
      import { rmSync, writeFileSync } from 'node:fs'
      writeFileSync(process.argv[1] + '/ballast', new Uint8Array(1_500_000))
      const kept = []
      let code
      for (let i = 0; code === undefined; i++) await store.blocks.put([blockAt(i)]).then(() => kept.push(i), (error) => { code = error.code })
      await store.records('locks').put([['k', new Uint8Array(9_000)]])
      const lock = store.records('locks').get('k').length
      const readable = kept.filter((i) => store.blocks.get(blockAt(i).cid)).length === kept.length
      rmSync(process.argv[1] + '/ballast')
      await store.blocks.put([blockAt(9999)])
      await store.close()
      console.log(code, kept.length > 50, readable, lock)`
      expect(onTinyDisk(script).trim()).toBe('STORE_FULL true true 9000')
    },
  )

  test.skipIf(!canMount())('and so is one that fills up under a write: the process lives, nothing is kept by half', () => {
    const script = `${preamble}
      import { rmSync, writeFileSync } from 'node:fs'
      await store.blocks.put([blockAt(0)])
      const written = store.blocks.put(Array.from({ length: 100 }, (_, i) => blockAt(i + 1))).then(() => 'written', (error) => error.code)
      try { writeFileSync(process.argv[1] + '/ballast', new Uint8Array(20_000_000)) } catch {}
      const outcome = await written
      await new Promise((resolve) => setTimeout(resolve, 50))
      const kept = [...store.blocks.list()].length
      rmSync(process.argv[1] + '/ballast')
      await store.blocks.put([blockAt(1)])
      await store.close()
      console.log(outcome, kept)`
    expect(onTinyDisk(script).trim()).toBe('STORE_FULL 1')
  })
})
