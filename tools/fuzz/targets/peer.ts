import { bytesOfContentId, contentIdOf, contentIdOfBytes, type JobId, type PeerId, type Signer, sha256 } from '@interpeer/crypto-ids'
import { transferMessage } from '@interpeer/intercoin-ledger'
import { closeMessage, type Job, publishMessage, showPartMessage } from '@interpeer/job-scheduler'
import { networkStatusOf, type SiteView } from '@interpeer/peer'
import {
  batchMessage,
  certificateMessage,
  createVerification,
  revealMessage,
  showMessage,
  siteReply,
  siteResponse,
} from '@interpeer/peer-group'
import { type BlockInfo, parseGenesis, presentMessage, SETTINGS } from '@interpeer/vote-chain'
import { decodeWith, encodeWith } from '@interpeer/wire-codec'
import { addressExchange, addressRecord, mergeAddresses } from '../../../packages/peer/src/address-record.js'
import { jobLogPage, jobLogs } from '../../../packages/peer/src/job-log/messages.js'
import { openLogRequest } from '../../../packages/peer/src/job-log/request.js'
import { numberOf } from '../../../packages/peer/src/message-number.js'
import { networkApplication } from '../../../packages/peer/src/network/application.js'
import { disputePartMessage } from '../../../packages/peer/src/network/dispute-parts.js'
import { parseEndpoint } from '../../../packages/peer/src/node/endpoint.js'
import { provenPlace, provesWrite } from '../../../packages/peer/src/node/reply-proof.js'
import { piecedAnswerOf, piecesOf } from '../../../packages/peer/src/pieced-answer.js'
import { decodeServed, encodeServed, servedSchema } from '../../../packages/peer/src/served-state.js'
import { readResponse } from '../../../packages/peer/src/site-response-block.js'
import { siteViews } from '../../../packages/peer/src/site-views.js'
import { assertSame, Broken, bytesOfText, type Target, textOf } from '../src/target.ts'
import { BEGAN_MS, manifests, signedManifest } from './jobs.ts'
import { type AnyMessage, messageTarget, network, samplesOf, signedBytes, signerNamed } from './shapes.ts'

const ADDRESSES = 'packages/peer/src/address-record.ts'
const signer = signerNamed(1)
const signers = [1, 2, 3, 4, 5, 6, 7].map(signerNamed)
const genesis = parseGenesis(
  JSON.stringify({
    protocol: 1,
    settings: Object.fromEntries(Object.entries(SETTINGS).map(([name, { usual }]) => [name, usual])),
    peers: signers.map(({ peerId }) => peerId),
    balances: [{ account: Buffer.from(signer.publicKey).toString('hex'), amount: '10000000000' }],
    seed: '5a'.repeat(32),
    startMs: BEGAN_MS,
  }),
)
const application = networkApplication(genesis.network)
const begun = application.begin(genesis)
const infoOf = (height: number): BlockInfo => ({
  height,
  timeMs: BEGAN_MS + height * genesis.settings.cycleMs,
  seed: new Uint8Array(32),
  leader: genesis.peers[0] as PeerId,
  certifiers: [],
})
/** A manifest is no longer (job-scheduler.cddl), and an order has no room for one that is. */
const MANIFEST_MAX_BYTES = 2_048
const publish = (manifest: Uint8Array): Uint8Array => {
  const order = { uploader: signer.publicKey, manifest: signedManifest(manifest, genesis.network), escrow: 5_000_000_000n }
  return signedBytes(publishMessage, publishMessage.encode(order), signer, genesis.network)
}
/** With a job, some cycles later: what is about jobs has one to be about. */
const running = Array.from({ length: 4 }).reduce<typeof begun>(
  (state, _, i) => application.apply(state, i === 0 ? [publish(manifests()[0] as Uint8Array)] : [], infoOf(i + 1)).state,
  begun,
)
const [job] = running.jobs.keys()
if (job === undefined) throw new Error('the job was not published')
/** When the job's first epoch is due to close. */
let due = running
for (let left = 200; left > 0 && due.timeMs < (due.jobs.get(job)?.next?.atMs ?? Number.POSITIVE_INFINITY); left--) {
  due = application.apply(due, [], infoOf(due.height + 1)).state
}
if (due.timeMs < (due.jobs.get(job)?.next?.atMs ?? Number.POSITIVE_INFINITY)) throw new Error('no epoch is due to close')

/** A receipt that the whole group signed, and blocks after it: what it says of members is paid for. */
function closeWith(batch: Uint8Array): void {
  const { epoch } = due.jobs.get(job as JobId) as Job
  const given = batchMessage.decode(batch)
  const outcomes = epoch.members.map((_, seat) => given.outcomes[seat] ?? { agreed: 1, late: 0, absent: 0, contradicted: 0, unresolved: 0 })
  const place = { job: bytesOfContentId(job as JobId), epoch: epoch.number }
  const root = bytesOfContentId(epoch.start) // a closing batch changes nothing, and leaves no step open
  const [step, disputed] = [Math.max(given.step, 1), 0]
  const named = { step, final: step - 1, disputed }
  const closing = batchMessage.encode({ ...given, ...place, ...named, from: root, closing: true, requests: [], outcomes })
  const at = { ...place, step, rank: 0, batch: sha256(closing) }
  const zeros = new Uint8Array(32)
  const answer = { root, responses: zeros, effects: zeros, fuel: 0, final: step - 1, disputed, own: zeros }
  const reveals = epoch.members.map((member) => {
    const signedBy = signers.find(({ peerId }) => peerId === member) as Signer
    const said = { ...at, from: signedBy.publicKey, start: root, salt: new Uint8Array(32), answer }
    return signedBytes(revealMessage, revealMessage.encode(said), signedBy, genesis.network)
  })
  const certificate = certificateMessage.encode({ ...at, reveals })
  const transaction = closeMessage.encode({ job: place.job, certificate, batch: closing })
  checkTransaction(transaction, due)
}
const transactions: readonly AnyMessage[] = [
  publishMessage,
  transferMessage,
  showMessage,
  showPartMessage,
  disputePartMessage,
  presentMessage,
]
/** The fields that name who must have signed. */
const SIGNERS = ['from', 'uploader', 'peer']

/** What the network says of a transaction whose error it did not expect. */
function assertExpected(code: string): void {
  if (code === 'TRANSACTION_FAULT') throw new Broken(code)
}
function checkTransaction(transaction: Uint8Array, state = begun): void {
  const verdict = application.check(state, transaction)
  assertExpected(typeof verdict === 'string' ? verdict : (verdict?.later ?? ''))
  const { state: after, refused } = application.apply(state, [transaction], infoOf(state.height + 1))
  for (const { code } of refused) assertExpected(code)
  networkStatusOf(after)
  application.dataSets(application.apply(after, [], infoOf(after.height + 1)).state)
}
function signedTransaction(message: AnyMessage, input: Uint8Array): Uint8Array {
  try {
    const value = message.decode(input) as Record<string, unknown>
    for (const name of SIGNERS) if (name in value) value[name] = signer.publicKey
    if ('job' in value) value.job = bytesOfContentId(job as JobId)
    return signedBytes(message, message.encode(value as never), signer, genesis.network)
  } catch {
    return signedBytes(message, input, signer, genesis.network)
  }
}

export const peer: readonly Target[] = [
  messageTarget('peer', addressRecord),
  messageTarget('peer', addressExchange),
  messageTarget('peer', disputePartMessage),
  messageTarget('peer', jobLogs),
  messageTarget('peer', jobLogPage),
  {
    name: 'peer/job-logs-received',
    file: 'packages/peer/src/job-log/request.ts',
    errors: ['CryptoError', 'PeerError', 'WireError'],
    run: (input) => {
      const asked = openLogRequest(signedBytes(jobLogs, input, signer), { network, self: signer.peerId, nowMs: 1_000 })
      if (asked.reader !== signer.peerId) throw new Broken('read for another than who signed')
    },
    seeds: () =>
      samplesOf(jobLogs.schema).flatMap((sample) => {
        const own = { ...jobLogs.decode(sample), from: signer.publicKey, to: signer.publicKey, ms: 1_000 }
        return [sample, jobLogs.encode({ ...own, job: bytesOfContentId(job as JobId) })]
      }),
  },
  {
    name: 'peer/pieced-answer',
    file: 'packages/peer/src/pieced-answer.ts',
    errors: [],
    run: (input) => {
      const [value = '', ...rest] = textOf(input).split('\n')
      const read = piecedAnswerOf([{ name: 'Interpeer-Pieces', value }], bytesOfText(rest.join('\n')))
      if (read === undefined) throw new Broken('a header that was not seen')
      if (read === 'malformed') return
      const pieces = [...piecesOf(read)]
      const [first, last] = [pieces[0], pieces.at(-1)]
      if (first === undefined || last === undefined || first.start > read.start || last.end < read.start + read.length)
        throw new Broken('pieces that are not all of the part')
      if (pieces.some(({ start, end }) => end <= start || end > read.fileBytes)) throw new Broken('a piece that lies beside the file')
    },
    seeds: () => [`1024;0;100;100\n${'x'.repeat(32)}`, `4096;4095;2;9999\n${'y'.repeat(64)}`].map(bytesOfText),
  },
  {
    name: 'peer/addresses',
    file: ADDRESSES,
    errors: ['WireError'],
    run: (input) => {
      const { records } = addressExchange.decode(input)
      const envelopes = records.slice(0, 8).flatMap((record) => [record, signedBytes(addressRecord, record, signer)])
      const anybody = { isReachable: () => true, isKnown: () => false, hasAnswered: () => false, isBelieved: () => true }
      mergeAddresses(new Map(), envelopes, { network, nowMs: 1_000, self: signerNamed(2).peerId, ...anybody })
    },
    seeds: () => {
      const records = samplesOf(addressRecord.schema).map((sample) =>
        addressRecord.encode({ ...addressRecord.decode(sample), from: signer.publicKey, issuedMs: 5 }),
      )
      return [addressExchange.encode({ records }), ...samplesOf(addressExchange.schema)]
    },
  },
  {
    name: 'peer/message-number',
    file: 'packages/peer/src/message-number.ts',
    errors: [],
    run: (input) => void numberOf(input),
    seeds: () => samplesOf(addressRecord.schema),
  },
  {
    name: 'peer/served-state',
    file: 'packages/peer/src/served-state.ts',
    errors: ['CryptoError', 'WireError'],
    run: (input) => assertSame(encodeServed(decodeServed(input)), input, 'it is read, and written otherwise'),
    seeds: () => samplesOf(servedSchema),
  },
  {
    name: 'peer/site-response',
    file: 'packages/peer/src/site-response-block.ts',
    errors: [],
    run: (input) => void readResponse(() => input, contentIdOf(input, 'dag-cbor')),
    seeds: () => [
      ...samplesOf(siteResponse),
      encodeWith(siteResponse, { ...decodeWith(siteResponse, samplesOf(siteResponse)[0] as Uint8Array), chunks: [] }),
    ],
  },
  {
    name: 'peer/reply',
    file: 'packages/peer/src/node/reply-proof.ts',
    errors: ['CryptoError', 'WireError'],
    run: (input) => {
      const reply = siteReply.decode(input)
      const start = contentIdOfBytes(reply.state)
      const view: SiteView = { ...(siteViews(running.jobs, genesis.settings.cycleMs, new Map()).values().next().value as SiteView), start }
      const proven = provenPlace(reply, view, genesis.network, createVerification(genesis.network))
      if (proven !== undefined) provesWrite(reply, proven)
    },
    seeds: () =>
      samplesOf(siteReply.schema).flatMap((sample) => [sample, siteReply.encode({ ...siteReply.decode(sample), certificate: null })]),
  },
  {
    name: 'peer/endpoint',
    file: 'packages/peer/src/node/endpoint.ts',
    errors: [],
    run: (input) => void parseEndpoint(textOf(input)),
    seeds: () => [bytesOfText(`${signer.peerId}@127.0.0.1:80`), bytesOfText(`${signer.peerId}@[::1]:80`)],
  },
  {
    name: 'peer/transaction',
    file: 'packages/peer/src/network/carry-out.ts',
    errors: [],
    run: checkTransaction,
    seeds: () => samplesOf(closeMessage.schema),
  },
  {
    name: 'peer/manifest-transaction',
    file: 'packages/peer/src/network/carry-out.ts',
    errors: [],
    run: (input) => checkTransaction(publish(input.subarray(0, MANIFEST_MAX_BYTES))),
    seeds: manifests,
  },
  {
    name: 'peer/closing-transaction',
    file: 'packages/peer/src/network/close-epoch.ts',
    errors: ['WireError'],
    run: closeWith,
    seeds: () => samplesOf(batchMessage.schema),
  },
  {
    name: 'peer/epoch-close-transaction',
    file: 'packages/peer/src/network/carry-out.ts',
    errors: [],
    run: (input) => {
      let transaction = input
      try {
        transaction = closeMessage.encode({ ...closeMessage.decode(input), job: bytesOfContentId(job as JobId) })
      } catch {
        // then as it is
      }
      checkTransaction(transaction, running)
    },
    seeds: () => {
      const [certificate, batch] = [samplesOf(certificateMessage.schema), samplesOf(batchMessage.schema)]
      return certificate.map((one, i) =>
        closeMessage.encode({ job: bytesOfContentId(job as JobId), certificate: one, batch: batch[i] ?? one }),
      )
    },
  },
  ...transactions.map((message): Target => {
    return {
      name: `peer/${message.name}-transaction`,
      file: 'packages/peer/src/network/carry-out.ts',
      errors: [],
      run: (input) => checkTransaction(signedTransaction(message, input), running),
      seeds: () => samplesOf(message.schema),
    }
  }),
]
