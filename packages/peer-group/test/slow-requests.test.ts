import { expect, test } from 'vitest'
import { execute } from '../simulations/jobs.js'
import type { GroupEffect } from '../src/index.js'
import { GROUP_DEFAULTS, RUN_RANKS_MAX } from '../src/settings.js'
import { Desk } from './desk.js'
import { COMMIT_SET, SEAL, sentBy } from './revealed.js'

const { rankTimerMs } = GROUP_DEFAULTS
type Execute = GroupEffect & { readonly type: 'execute' }

/** Members whose runs end when the test says so. */
function slow(peers: number): {
  readonly desk: Desk
  readonly runs: Map<number, Execute[]>
  readonly end: (members: readonly number[]) => void
} {
  const desk = new Desk(peers)
  const runs = new Map<number, Execute[]>()
  desk.run = (member, effect) => {
    runs.set(member, [...(runs.get(member) ?? []), effect])
    return undefined
  }
  const end = (members: readonly number[]): void => {
    for (const member of members) {
      const effect = runs.get(member)?.at(-1) as Execute
      desk.tell(member, { type: 'executed', batch: effect.batch, from: effect.from, result: execute(effect) })
    }
  }
  return { desk, runs, end }
}
const all = [0, 1, 2, 3, 4]
const runsOf = (runs: ReadonlyMap<number, readonly Execute[]>): readonly number[] => all.map((member) => runs.get(member)?.length ?? 0)

test('a request that takes five times the rank’s time is run once by each member, also where some take twice as long', () => {
  const { desk, runs, end } = slow(5)
  const { id } = desk.write(0, 1)
  desk.deliver()
  for (let ms = 0; ms < 5 * rankTimerMs; ms += 250) {
    desk.pass(250)
    desk.deliver()
  }
  end([0, 1, 2])
  desk.deliver()
  for (let ms = 0; ms < 4 * rankTimerMs; ms += 250) {
    desk.pass(250)
    desk.deliver()
  }
  end([3, 4])
  desk.deliver()
  expect(runsOf(runs)).toEqual([1, 1, 1, 1, 1])
  expect(desk.of('final', 0).flatMap(({ requests }) => requests.map((one) => one.id))).toContainEqual(id)
})

test('whose run has ended waits as long again for the others, and then gives the rank up', () => {
  const { desk, end } = slow(5)
  desk.write(0, 1)
  desk.deliver()
  desk.pass(3 * rankTimerMs)
  end([0])
  desk.pass(3 * rankTimerMs - 1, [0])
  expect(desk.group(0).open.givenUp).toBe(-1)
  desk.pass(1, [0])
  expect(desk.group(0).open.givenUp).toBe(0)
})

test('a run that never ends is waited for so long, and no longer', () => {
  const { desk } = slow(5)
  desk.write(0, 1)
  desk.deliver()
  desk.pass(RUN_RANKS_MAX * rankTimerMs - 1)
  expect(all.map((member) => desk.group(member).open.givenUp)).toEqual([-1, -1, -1, -1, -1])
  desk.pass(1)
  expect(all.map((member) => desk.group(member).open.givenUp)).toEqual([0, 0, 0, 0, 0])
})

test('who is slower than the commit set for its batch has as long again too', () => {
  const { desk, end } = slow(5)
  desk.write(0, 1)
  desk.deliver()
  const [collator, ...others] = desk.order(1) as [number, ...number[]]
  const last = others.at(-1) as number
  desk.pass(3 * rankTimerMs)
  end(all.filter((member) => member !== last))
  desk.deliver(({ to }) => to === collator)
  desk.deliver(({ to, number }) => to === last && number === COMMIT_SET)
  desk.pass(rankTimerMs, [last])
  end([last])
  desk.pass(4 * rankTimerMs - 1, [last])
  expect(sentBy(desk, last, SEAL)).not.toEqual([])
  expect(desk.group(last).open.givenUp).toBe(-1)
})

test('for a run that came to nothing nobody waits as long again', () => {
  const { desk, runs } = slow(5)
  desk.write(0, 1)
  desk.deliver()
  desk.pass(3 * rankTimerMs)
  for (const member of all) {
    const [{ batch, from }] = runs.get(member) as [Execute]
    desk.tell(member, { type: 'executed', batch, from, result: { type: 'abstained' } })
  }
  expect(all.map((member) => desk.group(member).open.givenUp)).toEqual([0, 0, 0, 0, 0])
})

test('an epoch that is to close waits for no run', () => {
  const { desk } = slow(5)
  desk.write(0, 1)
  desk.deliver()
  const atMs = desk.nowMs + 2 * rankTimerMs
  for (const member of all) desk.tell(member, { type: 'close-at', atMs, next: desk.setup.members })
  desk.pass(3 * rankTimerMs - 1)
  expect(all.map((member) => desk.group(member).open.givenUp)).toEqual([-1, -1, -1, -1, -1])
  desk.pass(1)
  expect(all.map((member) => desk.group(member).open.givenUp)).toEqual([0, 0, 0, 0, 0])
})
