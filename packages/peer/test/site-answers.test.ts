import { memoryStore } from '@interpeer/content-store'
import {
  bytesOfContentId,
  type ContentId,
  contentIdOf,
  createSigner,
  jobIdOf,
  networkIdOf,
  openMessage,
  type PeerId,
  peerIdOfKey,
  sha256,
  signMessage,
} from '@interpeer/crypto-ids'
import { provesResponse, responsesDigest, responseTree, siteReply, siteRequest, writeIdOf } from '@interpeer/peer-group'
import { expect, test } from 'vitest'
import { ProvenWrites } from '../src/node/proven-writes.js'
import { ScriptQueue } from '../src/node/script-queue.js'
import { ServedSite } from '../src/node/served-site.js'
import { ShownCertificates } from '../src/node/shown-certificates.js'
import { SiteAnswers } from '../src/node/site-answers.js'
import type { StateBalances } from '../src/node/state-balances.js'
import { WaitingWrites } from '../src/node/waiting-writes.js'
import { blocksOfResponse } from '../src/site-response-block.js'
import type { SiteView } from '../src/site-view.js'
import { CounterRuntime } from './counter-runtime.js'
import { openAnswer } from './opened-answer.js'

const network = networkIdOf(new Uint8Array([1]))
const [member, visitor] = [createSigner(new Uint8Array(32).fill(1)), createSigner(new Uint8Array(32).fill(2))]
const job = jobIdOf(contentIdOf(new Uint8Array([0x80]), 'dag-cbor'))
const root = contentIdOf(new Uint8Array([0x81]), 'dag-cbor')
const place = { epoch: 0, step: 3, certificate: null, named: null, state: root }
const NOW_MS = 1_000_000
const certificate = Uint8Array.of(7)

const asked = {
  from: visitor.publicKey,
  job: bytesOfContentId(job),
  id: new Uint8Array(16),
  ms: NOW_MS,
  seenEpoch: 0,
  seenStep: 0,
  parts: [],
}
const http = { method: 'POST', target: '/', host: 'log', https: false, headers: [], body: new Uint8Array() }
const envelope = signMessage(siteRequest, { ...asked, ...http }, visitor, network)
const request = openMessage(siteRequest, envelope, network, ({ from }) => peerIdOfKey(from))
const { cid: response, blocks } = blocksOfResponse({ request: sha256(envelope), status: 200, headers: [], body: new Uint8Array([7]) })

class Abstaining extends CounterRuntime {
  readonly reason: string
  constructor(reason: string) {
    super()
    this.reason = reason
    this.trees.set(root, new Map())
  }
  override async run() {
    return { type: 'abstained' as const, reason: this.reason }
  }
}

/** A member whose group decided `response`, and says that the step has these. */
async function siteWith(responses: readonly ContentId[], named: Uint8Array | null = null, runtime = new CounterRuntime()) {
  const store = memoryStore()
  await store.blocks.put(blocks)
  const served = new ServedSite(job, store.records('sites'), () => {})
  await served.serve({ ...place, files: root, timeMs: NOW_MS })
  const [writes, proven] = [new WaitingWrites(), new ProvenWrites()]
  const ids = responses.map((_, i) => (i === responses.length - 1 ? writeIdOf(request) : new Uint8Array(16).fill(i)))
  proven.add(ids, { ...place, certificate, named, responses: responseTree(responses) }, NOW_MS)
  const answers = new SiteAnswers({
    ...{ signer: member, network, store: store.blocks, scripts: new ScriptQueue(runtime, store.blocks) },
    balances: { of: () => 0n } as unknown as StateBalances,
    ...{ served, writes, proven, now: () => NOW_MS, repair: async () => false, bodies: undefined as never },
    view: () => ({ job, epoch: 0, members: [member.peerId], next: null, start: root, cycleMs: 1_000 }) as unknown as SiteView,
    give: ({ id }) => {
      queueMicrotask(() => writes.settle(id, { type: 'response', response }))
      return true
    },
  })
  const answer = async (asker: PeerId = visitor.peerId) => openAnswer(await answers.answer(request, envelope, asker), network)
  const get = signMessage(siteRequest, { ...asked, ...http, method: 'GET' }, visitor, network)
  const read = async () => {
    const bytes = await answers.answer(
      openMessage(siteRequest, get, network, ({ from }) => peerIdOfKey(from)),
      get,
      visitor.peerId,
    )
    return openMessage(siteReply, bytes, network, ({ from }) => peerIdOfKey(from))
  }
  return { answer, proven, read }
}

test('a write is answered with its place among the responses of its step', async () => {
  const responses = [root, response]
  const { ran, proof } = await (await siteWith(responses)).answer()
  expect(ran).toBe('write')
  expect(proof !== null && provesResponse(responsesDigest(responses), response, proof)).toBe(true)
})

test('one whose step came out otherwise since is not answered with a proof of nothing: another member is asked', async () => {
  const { ran, body, proof } = await (await siteWith([root])).answer()
  expect([ran, new TextDecoder().decode(body), proof]).toEqual(['refused', 'MEMBER_BEHIND', null])
})

test.each([
  ['GUARD_TIME', 504, 'JOB_TOO_SLOW'],
  ['HOST_DISK', 503, 'HOST_FAILED'],
  ['CONTENT_MISSING', 503, 'HOST_FAILED'],
])('a read that its host gave up for %s is refused: %i %s', async (reason, status, code) => {
  const { read } = await siteWith([root], null, new Abstaining(reason))
  const said = await read()
  expect([said.ran, said.status, new TextDecoder().decode(said.body)]).toEqual(['refused', status, code])
})

test('who is answered again has the certificates by their digests, while others get them whole, and nobody does once they are forgotten', async () => {
  const named = Uint8Array.of(8)
  const { answer, proven } = await siteWith([root, response], named)
  const digests = { certificate: sha256(certificate), named: sha256(named) }
  expect(await answer()).toMatchObject({ ...digests, shown: [certificate, named] })
  for (let i = 0; i < 3; i++) expect(await answer()).toMatchObject({ ...digests, shown: [] })
  expect(await answer(member.peerId)).toMatchObject({ ...digests, shown: [certificate, named] })
  // another step's askers were shown its own, and the older ones can be asked for until there are too many
  const later = { ...place, named: null, responses: responseTree([root]) }
  for (let i = 0; i < 3 * 64 - 2; i++) proven.add([new Uint8Array(16).fill(9)], { ...later, certificate: Uint8Array.of(9, i) }, NOW_MS)
  expect(await answer()).toMatchObject({ shown: [] })
  proven.add([new Uint8Array(16).fill(9)], { ...later, certificate: Uint8Array.of(10) }, NOW_MS)
  expect(await answer()).toMatchObject({ ...digests, shown: [certificate] })
})

test('of whom it showed what it remembers the last thousand, and of each the last eight', () => {
  const shown = new ShownCertificates()
  const peers = Array.from({ length: 1_025 }, (_, i) => `peer ${i}` as PeerId)
  for (const peer of peers) shown.add(peer, 'a')
  expect([peers[0], peers[1], peers[1_024]].map((peer) => shown.has(peer as PeerId, 'a'))).toEqual([false, true, true])
  for (let i = 0; i < 8; i++) shown.add(peers[1] as PeerId, `${i}`)
  expect(['a', '0', '7'].map((digest) => shown.has(peers[1] as PeerId, digest))).toEqual([false, true, true])
  shown.add('another' as PeerId, 'a') // who was shown something lately stays
  expect([peers[1], peers[2]].map((peer) => shown.has(peer as PeerId, '7') || shown.has(peer as PeerId, 'a'))).toEqual([true, false])
})
