import type { PeerId } from '@interpeer/crypto-ids'
import { describe, expect, test } from 'vitest'
import { epochCloseTransaction } from '../src/network/index.js'
import { Closing } from './closing-world.js'
import { OTHER, RIGHT, WRONG } from './dispute-worlds.js'
import { boundShowOf, closingOf, codes, showOf } from './network-world.js'

/** One member objects to step 2, which nothing that it shows names final, moments before its group closes. */
function objected() {
  const world = new Closing()
  expect(world.block(world.dispute([RIGHT, RIGHT]))).toEqual([])
  return world
}
const next = (world: Closing) => world.entry.next?.members

describe('a closing certificate that comes while a jury judges a step that it closes', () => {
  test('is kept, and carried out where the step stands: nothing that members went on to is lost', () => {
    const world = objected()
    const named = next(world)
    expect(world.block(world.close(3))).toEqual([])
    world.expectReadable()
    expect(world.kept).not.toBeNull()
    expect(world.block(...world.verdicts(2, RIGHT))).toEqual([])
    expect([world.outcomes, world.entry.recovering]).toEqual([['stands'], null])
    expect(world.kept?.sinceMs).toBe(world.timeMs)
    world.expectReadable()
    world.blocks(5)
    expect(world.epoch.number).toBe(1)
    world.block()
    expect(world.epoch).toMatchObject({ number: 2, start: RIGHT, members: named })
  })
  test('and so it is where all members revealed it: who objects may be among them', () => {
    const world = objected()
    expect(world.block(world.close(4))).toEqual([])
    expect([world.epoch.number, world.kept === null]).toEqual([1, false])
    expect(codes(world.block(world.close(4)))).toEqual(['DISPUTE_OPEN'])
    world.blocksUntil(() => [...world.state.disputes.values()].some(({ jury }) => jury !== null))
    expect(world.block(...world.verdicts(2, RIGHT))).toEqual([])
    expect(world.block(world.close(4))).toEqual([])
    expect([world.epoch.number, world.epoch.start]).toEqual([2, RIGHT])
  })
  test('bytes that are none are refused, and nothing else happens', () => {
    const world = objected()
    const { state } = world
    expect(codes(world.block(epochCloseTransaction(world.site, Uint8Array.of(1, 2, 3), Uint8Array.of(4))))).toEqual([
      expect.stringMatching(/^[A-Z_]+$/),
    ])
    expect([world.kept, world.state.disputes.size]).toEqual([null, state.disputes.size])
  })
  test('is of no use where it is undone', () => {
    const world = objected()
    expect(world.block(world.close(3))).toEqual([])
    expect(world.block(...world.verdicts(2, OTHER))).toEqual([])
    expect(world.outcomes).toEqual(['overturned'])
    expect(world.entry.recovering).not.toBeNull()
    world.expectReadable()
    world.block(...world.epoch.members.map((peer) => world.show(peer)))
    expect([world.epoch.number, world.epoch.start, world.kept]).toEqual([3, OTHER, null])
  })
  test('nothing of it is taken for as long as the jury judges what it does not close', () => {
    const world = new Closing()
    expect(world.block(world.dispute([RIGHT, RIGHT, RIGHT, RIGHT]))).toEqual([])
    expect(codes(world.block(world.close(3, 3), world.close(4, 3)))).toEqual(['DISPUTE_OPEN', 'DISPUTE_OPEN'])
    expect(world.kept).toBeNull()
  })
})

describe('two branches of an epoch', () => {
  test('a verdict that lets a step of one stand is none on the other: who was kept out of that is heard', () => {
    const world = new Closing()
    // an accomplice objects to what is true, and the closing of the other branch comes meanwhile
    expect(world.block(world.dispute([RIGHT, RIGHT, RIGHT, RIGHT]))).toEqual([])
    expect(world.block(world.close(3))).toEqual([])
    expect(world.block(...world.verdicts(4, RIGHT))).toEqual([])
    expect([world.outcomes, world.kept === null]).toEqual([['stands'], false])
    expect(codes(world.block(world.keptOut([WRONG, WRONG, WRONG, WRONG])))).toEqual(['DISPUTE_OPEN'])
    expect(world.block(world.keptOut([WRONG, WRONG, WRONG, WRONG], 1))).toEqual([])
    world.block()
    expect(world.block(...world.verdicts(2, OTHER))).toEqual([])
    world.block(...world.epoch.members.map((peer) => world.show(peer)))
    expect(world.epoch).toMatchObject({ number: 3, start: OTHER })
  })
})

describe('a closing certificate of the first step', () => {
  test('leaves what its epoch began from, or is refused; who shows it has shown, and it counts for nothing', () => {
    const world = new Closing()
    expect(codes(world.block(world.close(3, 1), world.close(4, 1)))).toEqual(['CLOSING_OTHER_START', 'CLOSING_OTHER_START'])
    const [first] = world.epoch.members as [PeerId]
    world.blocksUntil(() => world.entry.recovering !== null)
    const false_ = closingOf(world.genesis, world.entry, { by: world.epoch.members.slice(0, 3), root: RIGHT, step: 1 })
    expect(world.block(showOf(world.genesis, world.entry, first, false_))).toEqual([])
    expect([world.kept, world.entry.recovering?.shows.length]).toEqual([null, 1])
    const { start } = world.epoch
    const other = new Closing()
    other.blocksUntil(() => other.entry.recovering !== null)
    const shown = closingOf(other.genesis, other.entry, { by: other.epoch.members.slice(0, 3), root: RIGHT, step: 1 })
    expect(other.block(...other.epoch.members.map((peer) => showOf(other.genesis, other.entry, peer, shown)))).toEqual([])
    other.blocksUntil(() => other.epoch.number !== 1)
    expect(other.epoch).toMatchObject({ start, certificate: null })
    expect(other.epoch.members).toEqual(expect.arrayContaining([other.members[0]]))
    expect(world.block(world.close(3, 1, world.epoch.start))).toEqual([])
    expect(world.kept).not.toBeNull()
  })
})

test('a closing batch of the first step that is only bound, and leaves another state, closes nothing', () => {
  const world = new Closing()
  const { start } = world.epoch
  world.blocksUntil(() => world.entry.recovering !== null)
  const { batch } = closingOf(world.genesis, world.entry, { root: RIGHT, step: 1 })
  expect(world.block(...world.epoch.members.map((peer) => boundShowOf(world.genesis, world.entry, peer, batch)))).toEqual([])
  world.blocksUntil(() => world.epoch.number !== 1)
  expect(world.epoch).toMatchObject({ start, certificate: null, rerun: [] })
})

describe('who is to leave', () => {
  test('by a verdict that let its step stand leaves too where another one then undoes something', () => {
    const world = objected()
    expect(world.block(world.close(3))).toEqual([])
    expect(world.block(...world.verdicts(2, RIGHT))).toEqual([])
    const [one] = world.state.disputes.values()
    expect(one?.debtors).toEqual([world.members[3]])
    expect(world.block(world.keptOut([RIGHT, RIGHT, RIGHT, RIGHT]))).toEqual([])
    world.block()
    expect(world.block(...world.verdicts(3, OTHER))).toEqual([])
    world.block(...world.epoch.members.map((peer) => world.show(peer)))
    expect(world.epoch.number).toBe(3)
    expect(world.epoch.members).not.toContain(world.members[3])
  })
})

describe('a closing certificate that comes after a jury let a step stand', () => {
  /** The verdict opens the next epoch, as nothing shown names the step final: members show. */
  function stood() {
    const world = objected()
    world.judge(2, RIGHT)
    expect([world.outcomes, world.entry.recovering === null]).toEqual([['stands'], false])
    return world
  }
  test('is kept in place of the recovery', () => {
    const world = stood()
    const named = next(world)
    expect(world.block(world.close(3))).toEqual([])
    world.expectReadable()
    expect(world.block(...world.epoch.members.map((peer) => world.show(peer)))).toEqual([])
    world.blocks(4)
    expect([world.epoch.number, world.kept === null]).toEqual([1, false])
    world.block()
    expect(world.epoch).toMatchObject({ number: 2, start: RIGHT, members: named })
    // who objected in vain, without the coins for it, leaves the epoch that stood open meanwhile
    expect([world.kept, world.entry.recovering?.leave]).toEqual([null, [world.members[3]]])
  })
  test('also where a member shows it', () => {
    const world = stood()
    const [first] = world.epoch.members as [PeerId]
    const held = closingOf(world.genesis, world.entry, { by: world.epoch.members.slice(0, 3), root: RIGHT })
    expect(world.block(showOf(world.genesis, world.entry, first, held))).toEqual([])
    expect(world.kept).not.toBeNull()
    world.blocks(6)
    expect(world.epoch).toMatchObject({ number: 2, start: RIGHT })
  })
  test('but not where that step is none that it closes', () => {
    const world = new Closing()
    expect(world.block(world.dispute([RIGHT, RIGHT, RIGHT, RIGHT]))).toEqual([])
    world.judge(4, RIGHT)
    expect(codes(world.block(world.close(3, 3)))).toEqual(['EPOCH_FROZEN'])
  })
  test('nor after one that undid something', () => {
    const world = objected()
    world.judge(2, OTHER)
    expect(codes(world.block(world.close(3), world.close(4)))).toEqual(['EPOCH_FROZEN', 'EPOCH_FROZEN'])
    const [first] = world.epoch.members as [PeerId]
    const held = closingOf(world.genesis, world.entry, { by: world.epoch.members.slice(0, 3), root: RIGHT })
    expect(world.block(showOf(world.genesis, world.entry, first, held))).toEqual([])
    expect(world.kept).toBeNull()
  })
})
