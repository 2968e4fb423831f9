import { editHeldMap, emptyHeldMap, type HeldMap, type MapCache, type MapEdit, readHeldMap, readTotal } from '@interpeer/content-store'
import { assertTotal, type Ledger, ledgerEdits, ledgerEntries } from '@interpeer/intercoin-ledger'
import { type Jobs, jobsEdits, jobsEntries } from '@interpeer/job-scheduler'
import {
  type Changes,
  changesEdits,
  changesEntries,
  type DataSets,
  type Registry,
  type Reviews,
  registryEdits,
  registryEntries,
  reviewsEdits,
  reviewsEntries,
  type Settings,
  settingsEdits,
  settingsEntries,
} from '@interpeer/vote-chain'

import type { Accusations } from './accusations.js'
import { accusationsEdits, accusationsEntries } from './accusations-map.js'
import type { ClosedEpochs } from './closed-epochs.js'
import { closedEpochsEdits, closedEpochsEntries } from './closed-epochs-map.js'
import type { AllDisputeParts } from './dispute-parts.js'
import { disputePartsEdits, disputePartsEntries } from './dispute-parts-map.js'
import type { Disputes } from './disputes.js'
import { disputesEdits, disputesEntries } from './disputes-map.js'

/** Each data set as an authenticated map, whose root hash stands in the header of the block that led here (§6.7, design §4). */
export type DataMaps = Readonly<Record<keyof DataSets, HeldMap>>

/** What the maps are made of. */
export interface DataEntries {
  readonly ledger: Ledger
  readonly settings: Settings
  /** Requests to change them, in the same map. */
  readonly changes: Changes
  readonly registry: Registry
  /** What epochs since the last checkpoint said of their members, in the same map. */
  readonly reviews: Reviews
  readonly jobs: Jobs
  /** What groups could not decide, in the same map. */
  readonly disputes: Disputes
  /** Disputes of which not all parts have come, in the same map. */
  readonly disputeParts: AllDisputeParts
  /** What members accuse one another of, in the same map. */
  readonly accusations: Accusations
  /** Epochs that are over and of which members may still accuse each other, in the same map. */
  readonly closedEpochs: ClosedEpochs
}

/** The maps of a state, from all its entries. */
export function dataMapsOf(state: DataEntries, cache?: MapCache): DataMaps {
  const made = (edits: readonly MapEdit[]) => editHeldMap(emptyHeldMap(), edits, cache)
  return {
    ledger: conserved(made(ledgerEntries(state.ledger)), state, cache),
    settings: made([...settingsEntries(state.settings), ...changesEntries(state.changes)]),
    names: emptyHeldMap(), // no names yet: an issue of its own
    peers: made([...registryEntries(state.registry), ...reviewsEntries(state.reviews)]),
    jobs: made([
      ...jobsEntries(state.jobs),
      ...disputesEntries(state.disputes),
      ...accusationsEntries(state.accusations),
      ...disputePartsEntries(state.disputeParts),
      ...closedEpochsEntries(state.closedEpochs),
    ]),
  }
}

/** The maps of the state `after`, from those of the state `before`: only what changed between the two is hashed. Alters nothing. */
export function dataMapsAfter(maps: DataMaps, before: DataEntries, after: DataEntries, cache?: MapCache): DataMaps {
  const edited = (map: HeldMap, edits: readonly MapEdit[]) => (edits.length === 0 ? map : editHeldMap(map, edits, cache))
  return {
    ledger: conserved(edited(maps.ledger, ledgerEdits(before.ledger, after.ledger)), after, cache),
    settings: edited(maps.settings, [...settingsEdits(before.settings, after.settings), ...changesEdits(before.changes, after.changes)]),
    names: maps.names,
    peers: edited(maps.peers, [...registryEdits(before.registry, after.registry), ...reviewsEdits(before.reviews, after.reviews)]),
    jobs: edited(maps.jobs, [
      ...jobsEdits(before.jobs, after.jobs),
      ...disputesEdits(before.disputes, after.disputes),
      ...accusationsEdits(before.accusations, after.accusations),
      ...disputePartsEdits(before.disputeParts, after.disputeParts),
      ...closedEpochsEdits(before.closedEpochs, after.closedEpochs),
    ]),
  }
}

/**
 * A ledger's map whose sum is what was minted and not burned: every coin counted, by the sums of the trie, at the cost of what changed.
 * @throws {LedgerError} LEDGER_NOT_CONSERVED: a bug, the process stops
 */
function conserved(map: HeldMap, { ledger }: DataEntries, cache: MapCache | undefined): HeldMap {
  assertTotal(ledger, readHeldMap(map, (get, root) => readTotal(get, root, cache)).total)
  return map
}

/** The root hashes, as a header has them. */
export const hashesOf = ({ ledger, settings, names, peers, jobs }: DataMaps): DataSets => ({
  ledger: ledger.root.hash,
  settings: settings.root.hash,
  names: names.root.hash,
  peers: peers.root.hash,
  jobs: jobs.root.hash,
})
