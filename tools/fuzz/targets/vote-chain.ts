import { emptyHeldMap } from '@interpeer/content-store'
import {
  type Application,
  answerSync,
  blocksMessage,
  bodySchema,
  bundleMessage,
  CHAIN_MESSAGE_NUMBERS,
  CHECKPOINT_BYTES_MAX,
  certificateSchema,
  changeRequestMessage,
  changeVoteMessage,
  createVerification,
  decodeBlock,
  decodeGenesis,
  encodeBlock,
  encodeGenesis,
  evidenceMessage,
  genesisMessage,
  headerMessage,
  joinMessage,
  lightFromGenesis,
  linkedHeaders,
  openChain,
  openChangeRequest,
  openChangeVote,
  openJoin,
  openPresent,
  openRecovery,
  openRevocation,
  openRotation,
  openTerms,
  parseGenesis,
  presentMessage,
  proposalMessage,
  readCheckpoint,
  readingCheckpoint,
  recoveryMessage,
  revokeMessage,
  rotateMessage,
  SETTINGS,
  type Snapshots,
  SYNC_REQUEST_NUMBERS,
  type SyncSource,
  stepChain,
  termsMessage,
  transactionMessage,
  verifyChainCertificate,
  verifyVoteFault,
  voteMessage,
  wantBlocksMessage,
  wantCandidateMessage,
  withoutCertificate,
} from '@interpeer/vote-chain'
import { decodeWith, encodeWith } from '@interpeer/wire-codec'
import { decodeBody, encodeBody, storedBlockSchema } from '../../../packages/vote-chain/src/block.js'
import { checkpointSchema } from '../../../packages/vote-chain/src/checkpoint-record.js'
import { linkMessage, NEIGHBOUR_MESSAGES } from '../../../packages/vote-chain/src/gossip/messages.js'
import { RECORD_BYTES_MAX, readRecord, recordSchema } from '../../../packages/vote-chain/src/record.js'
import { SYNC_MESSAGES } from '../../../packages/vote-chain/src/sync-messages.js'
import { assertSame, bytesOfText, type Target, textOf } from '../src/target.ts'
import { type AnyMessage, messageTarget, network, samplesOf, signedBytes, signerNamed } from './shapes.ts'

const WIRE = ['WireError']
const CHAIN = ['ChainError', 'CryptoError', 'WireError']
/** What neighbours send each other, unsigned. */
const neighbours: readonly AnyMessage[] = [...NEIGHBOUR_MESSAGES]
const messages: readonly AnyMessage[] = [
  voteMessage,
  proposalMessage,
  bundleMessage,
  wantBlocksMessage,
  blocksMessage,
  wantCandidateMessage,
  transactionMessage,
]

const syncMessages: readonly AnyMessage[] = [...SYNC_MESSAGES]

const orders: readonly (readonly [AnyMessage, (envelope: Uint8Array, of: typeof network) => unknown])[] = [
  [joinMessage, openJoin],
  [termsMessage, openTerms],
  [recoveryMessage, openRecovery],
  [rotateMessage, openRotation],
  [revokeMessage, openRevocation],
  [changeRequestMessage, openChangeRequest],
  [changeVoteMessage, openChangeVote],
]

const electors = [1, 2, 3, 4].map(signerNamed)
/** With four electors, as if they were too many to be told directly. */
const FEW = { directMax: 1, own: 2, guests: 2, fanOut: 2, gatherMs: 20 }
const elector = electors[1] as (typeof electors)[0]
const NOW_MS = 1_001_000
const genesisText = JSON.stringify({
  protocol: 1,
  settings: Object.fromEntries(Object.entries(SETTINGS).map(([name, { usual }]) => [name, usual])),
  peers: electors.map(({ peerId }) => peerId),
  balances: [{ account: '5a'.repeat(32), amount: '10' }],
  seed: '5a'.repeat(32),
  startMs: 1_000_000,
})
const genesis = parseGenesis(genesisText)
const set = new Uint8Array(32)
const nothing: Application<null> = {
  begin: () => null,
  apply: () => ({ state: null, refused: [] }),
  dataSets: () => ({ ledger: set, settings: set, names: set, peers: set, jobs: set }),
  electorate: () => genesis.peers,
  check: () => undefined,
}
const snapshots: Snapshots<null> = {
  of: () => ({ head: set, parts: new Map() }),
  reading: () => ({ next: () => ({ state: null }) }),
}
const verification = createVerification(genesis.network)
const beginning = {
  ...{ genesis, application: nothing, signer: electors[0] as (typeof electors)[0], verification },
  ...{ blocks: [], record: undefined, nowMs: 1_000_000 },
}
const chain = openChain(beginning).state
/** The same where electors pass on what they hear; the second is a neighbour. */
const asked = openChain({ ...beginning, gossip: FEW }).state
const gossiping = stepChain(asked, {
  type: 'message',
  from: elector.peerId,
  envelope: linkMessage.encode({ says: 'ask' }),
  nowMs: NOW_MS,
}).state

const syncSource: SyncSource<null> = {
  tip: chain.tip,
  recent: [],
  checkpoints: [],
  checkpoint: () => undefined,
  block: () => undefined,
  mapOf: () => emptyHeldMap(),
}

/** The fields that name who signed. An elector's key is put there, so that what is in the rest comes to be looked at. */
const SIGNERS = ['voter', 'leader', 'sender']
function fromElector(message: AnyMessage, input: Uint8Array): Uint8Array {
  try {
    const value = message.decode(input) as Record<string, unknown>
    for (const name of SIGNERS) if (name in value) value[name] = elector.publicKey
    return signedBytes(message, message.encode(value), elector, genesis.network)
  } catch {
    return signedBytes(message, input, elector, genesis.network)
  }
}

export const voteChain: readonly Target[] = [
  ...[...messages, ...neighbours, ...syncMessages].map((message) => messageTarget('vote-chain', message)),
  messageTarget('vote-chain', headerMessage),
  messageTarget('vote-chain', presentMessage),
  ...[
    joinMessage,
    termsMessage,
    recoveryMessage,
    rotateMessage,
    revokeMessage,
    evidenceMessage,
    changeRequestMessage,
    changeVoteMessage,
  ].map((message) => messageTarget('vote-chain', message)),
  ...orders.map(
    ([message, open]): Target => ({
      name: `vote-chain/${message.name}-signed`,
      file: 'packages/vote-chain/src/peer-orders.ts',
      errors: CHAIN,
      run: (input) => void open(signedBytes(message, input, signerNamed(1)), network),
      seeds: () => samplesOf(message.schema),
    }),
  ),
  {
    name: 'vote-chain/two-votes',
    file: 'packages/vote-chain/src/vote-fault.ts',
    errors: [],
    run: (input) => void verifyVoteFault([input, signedBytes(voteMessage, input, signerNamed(1))], network),
    seeds: () => samplesOf(voteMessage.schema),
  },
  messageTarget('vote-chain', genesisMessage),
  {
    name: 'vote-chain/body',
    file: 'packages/vote-chain/src/block.ts',
    errors: WIRE,
    run: (input) => assertSame(encodeBody(decodeBody(input)), input, 'it is read, and written otherwise'),
    seeds: () => samplesOf(bodySchema),
  },
  {
    name: 'vote-chain/block',
    file: 'packages/vote-chain/src/block.ts',
    errors: WIRE,
    run: (input) => {
      const block = decodeBlock(input)
      assertSame(encodeBlock(block), input, 'it is read, and written otherwise')
      const bare = withoutCertificate(input)
      if ((bare === undefined) !== (block.certificate === null))
        throw new Error('it has a certificate, or none, and is taken for the other')
      if (bare !== undefined) assertSame(bare, encodeBlock({ ...block, certificate: null }), 'more than its certificate is gone')
    },
    seeds: () => {
      const [header, body, certificate] = [samplesOf(headerMessage.schema), samplesOf(bodySchema), samplesOf(certificateSchema)]
      const wholes = header.map((one, i) => {
        const parts = {
          header: one,
          body: body[i] ?? new Uint8Array(),
          certificate: decodeWith(certificateSchema, certificate[i] as Uint8Array),
        }
        return encodeWith(storedBlockSchema, parts)
      })
      return [...wholes, ...samplesOf(storedBlockSchema)]
    },
  },
  {
    name: 'vote-chain/certificate',
    file: 'packages/vote-chain/src/certificate.ts',
    errors: CHAIN,
    run: (input) => {
      const certificate = decodeWith(certificateSchema, input)
      const votes = certificate.votes.map((vote) => fromElector(voteMessage, vote))
      const { height, block: hash } = certificate
      verifyChainCertificate({ ...certificate, votes }, { height, hash }, { ...chain.tip.group, height }, verification)
    },
    seeds: () => {
      const [certificate] = samplesOf(certificateSchema)
      const given = decodeWith(certificateSchema, certificate as Uint8Array)
      const votes = [1, 2, 3].map(() =>
        voteMessage.encode({ ...given, kind: 'certify', attempt: 0, block: given.block, voter: set, proof: null }),
      )
      return [encodeWith(certificateSchema, { ...given, votes }), ...samplesOf(certificateSchema)]
    },
  },
  {
    name: 'vote-chain/record',
    file: 'packages/vote-chain/src/record.ts',
    errors: ['ChainError'],
    maxBytes: RECORD_BYTES_MAX,
    run: (input) => assertSame(encodeWith(recordSchema, readRecord(input), RECORD_BYTES_MAX), input, 'it is read, and written otherwise'),
    seeds: () => samplesOf(recordSchema),
  },
  {
    name: 'vote-chain/genesis-json',
    file: 'packages/vote-chain/src/genesis.ts',
    errors: ['ChainError'],
    run: (input) => {
      const parsed = parseGenesis(textOf(input))
      assertSame(encodeGenesis(decodeGenesis(encodeGenesis(parsed))), encodeGenesis(parsed), 'its canonical bytes say something else')
    },
    seeds: () => [bytesOfText(genesisText)],
  },
  {
    name: 'vote-chain/genesis-bytes',
    file: 'packages/vote-chain/src/genesis.ts',
    errors: CHAIN,
    run: (input) => assertSame(encodeGenesis(decodeGenesis(input)), input, 'it is read, and written otherwise'),
    seeds: () => [encodeGenesis(genesis), ...samplesOf(genesisMessage.schema)],
  },
  {
    name: 'vote-chain/present-signed',
    file: 'packages/vote-chain/src/present.ts',
    errors: CHAIN,
    run: (input) => void openPresent(signedBytes(presentMessage, input, signerNamed(1)), network),
    seeds: () => samplesOf(presentMessage.schema),
  },
  {
    name: 'vote-chain/unsigned',
    file: 'packages/vote-chain/src/receive.ts',
    errors: [],
    run: (input) => void stepChain(chain, { type: 'message', from: elector.peerId, envelope: input, nowMs: NOW_MS }),
  },
  ...syncMessages
    .filter(({ number }) => SYNC_REQUEST_NUMBERS.includes(number))
    .map((message): Target => {
      return {
        name: `vote-chain/${message.name}-answered`,
        file: 'packages/vote-chain/src/answer-sync.ts',
        errors: CHAIN,
        run: (input) => void answerSync(syncSource, message.number, input),
        seeds: () => samplesOf(message.schema),
      }
    }),
  {
    name: 'vote-chain/checkpoint',
    file: 'packages/vote-chain/src/checkpoint-record.ts',
    errors: CHAIN,
    maxBytes: CHECKPOINT_BYTES_MAX,
    run: (input) => {
      const { at, earlier, ...fields } = readCheckpoint(input)
      assertSame(encodeWith(checkpointSchema, fields, CHECKPOINT_BYTES_MAX), input, 'it is read, and written otherwise')
      if (at.height !== earlier.height + 1) throw new Error('headers that do not follow')
    },
    seeds: () => samplesOf(checkpointSchema),
  },
  {
    name: 'vote-chain/checkpoint-opened',
    file: 'packages/vote-chain/src/checkpoint.ts',
    errors: CHAIN,
    maxBytes: CHECKPOINT_BYTES_MAX,
    run: (input) => void readingCheckpoint({ genesis, application: { ...nothing, snapshots } }, input).next(() => undefined),
    seeds: () => samplesOf(checkpointSchema),
  },
  {
    name: 'vote-chain/headers-followed',
    file: 'packages/vote-chain/src/light/follow-light.ts',
    errors: CHAIN,
    run: (input) => {
      const headers = linkedHeaders(lightFromGenesis(genesis), [input])
      if (headers.length !== 1) throw new Error('a header less')
    },
    seeds: () => samplesOf(headerMessage.schema),
  },
  ...[...messages, ...neighbours].map((message): Target => {
    const isSigned = messages.includes(message)
    return {
      name: `vote-chain/${message.name}-from-neighbour`,
      file: 'packages/vote-chain/src/share.ts',
      errors: [],
      run: (input) => {
        const envelope = isSigned ? fromElector(message, input) : input
        const { state } = stepChain(gossiping, { type: 'message', from: elector.peerId, envelope, nowMs: NOW_MS })
        stepChain(state, { type: 'time', nowMs: NOW_MS + 10_000 })
      },
      seeds: () => samplesOf(message.schema),
    }
  }),
  ...messages
    .filter(({ number }) => CHAIN_MESSAGE_NUMBERS.includes(number))
    .map((message): Target => {
      return {
        name: `vote-chain/${message.name}-received`,
        file: 'packages/vote-chain/src/receive.ts',
        errors: [],
        run: (input) => {
          const envelope = fromElector(message, input)
          stepChain(chain, { type: 'message', from: elector.peerId, envelope, nowMs: NOW_MS })
        },
        seeds: () => samplesOf(message.schema),
      }
    }),
]
