import { readTree } from '@interpeer/content-store'
import type { ContentId } from '@interpeer/crypto-ids'
import { readStateBlock } from '@interpeer/peer-group'
import { Random, seeds } from '@interpeer/simulator'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { KeepingWorld, type SimulatedPeer } from './keeping-world.js'
import { replaceNodeTimers } from './node-timers.js'

/** The peer's own pauses too are on the simulation's clock. */
const onSimulatedClock = {
  setImmediate: <T>(value?: T) => new Promise<T>((resolve) => void globalThis.setImmediate(() => resolve(value as T))),
  setTimeout: <T>(ms?: number, value?: T, { signal }: { signal?: AbortSignal | undefined } = {}) =>
    new Promise<T>((resolve, reject) => {
      const timer = globalThis.setTimeout(() => resolve(value as T), ms)
      signal?.addEventListener('abort', () => {
        clearTimeout(timer)
        reject(signal.reason)
      })
    }),
}
let restoreTimers = () => {}
beforeEach(() => {
  const toFake = [
    'setTimeout',
    'clearTimeout',
    'setInterval',
    'clearInterval',
    'setImmediate',
    'clearImmediate',
    'Date',
    'performance',
  ] as const
  vi.useFakeTimers({ now: 1_700_000_000_000, toFake: [...toFake] })
  restoreTimers = replaceNodeTimers(onSimulatedClock)
})
afterEach(() => {
  restoreTimers()
  vi.useRealTimers()
})

const SIZE = 4
const SPARES = 2
const STORM_MS = 10_000

/** A random schedule of writes, hand-overs, collections without any grace, crashes between any two effects, restarts; then calm. */
async function simulate(seed: number) {
  const world = new KeepingWorld(new Random(seed), SIZE, SPARES)
  const { random, peers } = world
  const up = () => peers.filter(({ isUp }) => isUp)
  await world.open()
  const calmMs = Date.now() + STORM_MS
  let crashes = 0
  const acts: (() => void)[] = [
    () => world.write(),
    () => world.write(),
    () => {
      // never more than one at a time: who is gone for good is a matter of recovery, and of its own simulation
      if (up().length < peers.length) return
      crashes++
      const peer = random.pick(peers)
      peer.crashAfter(random.below(12))
      setTimeout(() => peer.crashAfter(0), 400)
      setTimeout(() => peer.start(), random.between(500, 2_500))
    },
    () => {
      if (world.closing !== undefined) world.tell(world.opened())
      else if (world.view.next === null && random.chance(300)) {
        const { members } = world.view
        const seat = random.below(SIZE)
        const joiner = random.pick(peers.filter(({ signer }) => !members.includes(signer.peerId))).signer.peerId
        const next = members.map((peer, i) => (i === seat ? joiner : peer))
        world.tell({ ...world.view, next: { members: next, chainSeed: random.bytes(32), atMs: Date.now() + 1_500, jurors: 0, mayPay: 0n } })
      } else world.tell(world.view)
    },
  ]
  while (Date.now() < calmMs && world.problems.length === 0) {
    random.pick(acts)()
    await vi.advanceTimersByTimeAsync(random.between(1, 300))
  }
  await vi.advanceTimersByTimeAsync(3_000)
  for (const peer of peers) peer.start()
  const members = () => world.view.members.map((peer) => world.peerOf(peer) as SimulatedPeer)
  const isCalm = () => world.closing === undefined && world.view.next === null && new Set(members().map(logOf)).size === 1
  for (let i = 0; i < 6 || (i < 60 && !isCalm()); i++) {
    if (world.closing !== undefined) world.tell(world.opened())
    else world.tell(world.view)
    await vi.advanceTimersByTimeAsync(500)
  }
  for (const { signer } of peers) world.check(signer.peerId)
  const logs = members().map(logOf)
  // while the peers go down one more write may be answered, which these logs can't have
  const written = [...world.acknowledged]
  for (const peer of peers) {
    peer.crashAfter(0)
    await vi.advanceTimersByTimeAsync(10)
  }
  return { world, logs, written, crashes }
}

/** What the site of a member says, read from its disk to the last byte. */
function logOf({ hosts, disk }: SimulatedPeer): string {
  const state = hosts?.hosted()[0]?.state as ContentId | undefined
  const block = state === undefined ? undefined : disk.blocks.get(state)
  const tree = block === undefined ? undefined : readTree(disk.blocks.get, readStateBlock(block).files)
  if (tree === undefined || 'missing' in tree) return 'not whole'
  return new TextDecoder().decode(tree.files[0]?.bytes)
}

const BUDGET_MS = 20_000
/** The machine's own clock: `performance` is the simulation's. */
const realMs = (): number => Number(process.hrtime.bigint() / 1_000_000n)
test('the last final state stays whole on every member that signed it, whatever is collected and whoever crashes (SIM_SEED replays)', async () => {
  const startedAtMs = realMs()
  let [count, crashes, deletions, acknowledged, epochs] = [0, 0, 0, 0, 0]
  for (const seed of seeds(300)) {
    if (count > 0 && realMs() - startedAtMs > BUDGET_MS) break
    vi.setSystemTime(1_700_000_000_000)
    const { world, logs, written, ...figures } = await simulate(seed)
    expect(world.problems, `again: SIM_SEED=${seed}`).toEqual([])
    for (const log of logs) {
      expect(log, `seed ${seed}`).toBe(logs[0])
      for (const text of written) expect(log.split(text === '' ? '' : `${text}@`).length, `seed ${seed}: ${text}`).toBe(2)
    }
    count++
    crashes += figures.crashes
    deletions += world.deletions
    acknowledged += world.acknowledged.size
    epochs += world.view.epoch
  }
  console.log(`keeping: ${count} seeds, ${acknowledged} writes, ${epochs} hand-overs, ${crashes} crashes, ${deletions} blocks deleted`)
  expect(Math.min(crashes, deletions, acknowledged)).toBeGreaterThan(0)
})
