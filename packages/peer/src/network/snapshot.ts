import { type HeldMap, holdMap, type MapEntry } from '@interpeer/content-store'
import { bytesOfContentId, type ContentId, contentIdOf, contentIdOfBytes, type NetworkId } from '@interpeer/crypto-ids'
import { ledgerFrom } from '@interpeer/intercoin-ledger'
import { type BlobOf, blobsOfJobs, type Job, jobFrom } from '@interpeer/job-scheduler'
import type { Verification } from '@interpeer/peer-group'
import { changesFrom, DATA_SETS, type DataSets, registryFrom, reviewsFrom, type Snapshots, settingsFrom } from '@interpeer/vote-chain'
import { concatBytes, decodeWith, encodeWith, link, nullable, struct } from '@interpeer/wire-codec'
import { accusationFrom, isAccusationKey } from './accusations-map.js'
import { closedEpochFrom, isClosedEpochKey } from './closed-epochs-map.js'
import type { DataEntries, DataMaps } from './data-maps.js'
import { blobsOfDisputeParts, disputePartsFrom, isDisputePartsKey } from './dispute-parts-map.js'
import type { DisputeCase } from './disputes.js'
import { blobsOfDisputes, disputeFrom, isDisputeKey } from './disputes-map.js'
import type { NetworkState } from './network-state.js'

const block = nullable(link)
/** Where each data set's map is (peer.cddl); its hash stands in the header. */
export const snapshotSchema = struct({ ledger: block, settings: block, names: block, peers: block, jobs: block })
export const SNAPSHOT_BYTES_MAX = 512

/**
 * A state in parts: the blocks of its maps, and what their entries name by hash (shows, batches to be run again, disputes, verdicts). All of it is
 * checked by the hashes in a header, so it may come from anybody.
 */
export function networkSnapshots(network: NetworkId, verification: Verification): Snapshots<NetworkState> {
  return {
    of: (state) => ({ head: headOf(state.maps), parts: partsOf(state) }),
    reading: ({ settings: { activeCycles: activeCyclesMin } }, head, at) => {
      const roots = decodeWith(snapshotSchema, head, SNAPSHOT_BYTES_MAX)
      const sets = DATA_SETS.map((name) => readingOf(name, at, roots[name]))
      return {
        next(get) {
          const read = sets.map(({ holding }) => holding.next(get))
          const missing = read.flatMap((one) => ('missing' in one ? one.missing : []))
          if (missing.length > 0) return { missing }
          const maps = Object.fromEntries(
            DATA_SETS.map((name, i) => [name, (read[i] as { readonly map: HeldMap }).map]),
          ) as unknown as DataMaps
          const lacking: ContentId[] = []
          const entriesOf = Object.fromEntries(sets.map(({ name, entries }) => [name, entries])) as unknown as SetEntries
          const entries = entriesIn(entriesOf, network, verification, (hash) => {
            const cid = nameOfBlob(hash)
            const bytes = get(cid)
            if (bytes === undefined) lacking.push(cid)
            return bytes
          })
          if (lacking.length > 0) return { missing: lacking }
          return { state: { network, activeCyclesMin, height: at.height, timeMs: at.timeMs, ...entries, maps } }
        },
      }
    },
  }
}

function readingOf(name: keyof DataSets, at: DataSets, root: Uint8Array | null) {
  const entries: MapEntry[] = []
  const holding = holdMap({ hash: at[name], block: root && contentIdOfBytes(root) }, (entry) => void entries.push(entry))
  return { name, entries, holding }
}
type SetEntries = Readonly<Record<keyof DataSets, readonly MapEntry[]>>

/** The state that entries of the five sets are of; without what `blobOf` does not have. */
function entriesIn(
  { ledger, settings, peers, jobs: jobEntries }: SetEntries,
  network: NetworkId,
  verification: Verification,
  blobOf: BlobOf,
): DataEntries {
  const isCase = ({ key }: MapEntry) => isDisputeKey(key)
  const others = [isDisputeKey, isAccusationKey, isDisputePartsKey, isClosedEpochKey]
  const isJob = ({ key }: MapEntry) => !others.some((is) => is(key))
  const running = jobEntries.filter(isJob).map((entry) => jobFrom(entry, network, blobOf))
  const jobs = new Map(running.filter((job): job is Job => job !== undefined).map((job) => [job.job, job]))
  const cases = running.includes(undefined) ? [] : jobEntries.filter(isCase)
  const disputes = cases.map((entry) => disputeFrom(entry, { network, jobs }, blobOf, verification))
  const accusations = jobEntries.filter(({ key }) => isAccusationKey(key)).map(accusationFrom)
  const closed = jobEntries.filter(({ key }) => isClosedEpochKey(key)).map(closedEpochFrom)
  const parts = jobEntries
    .filter(({ key }) => isDisputePartsKey(key))
    .flatMap((entry) => {
      const read = disputePartsFrom(entry, blobOf)
      return read === undefined ? [] : [read]
    })
  return {
    ledger: ledgerFrom(ledger),
    settings: settingsFrom(settings),
    changes: changesFrom(settings),
    registry: registryFrom(peers),
    reviews: reviewsFrom(peers),
    jobs,
    disputes: new Map(disputes.filter((one): one is DisputeCase => one !== undefined).map((one) => [one.id, one])),
    disputeParts: new Map(parts),
    accusations: new Map(accusations.map((one) => [one.id, one])),
    closedEpochs: new Map(closed.map((one) => [one.job, one])),
  }
}

const headOf = (maps: DataMaps): Uint8Array => {
  const blockOf = (name: keyof DataMaps) => maps[name].root.block && bytesOfContentId(maps[name].root.block)
  return encodeWith(snapshotSchema, Object.fromEntries(DATA_SETS.map((name) => [name, blockOf(name)])) as never, SNAPSHOT_BYTES_MAX)
}
function partsOf({ maps, jobs, disputes, disputeParts }: NetworkState): ReadonlyMap<ContentId, Uint8Array> {
  const parts = new Map<ContentId, Uint8Array>()
  for (const name of DATA_SETS) for (const [cid, bytes] of maps[name].blocks) parts.set(cid, bytes)
  for (const bytes of [...blobsOfJobs(jobs), ...blobsOfDisputes(disputes), ...blobsOfDisputeParts(disputeParts)])
    parts.set(contentIdOf(bytes, 'raw'), bytes)
  return parts
}
/** CIDv1 of raw bytes with this SHA-256. */
const nameOfBlob = (hash: Uint8Array): ContentId => contentIdOfBytes(concatBytes(Uint8Array.of(1, 0x55, 0x12, 32), hash))
