import { contentIdOf, jobIdOf, type PeerId } from '@interpeer/crypto-ids'
import { expect, test } from 'vitest'
import { siteViews } from '../src/site-views.js'

const cid = contentIdOf(new Uint8Array([0x80]), 'dag-cbor')
const job = jobIdOf(cid)

test('the members of the epoch before are remembered for as long as an epoch lasts', () => {
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
  const first = siteViews(jobs(1, ['a', 'b']), 1_000, new Map())
  expect(first.get(job)).toMatchObject({ epoch: 1, previousMembers: [], cycleMs: 1_000, ended: false, recovering: false, next: null })
  const second = siteViews(jobs(2, ['b', 'c']), 1_000, first)
  expect(second.get(job)?.previousMembers).toEqual(['a', 'b'])
  expect(siteViews(jobs(2, ['b', 'c']), 1_000, second).get(job)?.previousMembers).toEqual(['a', 'b'])
  expect(siteViews(jobs(3, ['c', 'd']), 1_000, second).get(job)).toMatchObject({ previousMembers: ['b', 'c'], ended: true })
})
