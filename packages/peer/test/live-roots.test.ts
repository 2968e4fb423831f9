import { type ContentId, contentIdOf, createSigner, jobIdOf, type PeerId } from '@interpeer/crypto-ids'
import { encodeCbor } from '@interpeer/wire-codec'
import { expect, test } from 'vitest'
import { liveRoots, owesState, type SiteHoldings } from '../src/live-roots.js'
import type { SiteView } from '../src/site-view.js'
import { UNDISPUTED } from './undisputed.js'

const cidOf = (text: string): ContentId => contentIdOf(encodeCbor([text]), 'dag-cbor')
const [self, other, third] = [1, 2, 3].map((n) => createSigner(new Uint8Array(32).fill(n)).peerId) as [PeerId, PeerId, PeerId]
const [start, served, claimed, needed] = ['start', 'served', 'claimed', 'needed'].map(cidOf) as [ContentId, ContentId, ContentId, ContentId]
const site = (view: Partial<SiteView>, more: Partial<SiteHoldings> = {}): SiteHoldings => ({
  view: {
    ...{
      job: jobIdOf(cidOf('job')),
      name: 'log',
      uploader: other,
      runtime: 'r',
      epoch: 2,
      members: [other],
      previousMembers: [],
      next: null,
    },
    ...{
      openedByClosing: true,
      chainSeed: new Uint8Array(32),
      start,
      startTimeMs: 0,
      opensMs: 0,
      rerun: [],
      recovering: false,
      closing: null,
      shows: [],
      disputes: [],
      ended: false,
    },
    cycleMs: 1_000,
    answersProvisional: false,
    previousEpoch: 0,
    ...UNDISPUTED,
    ...view,
  },
  isHosted: false,
  served: [served],
  needed: [],
  ...more,
})
const next = { members: [self], chainSeed: new Uint8Array(32), atMs: 0, jurors: 0, mayPay: 0n }
const rootsOf = (one: SiteHoldings) => {
  const { held, wanted } = liveRoots([one], [], self)
  return { held: [...held], wanted: [...wanted] }
}

test.each([
  ['a member', site({ members: [other, self] }), [served], [start]],
  ['one that is about to be a member', site({ next }), [served], [start]],
  ['one that still answers for the site', site({}, { isHosted: true }), [served], []],
  ['a member before, with an older state than the chain names', site({ previousMembers: [self] }), [], [start]],
  ['a member before, with the state that the epoch began from', site({ previousMembers: [self] }, { served: [start] }), [start], [start]],
  ['the same after a restart, when it is not known any more that it was one', site({}, { served: [start] }), [start], []],
  ['the uploader', site({ uploader: self }, { served: [] }), [], [start]],
  ['a stranger', site({}), [], []],
  ['a member of a site that has ended', site({ members: [self], ended: true }), [], []],
])('%s keeps what it has to, and no more', (_, one, held, wanted) => {
  expect(rootsOf(one)).toEqual({ held, wanted })
  expect(owesState(one, self)).toBe(held.length > 0)
})

test('what an epoch, a fetch or a claim needs is kept whatever the chain says', () => {
  const { held, wanted } = liveRoots([site({ ended: true }, { needed: [needed], served: [] }), site({ members: [third] })], [claimed], self)
  expect([[...held], [...wanted]]).toEqual([[], [claimed, needed]])
})
