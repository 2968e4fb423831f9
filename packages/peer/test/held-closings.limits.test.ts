import { accountOfPeer, type PeerId } from '@interpeer/crypto-ids'
import { balanceOf } from '@interpeer/intercoin-ledger'
import { disputeMessage } from '@interpeer/peer-group'
import { describe, expect, test } from 'vitest'
import { siteViews } from '../src/site-views.js'
import { Closing } from './closing-world.js'
import { OTHER, RIGHT, WRONG } from './dispute-worlds.js'
import { closingOf, codes, showOf } from './network-world.js'

/** All steps have certificates of the first three, which the fourth never saw; it knows the epoch's beginning. */
const [lied, right] = [Array<typeof WRONG>(4).fill(WRONG), Array<typeof RIGHT>(4).fill(RIGHT)]

describe('a closing that is kept', () => {
  test('pays, and counts time, as if it had been carried out at once', () => {
    const [atOnce, waited] = [new Closing(), new Closing()]
    atOnce.block(atOnce.close(4))
    waited.block(waited.close(3))
    waited.blocks(6)
    expect([atOnce.epoch.number, waited.epoch.number]).toEqual([2, 2])
    const since = ({ openedMs, startTimeMs, sinceMs, members, seed }: typeof atOnce.epoch) => ({
      openedMs,
      startTimeMs,
      sinceMs,
      members,
      seed,
    })
    expect(since(waited.epoch)).toEqual(since(atOnce.epoch))
    const paid = (world: Closing) => world.members.map((peer) => balanceOf(world.state.ledger, accountOfPeer(peer)))
    expect(paid(waited)).toEqual(paid(atOnce))
    expect(waited.epoch.openedHeight).toBe(atOnce.epoch.openedHeight + 6)
  })
  test('is kept too where a member shows it in a recovery, which then waits for it', () => {
    const world = new Closing()
    world.blocksUntil(() => world.entry.recovering !== null)
    const { entry } = world
    const [first, ...others] = world.epoch.members as [PeerId, ...PeerId[]]
    const held = closingOf(world.genesis, entry, { by: world.epoch.members.slice(0, 3), root: RIGHT })
    expect(world.block(showOf(world.genesis, entry, first, held))).toEqual([])
    expect([world.epoch.number, world.kept?.sinceMs]).toEqual([1, world.timeMs])
    expect(world.block(...others.map((peer) => showOf(world.genesis, entry, peer, held)))).toEqual([])
    world.blocks(4)
    expect([world.epoch.number, world.entry.recovering?.shows.length]).toEqual([1, 4])
    world.block()
    expect([world.epoch.number, world.epoch.start, world.entry.recovering, world.kept]).toEqual([2, RIGHT, null, null])
    expect(world.epoch.certificate).not.toBeNull()
  })
})

describe('an objection to it', () => {
  test('is taken until the block that would carry it out, and not after', () => {
    const [last, over] = [new Closing(), new Closing()]
    for (const world of [last, over]) {
      world.block(world.close(3))
      world.blocks(5)
    }
    expect(last.block(last.keptOut(lied))).toEqual([])
    expect([last.epoch.number, last.outcomes]).toEqual([1, [undefined]])
    const objection = over.keptOut(lied)
    over.block()
    expect(codes(over.block(objection))).toEqual(['EPOCH_OTHER'])
  })
  test('holds one that all revealed, too; where the jury lets the step stand that one is carried out at once', () => {
    const world = new Closing()
    world.block(world.close(3))
    world.block(world.keptOut(right))
    expect(codes(world.block(world.close(4)))).toEqual(['DISPUTE_OPEN'])
    world.block(...world.verdicts(4, RIGHT))
    expect([world.epoch.number, world.outcomes]).toEqual([1, ['stands']])
    expect(world.block(world.close(4))).toEqual([])
    expect([world.epoch.number, world.kept]).toEqual([2, null])
  })
  test('has room for each member: what goes by one’s word uses up no other’s, and what reaches further back is taken all the same', () => {
    const world = new Closing()
    const roots = (step: number) => Array<typeof RIGHT>(step).fill(RIGHT)
    world.block(world.close(3, 20))
    for (let step = 5; step < 9; step++) {
      expect(world.block(world.gapped(roots(step)))).toEqual([])
      world.judge(step, RIGHT, step - 1)
    }
    expect(world.outcomes).toEqual(Array(4).fill('stands'))
    expect(codes(world.block(world.gapped(roots(9)), world.dispute(roots(9))))).toEqual(['DISPUTE_KNOWN', 'DISPUTE_KNOWN'])
    expect(world.block(world.gapped(roots(9), 2))).toEqual([])
    world.judge(9, RIGHT, 8)
    expect(world.block(world.gapped(roots(10), 9, 2))).toEqual([])
    expect(world.epoch.number).toBe(1)
  })
})

describe('what it leaves', () => {
  test('is nothing to say of steps that nobody certified, nor of what comes after it', () => {
    const [open, kept] = [new Closing(), new Closing()]
    expect(open.block(open.split())).toEqual([])
    kept.block(kept.close(3))
    expect(codes(kept.block(kept.split(), kept.dispute([...right, WRONG])))).toEqual(['CLOSING_HELD', 'CLOSING_HELD'])
    expect(kept.block(kept.dispute(right))).toEqual([])
  })
  test('who objects in vain, and can not pay the jury, loses its seat in the epoch that it opens, and nothing else is lost', () => {
    const world = new Closing()
    const last = world.members[3] as PeerId
    world.block(world.close(3))
    expect(world.block(world.keptOut(right))).toEqual([])
    world.judge(4, RIGHT)
    expect([...world.state.disputes.values()].map(({ debtors }) => debtors)).toEqual([[last]])
    world.blocks(6)
    expect(world.epoch).toMatchObject({ number: 2, start: RIGHT })
    expect(world.epoch.members).toContain(last)
    expect(world.entry.recovering?.leave).toEqual([last])
    world.expectReadable()
    world.block(...world.epoch.members.map((peer) => world.show(peer, 2)))
    expect(world.epoch).toMatchObject({ number: 3, start: RIGHT, writesMayBeLost: false })
    expect(world.epoch.members).not.toContain(last)
  })
  test('a job is not given up for a recovery that came to nothing while its closing is kept', () => {
    const world = new Closing()
    world.blocksUntil(() => world.entry.recovering !== null)
    const { secondRecoveryCycles, intervalCycles } = world.state.settings
    const endsHeight = (world.entry.recovering?.sinceHeight ?? 0) + secondRecoveryCycles + intervalCycles
    world.blocksUntil(() => world.height === endsHeight - 2, endsHeight)
    expect(world.block(world.close(3))).toEqual([])
    world.blocks(5)
    expect([world.entry.state, world.kept === null]).toEqual(['running', false])
    world.block()
    expect([world.entry.state, world.epoch.number]).toEqual(['running', 2])
  })
})

describe('a verdict that undoes a step of it', () => {
  test('ends the job after all, where too few show what they hold', () => {
    const world = new Closing()
    world.block(world.close(3))
    world.block(world.keptOut(lied))
    world.judge(2, OTHER)
    const view = siteViews(world.state.jobs, 1_000, new Map(), world.state.disputes).get(world.site)
    expect([view?.judged, view?.disputed]).toEqual([true, false])
    const { secondRecoveryCycles, intervalCycles } = world.state.settings
    const endsHeight = (world.entry.recovering?.sinceHeight ?? 0) + secondRecoveryCycles + intervalCycles
    world.blocksUntil(() => world.height === endsHeight - 1, endsHeight)
    expect([world.entry.state, world.kept === null]).toEqual(['running', false])
    world.block()
    expect([world.entry.state, world.kept]).toEqual(['ended', null])
  })
})

describe('a state with a closing that is kept', () => {
  test('is read from its snapshot as it was, with an objection to it before the jury, after it, and after the verdict', () => {
    for (const found of [RIGHT, OTHER]) {
      const world = new Closing()
      world.block(world.close(3))
      expect(world.kept?.certificate.length).toBeGreaterThan(0)
      world.expectReadable()
      world.block(world.keptOut(right))
      const isClosed = () => [...world.state.disputes.values()].map((one) => one.isClosed)
      expect(isClosed()).toEqual([true])
      world.expectReadable()
      world.block()
      world.expectReadable()
      world.block(...world.verdicts(4, found))
      expect([isClosed(), world.outcomes]).toEqual([[true], [found === RIGHT ? 'stands' : 'overturned']])
      world.expectReadable()
      world.blocksUntil(() => world.timeMs - (world.kept?.sinceMs ?? 0) >= 5_000)
      world.expectReadable()
    }
  })
  test('and with one that was brought before there was one, which is of what it closes too', () => {
    const world = new Closing()
    // of step 2, which the next one names final: the epoch goes on where it stands
    const named = disputeMessage.decode(world.dispute([RIGHT, RIGHT], true))
    const { steps } = disputeMessage.decode(world.dispute([RIGHT, RIGHT, RIGHT], true))
    expect(world.block(disputeMessage.encode({ ...named, steps }))).toEqual([])
    world.judge(2, RIGHT, 1)
    expect(world.outcomes).toEqual(['stands'])
    expect(world.block(world.close(3))).toEqual([])
    expect(world.kept).not.toBeNull()
    world.expectReadable()
    expect(world.block(world.keptOut(right))).toEqual([])
    expect([...world.state.disputes.values()].map(({ isClosed }) => isClosed)).toEqual([true, true])
    world.expectReadable()
  })
})
