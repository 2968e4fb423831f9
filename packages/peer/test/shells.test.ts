import { type BlockStore, buildTree, ContentStoreError, memoryStore, type RecordStore } from '@interpeer/content-store'
import { contentIdOf, createSigner, jobIdOf, networkIdOf } from '@interpeer/crypto-ids'
import type { Overlay } from '@interpeer/overlay/node'
import { firstStateBlock, openGroup, readStateBlock, stepGroup } from '@interpeer/peer-group'
import { trustedCycles } from '@interpeer/vote-chain'
import { afterEach, expect, test } from 'vitest'
import { networkApplication } from '../src/network/index.js'
import { exchangeOver } from '../src/node/block-source.js'
import { ChainShell } from '../src/node/chain-shell.js'
import { ChainStore } from '../src/node/chain-store.js'
import { EpochRecords } from '../src/node/epoch-records.js'
import { type GroupListener, GroupShell } from '../src/node/group-shell.js'
import { KnownRequests } from '../src/node/known-requests.js'
import { ScriptQueue } from '../src/node/script-queue.js'
import { CounterRuntime } from './counter-runtime.js'
import { networkGenesis, signers } from './network-world.js'
import { readDuties } from './read-duties.js'

const network = networkIdOf(new Uint8Array([1]))
const signer = createSigner(new Uint8Array(32).fill(1))
const job = jobIdOf(contentIdOf(new Uint8Array([0x80]), 'dag-cbor'))
const files = buildTree([])
const start = firstStateBlock(files.root)
const undo: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const step of undo.splice(0)) await step()
})
function surroundings() {
  const counted: string[] = []
  const failed: unknown[] = []
  const overlay = { send: () => {}, request: () => Promise.reject(new Error('nobody')) } as unknown as Overlay
  const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
  const count = (code: string) => void counted.push(code)
  const fail = (error: unknown) => void failed.push(error)
  return {
    counted,
    failed,
    overlay,
    log,
    count,
    fail,
    now: () => Date.now(),
    holdBlocks: () => () => {},
    requests: new KnownRequests(network),
    complaints: readDuties(memoryStore(), () => {}).complaints,
  }
}

test('a member that offers ever other blocks and gives none has so many of them asked for at a time, and no more', async () => {
  const around = surroundings()
  const store = memoryStore()
  await store.blocks.put([...files.blocks, start])
  const other = createSigner(new Uint8Array(32).fill(2))
  const members = [signer.peerId, other.peerId, ...[3, 4].map((n) => createSigner(new Uint8Array(32).fill(n)).peerId)]
  const setup = { ...{ network, job, epoch: 1, members, chainSeed: new Uint8Array(32), start: start.cid, rerun: [] }, settings: {} }
  const asked: unknown[] = []
  const never = new Promise<never>(() => {})
  const fetchBlocks = (cids: unknown) => {
    asked.push(cids)
    return never
  }
  const exchange = { fetchBlocks, fetchDag: () => never } as never
  const shared = {
    ...{ ...around, signer, network, exchange, store: store.blocks, self: signer.peerId },
    scripts: new ScriptQueue(new CounterRuntime(), store.blocks),
  }
  const listener = { final: async () => {}, closed: () => {}, show: () => {}, repeated: () => {}, provisional: () => {}, renewed: () => {} }
  const records = new EpochRecords(store.records('groups'), around.count)
  const shell = new GroupShell(setup, shared, records, { ...listener, refused: () => {} }, () => [])
  undo.push(() => shell.close())
  const nowMs = Date.now()
  for (let n = 0; n < 40; n++) {
    const bytes = Uint8Array.of(0x82, 0x18, 0x18 + n, 0) // in pieces, so that no body travels with the offer
    const write = { id: new Uint8Array(16).fill(7), ms: nowMs, cid: contentIdOf(bytes, 'dag-cbor'), bytes }
    const { effects } = stepGroup(openGroup(setup, other, nowMs).state, { type: 'writes', writes: [write], nowMs })
    for (const effect of effects) if (effect.type === 'send') shell.give({ type: 'message', from: other.peerId, envelope: effect.envelope })
  }
  expect(asked).toHaveLength(32)
  expect(around.counted.filter((code) => code === 'FETCH_MANY')).toHaveLength(8)
})

test('an event that a group can not take is dropped, and the group goes on', async () => {
  const around = surroundings()
  const store = memoryStore()
  await store.blocks.put([...files.blocks, start])
  const finals: number[] = []
  const listener = {
    final: async (_: number, { step }: { step: number }) => void finals.push(step),
    ...{ closed: () => {}, show: () => {}, repeated: () => {}, provisional: () => {}, renewed: () => {}, refused: () => {} },
  }
  const setup = {
    ...{ network, job, epoch: 0, members: [signer.peerId], chainSeed: new Uint8Array(32), start: start.cid, rerun: [] },
    settings: { idleEveryMs: 100 },
  }
  const shared = {
    ...around,
    signer,
    network,
    exchange: exchangeOver(around.overlay, store.blocks, around.count, around.log),
    store: store.blocks,
    self: signer.peerId,
    scripts: new ScriptQueue(new CounterRuntime(), store.blocks),
  }
  const shell = new GroupShell(setup, shared, new EpochRecords(store.records('groups'), around.count), listener, () => [])
  undo.push(() => shell.close())
  shell.write({ id: undefined, bytes: new Uint8Array() } as never)
  expect(around.counted).toContain('STEP_FAILED')
  await expect.poll(() => finals.length).toBeGreaterThan(1)
  await shell.close()
  shell.give({ type: 'time' }) // after the end: nothing
  expect(around.failed).toEqual([])
})

/** The shell of a group of one. */
function shellOf(around: ReturnType<typeof surroundings>, blocks: BlockStore, records: RecordStore, listener: GroupListener): GroupShell {
  const setup = {
    ...{ network, job, epoch: 0, members: [signer.peerId], chainSeed: new Uint8Array(32), start: start.cid, rerun: [] },
    settings: { idleEveryMs: 60_000 },
  }
  const exchange = exchangeOver(around.overlay, blocks, around.count, around.log)
  const scripts = new ScriptQueue(new CounterRuntime(), blocks)
  const shared = { ...around, signer, network, exchange, store: blocks, self: signer.peerId, scripts }
  return new GroupShell(setup, shared, new EpochRecords(records, around.count), listener, () => [])
}

test('the record of an epoch names no state before that is on the disk', async () => {
  const around = surroundings()
  const store = memoryStore()
  await store.blocks.put([...files.blocks, start])
  let give = (): void => {}
  const asked = new Promise<void>((resolve) => {
    give = resolve
  })
  let go = (): void => {}
  const room = new Promise<void>((resolve) => {
    go = resolve
  })
  const put: typeof store.blocks.put = async (blocks) => {
    if (blocks.some(({ bytes }) => isState(bytes))) {
      give()
      await room
    }
    await store.blocks.put(blocks)
  }
  const finals: unknown[] = []
  const listener = {
    final: async (...given: unknown[]) => void finals.push(given),
    ...{ refused: () => {}, closed: () => {}, show: () => {}, repeated: () => {}, provisional: () => {}, renewed: () => {} },
  }
  const shell = shellOf(around, { ...store.blocks, put }, store.records('groups'), listener)
  undo.push(() => shell.close())
  shell.start()
  const bytes = new Uint8Array(40).fill(1)
  shell.write({ id: new Uint8Array(16).fill(1), ms: Date.now(), cid: contentIdOf(bytes, 'raw'), bytes })
  await asked
  await new Promise((resolve) => setTimeout(resolve, 50)) // whatever does not wait for the state has been begun
  const named = () => [...new EpochRecords(store.records('groups'), around.count).references(job, 0)]
  expect(named().filter((cid) => !store.blocks.has(cid))).toEqual([])
  go()
  await expect.poll(() => finals.length).toBe(1)
  expect(named().some((cid) => isState(store.blocks.get(cid) ?? new Uint8Array()))).toBe(true)
})
const isState = (bytes: Uint8Array): boolean => {
  try {
    return readStateBlock(bytes) !== undefined
  } catch {
    return false
  }
}

test('a group whose store has no room waits for it, says nothing, takes no more, and goes on', async () => {
  const around = surroundings()
  const store = memoryStore()
  await store.blocks.put([...files.blocks, start])
  let isFull = true
  const put: typeof store.blocks.put = (blocks) =>
    isFull ? Promise.reject(new ContentStoreError({ code: 'STORE_FULL', neededBytes: 1 })) : store.blocks.put(blocks)
  const blocks = { ...store.blocks, put }
  const told: string[] = []
  const listener = {
    final: async (_: number, { requests }: { requests: readonly unknown[] }) => void told.push(`final ${requests.length}`),
    refused: (_: number, __: Uint8Array, code: string) => void told.push(code),
    ...{ closed: () => {}, show: () => {}, repeated: () => {}, provisional: () => {}, renewed: () => {} },
  }
  const shell = shellOf(around, blocks, store.records('groups'), listener)
  undo.push(() => shell.close())
  shell.start()
  const write = (n: number) => {
    const bytes = new Uint8Array(40).fill(n)
    shell.write({ id: new Uint8Array(16).fill(n), ms: Date.now(), cid: contentIdOf(bytes, 'raw'), bytes })
  }
  write(1)
  await expect.poll(() => around.counted).toContain('GROUP_SILENT')
  write(2)
  expect(told).toEqual(['GROUP_BUSY'])
  isFull = false
  await expect.poll(() => told).toContain('final 1')
  expect(around.failed).toEqual([])
  isFull = true
  write(3)
  await expect.poll(() => around.counted.filter((code) => code === 'GROUP_SILENT').length).toBe(2)
  await shell.close() // it does not wait for room
  expect(around.failed).toEqual([])
})

test('a chain goes on after an event that it can not take, and stops when it can not write', async () => {
  const around = surroundings()
  const one = signers[0] as (typeof signers)[number]
  const genesis = networkGenesis({ cycleMs: 100, roundMs: 50 })
  const stored = memoryStore().records('chain')
  let full = false
  const records: RecordStore = {
    ...stored,
    put: (entries) => (full ? Promise.reject(new Error('full')) : stored.put(entries)),
  }
  const check = () => {
    throw new Error('a check that broke')
  }
  const application = { ...networkApplication(genesis.network), check }
  const at = {
    ...around,
    genesis,
    application,
    signer: one,
    store: new ChainStore(records, around.count),
    onBlock: () => {},
    onFault: () => {},
  }
  const chain = new ChainShell(at)
  undo.push(() => chain.stop())
  chain.submit(new Uint8Array([1]))
  expect(around.counted).toContain('CHAIN_STEP_FAILED')
  full = true
  await expect.poll(() => around.failed.length).toBe(1)
  await chain.stop()
  chain.submit(new Uint8Array([1]))
  expect(around.failed).toHaveLength(1)
})

test('a chain whose process slept for long takes nothing until it is told that it may go on', async () => {
  const around = surroundings()
  const genesis = networkGenesis({ cycleMs: 100, roundMs: 50 }, 1)
  let sleptMs = 0
  const asked: { readonly height: number; readonly say: (may: boolean) => void }[] = []
  const chain = new ChainShell({
    ...around,
    ...{ genesis, application: networkApplication(genesis.network), signer: signers[0] as (typeof signers)[number] },
    ...{ store: new ChainStore(memoryStore().records('chain'), around.count), onBlock: () => {}, onFault: () => {} },
    now: () => Date.now() + sleptMs,
    onSleep: ({ height }) =>
      new Promise((resolve, reject) => asked.push({ height, say: (may) => (may ? resolve() : reject(new Error('anew'))) })),
  })
  undo.push(() => chain.stop())
  await expect.poll(() => chain.tip.height).toBeGreaterThan(1)
  sleptMs += trustedCycles(genesis) * genesis.settings.cycleMs + 1_000
  await expect.poll(() => asked.length).toBe(1)
  const { height } = chain.tip
  expect(chain.submit(new Uint8Array([1]))).toBe('CHAIN_ASLEEP')
  chain.onMessage(signer.peerId, new Uint8Array([1]))
  expect([asked[0]?.height, chain.tip.height, around.counted, asked.length]).toEqual([height, height, [], 1])
  asked[0]?.say(true)
  await expect.poll(() => chain.tip.height).toBeGreaterThan(height)
  expect([asked.length, chain.submit(new Uint8Array([1]))]).toEqual([1, 'WIRE_SHAPE'])
  sleptMs += trustedCycles(genesis) * genesis.settings.cycleMs + 1_000
  await expect.poll(() => asked.length).toBe(2)
  asked[1]?.say(false)
  await expect.poll(() => around.failed).toEqual([new Error('anew')])
})
