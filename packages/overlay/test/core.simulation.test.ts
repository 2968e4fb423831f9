import { describe, expect, test } from 'vitest'
import { FINE, type Node, World } from './world.js'

const SEEDS = process.env.SIM_SEED === undefined ? [1, 2, 3, 4] : [Number(process.env.SIM_SEED)]
const pairOf = (world: World): readonly [Node, Node] => [world.nodes[0] as Node, world.nodes[1] as Node]
const bodyOf = (length: number, fill: number): Uint8Array => new Uint8Array(length).fill(fill)
let token = 1
const ask = (world: World, from: Node, to: Node, body: Uint8Array): number => {
  const mine = token++
  world.step(from, { type: 'request', to: to.peerId, token: mine, body, maxReplyBytes: 2 ** 24 })
  return mine
}
const say = (world: World, from: Node, to: Node, bytes: Uint8Array): void => world.step(from, { type: 'send', to: to.peerId, bytes })
const outcomeOf = (node: Node, wanted: number) => node.outcomes.find((one) => one.token === wanted)

describe.each(SEEDS)('seed %i', (seed) => {
  test('with a fifth lost, a tenth repeated and all out of order: requests succeed, messages come whole, once, or not at all', () => {
    const world = new World(2, seed, { lossPerMille: 200, repeatPerMille: 100, delayMsMax: 60 })
    const [a, b] = pairOf(world)
    const tokens = [10, 5_000, 70_000, 400_000].map((length, i) => ask(world, a, b, bodyOf(length, i + 1)))
    for (let i = 0; i < 100; i++) {
      world.at(i * 20, () => say(world, a, b, bodyOf(1 + ((i * 97) % 9_440), i)))
      world.at(i * 20, () => say(world, b, a, bodyOf(1 + ((i * 31) % 9_440), i)))
    }
    world.runUntil(20_000)
    tokens.forEach((mine, i) => {
      expect(outcomeOf(a, mine)?.body?.length).toBe([10, 5_000, 70_000, 400_000][i])
      expect(new Set(outcomeOf(a, mine)?.body)).toEqual(new Set([i + 1]))
    })
    for (const [node, step] of [
      [b, 97],
      [a, 31],
    ] as const) {
      const seen = node.messages.map(({ bytes }) => bytes[0] as number)
      expect(new Set(seen).size).toBe(seen.length)
      expect(seen.length).toBeGreaterThan(15)
      for (const { bytes } of node.messages) {
        const i = bytes[0] as number
        expect(bytes.length).toBe(1 + ((i * step) % 9_440))
        expect(new Set(bytes)).toEqual(new Set([i]))
      }
    }
  })

  test('both dial at once: they converge on one session, and nothing is lost on the way', () => {
    const world = new World(2, seed, { ...FINE, delayMsMax: 30 })
    const [a, b] = pairOf(world)
    say(world, a, b, bodyOf(5, 1))
    say(world, b, a, bodyOf(5, 2))
    const [first, second] = [ask(world, a, b, bodyOf(100, 3)), ask(world, b, a, bodyOf(100, 4))]
    world.runUntil(2_000)
    expect([a.messages.length, b.messages.length]).toEqual([1, 1])
    expect(outcomeOf(a, first)?.body?.length).toBe(100)
    expect(outcomeOf(b, second)?.body?.length).toBe(100)
    for (let i = 0; i < 50; i++) world.at(2_000 + i * 500, () => say(world, i % 2 ? a : b, i % 2 ? b : a, bodyOf(5, i)))
    world.runUntil(30_000)
    expect(a.messages.length + b.messages.length).toBe(52)
    expect([a.core.counters().sessions, b.core.counters().sessions]).toEqual([1, 1])
    expect(a.core.counters().HINT_TAKEN).toBeUndefined()
  })

  test('a peer killed and started anew within a second is reached again well within a second of its start', () => {
    const world = new World(2, seed, { ...FINE, delayMsMax: 10 })
    const [a, b] = pairOf(world)
    const before = ask(world, a, b, bodyOf(10, 1))
    world.runUntil(1_000)
    expect(outcomeOf(a, before)?.body).toBeDefined()
    b.isAlive = false
    const lost = ask(world, a, b, bodyOf(10, 2))
    world.runUntil(1_700)
    b.restart() // and knows nobody's address
    const again = ask(world, a, b, bodyOf(10, 3))
    world.runUntil(2_900)
    expect(outcomeOf(a, lost)?.failure).toEqual({ code: 'REQUEST_FAILED', retryable: true })
    const unanswered = outcomeOf(a, again)
    expect(unanswered?.body ?? unanswered?.failure).toBeDefined()
    const third = ask(world, a, b, bodyOf(10, 4))
    say(world, a, b, bodyOf(10, 5))
    world.runUntil(3_100)
    expect(outcomeOf(a, third)?.body?.length).toBe(10)
    expect(b.messages.at(-1)?.bytes).toEqual(bodyOf(10, 5))
  })

  test('a quiet session whose other side was started anew heals with the first thing said: no request is lost', () => {
    const world = new World(2, seed, { ...FINE, delayMsMax: 10 })
    const [a, b] = pairOf(world)
    say(world, a, b, bodyOf(10, 1))
    world.runUntil(60_000)
    b.restart()
    say(world, a, b, bodyOf(10, 2)) // gets lost, and tells us
    world.runUntil(60_030)
    const mine = ask(world, a, b, bodyOf(10, 3))
    say(world, a, b, bodyOf(10, 4))
    world.runUntil(60_500)
    expect(outcomeOf(a, mine)?.body?.length).toBe(10)
    expect(b.messages.at(-1)?.bytes[0]).toBe(4)
  })

  test('the restarted side may speak first; the old session ends only when the new one is proven', () => {
    const world = new World(2, seed, { ...FINE, delayMsMax: 10 })
    const [a, b] = pairOf(world)
    ask(world, a, b, bodyOf(10, 1))
    world.runUntil(1_000)
    b.restart()
    world.introduce(b)
    const mine = ask(world, b, a, bodyOf(10, 2))
    world.runUntil(1_200)
    expect(outcomeOf(b, mine)?.body?.length).toBe(10)
    const back = ask(world, a, b, bodyOf(10, 3))
    world.runUntil(1_400)
    expect(outcomeOf(a, back)?.body?.length).toBe(10)
    expect(a.core.counters().sessions).toBe(1)
  })
})

test('who only ever speaks notices that nobody listens, and follows the peer to its new address', () => {
  const world = new World(3, 1)
  const [a, b, c] = [world.nodes[0] as Node, world.nodes[1] as Node, world.nodes[2] as Node]
  say(world, a, b, bodyOf(1, 1))
  world.runUntil(10_000)
  b.isAlive = false
  for (let i = 0; i < 10; i++) world.at(10_000 + i * 1_000, () => say(world, a, b, bodyOf(1, 2)))
  world.runUntil(30_000)
  expect(a.core.counters()).toMatchObject({ sessions: 0 })
  expect(a.core.counters().MESSAGE_DROPPED).toBeGreaterThan(0)
  // the same for a peer that moved: the news alone is enough
  say(world, a, c, bodyOf(1, 3))
  world.runUntil(31_000)
  const moved = { host: '10.0.0.1', port: 77 }
  const before = world.datagrams.length
  world.step(a, { type: 'set-address', peer: c.peerId, address: moved })
  expect(world.datagrams.slice(before).map(({ to }) => to)).toEqual([c.address, moved])
  world.runUntil(50_000)
  expect(a.core.counters().sessions).toBe(1)
  expect(a.core.addressOf(c.peerId)).toEqual(c.address)
})

test('one seed, one run', () => {
  const run = (): string => {
    const world = new World(2, 7, { lossPerMille: 100, repeatPerMille: 100, delayMsMax: 50 })
    const [a, b] = pairOf(world)
    say(world, a, b, bodyOf(9_000, 1))
    say(world, b, a, bodyOf(3_000, 1))
    world.runUntil(5_000)
    return world.datagrams.map(({ bytes }) => bytes.slice(0, 60).join()).join('\n')
  }
  expect(run()).toBe(run())
})
