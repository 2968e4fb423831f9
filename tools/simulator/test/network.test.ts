import { expect, test } from 'vitest'
import { type Letter, World, type WorldSettings } from '../src/index.js'

const letterOf = (i: number, size = 10): Letter => ({ kind: 'letter', bytes: new Uint8Array(size).fill(i) })

/** Sends `count` messages a ms apart, and says when each arrived. */
function sendOver(world: World, count: number, from = 0, to = 1): { readonly i: number; readonly atMs: number }[] {
  const arrived: { i: number; atMs: number }[] = []
  for (let i = 0; i < count; i++)
    world.after(i, () => world.post(from, to, () => arrived.push({ i, atMs: world.nowMs }), letterOf(i % 256, 10)))
  return arrived
}
const worldOf = (settings: Partial<WorldSettings> = {}) => new World({ seed: 5, ...settings })

test('messages are late one by one, and so overtaken', () => {
  const world = worldOf({ latePerMille: 100, lateMsMax: 40 })
  const arrived = sendOver(world, 500)
  world.run()
  expect(arrived.length).toBe(500)
  const late = arrived.filter(({ i, atMs }) => atMs > i + 1).length
  expect(late).toBeGreaterThan(20)
  expect(late).toBeLessThan(100)
  expect(arrived.map(({ i }) => i)).not.toEqual(Array.from({ length: 500 }, (_, i) => i))
})

test('a cut goes one way, and only between the nodes it names', () => {
  const world = worldOf()
  const cut = world.network.cut({ from: [0], to: [1, 2] })
  const heard: string[] = []
  const post = (from: number, to: number) => world.post(from, to, () => heard.push(`${from}${to}`))
  for (const [from, to] of [
    [0, 1],
    [1, 0],
    [0, 2],
    [0, 3],
    [2, 1],
  ] as const)
    post(from, to)
  world.run()
  expect(heard).toEqual(['10', '03', '21'])
  expect(world.network.lost).toBe(2)
  world.network.mend(cut)
  post(0, 1)
  world.run()
  expect(heard.at(-1)).toBe('01')
})

test('a clogged node hears nothing until it is released, then everything at once and in order', () => {
  const world = worldOf()
  const clog = world.network.clog({ to: [1] }, 0)
  const arrived = sendOver(world, 20)
  const elsewhere = sendOver(world, 20, 0, 2)
  world.at(100, () => world.network.unclog(clog))
  world.run({ untilMs: 99 })
  expect([arrived.length, elsewhere.length]).toEqual([0, 20])
  world.run()
  expect(arrived).toEqual(Array.from({ length: 20 }, (_, i) => ({ i, atMs: 101 })))
})

test('a clogged link passes messages at its pace', () => {
  const world = worldOf()
  world.network.clog({ from: [0], to: [1] }, 2)
  const arrived = sendOver(world, 10) // 10 bytes each: 5 ms each
  world.run()
  expect(arrived.map(({ atMs }) => atMs)).toEqual(Array.from({ length: 10 }, (_, i) => 5 * (i + 1) + 1))
})

test('kinds of messages are hunted, others are not', () => {
  const world = worldOf()
  const hunt = world.network.hunt(['seal'], 1_000)
  const heard: string[] = []
  const post = (kind: string) => world.post(0, 1, () => heard.push(kind), { kind })
  for (const kind of ['seal', 'reveal', 'seal']) post(kind)
  world.run()
  expect(heard).toEqual(['reveal'])
  world.network.spare(hunt)
  post('seal')
  world.run()
  expect(heard).toEqual(['reveal', 'seal'])
})

test('spells of weather lie over each other and end each by itself', () => {
  const world = worldOf({ lossPerMille: 10, delayMsMax: 5 })
  const [one, two] = [world.network.spell({ lossPerMille: 300 }), world.network.spell({ delayMsMax: 900 })]
  expect(world.network.weather).toMatchObject({ lossPerMille: 300, delayMsMax: 900 })
  world.network.clear(one)
  expect(world.network.weather).toMatchObject({ lossPerMille: 10, delayMsMax: 900 })
  world.network.clear(two)
  expect(world.network.weather).toMatchObject({ lossPerMille: 10, delayMsMax: 5 })
})

test('each link has dice of its own: traffic elsewhere does not move what happens on it', () => {
  const lostOn = (others: number): readonly number[] => {
    const world = worldOf({ lossPerMille: 300 })
    const arrived = sendOver(world, 100)
    sendOver(world, others, 2, 3)
    world.run()
    return arrived.map(({ i }) => i)
  }
  expect(lostOn(0)).toEqual(lostOn(70))
  expect(lostOn(0).length).toBeLessThan(90)
})

test('messages are counted by kind, and repeats byte for byte apart', () => {
  const world = worldOf({ lossPerMille: 500, repeatPerMille: 500 })
  const bytes = Uint8Array.of(1, 2, 3)
  const post = (to: number, letter: Letter) => world.post(0, to, () => undefined, letter)
  post(1, { kind: 50, bytes })
  post(2, { kind: 50, bytes })
  post(1, { kind: 50, bytes: bytes.slice() })
  post(1, { kind: 50, bytes: Uint8Array.of(1, 2, 4) })
  post(1, { kind: 51, bytes: Uint8Array.of(9) })
  expect(world.network.traffic.of(50)).toEqual({ messages: 3, again: 1, bytes: 12 })
  expect(world.network.traffic.of(51)).toEqual({ messages: 1, again: 0, bytes: 1 })
  expect(world.network.traffic.of(52)).toEqual({ messages: 0, again: 0, bytes: 0 })
  expect(world.network.traffic.total()).toEqual({ messages: 4, again: 1, bytes: 13 })
})
