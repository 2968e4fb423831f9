import { checkEntry, type MapEdit, type MapEntry, type MapPut } from '@interpeer/content-store'
import { accountOfBytes, bytesOfAccount, keyOfPeerId, type PeerId, peerIdOfKey } from '@interpeer/crypto-ids'
import {
  bool,
  bytes,
  bytesOfHex,
  concatBytes,
  decodeWith,
  encodeWith,
  hexOf,
  nullable,
  oneOf,
  sameBytes,
  struct,
  text,
  uint32,
  uint53,
} from '@interpeer/wire-codec'
import { patchSchema } from './change-orders.js'
import type { ChangeRequest, Changes } from './changes.js'

/** What the `settings` map has of a request, under `change/` and its id, and of a vote, under `vote/`, the id and the voter's key. */
export const changeRecord = struct({
  proposer: bytes(32),
  reason: text(1_024),
  patch: patchSchema,
  proposedHeight: uint53,
  validHeight: uint53,
  isProtected: bool,
  outcome: oneOf('open', 'applied', 'refused'),
  tally: nullable(struct({ voters: uint32, yes: uint32, no: uint32 })),
})
export const changeVoteRecord = struct({ vote: oneOf('no', 'yes'), turn: uint53 })

const ascii = (word: string): Uint8Array => Uint8Array.from(word, (letter) => letter.charCodeAt(0))
export const changeKey = (id: string): Uint8Array => concatBytes(ascii('change/'), bytesOfHex(id))
const voteKey = (id: string, voter: PeerId): Uint8Array => concatBytes(ascii('vote/'), bytesOfHex(id), keyOfPeerId(voter))

/** All entries that open and settled requests have in the map of settings. */
export const changesEntries = (changes: Changes): readonly MapPut[] =>
  [...changes.values()].flatMap((change) => [
    changePut(change),
    ...[...change.votes].map(([voter, vote]) => votePut(change.id, voter, vote)),
  ])

/** What makes the entries of `after` of those of `before`. */
export function changesEdits(before: Changes, after: Changes): readonly MapEdit[] {
  if (before === after) return []
  const edits: MapEdit[] = []
  for (const id of new Set([...before.keys(), ...after.keys()])) {
    const [old, now] = [before.get(id), after.get(id)]
    if (old === now) continue
    if (now === undefined) edits.push({ type: 'delete', key: changeKey(id) })
    else if (old === undefined || old.outcome !== now.outcome) edits.push(changePut(now))
    for (const voter of old?.votes.keys() ?? []) if (now?.votes.has(voter) !== true) edits.push({ type: 'delete', key: voteKey(id, voter) })
    for (const [voter, vote] of now?.votes ?? []) if (old?.votes.get(voter) !== vote) edits.push(votePut(id, voter, vote))
  }
  return edits
}
function changePut({ id, proposer, patch, votes: _, ...rest }: ChangeRequest): MapPut {
  const moves = patch.moves.map(({ from, to, amount }) => ({ from: bytesOfAccount(from), to: bytesOfAccount(to), amount }))
  const written = { settings: [...patch.settings], moves, ends: patch.ends.map(keyOfPeerId) }
  return { type: 'put', key: changeKey(id), value: encodeWith(changeRecord, { ...rest, proposer: keyOfPeerId(proposer), patch: written }) }
}
const votePut = (id: string, voter: PeerId, vote: { readonly vote: 'no' | 'yes'; readonly turn: number }): MapPut => ({
  type: 'put',
  key: voteKey(id, voter),
  value: encodeWith(changeVoteRecord, vote),
})

/**
 * A change request without its votes, from the `settings` hash of a block's header and a proof (content-store's `proveEntry` with
 * `changeKey`). Undefined: the proof shows that there is none of that id.
 * @throws {ContentStoreError} MAP_PROOF_MALFORMED, MAP_PROOF_WRONG @throws {WireError} @throws {CryptoError} PEER_KEY_UNUSABLE
 */
export function checkChange(settingsHash: Uint8Array, id: string, proof: Uint8Array): Omit<ChangeRequest, 'votes'> | undefined {
  const { entry } = checkEntry(settingsHash, changeKey(id), proof)
  return entry && changeOf(id, entry.value)
}
function changeOf(id: string, value: Uint8Array): Omit<ChangeRequest, 'votes'> {
  const { proposer, patch, ...rest } = decodeWith(changeRecord, value)
  const moves = patch.moves.map(({ from, to, amount }) => ({ from: accountOfBytes(from), to: accountOfBytes(to), amount }))
  return { ...rest, id, proposer: peerIdOfKey(proposer), patch: { settings: patch.settings, moves, ends: patch.ends.map(peerIdOfKey) } }
}

const [CHANGE, VOTE] = [ascii('change/'), ascii('vote/')]
const startsWith = (key: Uint8Array, prefix: Uint8Array): boolean => sameBytes(key.subarray(0, prefix.length), prefix)
/** The requests among a map's entries, with their votes; what has another key is not looked at. @throws {WireError} @throws {CryptoError} */
export function changesFrom(entries: readonly Pick<MapEntry, 'key' | 'value'>[]): Changes {
  const changes = new Map<string, ChangeRequest & { readonly votes: Map<PeerId, { readonly vote: 'no' | 'yes'; readonly turn: number }> }>()
  for (const { key, value } of entries) {
    if (!startsWith(key, CHANGE)) continue
    const id = hexOf(key.subarray(CHANGE.length))
    changes.set(id, { ...changeOf(id, value), votes: new Map() })
  }
  for (const { key, value } of entries) {
    if (!startsWith(key, VOTE)) continue
    const at = VOTE.length + 32
    changes.get(hexOf(key.subarray(VOTE.length, at)))?.votes.set(peerIdOfKey(key.subarray(at)), decodeWith(changeVoteRecord, value))
  }
  return changes
}
