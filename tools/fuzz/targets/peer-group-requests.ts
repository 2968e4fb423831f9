import { bytesOfContentId, contentIdOf, jobIdOf, sha256 } from '@interpeer/crypto-ids'
import {
  certificateAsk,
  createRequestOpener,
  createVerification,
  firstStateBlock,
  judgeRead,
  openReadPair,
  openRequest,
  peekRequest,
  type ReadContext,
  readCheck,
  readChecked,
  readContradiction,
  readRequestBlock,
  requestBlockOf,
  requestLeaf,
  requestTree,
  signRequests,
  siteReply,
  siteRequest,
  siteResponse,
  verifyReadContradiction,
  writeReply,
} from '@interpeer/peer-group'
import { decodeWith, encodeWith } from '@interpeer/wire-codec'
import { assertSame, Broken, type Target } from '../src/target.ts'
import { type AnyMessage, messageTarget, network, samplesOf, signedBytes, signerNamed } from './shapes.ts'

const WIRE = ['WireError']
const members = [1, 2, 3, 4].map(signerNamed)
const self = members[0] as (typeof members)[0]
const sender = members[1] as (typeof members)[0]
const job = jobIdOf(contentIdOf(Uint8Array.of(0x81, 0x01), 'dag-cbor'))
const start = firstStateBlock(contentIdOf(Uint8Array.of(0x80), 'dag-cbor'))
const verification = createVerification(network)

/** Evidence against a read whose signatures all hold: what is in the request and the reply is looked at. */
function signedReadEvidence(input: Uint8Array): Uint8Array {
  const said = readContradiction.decode(input)
  const asked = { ...siteRequest.decode(said.request), job: bytesOfContentId(job), from: sender.publicKey }
  const request = signedBytes(siteRequest, siteRequest.encode(asked), sender)
  const answered = { ...siteReply.decode(said.reply), job: bytesOfContentId(job), request: sha256(request), from: self.publicKey }
  const reply = signedBytes(siteReply, siteReply.encode(answered), self)
  return signedBytes(readContradiction, readContradiction.encode({ ...said, from: sender.publicKey, request, reply }), sender)
}
const piecedRequests = (): readonly Uint8Array[] => {
  const asked = siteRequest.decode(samplesOf(siteRequest.schema)[0] as Uint8Array)
  const parts = [1, 2].map((n) => bytesOfContentId(contentIdOf(Uint8Array.of(n), 'raw')))
  const envelope = signedBytes(siteRequest, siteRequest.encode({ ...asked, body: new Uint8Array(), parts }), sender)
  return [requestBlockOf(envelope, parts).bytes]
}
const readContext: ReadContext = {
  network,
  job,
  runtime: 'r',
  epochs: [{ epoch: 1, members: members.map(({ peerId }) => peerId), start: start.cid }],
}
const readEvidences = (): readonly Uint8Array[] => {
  const [said] = samplesOf(readContradiction.schema).map((sample) => readContradiction.decode(sample))
  const asked = siteRequest.decode(samplesOf(siteRequest.schema)[0] as Uint8Array)
  const answered = siteReply.decode(samplesOf(siteReply.schema)[0] as Uint8Array)
  const request = siteRequest.encode({ ...asked, method: 'GET' })
  return [{ state: bytesOfContentId(start.cid), certificate: null }, {}].map((on) => {
    const reply = siteReply.encode({ ...answered, ran: 'read', stale: false, ...on })
    return readContradiction.encode({ ...(said as NonNullable<typeof said>), runtime: 'r', request, reply })
  })
}

/** Requests of one asker, some under one signature. */
function signedRequests(): readonly Uint8Array[] {
  const values = samplesOf(siteRequest.schema)
    .slice(0, 5)
    .map((sample) => ({ ...siteRequest.decode(sample), from: sender.publicKey, parts: [] }))
  const unsigned = values.map((value) => ({ value, bytes: siteRequest.encode(value) }))
  return [...signRequests(unsigned, sender, network), ...signRequests(unsigned.slice(0, 1), sender, network)]
}
const opener = createRequestOpener(network)

/** What visitors and their gateways send, and what members answer. */
export const peerGroupRequests: readonly Target[] = [
  ...[siteRequest, requestTree, requestLeaf, siteReply, writeReply, certificateAsk].map((message) =>
    messageTarget('peer-group', message as unknown as AnyMessage),
  ),
  ...[readCheck, readChecked, readContradiction].map((message) => messageTarget('peer-group', message as unknown as AnyMessage)),
  {
    name: 'peer-group/signed-request',
    file: 'packages/peer-group/src/request-tree.ts',
    errors: ['CryptoError', 'WireError'],
    run: (input) => {
      const request = openRequest(input, network)
      // what is remembered of trees decides nothing
      for (const again of [opener.open(input), opener.open(input), peekRequest(input)]) {
        assertSame(siteRequest.encode(again), siteRequest.encode(request), 'one request is read in two ways')
      }
    },
    seeds: signedRequests,
  },
  {
    name: 'peer-group/read-evidence',
    file: 'packages/peer-group/src/read-evidence.ts',
    errors: ['PeerGroupError', 'WireError'],
    run: (input) => {
      const contradiction = verifyReadContradiction(signedReadEvidence(input), readContext, verification)
      if (judgeRead(contradiction, { ...contradiction.pair.reply, writes: false }).length === 0) throw new Broken('evidence against nobody')
      openReadPair(input, input, network)
    },
    seeds: readEvidences,
  },
  {
    name: 'peer-group/request-block',
    file: 'packages/peer-group/src/request-block.ts',
    errors: [],
    run: (input) => {
      for (const codec of ['raw', 'dag-cbor'] as const) {
        const read = readRequestBlock(contentIdOf(input, codec), input)
        if (read === undefined) continue
        const again = requestBlockOf(read.envelope, read.parts.map(bytesOfContentId))
        assertSame(again.bytes, input, 'it is read, and made otherwise')
      }
    },
    seeds: () => [Uint8Array.of(1), ...piecedRequests()],
  },
  {
    name: 'peer-group/site-response',
    file: 'packages/peer-group/src/site-reply.ts',
    errors: WIRE,
    run: (input) => assertSame(encodeWith(siteResponse, decodeWith(siteResponse, input)), input, 'it is read, and written otherwise'),
    seeds: () => samplesOf(siteResponse),
  },
]
