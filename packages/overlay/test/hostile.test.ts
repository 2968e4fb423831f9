import { bytesOfContentId, createAgreement, keyOfPeerId, montgomeryOf } from '@interpeer/crypto-ids'
import { expect, test } from 'vitest'
import { OverlayCore } from '../src/core.js'
import type { CoreEffect } from '../src/core-events.js'
import { overlayHello } from '../src/messages.js'
import { NoiseHandshake } from '../src/noise.js'
import { PACKET_BYTES, readPacket, writeInitiation, writeUnknownSession } from '../src/packets.js'
import { network, otherNetwork, signerOf } from './keys.js'
import { diceOf, type Node, World } from './world.js'

const pairOf = (world: World): readonly [Node, Node] => [world.nodes[0] as Node, world.nodes[1] as Node]
const sendsOf = (effects: readonly CoreEffect[]) => effects.filter((one) => one.type === 'send')
const say = (world: World, from: Node, to: Node, ...bytes: number[]): void =>
  world.step(from, { type: 'send', to: to.peerId, bytes: Uint8Array.from(bytes) })

/** A pair with a session, and what was sent so far. */
function talking(): { world: World; a: Node; b: Node } {
  const world = new World(2, 1)
  const [a, b] = pairOf(world)
  say(world, a, b, 1)
  world.runUntil(100)
  expect(b.messages.length).toBe(1)
  return { world, a, b }
}

/** An initiation of a stranger who may claim any key. */
function initiationTo(b: Node, number: number, claimed = signerOf(number).publicKey, prologue = bytesOfContentId(network)): Uint8Array {
  const signer = signerOf(number)
  const handshake = new NoiseHandshake({
    pattern: 'IK',
    isInitiator: true,
    prologue,
    own: { publicKey: montgomeryOf(signer.publicKey), sharedSecret: signer.sharedSecret },
    ephemeral: createAgreement(new Uint8Array(32).fill(number)),
    remoteKey: montgomeryOf(keyOfPeerId(b.peerId)),
  })
  return writeInitiation(handshake.write(overlayHello.encode({ key: claimed, instance: new Uint8Array(8), session: 7, generation: 1 })))
}

test('a replayed packet is dropped and counted; a packet with any flipped bit too', () => {
  const { world, a, b } = talking()
  say(world, a, b, 2)
  const packet = world.datagrams.at(-1)?.bytes ?? new Uint8Array()
  world.runUntil(200)
  world.deliver(b.address, a.address, packet)
  expect(b.messages.length).toBe(2)
  expect(b.core.counters().REPLAYED).toBe(1)
  say(world, a, b, 3)
  const fresh = world.datagrams.at(-1)?.bytes ?? new Uint8Array()
  for (const at of [8, 11, 12, 600, 1_227]) {
    const forged = fresh.slice()
    forged[at] = (forged[at] as number) ^ 0x10
    world.deliver(b.address, a.address, forged)
  }
  expect(b.messages.length).toBe(2)
  world.runUntil(300)
  expect(b.messages.length).toBe(3)
})

test('nothing larger than what asked for it goes to an address that is not proven', () => {
  const { world, b } = talking()
  const from = { host: '6.6.6.6', port: 6 }
  const dice = diceOf(3)
  const ofNoSession = Uint8Array.from({ length: PACKET_BYTES }, (_, i) => (i >= 4 && i < 8 ? 0 : dice() * 255))
  const probes = [initiationTo(b, 9), initiationTo(b, 9), ofNoSession]
  for (const probe of probes) {
    const sends = sendsOf(b.core.step({ type: 'datagram', from, bytes: probe }, world.nowMs))
    expect(sends.length).toBe(1)
    for (const { bytes, to } of sends) {
      expect(to).toEqual(from)
      expect(bytes.length).toBeLessThanOrEqual(probe.length)
      expect(bytes.length).toBeLessThan(100)
    }
  }
  const short = initiationTo(b, 9).subarray(0, 300) // not padded: no answer at all
  expect(b.core.step({ type: 'datagram', from, bytes: short }, world.nowMs)).toEqual([])
  // and however often it was answered, nothing more goes there before it has proven itself
  world.runUntil(5_000)
  expect(world.datagrams.filter(({ to }) => to.port === 6)).toEqual([])
})

test('a replayed initiation neither replaces the session nor stays', () => {
  const { world, a, b } = talking()
  const initiation = world.datagrams[0]?.bytes ?? new Uint8Array()
  expect(readPacket(initiation)?.type).toBe('initiation')
  world.runUntil(20_000)
  world.deliver(b.address, { host: '6.6.6.6', port: 6 }, initiation)
  expect(b.core.counters().sessions).toBe(2)
  say(world, b, a, 5)
  world.runUntil(40_000)
  expect(a.messages.at(-1)?.bytes).toEqual(Uint8Array.of(5))
  expect(b.core.counters()).toMatchObject({ sessions: 1, HANDSHAKE_UNFINISHED: 1 })
  expect(b.core.addressOf(a.peerId)).toEqual(a.address)
})

test('a forged "unknown session" only makes us ask: the session goes on, at a bounded rate of asking', () => {
  const { world, a, b } = talking()
  const packet = readPacket(world.datagrams.findLast(({ from }) => from === a)?.bytes ?? new Uint8Array())
  expect(packet?.type).toBe('session')
  if (packet?.type !== 'session') return
  const sent = world.datagrams.length
  for (let i = 0; i < 1_000; i++) world.deliver(a.address, b.address, writeUnknownSession(packet))
  for (let i = 0; i < 10; i++) world.deliver(a.address, { host: '6.6.6.6', port: 6 }, writeUnknownSession(packet))
  expect(world.datagrams.length - sent).toBeLessThanOrEqual(2)
  say(world, a, b, 7)
  world.runUntil(1_000)
  expect(b.messages.at(-1)?.bytes).toEqual(Uint8Array.of(7))
  expect(a.core.counters().HINT_OVERLOAD).toBeGreaterThan(500)
})

test('a flood of initiations fills a bounded table, then costs a cookie; a real peer still gets in', () => {
  const world = new World(2, 1)
  const [a, b] = pairOf(world)
  let demanded = 0
  for (let i = 3; i < 203; i++) {
    const bytes = initiationTo(b, i)
    const [answer] = sendsOf(b.core.step({ type: 'datagram', from: { host: '6.6.6.6', port: i }, bytes }, world.nowMs))
    if (answer !== undefined && readPacket(answer.bytes)?.type === 'cookie') demanded++
  }
  expect(demanded).toBe(200 - 64)
  expect(b.core.counters().sessions).toBe(64)
  say(world, a, b, 1)
  world.runUntil(50)
  expect(b.messages.length).toBe(1)
  expect(b.core.counters().COOKIE_DEMANDED).toBe(demanded + 1)
  world.runUntil(30_000)
  expect(b.core.counters()).toMatchObject({ sessions: 1, HANDSHAKE_UNFINISHED: 64 })
})

test('cookies of another address are worth nothing', () => {
  const world = new World(2, 1)
  const [, b] = pairOf(world)
  for (let i = 3; i < 70; i++) b.core.step({ type: 'datagram', from: { host: '6.6.6.6', port: i }, bytes: initiationTo(b, i) }, 0)
  const ask = (port: number, bytes: Uint8Array) => {
    const [answer] = sendsOf(b.core.step({ type: 'datagram', from: { host: '6.6.6.6', port }, bytes }, 1))
    return readPacket(answer?.bytes ?? new Uint8Array())
  }
  const packet = initiationTo(b, 100)
  const demanded = ask(100, packet)
  expect(demanded?.type).toBe('cookie')
  if (demanded?.type !== 'cookie') return
  packet.set(demanded.cookie, 5)
  expect(ask(101, packet)?.type).toBe('cookie')
  expect(ask(100, packet)?.type).toBe('response')
})

test('nobody gets in with a key that is not theirs, from another network, or as ourselves', () => {
  const world = new World(2, 1)
  const [a, b] = pairOf(world)
  const tries = [
    initiationTo(b, 9, signerOf(1).publicKey),
    initiationTo(b, 9, new Uint8Array(32)),
    initiationTo(b, 9, signerOf(9).publicKey, bytesOfContentId(otherNetwork)),
    initiationTo(b, 2),
  ]
  for (const bytes of tries) expect(b.core.step({ type: 'datagram', from: a.address, bytes }, 0)).toEqual([])
  expect(b.core.counters()).toMatchObject({ HANDSHAKE_BROKEN: 4, sessions: 0, links: 1 })
})

test('ten thousand random, mutated and truncated packets in bounded time; everything works after them', () => {
  const { world, a, b } = talking()
  const dice = diceOf(99)
  const below = (limit: number): number => Math.floor(dice() * limit)
  const seen = world.datagrams.filter(({ to }) => to.port === b.address.port).map(({ bytes }) => bytes)
  seen.push(initiationTo(b, 9), writeUnknownSession({ session: 5, counter: 5 }))
  const before = process.threadCpuUsage()
  for (let i = 0; i < 10_000; i++) {
    let bytes = (seen[below(seen.length)] as Uint8Array).slice()
    const kind = below(4)
    if (kind === 0) bytes = Uint8Array.from({ length: below(1_400) }, () => below(256))
    if (kind === 1) bytes = bytes.subarray(0, below(bytes.length))
    if (kind >= 2) for (let n = 0; n <= below(4); n++) bytes[below(kind === 2 ? 40 : bytes.length)] = below(256)
    b.core.step({ type: 'datagram', from: { host: '6.6.6.6', port: 1 + below(65_535) }, bytes }, world.nowMs + i / 10)
  }
  const { user, system } = process.threadCpuUsage(before) // of other processes it knows nothing
  expect((user + system) / 1_000).toBeLessThan(8_000)
  world.nowMs += 2_000
  expect(b.core.counters().sessions).toBeLessThan(80)
  say(world, a, b, 9)
  say(world, b, a, 9)
  world.runUntil(world.nowMs + 1_000)
  expect([a.messages.at(-1)?.bytes[0], b.messages.at(-1)?.bytes[0]]).toEqual([9, 9])
})

test('a core draws no breath of its own: no packet, no address, nothing to do', () => {
  const core = new OverlayCore({ signer: signerOf(1), network, random: (length) => new Uint8Array(length) })
  expect(core.wakeAtMs).toBe(Number.POSITIVE_INFINITY)
  expect(core.step({ type: 'time' }, 5)).toEqual([])
  expect(core.step({ type: 'send', to: signerOf(2).peerId, bytes: new Uint8Array(1) }, 6)).toEqual([])
  expect(core.counters()).toMatchObject({ NO_ADDRESS: 1, links: 0 })
})
