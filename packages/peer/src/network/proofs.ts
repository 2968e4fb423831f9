import { proveAt, proveEntry, readHeldMap } from '@interpeer/content-store'
import { type AccountId, bytesOfAccount, bytesOfContentId, type JobId, keyOfPeerId, type PeerId } from '@interpeer/crypto-ids'
import { SUPPLY_KEY } from '@interpeer/intercoin-ledger'
import { changeKey, headerMessage, type Settings, settingKey, type Tip } from '@interpeer/vote-chain'
import type { DataMaps } from './data-maps.js'
import type { NetworkState } from './network-state.js'

/** What can be proven of a network's state: one entry of one data set, or that there is none. A ticket: whose the nth of all tickets is. */
export type Provable =
  | { readonly type: 'account'; readonly account: AccountId }
  | { readonly type: 'supply' }
  | { readonly type: 'setting'; readonly name: keyof Settings }
  | { readonly type: 'change'; readonly id: string }
  | { readonly type: 'peer'; readonly peer: PeerId }
  | { readonly type: 'ticket'; readonly ticket: bigint }
  | { readonly type: 'job'; readonly job: JobId }

/**
 * Shows one entry of a state to someone who knows the hash of the block that led to it, and needs nothing else: `checkHeader` of
 * vote-chain, then with the header's hash of the data set `checkAccount`, `checkSupply` (intercoin-ledger), `checkSetting`, `checkChange`, `checkPeer`,
 * `checkTicket` (vote-chain) or `checkJob` (job-scheduler).
 */
export interface ChainProof {
  readonly height: number
  /** The block's hash: what the asker has to have from a place that it trusts. */
  readonly block: Uint8Array
  /** The block's header, encoded. */
  readonly header: Uint8Array
  readonly proof: Uint8Array
}

/**
 * The proof as of a certified block. Undefined at height 0, which has no header.
 * @throws {ContentStoreError} MAP_UNIT: there is no such ticket
 */
export function chainProofOf(
  { height, hash, header, state }: Pick<Tip<NetworkState>, 'height' | 'hash' | 'header' | 'state'>,
  what: Provable,
): ChainProof | undefined {
  if (header === null) return undefined
  return { height, block: hash, header: headerMessage.encode(header), proof: proofOf(state.maps, what) }
}

/** Where an entry is: its data set, and its key there. Undefined of a ticket, which is found by counting. */
export function placeOf(what: Provable): { readonly set: keyof DataMaps; readonly key: Uint8Array } | undefined {
  switch (what.type) {
    case 'account':
      return { set: 'ledger', key: bytesOfAccount(what.account) }
    case 'supply':
      return { set: 'ledger', key: SUPPLY_KEY }
    case 'setting':
      return { set: 'settings', key: settingKey(what.name) }
    case 'change':
      return { set: 'settings', key: changeKey(what.id) }
    case 'peer':
      return { set: 'peers', key: keyOfPeerId(what.peer) }
    case 'ticket':
      return undefined
    case 'job':
      return { set: 'jobs', key: bytesOfContentId(what.job) }
  }
}

function proofOf(maps: DataMaps, what: Provable): Uint8Array {
  const place = placeOf(what)
  if (place !== undefined) return readHeldMap(maps[place.set], (get, root) => proveEntry(get, root, place.key)).proof
  const { ticket } = what as Extract<Provable, { readonly type: 'ticket' }>
  return readHeldMap(maps.peers, (get, root) => proveAt(get, root, ticket)).proof
}
