import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { RelayProcess } from '../../relay/src/relay-process.ts'
import { LINES, Lines } from './lines-site.js'
import { OwnDisk } from './own-disk.js'
import { type Running, startNetwork, until } from './running-network.js'

// A group of five real processes, and a relay between them. The numbers in brackets are the rules of docs/protocol/peer-group.md that each test holds
// the running system to, as the simulations hold the protocol to them. Four of five are a quorum.
const WRONG_CLOCK = fileURLToPath(new URL('../wrong-clock.mjs', import.meta.url))
const data = mkdtempSync(join(tmpdir(), 'interpeer-e2e-'))
/** The last member's store is on a disk of its own, where this machine allows one. */
const WITH_DISK = 'seeder-5'
const disk = await OwnDisk.open(join(data, WITH_DISK, 'store'), join(data, 'disk.img'))
const missing = 'a disk that fails needs root, unshare, nsenter, mkfs.ext4 and a loop device'
if (disk === undefined && process.env.CI) throw new Error(missing)
if (disk === undefined) console.warn(`the tests of a disk that fails are skipped: ${missing}`)
const withWrongClock = new Set<string>()

let running: Running
let relay: RelayProcess
let lines: Lines
/** Names and ids of the five. */
let names: readonly string[]
let members: readonly string[]
const idOf = (name: string): string => members[names.indexOf(name)] as string

beforeAll(async () => {
  // a tenure that outlasts the tests: nobody hands over
  const shape = { seeders: 5, group: 5, cycleMs: 1_000, tenureMs: 1_500_000 }
  running = await startNetwork({ ...shape, site: LINES, name: 'lines', data, relay: true, launch })
  relay = running.network.relay as RelayProcess
  lines = new Lines(running)
  const seeders = [...running.network.seeders].sort((a, b) => (a.name < b.name ? -1 : 1))
  names = seeders.map(({ name }) => name)
  members = seeders.map(({ peerId }) => peerId)
  expect((await running.status()).jobs[0]?.members).toHaveLength(5)
})
afterAll(async () => {
  await running?.stop()
  disk?.close()
  rmSync(data, { recursive: true, force: true })
})

function launch(program: string, words: readonly string[], name: string): readonly [string, readonly string[]] {
  const given: readonly [string, readonly string[]] = withWrongClock.has(name)
    ? ['env', ['CLOCK_AHEAD_MS=5000', program, '--import', WRONG_CLOCK, ...words]]
    : [program, words]
  return name === WITH_DISK && disk !== undefined ? disk.launch(...given) : given
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const stepsOf = async (which: readonly string[]) =>
  (await Promise.all(which.map((name) => lines.shownBy(idOf(name))))).map(({ step }) => step)
/** Their last steps, once what was about to become final when they were cut off has. */
async function stillStepsOf(which: readonly string[]): Promise<readonly number[]> {
  let steps: readonly number[] = []
  await until('no step becomes final any more', async () => {
    const earlier = steps
    steps = await stepsOf(which)
    await sleep(1_000)
    return `${steps}` === `${earlier}`
  })
  return steps
}

test('one of five is cut off: the four go on, it certifies nothing alone, and catches up afterwards (8, 11, 27)', async () => {
  const [lone, ...others] = names as [string, ...string[]]
  await relay.partition([lone], others)
  const before = await stillStepsOf([lone])
  // the gateway is on no side: it asks the one that is cut off too
  await Promise.all([1, 2, 3].map((i) => lines.add(`cut-off-${i}`)))
  await lines.addUntilAcknowledged('without-one')
  const { status, step } = await lines.shownBy(idOf(lone))
  expect(status).toBe(421) // the gateway has seen more than it has
  expect([step]).toEqual(before)
  await relay.heal()
  await lines.expectWholeAt(members)
})

test('two and three of five are cut from each other: neither side certifies anything, and all goes on afterwards (8, 10, 11)', async () => {
  await relay.partition(names.slice(0, 2), names.slice(2))
  const added = [1, 2, 3].map((i) => lines.add(`halted-${i}`))
  let acknowledged = 0
  for (const one of added) void one.then((is) => is && acknowledged++)
  const before = await stillStepsOf(names)
  await sleep(3_000)
  expect(await stepsOf(names)).toEqual(before)
  for (const member of members) expect((await lines.shownBy(member)).lines.filter((line) => line.startsWith('halted'))).toEqual([])
  expect(acknowledged).toBe(0)
  await relay.heal()
  await Promise.all(added)
  await lines.addUntilAcknowledged('no-longer-halted')
  await lines.expectWholeAt(members)
})

test('a member that nobody hears, then one that hears nobody: the others go on (24, 25, 26, 27)', async () => {
  for (const [i, one] of [names[1], names[2]].entries()) {
    const [lone, others] = [[one as string], names.filter((name) => name !== one)]
    await (i === 0 ? relay.cut(lone, others) : relay.cut(others, lone))
    await Promise.all([lines.add(`one-way-${i}-a`), lines.add(`one-way-${i}-b`)])
    await lines.addUntilAcknowledged(`one-way-${i}`)
    await relay.heal()
    await lines.expectWholeAt(members)
  }
})

test('on links that delay by 80 ms and lose one in twenty, writes become final (26)', async () => {
  await relay.shape('all', 'all', { delayMs: 80, jitterMs: 20, lossPercent: 5 })
  for (const i of [1, 2]) await lines.addUntilAcknowledged(`slow-${i}`)
  await Promise.all([3, 4, 5, 6].map((i) => lines.add(`slow-${i}`)))
  const { links } = await relay.show()
  expect(links.reduce((sum, { lost }) => sum + lost, 0)).toBeGreaterThan(10)
  await relay.calm()
  await lines.expectWholeAt(members)
})

test('all five are killed right after an acknowledgement, and again in the middle of a batch: nothing is lost or doubled (28, 29)', async () => {
  const killAll = async () => void (await Promise.all(names.map((name) => running.network.killSeeder(name))))
  const startAll = async () => void (await Promise.all(names.map((name) => running.network.startSeeder(name))))
  await lines.addUntilAcknowledged('before-the-kill')
  await killAll()
  await startAll()
  await lines.expectWholeAt(members)
  const underWay = lines.add('in-the-middle', { rounds: 60_000 })
  await sleep(300)
  await killAll()
  await startAll()
  await underWay
  await lines.addUntilAcknowledged('after-the-kills')
  await lines.expectWholeAt(members)
})

test('one member is killed in the middle of a batch: the others end it, and it comes back (28, 29)', async () => {
  const name = names[3] as string
  const underWay = lines.add('one-killed', { rounds: 60_000 })
  await sleep(300)
  await running.network.killSeeder(name)
  await underWay
  await lines.addUntilAcknowledged('while-one-is-gone')
  await running.network.startSeeder(name)
  await until('it answers again', async () => (await lines.shownBy(idOf(name))).status === 200)
  await lines.expectWholeAt(members)
})

test('a member whose clock is five seconds ahead follows the others, and nobody seals its batches (4)', async () => {
  const name = names[1] as string
  const log = join(data, name, 'log/peer.log')
  const logged = () => readFileSync(log, 'utf8').trim().split('\n')
  withWrongClock.add(name)
  await running.network.killSeeder(name)
  const linesBefore = logged().length
  await running.network.startSeeder(name)
  // its clock is wrong indeed: by the disk's it wrote that earlier
  await until('it has opened the epoch', async () => {
    const told = logged()
    const { time } = JSON.parse(told.at(-1) as string) as { time: number }
    return told.length > linesBefore && time > statSync(log).mtimeMs
  })
  const { step } = await lines.shownBy(idOf(names[0] as string))
  for (const i of [1, 2, 3]) await lines.addUntilAcknowledged(`clock-${i}`)
  await lines.expectWholeAt(members)
  // every member collates rank 0 of one step in five: where it is the one with the wrong clock, the next rank has to
  await until('a step is certified at a later rank', async () => {
    const certified = (await running.status()).jobs[0]?.lastCertificates ?? []
    return certified.some((one) => one.step > step + 1 && one.rank > 0)
  })
  withWrongClock.delete(name)
  await running.network.killSeeder(name)
  await running.network.startSeeder(name)
  await lines.addUntilAcknowledged('clock-is-right')
  await lines.expectWholeAt(members)
})

const isGone = () => !running.network.seeders.some(({ name }) => name === WITH_DISK)
/** Adds lines with large bodies, all of which the four others acknowledge, until `isOver`. */
async function addUntil(stem: string, isOver: () => boolean): Promise<void> {
  let count = 0
  await until(`${stem}: it is silent`, async () => {
    await lines.addUntilAcknowledged(`${stem}-${count++}`, { bodyBytes: 900_000 })
    return isOver()
  })
}

test.runIf(disk)('a member whose disk is full falls silent, the others go on, and it comes back when there is room (28, 30)', async () => {
  const isFull = () => readFileSync(join(data, WITH_DISK, 'log/peer.log'), 'utf8').includes('the store is full')
  await addUntil('full', () => {
    disk?.fill()
    return isFull() || isGone()
  })
  await lines.addUntilAcknowledged('while-it-is-full')
  disk?.free()
  // a record that did not fit ends it: then someone starts it again
  if (isGone()) await running.network.startSeeder(WITH_DISK)
  await lines.expectWholeAt(members)
})

test.runIf(disk)('a member whose disk breaks ends, the others go on, and it comes back after a repair (28)', async () => {
  disk?.breakDown()
  await addUntil('broken', isGone)
  await lines.addUntilAcknowledged('while-it-is-broken')
  disk?.repair()
  await running.network.startSeeder(WITH_DISK)
  await lines.expectWholeAt(members)
})

test('everything went through the relay', async () => {
  const { links, refused, droppedByKernel } = await relay.show()
  const passed = new Set(links.filter(({ forwarded }) => forwarded > 0).map(({ from, to }) => `${from} ${to}`))
  const pairs = names.flatMap((from) => names.filter((to) => to !== from).map((to) => `${from} ${to}`))
  expect(pairs.filter((pair) => !passed.has(pair))).toEqual([])
  expect(refused).toBe(0)
  if (droppedByKernel > 0) console.warn(`the kernel dropped ${droppedByKernel} datagrams that the relay was too slow to read`)
})

test('after all that nobody’s account was ended: no fault of a network, a disk or a clock makes an honest peer sign two things', async () => {
  const { peers } = await running.status()
  expect(peers.filter(({ standing }) => standing !== 'joined')).toEqual([])
})

test('told to stop while nobody hears anybody, and a visitor waits, every process ends by itself', async () => {
  await relay.partition(...names.map((name) => [name]), ['others'])
  const waiting = lines.add('into-the-void')
  await sleep(300)
  expect(new Set(await running.stop())).toEqual(new Set([0]))
  expect(await waiting).toBe(false)
})
