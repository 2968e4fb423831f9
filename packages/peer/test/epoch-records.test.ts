import { ContentStoreError, memoryStore, type RecordStore } from '@interpeer/content-store'
import { contentIdOf, createSigner, jobIdOf, networkIdOf } from '@interpeer/crypto-ids'
import { firstStateBlock, type GroupEffect, openGroup, stepGroup } from '@interpeer/peer-group'
import { concatBytes, encodeCbor } from '@interpeer/wire-codec'
import { beforeEach, expect, test } from 'vitest'
import { EpochRecords, SETUP_HASH_BYTES } from '../src/node/epoch-records.js'
import { ServedSite } from '../src/node/served-site.js'

const job = jobIdOf(contentIdOf(new Uint8Array([0x80]), 'dag-cbor'))
const nowMs = 1_700_000_000_000
const signer = createSigner(new Uint8Array(32).fill(1))
const cidOf = (n: number) => contentIdOf(encodeCbor([n]), 'dag-cbor')
const start = firstStateBlock(cidOf(0))

/** Three records of one epoch, one write after the other, and the state that each names as final. */
function threeRecords(): { readonly bytes: Uint8Array; readonly state: string }[] {
  const setup = { network: networkIdOf(new Uint8Array([3])), job, epoch: 4, members: [signer.peerId], chainSeed: new Uint8Array(32) }
  let { state } = openGroup({ ...setup, start: start.cid, rerun: [], settings: {} }, signer, nowMs)
  const out: { bytes: Uint8Array; state: string }[] = []
  const tell = (event: object): void => {
    const step = stepGroup(state, { nowMs: nowMs + out.length * 1_000 + 1, ...event } as Parameters<typeof stepGroup>[1])
    state = step.state
    for (const effect of step.effects) perform(effect)
  }
  const perform = (effect: GroupEffect): void => {
    if (effect.type === 'execute') {
      const result = {
        type: 'ran',
        files: cidOf(10 + out.length),
        responses: [cidOf(20 + out.length)],
        fuel: 0,
        transcript: new Uint8Array(32),
      }
      tell({ type: 'executed', batch: effect.batch, from: effect.from, result })
    }
    if (effect.type === 'persist') last = effect.bytes
    if (effect.type === 'final') out.push({ bytes: concatBytes(new Uint8Array(SETUP_HASH_BYTES), last), state: effect.state })
  }
  let last: Uint8Array = new Uint8Array()
  tell({ type: 'state', root: start.cid, block: start.bytes, pages: [] })
  for (let i = 0; i < 3; i++) {
    const bytes = encodeCbor([i])
    tell({ type: 'write', id: new Uint8Array(16).fill(i), ms: nowMs, cid: contentIdOf(bytes, 'raw'), bytes })
  }
  return out
}
type Kept = ReturnType<typeof threeRecords>[number]
/** The first, and the one after the next: a record names the state that its last step began from, too. */
const [first, , second] = threeRecords() as [Kept, Kept, Kept]

let disk: RecordStore
/** What is under way to the disk, and is there when it is let through. */
let underWay: (() => Promise<void>)[] = []
const slow = (records: RecordStore): RecordStore => ({
  ...records,
  put: (entries) =>
    new Promise((resolve) => {
      underWay.push(() => records.put(entries).then(resolve))
    }),
})
beforeEach(() => {
  disk = memoryStore().records('groups')
  underWay = []
})

test('what a record names counts from when it is asked to be written, and until a later one is there for sure', async () => {
  const records = new EpochRecords(slow(disk), () => {})
  const states = () => [first, second].map(({ state }) => records.references(job, 4).has(state as never))
  expect(states()).toEqual([false, false])
  const puts = [records.put(job, 4, first.bytes)]
  expect(states()).toEqual([true, false])
  await underWay.shift()?.()
  await puts[0]
  puts.push(records.put(job, 4, second.bytes))
  expect(states()).toEqual([true, true]) // a crash now may leave either
  await underWay.shift()?.()
  await puts[1]
  expect(states()).toEqual([false, true])
})

test('after a restart the disk says it; one that can not be read names nothing, and is counted once', async () => {
  await disk.put([
    [`${job}/4`, first.bytes],
    [`${job}/5`, new Uint8Array(40)],
  ])
  const counted: string[] = []
  const records = new EpochRecords(disk, (code) => void counted.push(code))
  for (let i = 0; i < 3; i++) {
    expect(records.references(job, 4).has(first.state as never)).toBe(true)
    expect(records.references(job, 5).size).toBe(0)
  }
  expect(counted).toEqual(['EPOCH_RECORD_UNREADABLE'])
  await records.forget(job, 5)
  expect(records.references(job, 4).size).toBe(0)
  expect([...disk.list('')].map(([key]) => key)).toEqual([`${job}/5`])
})

/** A disk that is told of each call. */
function watched(): { readonly records: RecordStore; readonly calls: (readonly unknown[])[] } {
  const calls: (readonly unknown[])[] = []
  const told = <A extends readonly unknown[], R>(name: string, call: (...args: A) => R) => {
    return (...args: A): R => {
      calls.push([name, ...args])
      return call(...args)
    }
  }
  return { calls, records: { ...disk, get: told('get', disk.get), list: told('list', disk.list), delete: told('delete', disk.delete) } }
}

test('a job without records costs one look at the disk, and nothing is deleted that is not there', async () => {
  const { records: on, calls } = watched()
  const records = new EpochRecords(on, () => {})
  for (let i = 0; i < 3; i++) {
    for (const epoch of [3, 4, 5]) expect(records.references(job, epoch).size).toBe(0)
    await records.forget(job, Number.POSITIVE_INFINITY)
  }
  expect(calls).toEqual([['list', `${job}/`]])
  await records.put(job, 4, first.bytes)
  for (const epoch of [3, 4, 5]) expect(records.references(job, epoch).has(first.state as never)).toBe(epoch === 4)
  await records.forget(job, Number.POSITIVE_INFINITY)
  expect(calls.filter(([name]) => name === 'delete')).toEqual([['delete', [`${job}/4`]]])
  expect([records.has(job), records.references(job, 4).size]).toEqual([false, 0])
})

test('a record that the disk has spoiled is forgotten in its turn, and keeps no other for longer than that', async () => {
  await disk.put([4, 5, 6].map((epoch) => [`${job}/${epoch}`, first.bytes] as const))
  const spoiled = `${job}/5`
  const list: RecordStore['list'] = (prefix) => {
    if (disk.get(spoiled) !== undefined) throw new ContentStoreError({ code: 'RECORD_CORRUPT', key: spoiled })
    return disk.list(prefix)
  }
  const records = new EpochRecords({ ...disk, list }, () => {})
  const kept = () => [...disk.list('')].map(([key]) => Number(key.split('/')[1]))
  await records.forget(job, 5)
  expect(kept()).toEqual([4, 5, 6])
  await records.forget(job, 6)
  await records.forget(job, 6)
  expect(kept()).toEqual([6])
})

test('a state that is served counts from when it is, and the one before until the disk says the later one', async () => {
  const site = new ServedSite(job, slow(disk), () => {})
  const stateAt = (step: number) => ({ epoch: 0, step, state: cidOf(step), files: cidOf(0), certificate: null, named: null, timeMs: 0 })
  const one = site.serve(stateAt(1))
  expect(site.states).toEqual([cidOf(1)])
  const two = site.serve(stateAt(2))
  expect(site.states).toEqual([cidOf(1), cidOf(2)])
  await underWay.shift()?.()
  await one
  expect(site.states).toEqual([cidOf(1), cidOf(2)])
  await underWay.shift()?.()
  await two
  expect(site.states).toEqual([cidOf(2)])
  expect(new ServedSite(job, disk, () => {}).states).toEqual([cidOf(2)])
})
