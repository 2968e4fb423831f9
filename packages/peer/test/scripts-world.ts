import { buildTree, memoryStore, readTree } from '@interpeer/content-store'
import { bytesOfContentId, contentIdOf, createSigner, jobIdOf, networkIdOf, signMessage } from '@interpeer/crypto-ids'
import { NO_AGENDA, siteRequest } from '@interpeer/peer-group'
import { KnownRequests } from '../src/node/known-requests.js'
import { runBatch } from '../src/node/run-batch.js'
import { ScriptQueue } from '../src/node/script-queue.js'
import type { ScriptRequest } from '../src/script-runtime.js'
import { readResponse } from '../src/site-response-block.js'
import { CounterRuntime } from './counter-runtime.js'

export const network = networkIdOf(new Uint8Array([1]))
export const signer = createSigner(new Uint8Array(32).fill(1))
export const job = contentIdOf(new Uint8Array([0x80]), 'dag-cbor')
/** The batch of a job that plans nothing. */
export const PLAIN = { step: 1, agenda: NO_AGENDA, isFirst: false, events: [], job: jobIdOf(job), members: [signer.peerId] } as const
export const at = { timeMs: 1_000, seed: new Uint8Array(32) }
export const logTree = (text: string) => buildTree([{ path: 'log', mode: 0o644, mtimeS: 0, bytes: new TextEncoder().encode(text) }])
export const plain = (method: string, target: string): ScriptRequest => ({
  method,
  target,
  host: '',
  https: false,
  headers: [],
  body: new Uint8Array(),
})

export async function queueOf<R extends CounterRuntime>(runtime: R) {
  const store = memoryStore()
  const tree = logTree('')
  await store.blocks.put(tree.blocks)
  return { runtime, store: store.blocks, scripts: new ScriptQueue(runtime, store.blocks), root: tree.root }
}

export function requestBlock(method: string, target: string, body: string): Uint8Array {
  const asked = { from: signer.publicKey, job: bytesOfContentId(job), id: new Uint8Array(16), ms: 0, seenEpoch: 0, seenStep: 0, parts: [] }
  const http = { method, target, host: 'a', https: false, headers: [], body: new TextEncoder().encode(body) }
  return signMessage(siteRequest, { ...asked, ...http }, signer, network)
}
export async function run(bodies: readonly Uint8Array[], runtime = new CounterRuntime(), agenda = NO_AGENDA) {
  const { scripts, store, root } = await queueOf(runtime)
  const blocks = bodies.map((bytes) => ({ cid: contentIdOf(bytes, 'raw'), bytes }))
  await store.put(blocks)
  const batch = { ...PLAIN, agenda, from: root, requests: blocks.map(({ cid }) => cid), timeMs: 5_000, seed: new Uint8Array(64).fill(3) }
  const result = await runBatch(batch, store, scripts, new KnownRequests(network))
  if ('missing' in result) throw new Error('something is missing')
  const responses = result.type === 'ran' ? result.responses.map((cid) => readResponse(store.get, cid)) : []
  const tree = result.type === 'ran' ? readTree(store.get, result.files) : { files: [] }
  const log = 'missing' in tree ? undefined : new TextDecoder().decode(tree.files[0]?.bytes)
  return { result, responses, log, store, scripts, batch }
}
