import { describe, expect, test } from 'vitest'
import { BulkOutbox } from '../src/bulk-outbox.js'
import type { Desk } from '../src/core-events.js'
import { type Node, World } from './world.js'

const MIB = 1024 * 1024
let token = 1
function pair(): { world: World; a: Node; b: Node } {
  const world = new World(2, 5)
  return { world, a: world.nodes[0] as Node, b: world.nodes[1] as Node }
}
const ask = (world: World, from: Node, to: Node, bytes = 10, maxReplyBytes = 16 * MIB): number => {
  const mine = token++
  world.step(from, { type: 'request', to: to.peerId, token: mine, body: new Uint8Array(bytes), maxReplyBytes })
  return mine
}
const outcomeOf = (node: Node, wanted: number) => node.outcomes.find((one) => one.token === wanted)
const failureOf = (node: Node, wanted: number) => outcomeOf(node, wanted)?.failure

describe('requests', () => {
  test('what cannot be asked fails at once, with its reason', () => {
    const { world, a, b } = pair()
    const stranger = new World(3, 6).nodes[2] as Node
    expect(failureOf(a, ask(world, a, a))).toEqual({ code: 'TO_SELF' })
    expect(failureOf(a, ask(world, a, stranger))).toEqual({ code: 'NO_ADDRESS', peer: stranger.peerId })
    expect(failureOf(a, ask(world, a, b, 16 * MIB + 1))).toEqual({ code: 'BODY_TOO_LARGE', bytes: 16 * MIB + 1, maxBytes: 16 * MIB })
  })

  test('a peer that never answers is unreachable after eight seconds; then the next attempt starts afresh', () => {
    const { world, a, b } = pair()
    b.isAlive = false
    const mine = ask(world, a, b)
    world.runUntil(7_900)
    expect(outcomeOf(a, mine)).toBeUndefined()
    world.runUntil(8_100)
    expect(failureOf(a, mine)).toEqual({ code: 'PEER_UNREACHABLE', peer: b.peerId })
    b.isAlive = true
    const again = ask(world, a, b)
    world.runUntil(8_200)
    expect(outcomeOf(a, again)?.body?.length).toBe(10)
  })

  test('a peer that falls silent is noticed by pings, and unreachable some ten seconds later', () => {
    const { world, a, b } = pair()
    ask(world, a, b)
    world.runUntil(100)
    b.isMute = true
    const mine = ask(world, a, b)
    world.runUntil(5_000)
    expect(outcomeOf(a, mine)).toBeUndefined() // it answers pings: a long request may take its time
    b.isAlive = false
    world.runUntil(16_000)
    expect(failureOf(a, mine)).toEqual({ code: 'PEER_UNREACHABLE', peer: b.peerId })
  })

  test('waiting room for a peer being dialled is bounded', () => {
    const { world, a, b } = pair()
    b.isAlive = false
    const tokens = Array.from({ length: 6 }, () => ask(world, a, b, 12 * MIB))
    expect(tokens.map((mine) => failureOf(a, mine)?.code)).toEqual([...new Array(5).fill(undefined), 'QUEUE_FULL'])
    for (let i = 0; i < 300; i++) world.step(a, { type: 'send', to: b.peerId, bytes: new Uint8Array(10) })
    expect(a.core.counters().MESSAGE_DROPPED).toBe(44)
    world.runUntil(9_000)
    expect(a.core.counters()).toMatchObject({ MESSAGE_DROPPED: 300, outgoingBytes: 0 })
  })

  test('a reply larger than was asked for is refused and taken back', () => {
    const { world, a, b } = pair()
    const mine = ask(world, a, b, 500_000, 100_000)
    world.runUntil(500)
    expect(failureOf(a, mine)).toEqual({ code: 'REPLY_TOO_LARGE', maxBytes: 100_000 })
    const next = ask(world, a, b)
    world.runUntil(1_000)
    expect(outcomeOf(a, next)?.body?.length).toBe(10)
    expect([a.core.counters().incomingBytes, b.core.counters().outgoingBytes]).toEqual([0, 0])
  })

  test('a refused request, a cancelled one, and an answer that comes after the cancel', () => {
    const { world, a, b } = pair()
    b.isMute = true
    const [refused, cancelled] = [ask(world, a, b), ask(world, a, b)]
    world.runUntil(100)
    expect(b.requests.length).toBe(2)
    world.step(b, { type: 'refuse', ticket: b.requests[0]?.ticket ?? 0 })
    world.step(a, { type: 'cancel', token: cancelled })
    world.runUntil(200)
    world.step(b, { type: 'reply', ticket: b.requests[1]?.ticket ?? 0, body: new Uint8Array(5) })
    world.runUntil(300)
    expect(failureOf(a, refused)).toEqual({ code: 'REFUSED' })
    expect(outcomeOf(a, cancelled)).toBeUndefined()
    expect(b.core.counters().REPLY_ABANDONED).toBe(1)
  })

  test('one peer is served 64 requests at a time; more are told BUSY, big ones too', () => {
    const { world, a, b } = pair()
    b.isMute = true
    const tokens = Array.from({ length: 70 }, (_, i) => ask(world, a, b, i < 65 ? 10 : 200_000))
    world.runUntil(500)
    expect(b.requests.length).toBe(64)
    expect(tokens.filter((mine) => failureOf(a, mine)?.code === 'BUSY').length).toBe(6)
    for (const { ticket } of b.requests) world.step(b, { type: 'reply', ticket, body: new Uint8Array(1) })
    world.runUntil(1_000)
    expect(a.outcomes.filter(({ body }) => body !== undefined).length).toBe(64)
  })

  test('when the stream dies, what had begun fails as retryable, and the next request gets a new stream', () => {
    const { world, a, b } = pair()
    b.isMute = true
    const mine = ask(world, a, b)
    world.runUntil(100)
    const [stream] = [...b.streams.keys()]
    world.closeStream(b, stream ?? 0)
    world.runUntil(200)
    expect(failureOf(a, mine)).toEqual({ code: 'REQUEST_FAILED', retryable: true })
    b.isMute = false
    const [there, back] = [ask(world, a, b), ask(world, b, a)]
    world.runUntil(600)
    expect(outcomeOf(a, there)?.body).toBeDefined()
    expect(outcomeOf(b, back)?.body).toBeDefined()
    expect([a.core.counters().streams, b.core.counters().streams]).toEqual([1, 1])
  })

  test('the side that did not open the session is given a stream too; forged bytes kill a stream and nothing else', () => {
    const { world, a, b } = pair()
    world.step(a, { type: 'send', to: b.peerId, bytes: new Uint8Array(1) })
    world.runUntil(50)
    const mine = ask(world, b, a)
    world.runUntil(200)
    expect(outcomeOf(b, mine)?.body?.length).toBe(10)
    for (const bytes of [new Uint8Array(100), Uint8Array.of(255, 255, 255, 255), new Uint8Array(40).fill(1)]) {
      world.step(a, { type: 'stream-bytes', stream: [...a.streams.keys()][0] ?? 0, bytes })
      const next = ask(world, b, a)
      world.runUntil(world.nowMs + 1_000)
      const again = failureOf(b, next)?.code === 'REQUEST_FAILED' ? ask(world, b, a) : next
      world.runUntil(world.nowMs + 1_000)
      expect(outcomeOf(b, again)?.body?.length).toBe(10)
    }
    expect(a.core.counters().BULK_BROKEN).toBeGreaterThan(0)
    expect(a.core.counters().sessions).toBe(1)
  })

  test('a session ends by word: requests fail at once, and the next one makes a new session', () => {
    const { world, a, b } = pair()
    b.isMute = true
    const mine = ask(world, a, b)
    world.runUntil(100)
    world.step(b, { type: 'close' })
    world.runUntil(110)
    expect(failureOf(a, mine)).toEqual({ code: 'REQUEST_FAILED', retryable: true })
    b.restart()
    b.isMute = false
    const next = ask(world, a, b)
    world.runUntil(300)
    expect(outcomeOf(a, next)?.body).toBeDefined()
  })

  test('sessions are renewed after half an hour of talk, without a request lost', () => {
    const { world, a, b } = pair()
    const tokens: number[] = []
    for (let minute = 0; minute < 100; minute++) world.at(minute * 60_000, () => tokens.push(ask(world, a, b)))
    world.runUntil(101 * 60_000)
    expect(tokens.filter((mine) => outcomeOf(a, mine)?.body === undefined)).toEqual([])
    const initiations = world.datagrams.filter(({ bytes }) => bytes[0] === 0 && bytes[1] === 0 && bytes[2] === 0 && bytes[4] === 1)
    expect(initiations.length).toBeGreaterThanOrEqual(3)
    expect(initiations.length).toBeLessThan(6)
    expect(a.core.counters().sessions).toBe(1)
  })
})

test('bodies take turns, one frame each: a small reply waits for one frame of a big one, not for all', () => {
  const desk = { held: { incomingBytes: 0, outgoingBytes: 0 } } as Desk
  const outbox = new BulkOutbox(desk, { heldByPeer: () => 0, make: () => false })
  outbox.add('reply', 1, new Uint8Array(16 * MIB))
  expect(outbox.next()).toMatchObject({ id: 1, last: false })
  outbox.add('reply', 2, new Uint8Array(10))
  outbox.next()
  expect(outbox.next()).toMatchObject({ id: 2, last: true })
  for (const entry of outbox.clear()) expect(entry.id).toBe(1)
  expect(desk.held.outgoingBytes).toBe(0)
})
