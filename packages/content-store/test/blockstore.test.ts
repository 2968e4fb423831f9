import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Blockstore } from 'interface-blockstore'
import { interfaceBlockstoreTests } from 'interface-blockstore-tests'
import { CID } from 'multiformats/cid'
import { identity } from 'multiformats/hashes/identity'
import { sha256 } from 'multiformats/hashes/sha2'
import { describe, expect, test } from 'vitest'
import { asBlockstore, BLOCK_MAX_BYTES, type BlockStore, type ContentStore, memoryStore } from '../src/index.js'
import { openLmdbStore } from '../src/node/index.js'
import { openBuiltSqliteStore } from './built.js'
import { bytesOf, coded } from './trees.js'

interface Case {
  readonly name: string
  readonly run: () => Promise<void>
}
/** The cases of npm interface-blockstore-tests, which asks for mocha's globals. */
function casesOf(open: () => { readonly store: Blockstore; readonly close: () => Promise<void> }): readonly Case[] {
  const cases: Case[] = []
  let group = { name: '', before: [] as (() => Promise<void>)[], after: [] as (() => Promise<void>)[] }
  Object.assign(globalThis, {
    describe: (name: string, declare: () => void) => {
      group = { name, before: [], after: [] }
      declare()
    },
    beforeEach: (hook: () => Promise<void>) => group.before.push(hook),
    afterEach: (hook: () => Promise<void>) => group.after.push(hook),
    it: (name: string, body: () => Promise<void>) => {
      const { before, after } = group
      const run = async (): Promise<void> => {
        for (const hook of before) await hook()
        try {
          await body()
        } finally {
          for (const hook of after) await hook()
        }
      }
      cases.push({ name: `${group.name}: ${name}`, run })
    },
  })
  const opened = new Map<Blockstore, () => Promise<void>>()
  interfaceBlockstoreTests({
    setup: () => {
      const { store, close } = open()
      opened.set(store, close)
      return store
    },
    teardown: async (store: Blockstore) => opened.get(store)?.(),
  })
  return cases
}
const inNewFolder = (open: (folder: string) => ContentStore) => () => {
  const folder = mkdtempSync(join(tmpdir(), 'content-store-'))
  const store = open(folder)
  const close = async (): Promise<void> => {
    await store.close()
    rmSync(folder, { recursive: true })
  }
  return { store: asBlockstore(store.blocks) satisfies Blockstore, close }
}
const inMemory = () => {
  const { blocks, close } = memoryStore()
  return { store: asBlockstore(blocks) satisfies Blockstore, close }
}

describe.each([
  ['memory', inMemory],
  ['lmdb', inNewFolder(openLmdbStore)],
  ['SQLite', inNewFolder(openBuiltSqliteStore)],
])('npm interface-blockstore-tests on %s', (_name, open) => {
  const cases = casesOf(open)
  test('there are eighteen', () => expect(cases).toHaveLength(18))
  test.each(cases)('$name', ({ run }) => run())
})

test.each<[string, (store: BlockStore) => Partial<BlockStore>, number]>([
  ['forgets what is put', () => ({ put: async () => {} }), 8],
  ['gives other bytes', ({ get }) => ({ get: (cid) => get(cid)?.map((byte) => byte ^ 1) }), 5],
  ['keeps what is deleted', () => ({ delete: async () => {} }), 3],
  ['lists nothing', () => ({ list: () => [] }), 1],
])('a store that %s fails them', async (_name, broken, failures) => {
  const failed: string[] = []
  const cases = casesOf(() => {
    const { blocks, close } = memoryStore()
    return { store: asBlockstore({ ...blocks, ...broken(blocks) }), close }
  })
  for (const { name, run } of cases) await run().catch(() => failed.push(name))
  expect(failed).toHaveLength(failures)
})

test('a block under a name that no store of ours has is not there, and can’t be put', async () => {
  const { store } = inMemory()
  const bytes = bytesOf('x')
  const digest = await sha256.digest(bytes)
  const others = [CID.createV1(0x70, digest), CID.createV0(digest), CID.createV1(0x55, identity.digest(bytes))]
  for (const cid of others) {
    expect(await store.has(cid)).toBe(false)
    await expect(store.get(cid).next()).rejects.toHaveProperty('name', 'NotFoundError')
    await store.delete(cid)
    await expect(store.put(cid, bytes)).rejects.toThrow(coded('CONTENT_ID_BYTES'))
  }
  await expect(store.put(CID.createV1(0x55, digest), bytesOf('y'))).rejects.toThrow(coded('BLOCK_MISMATCH'))
})

test('what is streamed in without an end is refused as soon as it is too large', async () => {
  const { store } = inMemory()
  let parts = 0
  const endless = async function* () {
    for (;;) {
      parts++
      yield new Uint8Array(BLOCK_MAX_BYTES / 4)
    }
  }
  const cid = CID.createV1(0x55, await sha256.digest(bytesOf('x')))
  await expect(store.put(cid, endless())).rejects.toThrow(coded('BLOCK_TOO_LARGE'))
  expect(parts).toBe(5)
})
