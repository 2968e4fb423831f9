import { accountOfPeer, type PeerId } from '@interpeer/crypto-ids'
import { balanceOf } from '@interpeer/intercoin-ledger'
import { describe, expect, test } from 'vitest'
import { epochCloseTransaction } from '../src/network/index.js'
import { siteViews } from '../src/site-views.js'
import { Closing } from './closing-world.js'
import { OTHER, RIGHT, Withheld, WRONG } from './dispute-worlds.js'
import { closingOf, codes, showOf } from './network-world.js'

describe('a closing certificate', () => {
  test('that all members revealed is carried out at once', () => {
    const world = new Closing()
    expect(world.block(world.close(4))).toEqual([])
    expect(world.epoch.number).toBe(2)
    expect(world.kept).toBeNull()
  })
  test('that one did not reveal waits six cycles, and pays and opens only then; a second one does not change it', () => {
    const world = new Closing()
    const [first] = world.epoch.members as [PeerId]
    const held = () => balanceOf(world.state.ledger, accountOfPeer(first))
    const before = held()
    expect(world.block(world.close(3))).toEqual([])
    expect(world.kept).toMatchObject({ height: world.height, sinceMs: world.timeMs })
    const view = siteViews(world.state.jobs, 1_000, new Map()).get(world.site)
    expect([view?.epoch, view?.closing]).toEqual([1, world.kept?.certificate])
    expect(codes(world.block(world.close(3), world.close(3, 5)))).toEqual(['CLOSING_HELD', 'CLOSING_HELD'])
    world.blocks(4)
    expect([world.epoch.number, world.entry.recovering, held() - before]).toEqual([1, null, 0n])
    world.block()
    expect([world.epoch.number, world.kept]).toEqual([2, null])
    expect(world.epoch.start).toBe(RIGHT)
    expect(held()).toBeGreaterThan(before)
  })
  test('is carried out at once when all have revealed it after all', () => {
    const world = new Closing()
    world.block(world.close(3))
    expect(world.block(world.close(4))).toEqual([])
    expect([world.epoch.number, world.kept]).toEqual([2, null])
  })
  test('does not wait where no jury could be drawn', () => {
    const world = new Closing(3)
    expect(world.block(world.close(3))).toEqual([])
    expect(world.epoch.number).toBe(2)
  })
  test('that is too early, or of a group that can not agree, is not kept', () => {
    const world = new Withheld(4)
    const early = closingOf(world.genesis, world.job(world.site), { by: world.epoch.members.slice(0, 3) })
    expect(codes(world.block(epochCloseTransaction(world.site, early.certificate, early.batch)))).toEqual(['EPOCH_TOO_EARLY'])
    const disputed = new Closing()
    expect(disputed.block(disputed.split())).toEqual([])
    expect(codes(disputed.block(disputed.close(3)))).toEqual(['DISPUTE_OPEN'])
    expect([world.job(world.site).closing, disputed.kept]).toEqual([null, null])
  })
})

describe('an objection to a closing that is kept', () => {
  /** All steps have certificates of the first three, which the fourth never saw; it knows the epoch's beginning. */
  const lied = [WRONG, WRONG, WRONG, WRONG] as const
  const right = [RIGHT, RIGHT, RIGHT, RIGHT] as const

  test('holds it; and if a step is undone the next epoch opens from what stands, and the closing is of no use any more', () => {
    const world = new Closing()
    world.block(world.close(3))
    world.blocks(4)
    expect(world.block(world.keptOut(lied))).toEqual([])
    world.blocks(3)
    expect([world.epoch.number, world.outcomes]).toEqual([1, [undefined]])
    expect(world.block(...world.verdicts(2, OTHER))).toEqual([])
    expect(world.outcomes).toEqual(['overturned'])
    expect(world.entry.recovering).not.toBeNull()
    expect(codes(world.block(world.close(4)))).toEqual(['EPOCH_FROZEN'])
    world.block(...world.epoch.members.map((peer) => world.show(peer)))
    expect([world.epoch.number, world.epoch.start, world.kept]).toEqual([3, OTHER, null])
  })
  test('that a jury does not find costs its price, and the closing waits anew: what members went on from stays', () => {
    const world = new Closing()
    const last = world.epoch.members[3] as PeerId
    const held = () => balanceOf(world.state.ledger, accountOfPeer(last))
    const [before, next] = [held(), world.entry.next]
    world.block(world.close(3))
    expect(world.block(world.keptOut(right))).toEqual([])
    world.block()
    expect(world.block(...world.verdicts(4, RIGHT))).toEqual([])
    const [one] = world.state.disputes.values()
    expect(one?.judgment).toMatchObject({ outcome: 'stands', opens: undefined, marks: [], unresolved: [last] })
    expect(world.kept?.sinceMs).toBe(world.timeMs)
    expect(held()).toBe(before > 4_000_000n ? before - 4_000_000n : 0n)
    expect(codes(world.block(world.keptOut(right)))).toEqual(['DISPUTE_OPEN'])
    world.blocks(4)
    expect(world.epoch.number).toBe(1)
    world.block()
    expect(world.epoch).toMatchObject({ number: 2, start: RIGHT, members: next?.members })
  })
  test('without a majority all stands, for all of it was acknowledged', () => {
    const world = new Closing()
    world.block(world.close(3))
    world.block(world.keptOut(right))
    world.block()
    const [first, second] = world.verdicts(4, RIGHT) as [Uint8Array, Uint8Array]
    const [, , third, fourth] = world.verdicts(2, OTHER) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array]
    expect(world.block(first, second, third, fourth)).toEqual([])
    world.blocksUntil(() => world.outcomes[0] !== undefined)
    expect([...world.state.disputes.values()][0]?.judgment).toMatchObject({ outcome: 'unjudged', opens: undefined })
    world.blocksUntil(() => world.epoch.number !== 1)
    expect(world.epoch).toMatchObject({ number: 2, start: RIGHT })
  })
  test('is heard though an accomplice asked first, from where nothing was hidden', () => {
    const world = new Closing()
    world.block(world.close(3))
    const late = world.late(lied)
    expect(world.block(late)).toEqual([])
    world.block()
    expect(world.block(...world.verdicts(4, WRONG, 3))).toEqual([])
    expect(world.outcomes).toEqual(['stands'])
    expect(codes(world.block(late))).toEqual(['DISPUTE_OPEN'])
    expect(world.block(world.keptOut(lied))).toEqual([])
    world.block()
    expect(world.block(...world.verdicts(2, OTHER))).toEqual([])
    world.block(...world.epoch.members.map((peer) => world.show(peer)))
    expect(world.epoch).toMatchObject({ number: 3, start: OTHER })
  })
  test('nothing else opens an epoch meanwhile, however long it takes', () => {
    const world = new Closing()
    const { next } = world.entry
    world.block(world.close(3))
    world.block(world.keptOut(right))
    const late = world.state.settings.recoveryCycles * 1_000
    world.blocksUntil(() => world.outcomes[0] !== undefined)
    while (world.epoch.number === 1) {
      expect(world.entry.recovering).toBeNull()
      world.block()
    }
    expect(world.timeMs).toBeGreaterThan((next?.atMs ?? 0) + late)
    expect(world.epoch.number).toBe(2)
  })
  test('in a recovery: a closing that a member shows is kept like any other, and its show counts if a step is undone', () => {
    const world = new Closing()
    world.blocksUntil(() => world.entry.recovering !== null)
    const { certificate, batch } = closingOf(world.genesis, world.entry, { by: world.epoch.members.slice(0, 3), root: RIGHT })
    const [first, ...others] = world.epoch.members as [PeerId, ...PeerId[]]
    expect(world.block(showOf(world.genesis, world.entry, first, { certificate, batch }))).toEqual([])
    expect(world.kept).toMatchObject({ height: world.height })
    expect(world.block(...others.map((peer) => world.show(peer)))).toEqual([])
    expect(world.block(world.keptOut(lied))).toEqual([])
    world.block()
    expect(world.epoch.number).toBe(1)
    expect(world.block(...world.verdicts(2, OTHER))).toEqual([])
    world.blocksUntil(() => world.epoch.number !== 1) // it waits for who has seen less than the first one shows
    expect([world.epoch.number, world.epoch.start, world.kept]).toEqual([3, OTHER, null])
    expect(world.epoch.members).toEqual(expect.arrayContaining([first]))
  })
})
