import { createSocket, type Socket } from 'node:dgram'
import { afterEach, expect, test } from 'vitest'
import { obey } from '../src/commands.ts'
import { type Address, Relay } from '../src/relay.ts'
import { RelayProcess } from '../src/relay-process.ts'

const undo: (() => unknown)[] = []
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step()
})

interface Party {
  readonly address: Address
  readonly got: { readonly text: string; readonly from: Address }[]
  /** When each of them came. */
  readonly gotMs: number[]
  send(to: Address, text: string): void
}
/** A socket on an address of the loopback network. */
async function open(host: string, port = 0): Promise<Party> {
  const socket: Socket = createSocket('udp4')
  await new Promise<void>((bound) => socket.bind(port, host, bound))
  undo.push(() => new Promise<void>((closed) => socket.close(closed)).catch(() => {}))
  const got: Party['got'] = []
  const gotMs: number[] = []
  socket.on('message', (bytes, { address, port }) => {
    got.push({ text: bytes.toString(), from: { host: address, port } })
    gotMs.push(performance.now())
  })
  return { address: { host, port: socket.address().port }, got, gotMs, send: (to, text) => socket.send(text, to.port, to.host) }
}
function newRelay(dice?: () => number): Relay {
  const relay = new Relay(dice)
  undo.push(() => relay.close())
  return relay
}
/** Two peers and where each reaches the other. */
async function pair(relay: Relay) {
  const [a, b] = [await open('127.0.1.1'), await open('127.0.1.2')]
  const [atA, atB] = [await relay.addPeer('a', '127.0.1.1'), await relay.addPeer('b', '127.0.1.2')]
  relay.place('a', a.address)
  relay.place('b', b.address)
  return { a, b, atA, atB }
}
const texts = (party: Party) => party.got.map(({ text }) => text)

test('each sees the other at an address of the relay, which stays', async () => {
  const { a, b, atA, atB } = await pair(newRelay())
  a.send(atB, 'hello')
  await expect.poll(() => b.got).toEqual([{ text: 'hello', from: atA }])
  b.send(atA, 'welcome')
  await expect.poll(() => a.got).toEqual([{ text: 'welcome', from: atB }])
})

test('a peer that comes back on another port is reached once it has sent, or was placed', async () => {
  const relay = newRelay()
  const { a, b, atA, atB } = await pair(relay)
  const again = await open('127.0.1.2')
  again.send(atA, 'back')
  await expect.poll(() => a.got).toEqual([{ text: 'back', from: atB }])
  a.send(atB, 'to the new one')
  await expect.poll(() => texts(again)).toEqual(['to the new one'])
  b.send(atA, 'what was sent before comes late')
  await expect.poll(() => texts(a)).toEqual(['back', 'what was sent before comes late'])
  a.send(atB, 'to the new one still')
  await expect.poll(() => texts(again)).toEqual(['to the new one', 'to the new one still'])
  relay.place('b', b.address)
  a.send(atB, 'to the old one')
  await expect.poll(() => texts(b)).toEqual(['to the old one'])
})

test('others get an address each when they first send', async () => {
  const { b, atB } = await pair(newRelay())
  const [one, two] = [await open('127.0.0.1'), await open('127.0.0.1')]
  one.send(atB, '1')
  two.send(atB, '2')
  await expect.poll(() => texts(b).sort()).toEqual(['1', '2'])
  for (const { text, from } of b.got) b.send(from, `for ${text}`)
  await expect.poll(() => texts(one)).toEqual(['for 1'])
  await expect.poll(() => texts(two)).toEqual(['for 2'])
  expect(one.got[0]?.from).toEqual(atB)
})

test('a cut is one way, a partition is both, and who is on no side hears all', async () => {
  const relay = newRelay()
  const { a, b, atA, atB } = await pair(relay)
  const c = await open('127.0.0.1')
  relay.cut(['a'], ['b'])
  a.send(atB, 'lost')
  b.send(atA, '1')
  await expect.poll(() => texts(a)).toEqual(['1'])
  await expect.poll(() => relay.tallies().find(({ from }) => from === 'a')).toMatchObject({ cut: 1, forwarded: 0 })
  relay.heal()
  relay.partition([['a'], ['b']])
  a.send(atB, 'lost')
  b.send(atA, 'lost')
  c.send(atA, '2')
  c.send(atB, '2')
  await expect.poll(() => texts(a)).toEqual(['1', '2'])
  await expect.poll(() => texts(b)).toEqual(['2'])
  const cuts = () => Object.fromEntries(relay.tallies().map(({ from, to, cut }) => [`${from} ${to}`, cut]))
  await expect.poll(cuts).toEqual({ 'a b': 2, 'b a': 1, 'others a': 0, 'others b': 0 })
  relay.heal()
  a.send(atB, '3')
  await expect.poll(() => texts(b)).toEqual(['2', '3'])
})

test('delayed datagrams keep their order, a clog holds up one direction, and what can not be delivered is counted', async () => {
  const relay = newRelay()
  const { a, b, atA, atB } = await pair(relay)
  relay.shape(['a', 'b'], ['a', 'b'], { delayMs: 20 })
  for (let i = 0; i < 50; i++) a.send(atB, `${i}`)
  await expect.poll(() => texts(b)).toEqual(Array.from({ length: 50 }, (_, i) => `${i}`))
  const cloggedMs = performance.now()
  relay.clog(['a'], ['b'], 300)
  a.send(atB, 'late')
  b.send(atA, 'through')
  await expect.poll(() => texts(a)).toEqual(['through'])
  await expect.poll(() => texts(b)).toContain('late')
  expect(b.gotMs[texts(b).indexOf('late')]).toBeGreaterThan(cloggedMs + 298) // a timer may be a millisecond early
  const atC = await relay.addPeer('c', '127.0.1.3')
  a.send(atC, 'to nowhere')
  await expect.poll(() => relay.tallies().find(({ to }) => to === 'c')?.nowhere).toBe(1)
  expect(relay.droppedByKernel()).toBe(0)
})

test('one peer a name and an address, and nothing is said of peers that are not there', async () => {
  const relay = newRelay()
  await relay.addPeer('a', '127.0.1.1')
  for (const [name, host] of [
    ['a', '127.0.1.2'],
    ['b', '127.0.1.1'],
    ['others', '127.0.1.2'],
    ['b', '127.0.0.1'],
    ['b c', '127.0.1.2'],
    ['b', '::1'],
  ])
    await expect(relay.addPeer(name as string, host as string), `${name} ${host}`).rejects.toThrow(RangeError)
  expect(() => relay.cut(['a'], ['x'])).toThrow('no peer x')
  expect(() => relay.place('x', { host: '127.0.1.2', port: 1 })).toThrow('no peer x')
})

test.each([
  'nothing',
  'peer',
  'cut a',
  'cut a x',
  'part a',
  'shape a b',
  'shape a b speed=1',
  'shape a b loss=101',
  'shape a b delay=',
  'clog a b',
  'place a 1.2.3.4',
])('a command that makes no sense is refused: %s', async (line) => {
  const relay = newRelay()
  await relay.addPeer('a', '127.0.1.1')
  await relay.addPeer('b', '127.0.1.2')
  await expect(obey(relay, line)).rejects.toThrow(RangeError)
})

test('a relay in a process of its own does what it is told, and says why when it does not', async () => {
  const relay = await RelayProcess.start()
  undo.push(() => relay.stop())
  const [a, b] = [await open('127.0.1.1'), await open('127.0.1.2')]
  const [atA, atB] = [await relay.addPeer('a', '127.0.1.1'), await relay.addPeer('b', '127.0.1.2')]
  await relay.place('b', b.address)
  await relay.shape('all', 'all', { delayMs: 5, jitterMs: 2, lossPercent: 0, bytesPerSecond: 1e6, queueBytes: 1e5 })
  a.send(atB, '1')
  await expect.poll(() => b.got).toEqual([{ text: '1', from: atA }])
  await relay.partition(['a'], ['b'])
  a.send(atB, 'lost')
  await expect.poll(async () => (await relay.show()).links).toMatchObject([{ from: 'a', to: 'b', received: 2, forwarded: 1, cut: 1 }])
  await relay.heal()
  await relay.cut(['b'], 'all')
  await relay.clog('all', 'others', 1)
  await relay.calm()
  await expect(relay.cut(['a'], ['x'])).rejects.toThrow('no peer x')
  a.send(atB, '2')
  await expect.poll(() => texts(b)).toEqual(['1', '2'])
  await relay.stop()
  await expect(relay.heal()).rejects.toThrow('ended')
})
