import {
  bytesOfContentId,
  type ContentId,
  contentIdOf,
  contentIdOfBytes,
  createSigner,
  type PeerId,
  type Signer,
  sha256,
  signMessage,
} from '@interpeer/crypto-ids'
import type { Overlay } from '@interpeer/overlay/node'
import {
  certificateAsk,
  createVerification,
  openRequest,
  proofOfResponse,
  responseTree,
  type SiteReply,
  type SiteRequest,
  siteReply,
  writeReply,
} from '@interpeer/peer-group'
import { numberOf } from '../src/message-number.js'
import { SiteClient } from '../src/node/site-client.js'
import { blocksOfResponse } from '../src/site-response-block.js'
import type { SiteView } from '../src/site-view.js'
import { closingOf, networkGenesis, publication, signers } from './network-world.js'
import { UNDISPUTED } from './undisputed.js'

export const genesis = networkGenesis()
export const { network } = genesis
export const { job } = publication(genesis)
export const group = signers.slice(0, 4)
export const members = group.map(({ peerId }) => peerId)
export const start = contentIdOf(new Uint8Array([0x82]), 'dag-cbor')
export const epoch = {
  number: 1,
  members,
  seed: new Uint8Array(32),
  start,
  startTimeMs: 0,
  openedMs: 0,
  rerun: [],
  writesMayBeLost: false,
  mayPay: 0n,
}
export const certified = closingOf(genesis, { job, epoch: epoch as never, next: null, paid: 0n }, { by: members, timeMs: 1_000 })
export const chainView: SiteView = {
  ...{ job, name: 'log', uploader: members[0] as PeerId, runtime: 'x', epoch: 1, members, previousMembers: [], openedByClosing: true },
  ...{
    chainSeed: new Uint8Array(32),
    start,
    startTimeMs: 0,
    opensMs: 0,
    rerun: [],
    next: null,
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
}

export interface Around {
  readonly now?: () => number
  readonly view?: SiteView
  readonly overlay?: Overlay
  /** What becomes of a reply on its way. */
  readonly sent?: (reply: Uint8Array) => Uint8Array
  /** Members sign also what their group agreed on. */
  readonly signsWrites?: boolean
  /** What members are known to have sent of the certificates: those are named only. */
  readonly wasShown?: (certificate: Uint8Array) => boolean
  /** What a member answers who is asked for a certificate. */
  readonly certificateOf?: (digest: Uint8Array) => Promise<Uint8Array>
}
/** A reply to a write without a member's word. */
function bareReply(
  { state, certificate, named, proof, status, headers, body }: SiteReply,
  wasShown: (one: Uint8Array) => boolean,
): Uint8Array {
  const all = [certificate, named].flatMap((one) => one ?? [])
  const digests = { certificate: sha256(certificate ?? new Uint8Array()), named: named && sha256(named) }
  const shown = all.filter((one) => !wasShown(one))
  return writeReply.encode({ state, ...digests, shown, proof: proof ?? { index: 0, count: 1, path: [] }, status, headers, body })
}
/** A client whose members answer as the test says; `seen` is what each request named as the last step that its asker saw. */
export function clientOf(
  replyOf: (request: SiteRequest, envelope: Uint8Array) => Partial<SiteReply> | Promise<Partial<SiteReply>>,
  {
    now = () => 1_500,
    view = chainView,
    overlay,
    sent = (bytes) => bytes,
    signsWrites = false,
    wasShown = () => false,
    certificateOf,
  }: Around = {},
) {
  const seen: { epoch: number; step: number }[] = []
  const asked: PeerId[] = []
  const lacked: PeerId[] = []
  const request = async (peer: PeerId, envelope: Uint8Array) => {
    if (numberOf(envelope) === certificateAsk.number) {
      lacked.push(peer)
      return (await certificateOf?.(certificateAsk.decode(envelope).certificate)) ?? new Uint8Array()
    }
    const opened = openRequest(envelope, network)
    seen.push({ epoch: opened.seenEpoch, step: opened.seenStep })
    asked.push(peer)
    const signer = group.find(({ peerId }) => peerId === peer) as Signer
    const usual: SiteReply = {
      ...{ from: signer.publicKey, job: bytesOfContentId(job), request: sha256(envelope), ran: 'read' as const, epoch: 1, step: 4 },
      ...{ state: bytesOfContentId(certified.root), stale: false, certificate: certified.certificate, named: null, proof: null },
      ...{ status: 200, headers: [], body: new Uint8Array() },
    }
    const reply = { ...usual, ...(await replyOf(opened, envelope)) }
    const isBare = reply.ran === 'write' && !signsWrites
    return sent(isBare ? bareReply(reply, wasShown) : signMessage(siteReply, reply, signer, network))
  }
  const client = new SiteClient({
    signer: createSigner(new Uint8Array(32).fill(99)),
    network,
    overlay: overlay ?? ({ request, send: () => {} } as unknown as Overlay),
    verification: createVerification(network),
    now,
    viewOf: (name) => (name === 'log' ? view : undefined),
  })
  return { client, seen, asked, lacked }
}
export const get = { method: 'GET', target: '/', host: 'log.localhost', https: false, headers: [], body: new Uint8Array() }
export const state = contentIdOfBytes(bytesOfContentId(certified.root)) as ContentId

export const ofQuorum = (step: number, responses?: readonly ContentId[]) =>
  closingOf(
    genesis,
    { job, epoch: epoch as never, next: null, paid: 0n },
    { step, root: certified.root, ...(responses === undefined ? {} : { responses }) },
  )

export const post = { ...get, method: 'POST', body: new Uint8Array([7]) }
export const page = { status: 200, headers: [{ name: 'content-type', value: 'text/plain' }], body: new TextEncoder().encode('saved') }
export const redirect = { status: 303, headers: [{ name: 'location', value: '/saved' }], body: new Uint8Array() }
export const otherCid = contentIdOf(new Uint8Array([0x83]), 'dag-cbor')
export const refusalOf = (code: string): Partial<SiteReply> => ({ ran: 'refused', status: 503, body: new TextEncoder().encode(code) })
/** What the group certified of a step that answered `response` to a request of these bytes, among others. */
export function written(envelope: Uint8Array, response: Pick<SiteReply, 'status' | 'headers' | 'body'>): Partial<SiteReply> {
  const responses = [otherCid, blocksOfResponse({ request: sha256(envelope), ...response }).cid]
  const { certificate, root } = closingOf(genesis, { job, epoch: epoch as never, next: null, paid: 0n }, { by: members, responses })
  return { ran: 'write', certificate, state: bytesOfContentId(root), proof: proofOfResponse(responseTree(responses), 1), ...response }
}
