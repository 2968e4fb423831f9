import { expect, test } from 'vitest'
import { Disk, type Harm, type Machine, NodeClock, Processor, Random, World } from '../src/index.js'

const text = (what: string): Uint8Array => new TextEncoder().encode(what)
const read = (disk: Disk, name: string) => {
  const bytes = disk.read(name)
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes)
}

test('a clock is off by an offset, drifts and jumps', () => {
  const clock = new NodeClock(1_000_000, -200, 500)
  expect(clock.read(1_000_000)).toBe(999_800)
  expect(clock.read(1_020_000)).toBe(1_019_810) // 20 s at 500 ppm: 10 ms
  clock.jump(1_020_000, -5_000)
  expect(clock.read(1_020_000)).toBe(1_014_810)
  clock.drift(1_020_000, -1_000)
  expect(clock.read(1_030_000)).toBe(1_024_800)
  expect(clock.waitMs(9_990)).toBe(10_000)
  expect(() => clock.drift(0, -1_000_000)).toThrow(RangeError)
})

const diskOf = (settings = {}): { readonly world: World; readonly disk: Disk } => {
  const world = new World({ seed: 1 })
  return { world, disk: new Disk(world, new Random(1), { syncMsMin: 5, syncMsMax: 5, ...settings }) }
}

test('what a sync has acknowledged stays; what it has not is lost in a crash', () => {
  const { world, disk } = diskOf()
  const synced: number[] = []
  disk.writeRecord('record', text('one'))
  disk.sync(() => synced.push(world.nowMs))
  world.run()
  expect(synced).toEqual([5])
  disk.writeRecord('record', text('two'))
  disk.write('block', text('b'))
  disk.sync(() => synced.push(world.nowMs))
  expect([read(disk, 'record'), read(disk, 'block')]).toEqual(['two', 'b'])
  disk.crash({ keptPerMille: 0, torn: false })
  world.run()
  expect([read(disk, 'record'), read(disk, 'block'), disk.lost]).toEqual(['one', undefined, 2])
  expect(synced).toEqual([5]) // never acknowledged
})

test('late writes may be on disk after a crash, in any prefix', () => {
  const left = (harm: Harm): string[] => {
    const { disk } = diskOf()
    for (const name of ['a', 'b', 'c', 'd']) disk.write(name, text(name))
    disk.sync(() => undefined)
    disk.crash(harm)
    return ['a', 'b', 'c', 'd'].filter((name) => disk.has(name))
  }
  expect(left({ keptPerMille: 0, torn: false })).toEqual([])
  expect(left({ keptPerMille: 500, torn: false })).toEqual(['a', 'b'])
  expect(left({ keptPerMille: 500, torn: true })).toEqual(['a', 'b'])
  expect(left({ keptPerMille: 1_000, torn: true })).toEqual(['a', 'b', 'c', 'd'])
})

test('a torn record is found out by its checksum, and the one before it stays', () => {
  const { world, disk } = diskOf()
  disk.writeRecord('record', text('the first record'))
  disk.sync(() => undefined)
  world.run()
  disk.writeRecord('record', text('the second record'))
  disk.crash({ keptPerMille: 0, torn: true })
  expect(disk.torn).toBe(1)
  expect(read(disk, 'record')).toBe('the first record')
  // and again: what is torn is written over, never what holds
  disk.writeRecord('record', text('the third record'))
  disk.crash({ keptPerMille: 0, torn: true })
  expect(read(disk, 'record')).toBe('the first record')
  disk.writeRecord('record', text('the fourth record'))
  disk.sync(() => undefined)
  world.run()
  expect(read(disk, 'record')).toBe('the fourth record')
})

test('a sync covers what was written before it, not what came after', () => {
  const { world, disk } = diskOf()
  disk.write('a', text('a'))
  disk.sync(() => undefined)
  disk.write('b', text('b'))
  world.run()
  disk.crash({ keptPerMille: 0, torn: false })
  expect([disk.has('a'), disk.has('b')]).toEqual([true, false])
})

test('a full disk refuses, and what it refused is gone; with room it takes the next', () => {
  const { world, disk } = diskOf({ bytesMax: 10 })
  const outcomes: (string | undefined)[] = []
  disk.write('a', text('12345'))
  disk.sync((failure) => outcomes.push(failure))
  world.run()
  disk.write('b', text('1234567'))
  disk.sync((failure) => outcomes.push(failure))
  world.run()
  disk.write('c', text('12345'))
  disk.sync((failure) => outcomes.push(failure))
  world.run()
  disk.isFull = true
  disk.write('d', new Uint8Array())
  disk.sync((failure) => outcomes.push(failure))
  world.run()
  expect(outcomes).toEqual([undefined, 'full', undefined, 'full'])
  expect(['a', 'b', 'c', 'd'].filter((name) => disk.has(name))).toEqual(['a', 'c'])
})

test('a sync that another one took the failure of fails too', () => {
  const { world, disk } = diskOf()
  const outcomes: (string | undefined)[] = []
  const sync = () => disk.sync((failure) => outcomes.push(failure))
  disk.isFull = true
  disk.write('fetched', text('a'))
  sync()
  sync()
  world.run()
  expect(outcomes).toEqual(['full', 'full'])
  disk.isFull = false
  disk.writeRecord('record', text('b'))
  sync()
  world.run()
  expect([outcomes.at(-1), read(disk, 'record')]).toEqual([undefined, 'b'])
})

test('a spoiled block is as if it were not there', () => {
  const { world, disk } = diskOf()
  disk.write('block', text('what it holds'))
  disk.sync(() => undefined)
  world.run()
  expect(disk.spoil('block')).toBe(true)
  expect(disk.read('block')).toBeUndefined()
  expect(disk.blocks()).toEqual(['block'])
  expect(disk.spoil('block')).toBe(false)
  disk.writeRecord('record', text('one'))
  disk.sync(() => undefined)
  world.run()
  expect([disk.spoil('record'), read(disk, 'record'), disk.blocks()]).toEqual([false, 'one', ['block']])
})

test('a processor does one thing at a time, and what it costs adds up below a millisecond', () => {
  const world = new World({ seed: 1 })
  const processor = new Processor(world)
  const done: string[] = []
  for (let i = 0; i < 10; i++) processor.do(() => ({ costUs: 400, done: () => done.push(`${i} at ${world.nowMs}`) }))
  processor.do(() => ({ costUs: 3_000, done: () => done.push(`long at ${world.nowMs}`) }))
  world.run()
  expect(done.slice(0, 4)).toEqual(['0 at 0', '1 at 0', '2 at 1', '3 at 1'])
  expect(done.at(-1)).toBe('long at 7')
  expect(processor.busyUs).toBe(7_000)
})

test('a processor stands still, is slow, drops what its queue has no room for, and forgets in a crash', () => {
  const world = new World({ seed: 1 })
  const processor = new Processor(world, 2)
  const done: number[] = []
  const work = (costUs: number) => processor.do(() => ({ costUs, done: () => done.push(world.nowMs) }))
  processor.stall(50)
  expect([work(1_000), work(1_000), work(1_000)]).toEqual([true, true, false])
  processor.slowness = 10
  world.run()
  expect(done).toEqual([60, 70])
  expect(processor.refused).toBe(1)
  work(1_000)
  processor.crash()
  world.run()
  expect(done).toEqual([60, 70])
})

test('a machine crashes between two of its acts, comes back with its disk, and its timers are gone', () => {
  const world = new World({ seed: 1 })
  const lives: string[] = []
  const machine: Machine = world.machine({ driftPpm: 100_000 })
  machine.host({
    start: () => {
      lives.push(`up at ${world.nowMs} with ${read(machine.disk, 'record')}`)
      machine.later(110, () => lives.push(`timer at ${world.nowMs}`))
    },
    stop: () => lives.push(`down at ${world.nowMs}`),
  })
  machine.start()
  machine.disk.writeRecord('record', text('one'))
  machine.disk.sync(() => undefined)
  world.run({ untilMs: 50 })
  machine.dying = { left: 2, harm: { keptPerMille: 0, torn: false }, downMs: 10 }
  machine.disk.writeRecord('record', text('two'))
  expect([machine.acts(), machine.acts(), machine.acts(), machine.acts()]).toEqual([true, true, false, false])
  machine.work(() => ({ costUs: 0 }))
  expect(machine.unheard).toBe(1)
  world.run()
  // a clock that runs a tenth too fast
  expect(lives).toEqual(['up at 0 with undefined', 'down at 0', 'up at 10 with one', 'timer at 110'])
})
