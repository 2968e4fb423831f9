import { bytesOfContentId, type PeerId, type Signer } from '@interpeer/crypto-ids'
import type { Overlay } from '@interpeer/overlay/node'
import type { SiteReply, SiteRequest } from '@interpeer/peer-group'
import { expect, test } from 'vitest'
import type { PeerError } from '../src/errors.js'
import { closingOf, filesRoot, signers } from './network-world.js'
import {
  certified,
  chainView,
  clientOf,
  epoch,
  genesis,
  get,
  job,
  members,
  ofQuorum,
  otherCid,
  refusalOf,
  start,
  state,
} from './site-client-world.js'

test('a certified answer is passed on, and the next request names the step that it showed', async () => {
  const { client, seen } = clientOf(() => ({}))
  expect(await client.ask('log', get)).toMatchObject({ ran: 'read', epoch: 1, step: 4, state, stale: false })
  await client.ask('log', get)
  expect(seen).toEqual([
    { epoch: 0, step: 0 },
    { epoch: 1, step: 4 },
  ])
  expect(client.observed(job)).toMatchObject({ epoch: 1, step: 4, certificates: [{ agreed: 4, members: 4 }] })
})

test('a client that is closed gives up what it asks, whether members are silent or can not be reached', async () => {
  for (const overlay of [{ request: () => new Promise(() => {}) }, { request: () => Promise.reject(new Error('unreachable')) }]) {
    const { client } = clientOf(() => ({}), { overlay: overlay as unknown as Overlay })
    const asked = [client.ask('log', get), client.lookAt('log')].map((one) => one.catch((error: PeerError) => error.code))
    await new Promise((resolve) => setImmediate(resolve))
    client.close()
    expect(await Promise.all(asked)).toEqual(['CLOSED', 'CLOSED'])
    await expect(client.ask('log', get)).rejects.toMatchObject({ code: 'CLOSED' })
  }
})

test('a member can not make its asker wait for a step that nobody certified', async () => {
  const { client, seen } = clientOf(() => ({ epoch: 4_000_000_000, step: 7 }))
  expect(await client.ask('log', get)).toMatchObject({ epoch: 1, step: 4 })
  const { client: other, seen: also } = clientOf(() => ({ epoch: 9, step: 9, certificate: null, state: bytesOfContentId(start) }))
  expect(await other.ask('log', get)).toMatchObject({ epoch: 1, step: 0, certificate: undefined })
  await client.ask('log', get)
  await other.ask('log', get)
  expect([seen[1], also[1]]).toEqual([
    { epoch: 1, step: 4 },
    { epoch: 1, step: 0 },
  ])
})

test('a member that says that an old state is fresh is not believed', async () => {
  let nowMs = 1_000 // the certificate is first seen then
  const { client } = clientOf(() => ({}), { now: () => nowMs })
  expect((await client.ask('log', get)).stale).toBe(false)
  nowMs = 6_000
  expect((await client.ask('log', get)).stale).toBe(false)
  nowMs = 6_001
  expect((await client.ask('log', get)).stale).toBe(true)
  expect(client.observed(job)?.certificates[0]?.timeMs).toBe(1_000)
  let isBack = false
  const later = closingOf(genesis, { job, epoch: epoch as never, next: null, paid: 0n }, { by: members, step: 5, root: filesRoot })
  const newer = { certificate: later.certificate, state: bytesOfContentId(later.root) }
  const { client: other } = clientOf(() => (isBack ? {} : newer))
  expect((await other.ask('log', get)).stale).toBe(false)
  isBack = true
  expect((await other.ask('log', get)).stale).toBe(true) // it has seen a later step
  expect((await clientOf(() => ({ stale: true })).client.ask('log', get)).stale).toBe(true)
})

test.each<[string, (request: SiteRequest) => Partial<SiteReply>]>([
  ['an answer to another request', () => ({ request: new Uint8Array(32) })],
  ['an answer of another site', () => ({ job: bytesOfContentId(start) })],
  ['a state that nobody certified', () => ({ certificate: null })],
  ['a certificate of another state', () => ({ state: bytesOfContentId(start) })],
  ['a certificate that is none', () => ({ certificate: new Uint8Array(9) })],
  ['an answer in another’s name', () => ({ from: (signers[6] as Signer).publicKey })],
])('%s is not passed on', async (_, reply) => {
  const { client, asked } = clientOf(reply)
  const answer = client.ask('log', get, { member: members[1] as PeerId })
  await expect(answer).rejects.toMatchObject({ code: expect.stringMatching(/REPLY_FALSE|SITE_UNREACHABLE/) })
  expect(asked).toEqual([members[1]])
  expect(client.observed(job)).toBeUndefined()
})

test('what not all members agree on is believed once a later certificate names it final', async () => {
  const { certificate } = ofQuorum(4)
  await expect(clientOf(() => ({ certificate })).client.ask('log', get, { member: members[1] as PeerId })).rejects.toMatchObject({
    code: 'REPLY_FALSE',
  })
  const named = ofQuorum(5).certificate
  const { client } = clientOf(() => ({ certificate, named }))
  expect(await client.ask('log', get)).toMatchObject({ ran: 'read', step: 4, state, provisional: false })
  expect(client.observed(job)).toMatchObject({ step: 4, certificates: [{ step: 5, agreed: 3, members: 4 }, { step: 4 }] })
  // one of the step itself, or of one before, names nothing
  for (const notLater of [certificate, ofQuorum(3).certificate])
    await expect(
      clientOf(() => ({ certificate, named: notLater })).client.ask('log', get, { member: members[1] as PeerId }),
    ).rejects.toThrow()
})

test('a step is unjudged from the first that a batch names over a dissent', async () => {
  const over = closingOf(
    genesis,
    { job, epoch: epoch as never, next: null, paid: 0n },
    { step: 7, root: certified.root, disputed: 5 },
  ).certificate
  for (const [step, unjudged] of [
    [4, false],
    [5, true],
    [6, true],
  ] as const) {
    const { client } = clientOf(() => ({ certificate: ofQuorum(step).certificate, named: over }))
    expect(await client.ask('log', get)).toMatchObject({ step, provisional: false, unjudged })
  }
})

test('whoever lies or is behind is passed over for another', async () => {
  const { client, asked } = clientOf(() => {
    return asked.length === 1 ? { certificate: null } : asked.length === 2 ? refusalOf('MEMBER_BEHIND') : {}
  })
  expect((await client.ask('log', get)).ran).toBe('read')
  expect(new Set(asked).size).toBe(3)
})

test('what can not be asked is refused at once', async () => {
  const { client, asked } = clientOf(() => ({}))
  await expect(client.ask('none', get)).rejects.toMatchObject({ code: 'SITE_UNKNOWN' })
  await expect(client.ask('log', get, { member: (signers[6] as Signer).peerId })).rejects.toMatchObject({ code: 'MEMBER_UNKNOWN' })
  await expect(client.ask('log', { ...get, target: 'x'.repeat(9_000) })).rejects.toMatchObject({ code: 'REQUEST_MALFORMED' })
  expect(asked).toEqual([])
})

test('of the epoch before only the state that the chain names as the start of this one is taken', async () => {
  const moved = {
    ...chainView,
    epoch: 2,
    previousEpoch: 1,
    members: [signers[5]?.peerId as PeerId, ...members.slice(1)],
    previousMembers: members,
  }
  const { client } = clientOf(() => ({}), { view: { ...moved, start: state } })
  expect(await client.ask('log', get, { member: members[1] as PeerId })).toMatchObject({ ran: 'read', epoch: 1, step: 4, state })
  const { client: behind } = clientOf(() => ({}), { view: { ...moved, start: otherCid } })
  await expect(behind.ask('log', get, { member: members[1] as PeerId })).rejects.toMatchObject({ code: 'REPLY_FALSE' })
  expect(behind.observed(job)).toBeUndefined()
})
