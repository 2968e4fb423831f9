import {
  bytesOfContentId,
  type ContentId,
  contentIdOf,
  contentIdOfBytes,
  createSigner,
  openMessage,
  type PeerId,
  peerIdOfKey,
  type Signer,
  sha256,
  signMessage,
} from '@interpeer/crypto-ids'
import type { Overlay } from '@interpeer/overlay/node'
import { createVerification, type SiteReply, type SiteRequest, siteReply, siteRequest } from '@interpeer/peer-group'
import { expect, test } from 'vitest'
import { SiteClient } from '../src/node/site-client.js'
import type { SiteView } from '../src/site-view.js'
import { closingOf, networkGenesis, publication, signers } from './network-world.js'

const genesis = networkGenesis()
const { network } = genesis
const { job } = publication(genesis)
const group = signers.slice(0, 4)
const members = group.map(({ peerId }) => peerId)
const start = contentIdOf(new Uint8Array([0x82]), 'dag-cbor')
const epoch = { number: 1, members, seed: new Uint8Array(32), start, startTimeMs: 0, openedMs: 0, rerun: [], writesMayBeLost: false }
const certified = closingOf(genesis, { job, epoch: epoch as never, next: null }, { timeMs: 1_000 })
const view: SiteView = {
  ...{ job, name: 'log', uploader: members[0] as PeerId, runtime: 'x', epoch: 1, members, previousMembers: [] },
  ...{ chainSeed: new Uint8Array(32), start, startTimeMs: 0, opensMs: 0, rerun: [], next: null, recovering: false, ended: false },
  cycleMs: 1_000,
}

/** A client whose members answer as the test says; `seen` is what each request named as the last step that its asker saw. */
function clientOf(replyOf: (request: SiteRequest) => Partial<SiteReply>, nowMs = 1_500) {
  const seen: { epoch: number; step: number }[] = []
  const asked: PeerId[] = []
  const request = async (peer: PeerId, envelope: Uint8Array) => {
    const opened = openMessage(siteRequest, envelope, network, ({ from }) => peerIdOfKey(from))
    seen.push({ epoch: opened.seenEpoch, step: opened.seenStep })
    asked.push(peer)
    const signer = group.find(({ peerId }) => peerId === peer) as Signer
    const usual: SiteReply = {
      ...{ from: signer.publicKey, job: bytesOfContentId(job), request: sha256(envelope), ran: 'read' as const, epoch: 1, step: 4 },
      ...{ state: bytesOfContentId(certified.root), stale: false, certificate: certified },
      ...{ status: 200, headers: [], body: new Uint8Array() },
    }
    return signMessage(siteReply, { ...usual, ...replyOf(opened) }, signer, network)
  }
  const client = new SiteClient({
    signer: createSigner(new Uint8Array(32).fill(99)),
    network,
    overlay: { request } as unknown as Overlay,
    verification: createVerification(network),
    now: () => nowMs,
    viewOf: (name) => (name === 'log' ? view : undefined),
  })
  return { client, seen, asked }
}
const get = { method: 'GET', target: '/', host: 'log.localhost', https: false, headers: [], body: new Uint8Array() }
const state = contentIdOfBytes(bytesOfContentId(certified.root)) as ContentId

test('a certified answer is passed on, and the next request names the step that it showed', async () => {
  const { client, seen } = clientOf(() => ({}))
  expect(await client.ask('log', get)).toMatchObject({ ran: 'read', epoch: 1, step: 4, state, stale: false })
  await client.ask('log', get)
  expect(seen).toEqual([
    { epoch: 0, step: 0 },
    { epoch: 1, step: 4 },
  ])
  expect(client.observed(job)).toMatchObject({ epoch: 1, step: 4, certificates: [{ agreed: 3, members: 4 }] })
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
  expect((await clientOf(() => ({}), 6_000).client.ask('log', get)).stale).toBe(false)
  expect((await clientOf(() => ({}), 6_001).client.ask('log', get)).stale).toBe(true)
  expect((await clientOf(() => ({ stale: true })).client.ask('log', get)).stale).toBe(true)
})

test.each<[string, (request: SiteRequest) => Partial<SiteReply>]>([
  ['an answer to another request', () => ({ request: new Uint8Array(32) })],
  ['an answer of another site', () => ({ job: bytesOfContentId(start) })],
  ['a state that nobody certified', () => ({ certificate: null })],
  ['a certificate of another state', () => ({ state: bytesOfContentId(start) })],
  ['a certificate that is none', () => ({ certificate: { certificate: new Uint8Array(9), batch: new Uint8Array(9) } })],
  ['an answer in another’s name', () => ({ from: (signers[6] as Signer).publicKey })],
])('%s is not passed on', async (_, reply) => {
  const { client, asked } = clientOf(reply)
  const answer = client.ask('log', get, { member: members[1] as PeerId })
  await expect(answer).rejects.toMatchObject({ code: expect.stringMatching(/REPLY_FALSE|SITE_UNREACHABLE/) })
  expect(asked).toEqual([members[1]])
  expect(client.observed(job)).toBeUndefined()
})

test('whoever lies or is behind is passed over for another', async () => {
  const { client, asked } = clientOf(() => {
    return asked.length === 1
      ? { certificate: null }
      : asked.length === 2
        ? { ran: 'refused', body: new TextEncoder().encode('MEMBER_BEHIND') }
        : {}
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
