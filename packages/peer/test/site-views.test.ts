import { contentIdOf, createSigner, jobIdOf, type PeerId } from '@interpeer/crypto-ids'
import { expect, test } from 'vitest'
import { hasPartIn, mayExchange, type SiteView } from '../src/site-view.js'
import { siteViews } from '../src/site-views.js'

const cid = contentIdOf(new Uint8Array([0x80]), 'dag-cbor')
const job = jobIdOf(cid)

const jobs = (number: number, members: string[]) =>
  new Map([
    [
      job,
      {
        job,
        manifest: { name: 'wiki', uploader: 'u', runtime: 'r' },
        epoch: { number, members: members as PeerId[], seed: new Uint8Array(32), start: cid, startTimeMs: 0, openedMs: 0, rerun: [] },
        next: null,
        recovering: null,
        state: number === 3 ? 'ended' : 'running',
      },
    ],
  ]) as never

test('the members of the epoch before are remembered for as long as an epoch lasts', () => {
  const first = siteViews(jobs(1, ['a', 'b']), 1_000, new Map())
  expect(first.get(job)).toMatchObject({ epoch: 1, previousMembers: [], cycleMs: 1_000, ended: false, recovering: false, next: null })
  const second = siteViews(jobs(2, ['b', 'c']), 1_000, first)
  expect(second.get(job)?.previousMembers).toEqual(['a', 'b'])
  expect(siteViews(jobs(2, ['b', 'c']), 1_000, second).get(job)?.previousMembers).toEqual(['a', 'b'])
  expect(siteViews(jobs(3, ['c', 'd']), 1_000, second).get(job)).toMatchObject({ previousMembers: ['b', 'c'], ended: true })
})

test('a part in a site have its members, those before and after them, and its uploader', () => {
  const [member, before, after, uploader, stranger] = [1, 2, 3, 4, 5].map((seed) => createSigner(new Uint8Array(32).fill(seed)).peerId) as [
    PeerId,
    PeerId,
    PeerId,
    PeerId,
    PeerId,
  ]
  const next = { members: [after], chainSeed: new Uint8Array(32), atMs: 0, jurors: 0, mayPay: 0n }
  const view = { members: [member], previousMembers: [before], next, uploader } as unknown as SiteView
  expect([member, before, after, uploader, stranger].map((peer) => hasPartIn(view, peer))).toEqual([true, true, true, true, false])
  expect(hasPartIn({ ...view, next: null }, after)).toBe(false)
})

test('who accused a member of an epoch that is over may give and have what it is about until that is judged, also once it has left', () => {
  const [accuser, juror] = ['x', 'y'] as unknown as [PeerId, PeerId]
  const accused = (outcome: string, jury: readonly PeerId[] | null) => new Map([['00', { job, accuser, jury, outcome }]]) as never
  const may = (accusations: never) => {
    const view = siteViews(jobs(3, ['a', 'b']), 1_000, new Map(), new Map(), accusations).get(job) as SiteView
    return [accuser, juror].map((peer) => mayExchange(view, peer))
  }
  expect(may(accused('open', null))).toEqual([true, false])
  expect(may(accused('open', [juror]))).toEqual([true, true])
  expect(may(accused('unfit', [juror]))).toEqual([false, false])
})
