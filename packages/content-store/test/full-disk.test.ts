import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { childScript } from './built.js'
import { canMount, onSmallDisk } from './small-disk.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'content-store-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const onDiskOf40MiB = (script: string): unknown => JSON.parse(onSmallDisk(40, folder, script).trim().split('\n').at(-1) ?? '')
const helpers = `
  import { closeSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
  const folder = process.argv[1]
  const freeMiB = () => { const { bavail, bsize } = statfsSync(folder); return bavail * bsize / 1024 ** 2 }
  /** What another program does: writes until nothing more goes in. */
  const fillUp = () => {
    const fd = openSync(folder + '/filler', 'a')
    try { for (;;) writeSync(fd, new Uint8Array(4096)) } catch {}
    closeSync(fd)
  }
  const outcome = (promise) => promise.then(() => 'written', (error) => error.code)
  const putAll = async (first) => {
    const kept = []
    for (let i = first; ; i++) {
      const code = await outcome(store.blocks.put([blockAt(i)]))
      if (code !== 'written') return { kept, code }
      kept.push(i)
    }
  }
  const isReadable = (kept) => kept.every((i) => store.blocks.get(blockAt(i).cid)?.length === 20_000)
  const cids = (kept) => kept.map((i) => blockAt(i).cid)
  const lock = (name) => outcome(store.records('locks').put([[name, new Uint8Array(9_000)]]))
`

describe.skipIf(!canMount).each(['openLmdbStore', 'openSqliteStore'] as const)('a disk that is really full, under %s', (open) => {
  test('of blocks: STORE_FULL with room left for others; locks are written, all is read, and deleting makes room', () => {
    const script = `${childScript(open)}${helpers}
      const first = await putAll(0)
      const free = freeMiB()
      const locks = [await lock('a'), await lock('b')]
      const readable = isReadable(first.kept)
      await store.blocks.delete(cids(first.kept.slice(0, 300)))
      const second = await putAll(20_000)
      await store.close()
      console.log(JSON.stringify({
        codes: [first.code, second.code], many: first.kept.length > 800, free: free > 7 && free < 12, locks, readable,
        again: second.kept.length > 250 && second.kept.length < 320,
      }))`
    const all = { codes: ['STORE_FULL', 'STORE_FULL'], many: true, free: true, locks: ['written', 'written'], readable: true, again: true }
    expect(onDiskOf40MiB(script)).toEqual(all)
  })

  test('of what others wrote, to the last byte: just the same; and after a restart all that was acknowledged is there', () => {
    const script = `${childScript(open)}${helpers}
      const first = await putAll(0)
      fillUp()
      const free = freeMiB()
      const refused = await outcome(store.blocks.put([blockAt(9_999)]))
      const locks = [await lock('a'), await lock('b')]
      const readable = isReadable(first.kept)
      const half = first.kept.length >> 1
      const deleted = await outcome(store.blocks.delete(cids(first.kept.slice(0, half))))
      const second = await putAll(20_000)
      locks.push(await lock('c'))
      await store.close()
      const again = ${open}(folder)
      const kept = [...first.kept.slice(half), ...second.kept]
      const there = kept.every((i) => again.blocks.get(blockAt(i).cid)) && [...again.blocks.list()].length === kept.length
      const lockCount = [...again.records('locks').list('')].length
      rmSync(folder + '/filler')
      const room = await outcome(again.blocks.put([blockAt(9_999)]))
      await again.close()
      console.log(JSON.stringify({ free, refused, locks, readable, deleted, second: second.kept.length > 100, there, lockCount, room }))`
    expect(onDiskOf40MiB(script)).toEqual({
      ...{ free: 0, refused: 'STORE_FULL', locks: ['written', 'written', 'written'], readable: true, deleted: 'written' },
      ...{ second: true, there: true, lockCount: 3, room: 'written' },
    })
  })

  test('that fills up under a write: the process lives, nothing is kept by half, a lock written at once is kept', () => {
    const script = `${childScript(open)}${helpers}
      await store.blocks.put([blockAt(0)])
      const written = outcome(store.blocks.put(Array.from({ length: 100 }, (_, i) => blockAt(i + 1))))
      const locked = lock('k')
      fillUp()
      const outcomes = [await written, await locked]
      await new Promise((resolve) => setTimeout(resolve, 50))
      const kept = [...store.blocks.list()].length
      rmSync(folder + '/filler')
      const later = await outcome(store.blocks.put([blockAt(1)]))
      await store.close()
      console.log(JSON.stringify({ outcomes, kept, later }))`
    expect(onDiskOf40MiB(script)).toEqual({ outcomes: ['STORE_FULL', 'written'], kept: 1, later: 'written' })
  })

  test('that fills up under puts and deletions at once: only the puts fail, and what was to be deleted is gone', () => {
    const script = `${childScript(open)}${helpers}
      const blocks = (first, count) => Array.from({ length: count }, (_, i) => blockAt(first + i))
      await store.blocks.put(blocks(0, 100))
      const outcomes = [
        store.blocks.delete(cids([0, 1, 2])), store.blocks.put(blocks(1_000, 200)),
        store.blocks.put([blockAt(2)]), store.blocks.delete(cids([3, 1_000])),
      ].map(outcome)
      fillUp()
      await Promise.all(outcomes)
      const left = [...store.blocks.list()].length
      const gone = [0, 1, 2, 3].map((i) => !store.blocks.has(blockAt(i).cid))
      rmSync(folder + '/filler')
      const later = await outcome(store.blocks.put([blockAt(2)]))
      await store.close()
      console.log(JSON.stringify({ outcomes: await Promise.all(outcomes), left, gone, later }))`
    expect(onDiskOf40MiB(script)).toEqual({
      ...{ outcomes: ['written', 'STORE_FULL', 'STORE_FULL', 'written'], left: 96, gone: [true, true, true, true], later: 'written' },
    })
  })
})
