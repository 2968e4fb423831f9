import { bytesOfContentId, type ContentId, contentIdOf, sha256 } from '@interpeer/crypto-ids'
import type { Job } from '@interpeer/job-scheduler'
import { createVerification } from '@interpeer/peer-group'
import { type Genesis, reviewsFrom } from '@interpeer/vote-chain'
import { concatBytes, decodeWith, encodeWith } from '@interpeer/wire-codec'
import { accusationFrom, accusationRecord, accusationsEntries } from '../../../packages/peer/src/network/accusations-map.js'
import { closedEpochFrom, closedEpochRecord, closedEpochsEntries } from '../../../packages/peer/src/network/closed-epochs-map.js'
import { disputePartsEntries, disputePartsFrom, disputePartsRecord } from '../../../packages/peer/src/network/dispute-parts-map.js'
import { disputeFrom, disputeRecord } from '../../../packages/peer/src/network/disputes-map.js'
import { networkSnapshots, SNAPSHOT_BYTES_MAX, snapshotSchema } from '../../../packages/peer/src/network/snapshot.js'
import { heightsSchema } from '../../../packages/peer/src/node/chain-store.js'
import { reviewRecord } from '../../../packages/vote-chain/src/reviews.js'
import { assertSame, type Target } from '../src/target.ts'
import { network, samplesOf, signerNamed } from './shapes.ts'

const verification = createVerification(network)
const set = sha256(Uint8Array.of(1))
const ascii = (word: string): Uint8Array => Uint8Array.from(word, (letter) => letter.charCodeAt(0))
const job = bytesOfContentId(contentIdOf(Uint8Array.of(0x80), 'dag-cbor'))
const members = [1, 2, 3].map((n) => signerNamed(n).peerId)
const running = {
  job: contentIdOf(Uint8Array.of(0x80), 'dag-cbor'),
  epoch: { number: 1, members, start: contentIdOf(Uint8Array.of(1), 'raw') },
  closing: null,
}
const jobs = { get: () => running as unknown as Job } as never

/** What a new peer reads of a state that others gave it: its hashes hold, and what is hashed may be anything that a quorum agreed on. */
export const checkpoints: readonly Target[] = [
  {
    name: 'peer/snapshot-read',
    file: 'packages/peer/src/network/snapshot.ts',
    errors: ['ContentStoreError', 'CryptoError', 'WireError'],
    maxBytes: SNAPSHOT_BYTES_MAX,
    run: (input) => {
      const genesis = { settings: { activeCycles: 400 } } as unknown as Genesis
      const at = { height: 8, timeMs: 0, ledger: set, settings: set, names: set, peers: set, jobs: set }
      const reading = networkSnapshots(network, verification).reading(genesis, input, at)
      const asked: ContentId[] = []
      reading.next((cid) => {
        asked.push(cid)
        return undefined
      })
      if (asked.length > 5) throw new Error('it asks for more than the tops of five maps')
    },
    seeds: () => samplesOf(snapshotSchema),
  },
  {
    name: 'peer/dispute-read',
    file: 'packages/peer/src/network/disputes-map.ts',
    errors: ['CryptoError', 'PeerGroupError', 'WireError'],
    run: (input) => {
      const entry = { key: concatBytes(ascii('dispute/'), set), value: input }
      disputeFrom(entry, { network, jobs }, (hash) => hash, verification)
    },
    seeds: () => samplesOf(disputeRecord),
  },
  {
    name: 'peer/accusation-read',
    file: 'packages/peer/src/network/accusations-map.ts',
    errors: ['CryptoError', 'WireError'],
    run: (input) => {
      const one = accusationFrom({ key: concatBytes(ascii('accused/'), set), value: input })
      accusationsEntries(new Map([[one.id, one]]))
    },
    seeds: () => samplesOf(accusationRecord),
  },
  {
    name: 'peer/closed-epoch-read',
    file: 'packages/peer/src/network/closed-epochs-map.ts',
    errors: ['CryptoError', 'WireError'],
    run: (input) => {
      const one = closedEpochFrom({ value: input })
      closedEpochsEntries(new Map([[one.job, one]]))
    },
    seeds: () => samplesOf(closedEpochRecord),
  },
  {
    name: 'peer/dispute-parts-read',
    file: 'packages/peer/src/network/dispute-parts-map.ts',
    errors: ['CryptoError', 'WireError'],
    run: (input) => {
      const read = disputePartsFrom({ key: concatBytes(ascii('parts-of'), set), value: input }, (hash) => hash)
      disputePartsEntries(new Map(read === undefined ? [] : [read]))
    },
    seeds: () => samplesOf(disputePartsRecord),
  },
  {
    name: 'peer/kept-checkpoints',
    file: 'packages/peer/src/node/chain-store.ts',
    errors: ['WireError'],
    run: (input) => assertSame(encodeWith(heightsSchema, decodeWith(heightsSchema, input)), input, 'it is read, and written otherwise'),
    seeds: () => samplesOf(heightsSchema),
  },
  {
    name: 'vote-chain/reviews-read',
    file: 'packages/vote-chain/src/reviews.ts',
    errors: ['CryptoError', 'WireError'],
    run: (input) => {
      const found = reviewsFrom([{ key: concatBytes(ascii('review/'), job, Uint8Array.of(0, 0, 0, 1)), value: input }])
      if ([...found.values()].some(({ epoch }) => epoch !== 1)) throw new Error('another epoch than the key says')
    },
    seeds: () => samplesOf(reviewRecord),
  },
]
