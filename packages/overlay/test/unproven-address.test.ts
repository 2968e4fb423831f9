import { expect, test } from 'vitest'
import type { Address, CoreEffect } from '../src/core-events.js'
import { cellPing } from '../src/messages.js'
import { echoOf, readPacket, writeCookie } from '../src/packets.js'
import { Liar } from './liar.js'
import { type Node, World } from './world.js'

// What hostile.test.ts asks of the responder, asked of all else: what a stranger says it comes from is sent nothing larger than what it sent.
const victim: Address = { host: '7.7.7.7', port: 7 }
const isVictim = ({ host, port }: Address): boolean => host === victim.host && port === victim.port

interface Sent {
  readonly to: Address
  readonly bytes: Uint8Array
}
const sendsOf = (effects: readonly CoreEffect[]): Sent[] => effects.flatMap((effect) => (effect.type === 'send' ? [effect] : []))
const targetOf = (): Node => new World(1, 1).nodes[0] as Node
const noiseOf = (initiation: Uint8Array): Uint8Array => {
  const packet = readPacket(initiation)
  if (packet?.type !== 'initiation') throw new Error('no initiation')
  return packet.noise
}
const setAddress = (target: Node, liar: Liar, address: Address): Sent[] =>
  sendsOf(target.core.step({ type: 'set-address', peer: liar.peerId, address }, liar.nowMs))
const say = (target: Node, liar: Liar): Sent[] =>
  sendsOf(target.core.step({ type: 'send', to: liar.peerId, bytes: Uint8Array.of(1) }, liar.nowMs))

/** All that is sent in the next minutes, while the liar goes on pinging from its own address. */
function sentWhilePinging(target: Node, liar: Liar): Sent[] {
  const sent: Sent[] = []
  for (let i = 0; i < 600; i++) {
    liar.nowMs += 500
    sent.push(...sendsOf(target.core.step({ type: 'time' }, liar.nowMs)), ...sendsOf(liar.cell(cellPing.encode({ echo: i }))))
    if (i % 10 === 0) sent.push(...say(target, liar))
  }
  return sent
}

test('a cookie is answered at the address that the initiation went to, and not without end', () => {
  const target = targetOf()
  const liar = new Liar(target)
  setAddress(target, liar, liar.address)
  const [initiation] = say(target, liar)
  const noise = noiseOf(initiation?.bytes ?? new Uint8Array())
  const answers: Sent[] = []
  for (let i = 0; i < 100; i++) answers.push(...sendsOf(liar.tell(writeCookie(noise, new Uint8Array(16).fill(i)), victim)))
  expect(answers.filter(({ to }) => isVictim(to)).length).toBe(0)
  expect(answers.length).toBeLessThanOrEqual(8)
  expect(answers.every(({ to }) => to.port === liar.address.port)).toBe(true)
})

test('a session that we dialled stays with the address where its initiation was read, wherever its answer comes from', () => {
  const target = targetOf()
  const liar = new Liar(target)
  setAddress(target, liar, liar.address)
  const [initiation] = say(target, liar)
  const sent = sendsOf(liar.tell(liar.answer(initiation?.bytes ?? new Uint8Array()), victim))
  expect(sent.length).toBeGreaterThan(0) // the answer is taken: a peer of several addresses may answer from another one
  sent.push(...sentWhilePinging(target, liar))
  expect(sent.filter(({ to }) => isVictim(to)).length).toBe(0)
  expect(target.core.addressOf(liar.peerId)).toEqual(liar.address)
})

test('who is dialled at two addresses proves only the one whose initiation it read', () => {
  const target = targetOf()
  const liar = new Liar(target).dial()
  liar.cell(cellPing.encode({ echo: 0 }))
  const initiations = setAddress(target, liar, victim) // the news: both are asked
  expect(initiations.map(({ to }) => to)).toEqual([liar.address, victim])
  const read = initiations.find(({ to }) => !isVictim(to))
  liar.tell(liar.answer(read?.bytes ?? new Uint8Array()), victim)
  const sent = sentWhilePinging(target, liar)
  expect(sent.filter(({ to }) => isVictim(to)).length).toBe(0)
  expect(target.core.addressOf(liar.peerId)).toEqual(liar.address)
  expect(echoOf(noiseOf(initiations[0]?.bytes ?? new Uint8Array()))).not.toEqual(echoOf(noiseOf(initiations[1]?.bytes ?? new Uint8Array())))
})

test('a session that they dialled is theirs only at the address that its answer went to', () => {
  const target = targetOf()
  const liar = new Liar(target).dial()
  expect(sendsOf(liar.tell(liar.seal(cellPing.encode({ echo: 1 })), victim))).toEqual([])
  expect(target.core.counters()).toMatchObject({ links: 0, ADDRESS_UNPROVEN: 1 })
  // and the initiation again, as if from there: its answer is for there alone
  const sent = sendsOf(liar.tell(liar.initiation, victim))
  expect(sent.map(({ to, bytes }) => [to, bytes.length < 100])).toEqual([[victim, true]])
  expect(sendsOf(liar.tell(liar.seal(cellPing.encode({ echo: 2 })), victim))).toEqual([])
  expect(target.core.counters().links).toBe(0)
  expect(sendsOf(liar.cell(cellPing.encode({ echo: 3 }))).map(({ to }) => to)).toEqual([liar.address])
  expect(sentWhilePinging(target, liar).filter(({ to }) => isVictim(to)).length).toBe(0)
})

test('a session moves nowhere by what is said on it: a peer whose address changes dials, and is followed', () => {
  const world = new World(2, 1)
  const [a, b] = [world.nodes[0] as Node, world.nodes[1] as Node]
  const ask = (from: Node, to: Node, token: number) =>
    world.step(from, { type: 'request', to: to.peerId, token, body: Uint8Array.of(token), maxReplyBytes: 1 })
  ask(a, b, 1)
  world.runUntil(1_000)
  const before = a.address
  a.address = { host: '10.0.0.9', port: 99 }
  ask(a, b, 2)
  world.runUntil(1_100)
  expect(b.core.addressOf(a.peerId)).toEqual(before)
  world.runUntil(10_000)
  ask(a, b, 3)
  ask(b, a, 4)
  world.runUntil(20_000)
  expect(b.core.addressOf(a.peerId)).toEqual(a.address)
  expect(a.outcomes.find(({ token }) => token === 3)?.body).toEqual(Uint8Array.of(3))
  expect(b.outcomes.find(({ token }) => token === 4)?.body).toEqual(Uint8Array.of(4))
})
