import { memoryStore, type RecordStore } from '@interpeer/content-store'
import { createSigner, networkIdOf, type PeerId, type Signer } from '@interpeer/crypto-ids'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { addressExchange, signAddress } from '../src/address-record.js'
import { AddressBook, type AddressBookOptions } from '../src/node/address-book.js'

const network = networkIdOf(new Uint8Array([1]))
const signerOf = (seed: number) => createSigner(new Uint8Array(32).fill(seed))
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const VICTIM = { host: '203.0.113.7', port: 53 }
const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
type Address = typeof VICTIM
const nameOf = ({ host, port }: Address) => `${host} ${port}`

beforeEach(() => void vi.useFakeTimers({ now: 1_700_000_000_000, toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] }))
afterEach(() => {
  world.stop()
  vi.useRealTimers()
})
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)

interface Node {
  readonly signer: Signer
  readonly address: Address
  readonly book: AddressBook
  readonly records: RecordStore
}

/** Peers with sessions by address, where requests to others are only counted. */
class World {
  readonly nodes = new Map<string, Node>()
  /** Where to, as of each request that began without a session. */
  calls: Address[] = []
  /** Where a peer's session with another leads. */
  readonly #sessions = new Map<PeerId, Map<PeerId, Address>>()
  registered = new Set<PeerId>()

  open(signer: Signer, port: number, more: Partial<AddressBookOptions> = {}): Node {
    const address = { host: '198.51.100.1', port }
    const records = more.records ?? memoryStore().records('addresses')
    const told = new Map<PeerId, Address>()
    const sessions = new Map<PeerId, Address>()
    this.#sessions.set(signer.peerId, sessions)
    const overlay = {
      setAddress: (peer: PeerId, at: Address) => void told.set(peer, at),
      addressOf: (peer: PeerId) => sessions.get(peer) ?? told.get(peer),
      request: async (peer: PeerId, body: Uint8Array) => {
        const to = [...new Set([sessions.get(peer), told.get(peer)])].filter((at) => at !== undefined)
        for (const at of to) {
          const node = this.nodes.get(nameOf(at))
          if (node?.signer.peerId !== peer) {
            this.calls.push(at)
            continue
          }
          sessions.set(peer, at)
          this.#sessions.get(peer)?.set(signer.peerId, address)
          return node.book.answer(signer.peerId, body)
        }
        await new Promise((resolve) => setTimeout(resolve, 3_000))
        throw new Error('nobody answers')
      },
    }
    const book = new AddressBook({
      ...{ signer, network, overlay, records, log, bootstrap: [], own: address },
      isRegistered: (peer) => this.registered.has(peer),
      now: () => Date.now(),
      clock: {
        nowMs: () => performance.now(),
        after: (ms, act) => {
          const timer = setTimeout(act, ms)
          return () => clearTimeout(timer)
        },
      },
      ...more,
    })
    const node = { signer, address, book, records }
    this.nodes.set(nameOf(address), node)
    book.start()
    return node
  }
  /** A request by whoever opens a session from there. */
  ask(from: Signer, at: Address, to: Node, records: readonly Uint8Array[]): readonly Uint8Array[] {
    this.#sessions.get(to.signer.peerId)?.set(from.peerId, at)
    return addressExchange.decode(to.book.answer(from.peerId, addressExchange.encode({ records: [...records] }))).records
  }
  close(node: Node): void {
    node.book.stop()
    this.nodes.delete(nameOf(node.address))
    for (const sessions of this.#sessions.values()) sessions.delete(node.signer.peerId)
  }
  stop(): void {
    for (const { book } of this.nodes.values()) book.stop()
  }
}
let world: World
beforeEach(() => {
  world = new World()
})
const bootstrapOf = ({ signer, address }: Node) => ({ bootstrap: [{ peer: signer.peerId, ...address }] })
const [alice, bob, carol, mallory] = [1, 2, 3, 4].map(signerOf) as [Signer, Signer, Signer, Signer]
const made = Array.from({ length: 50 }, (_, i) => signerOf(100 + i))
const falseRecords = () => made.map((signer) => signAddress(signer, network, VICTIM, Date.now()))
const stored = ({ records }: Node) => [...records.list('')].map(([key]) => key)

test('whoever makes up keys can have nobody sent anything: what a stranger says of others is nothing, and of itself only what its session shows', async () => {
  const [a, b] = [world.open(alice, 1), world.open(bob, 2)]
  const c = world.open(carol, 3, bootstrapOf(a))
  world.registered = new Set([alice.peerId, bob.peerId])
  world.ask(mallory, { host: '192.0.2.9', port: 9 }, a, falseRecords())
  for (const signer of made) world.ask(signer, { host: '192.0.2.9', port: 9 }, b, falseRecords())
  await pass(10 * MINUTE_MS)
  expect(world.calls).toEqual([])
  for (const node of [a, b, c]) expect(stored(node).filter((key) => made.some(({ peerId }) => peerId === key))).toEqual([])
  expect(c.book.known).toContain(alice.peerId)
})

test('what a peer that counts says of strangers is tried, by one try in ten seconds, three times; it is not passed on and not kept', async () => {
  world.registered = new Set([mallory.peerId, alice.peerId])
  const a = world.open(alice, 1)
  const b = world.open(bob, 2, bootstrapOf(a))
  await pass(MINUTE_MS)
  world.calls = []
  const reply = world.ask(mallory, { host: '192.0.2.9', port: 9 }, a, falseRecords())
  expect(reply).toHaveLength(2) // alice and bob
  await pass(MINUTE_MS)
  expect(world.calls.length).toBeGreaterThan(3)
  expect(world.calls.length).toBeLessThanOrEqual(7)
  expect(stored(a)).toEqual([bob.peerId])
  await pass(HOUR_MS / 2)
  expect(world.calls.length).toBe(3 * 16)
  const [known, all] = [a.book.known, new Set(made.map(({ peerId }) => peerId))]
  expect([known, b.book.known].flat().filter((peer) => all.has(peer))).toEqual([])
  world.ask(mallory, { host: '192.0.2.9', port: 9 }, a, falseRecords().slice(0, 16)) // once more, the same
  await pass(MINUTE_MS)
  expect(world.calls.length).toBe(3 * 16)
})

test('a stranger that is where it says is passed on, kept, asked ever more rarely once it is silent, and gone after about an hour', async () => {
  world.registered = new Set([alice.peerId])
  const a = world.open(alice, 1)
  const stranger = world.open(carol, 3, bootstrapOf(a))
  const b = world.open(bob, 2, bootstrapOf(a))
  await pass(MINUTE_MS)
  expect(a.book.known).toContain(carol.peerId)
  expect(b.book.known).toContain(carol.peerId)
  a.book.stop()
  const again = world.open(alice, 1, { records: a.records })
  expect(again.book.known).toContain(carol.peerId)
  world.close(stranger)
  world.calls = []
  await pass(1.2 * HOUR_MS)
  expect(world.calls.length).toBeGreaterThan(20) // of two peers
  expect(world.calls.length).toBeLessThanOrEqual(2 * (32 + 3))
  for (const node of [again, b]) {
    expect(node.book.known).not.toContain(carol.peerId)
    expect(stored(node)).not.toContain(carol.peerId)
  }
  world.open(carol, 3, bootstrapOf(again))
  await pass(1)
  expect(again.book.known).toContain(carol.peerId)
})

test('a false address of a peer that counts is tried ever more rarely, and it is heard of as soon as it comes', async () => {
  world.registered = new Set([alice.peerId, mallory.peerId])
  const a = world.open(alice, 1)
  const lie = (issuedMs: number, port: number) => signAddress(mallory, network, { host: VICTIM.host, port }, issuedMs)
  for (let i = 0; i < 720; i++) {
    const there = { host: '192.0.2.9', port: 9 }
    world.ask(bob, there, a, [lie(Date.now(), 1 + i)]) // another place each time
    await pass(5_000)
  }
  expect(world.calls.length).toBeGreaterThan(20)
  expect(world.calls.length).toBeLessThan(40)
  expect(a.book.heardMs(mallory.peerId)).toBe(0)
  const m = world.open(mallory, 4, bootstrapOf(a))
  await pass(1)
  expect(a.book.heardMs(mallory.peerId)).toBe(Date.now() - 1)
  world.calls = []
  await pass(MINUTE_MS)
  expect(world.calls).toEqual([])
  expect(m.book.known).toContain(alice.peerId)
})

test('who answers here is not moved elsewhere at once by its records, told by others, and is when it comes from there', async () => {
  world.registered = new Set([alice.peerId, bob.peerId])
  const [a, b] = [world.open(alice, 1), world.open(bob, 2)]
  world.ask(bob, b.address, a, [signAddress(bob, network, b.address, Date.now())])
  const placeOf = () => world.ask(carol, { host: '192.0.2.9', port: 9 }, a, []).length
  expect(placeOf()).toBe(2)
  await pass(MINUTE_MS)
  const told = (port: number) => world.ask(mallory, VICTIM, a, [signAddress(bob, network, { ...VICTIM, port }, Date.now() + port)])
  const isIn = (records: readonly Uint8Array[], port: number) =>
    records.some((record) => Buffer.from(record).equals(Buffer.from(signAddress(bob, network, { ...VICTIM, port }, Date.now() + port))))
  expect([isIn(told(1), 1), isIn(told(2), 2)]).toEqual([true, false])
  const come = { ...VICTIM, port: 3 }
  const issued = signAddress(bob, network, come, Date.now() + 3)
  expect(world.ask(bob, come, a, [issued])).toContainEqual(issued)
})

test('a peer that starts elsewhere with a clock that is behind is found there all the same', async () => {
  world.registered = new Set([alice.peerId, bob.peerId, carol.peerId])
  const a = world.open(alice, 1)
  const b = world.open(bob, 2, bootstrapOf(a))
  const c = world.open(carol, 3, bootstrapOf(a))
  await pass(MINUTE_MS / 6)
  world.close(c)
  const moved = world.open(carol, 33, { records: c.records, now: () => Date.now() - 50_000 }) // others have a record that is newer
  await pass(MINUTE_MS)
  for (const node of [a, b]) expect(node.book.heardMs(carol.peerId)).toBeGreaterThan(Date.now() - 10_000)
  world.close(moved)
  world.calls = []
  await pass(MINUTE_MS)
  expect(new Set(world.calls.map(nameOf))).toEqual(new Set([nameOf(moved.address)]))
})

test('a peer whose clock is put right after its start is found then, whichever way it was wrong', async () => {
  for (const wrongMs of [-5 * HOUR_MS, 5 * HOUR_MS]) {
    world = new World()
    world.registered = new Set([alice.peerId, carol.peerId])
    const a = world.open(alice, 1)
    const c = world.open(carol, 3, bootstrapOf(a))
    await pass(MINUTE_MS)
    world.close(c)
    let offMs = wrongMs
    const moved = world.open(carol, 33, { ...bootstrapOf(a), now: () => Date.now() + offMs })
    await pass(MINUTE_MS)
    offMs = 0
    await pass(6 * MINUTE_MS)
    world.close(moved)
    world.calls = []
    await pass(10 * MINUTE_MS)
    expect(new Set(world.calls.map(nameOf))).toEqual(new Set([nameOf(moved.address)]))
    world.stop()
  }
})

test('when a peer was heard of is told as of now, whatever happened to the clock', async () => {
  world.registered = new Set([alice.peerId, bob.peerId])
  let offMs = 0
  const now = () => Date.now() + offMs
  const a = world.open(alice, 1, { now })
  const b = world.open(bob, 2, bootstrapOf(a))
  await pass(MINUTE_MS)
  world.close(b)
  for (const jumpMs of [5 * HOUR_MS, -5 * HOUR_MS]) {
    await pass(MINUTE_MS)
    const agoMs = now() - a.book.heardMs(bob.peerId)
    offMs += jumpMs
    expect(now() - a.book.heardMs(bob.peerId)).toBe(agoMs)
    expect(a.book.heardMs(alice.peerId)).toBe(now())
  }
})

test('a start with a clock that is behind forgets no address', async () => {
  const a = world.open(alice, 1)
  world.open(bob, 2, bootstrapOf(a))
  await pass(MINUTE_MS)
  world.close(a)
  const again = world.open(alice, 1, { records: a.records, now: () => Date.now() - 5 * HOUR_MS })
  expect(again.book.known).toEqual([bob.peerId])
})

test('an address is given to the overlay when the chain comes to know the peer, without waiting for its turn', async () => {
  const a = world.open(alice, 1, { bootstrap: [{ peer: bob.peerId, host: '198.51.100.1', port: 2 }] })
  const b = world.open(bob, 2)
  world.ask(bob, b.address, a, [signAddress(carol, network, VICTIM, Date.now())])
  expect(a.book.known).toEqual([bob.peerId])
  world.registered = new Set([carol.peerId])
  await pass(1_000)
  expect(a.book.known).toEqual([bob.peerId, carol.peerId])
  expect(stored(a)).toContain(carol.peerId)
})
