import { memoryStore } from '@interpeer/content-store'
import {
  bytesOfContentId,
  type ContentId,
  contentIdOf,
  createSigner,
  jobIdOf,
  networkIdOf,
  openMessage,
  peerIdOfKey,
  sha256,
  signMessage,
} from '@interpeer/crypto-ids'
import { provesResponse, responsesDigest, responseTree, siteReply, siteRequest } from '@interpeer/peer-group'
import { expect, test } from 'vitest'
import { ProvenWrites } from '../src/node/proven-writes.js'
import { ScriptQueue } from '../src/node/script-queue.js'
import { ServedSite } from '../src/node/served-site.js'
import { SiteAnswers } from '../src/node/site-answers.js'
import { StateBalances } from '../src/node/state-balances.js'
import { WaitingWrites } from '../src/node/waiting-writes.js'
import { blocksOfResponse } from '../src/site-response-block.js'
import type { SiteView } from '../src/site-view.js'
import { CounterRuntime } from './counter-runtime.js'

const network = networkIdOf(new Uint8Array([1]))
const [member, visitor] = [createSigner(new Uint8Array(32).fill(1)), createSigner(new Uint8Array(32).fill(2))]
const job = jobIdOf(contentIdOf(new Uint8Array([0x80]), 'dag-cbor'))
const root = contentIdOf(new Uint8Array([0x81]), 'dag-cbor')
const place = { epoch: 0, step: 3, certificate: null, named: null, state: root }
const NOW_MS = 1_000_000

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

/** What a member answers whose group decided `response`, and says that the step has these. */
async function answerWith(responses: readonly ContentId[]) {
  const store = memoryStore()
  await store.blocks.put(blocks)
  const served = new ServedSite(
    job,
    store.records('sites'),
    () => NOW_MS,
    () => {},
  )
  await served.serve({ ...place, files: root, timeMs: NOW_MS })
  const [writes, proven] = [new WaitingWrites(), new ProvenWrites()]
  const ids = responses.map((_, i) => (i === responses.length - 1 ? request.id : new Uint8Array(16).fill(i)))
  proven.add(ids, { ...place, certificate: new Uint8Array(), responses: responseTree(responses) }, NOW_MS)
  const answers = new SiteAnswers({
    ...{ signer: member, network, store: store.blocks, scripts: new ScriptQueue(new CounterRuntime(), store.blocks) },
    balances: new StateBalances(store.blocks.get),
    ...{ served, writes, proven, now: () => NOW_MS, repair: async () => false, bodies: undefined as never },
    view: () => ({ job, epoch: 0, members: [member.peerId], next: null, start: root, cycleMs: 1_000 }) as unknown as SiteView,
    give: ({ id }) => {
      queueMicrotask(() => writes.settle(id, { type: 'response', response }))
      return true
    },
  })
  return openMessage(siteReply, await answers.answer(request, envelope), network, ({ from }) => peerIdOfKey(from))
}

test('a write is answered with its place among the responses of its step', async () => {
  const responses = [root, response]
  const { ran, step, proof } = await answerWith(responses)
  expect([ran, step]).toEqual(['write', 3])
  expect(proof !== null && provesResponse(responsesDigest(responses), response, proof)).toBe(true)
})

test('one whose step came out otherwise since is not answered with a proof of nothing: another member is asked', async () => {
  const { ran, body, proof } = await answerWith([root])
  expect([ran, new TextDecoder().decode(body), proof]).toEqual(['refused', 'MEMBER_BEHIND', null])
})
