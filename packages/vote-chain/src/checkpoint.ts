import type { GetBlock, Missing } from '@interpeer/content-store'
import { keyOfPeerId, type PeerId, peerIdOfKey } from '@interpeer/crypto-ids'
import { compareBytes, concatBytes, encodeWith, sameBytes, WireError } from '@interpeer/wire-codec'
import type { SnapshotReading } from './application.js'
import { DATA_SETS, type Header, hashOfHeader, headerMessage } from './block.js'
import {
  CHECKPOINT_BYTES_MAX,
  type Checkpoint,
  checkpointSchema,
  ELECTORATES_MAX,
  isCheckpoint,
  readCheckpoint,
  TURNOVER_MAX,
} from './checkpoint-record.js'
import { changedElectorate, type Electorate, electorateOf, isRootOf } from './electorate.js'
import { ChainError } from './errors.js'
import type { Fixed, Tip } from './state.js'

/** A checkpoint to be kept and handed on. */
export interface MadeCheckpoint {
  readonly bytes: Uint8Array
  /** Of its state, by name. */
  readonly parts: ReadonlyMap<string, Uint8Array>
}
/** The checkpoint that a tip is; undefined where it is none, or none can be written of it. */
export function checkpointOf<S>(
  { application, genesis }: Pick<Fixed<S>, 'application' | 'genesis'>,
  tip: Tip<S>,
): MadeCheckpoint | undefined {
  const { header, before, certificate, groupBefore, electorates, state } = tip
  if (application.snapshots === undefined || !isCheckpoint(tip.height, genesis.settings)) return undefined
  if (header === null || before === null || certificate === null || groupBefore === undefined) return undefined
  if (electorates.length >= ELECTORATES_MAX) return undefined
  const { head, parts } = application.snapshots.of(state)
  const back = [...electorates.toReversed().map(({ electors }) => electors), groupBefore.electorate.electors]
  const turnovers = back.map((electors, i) =>
    turnover(i === 0 ? application.electorate(state) : (back[i - 1] as readonly PeerId[]), electors),
  )
  if (turnovers.some(({ joined, left }) => Math.max(joined.length, left.length) > 32 * TURNOVER_MAX)) return undefined
  const written = { before: headerMessage.encode(before), header: headerMessage.encode(header), certificate, head, electorates: turnovers }
  try {
    return { bytes: encodeWith(checkpointSchema, written, CHECKPOINT_BYTES_MAX), parts }
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    return undefined // larger than it may be: the next one has fewer changes
  }
}
function turnover(from: readonly PeerId[], to: readonly PeerId[]): Checkpoint['electorates'][number] {
  if (from === to) return { joined: new Uint8Array(), left: new Uint8Array() }
  const [old, now] = [new Set(from), new Set(to)]
  const keysOf = (peers: readonly PeerId[]) => concatBytes(...peers.map(keyOfPeerId))
  return { joined: keysOf(to.filter((peer) => !old.has(peer))), left: keysOf(from.filter((peer) => !now.has(peer))) }
}
/** @throws {ChainError} CHECKPOINT_WRONG @throws {CryptoError} PEER_KEY_UNUSABLE */
function peersIn(keys: Uint8Array): readonly PeerId[] {
  if (keys.length % 32 !== 0) throw wrong('electorate')
  return Array.from({ length: keys.length / 32 }, (_, i) => peerIdOfKey(keys.subarray(32 * i, 32 * i + 32)))
}

/** Goes from a checkpoint to the tip that it was written of, part by part. */
export interface CheckpointReading<S> {
  /** Goes on until all is read, or names parts that `get` does not have yet. @throws {ChainError} CHECKPOINT_WRONG: its state is not what its header says */
  readonly next: (get: GetBlock) => { readonly tip: Tip<S> } | Missing
}
/** @throws {ChainError} CHECKPOINT_WRONG @throws {WireError} */
export function readingCheckpoint<S>(
  { application, genesis }: Pick<Fixed<S>, 'application' | 'genesis'>,
  encoded: Uint8Array,
): CheckpointReading<S> {
  const { at: header, earlier, head, certificate, electorates: turnovers } = readCheckpoint(encoded)
  if (application.snapshots === undefined || !isCheckpoint(header.height, genesis.settings)) throw wrong('header')
  if (turnovers.length !== Math.min(header.height + 1, genesis.settings.lookBack) + 1) throw wrong('electorate')
  const reading = orWrong('state', () =>
    (application.snapshots as NonNullable<typeof application.snapshots>).reading(genesis, head, header),
  )
  return {
    next(get) {
      const read = orWrong('state', () => (reading as SnapshotReading<S>).next(get))
      if ('missing' in read) return read
      const { state } = read
      const sets = application.dataSets(state)
      if (DATA_SETS.some((name) => !sameBytes(sets[name], header[name]))) throw wrong('state')
      const known = electoratesFrom(application.electorate(state), turnovers, genesis.settings.rootGroupSize)
      const [last, electorates] = [known[0] as Electorate, known.slice(1)]
      if (!isRootOf(last, earlier.electorate) || !isRootOf(electorates[0] as Electorate, header.electorate)) throw wrong('electorate')
      const { height, seed, timeMs } = header
      const group = { height: height + 1, seed, electorate: electorates[0] as Electorate }
      const groupBefore = { height, seed: earlier.seed, electorate: last }
      const block = { height, hash: hashOfHeader(header), seed, timeMs, certificate, header, before: earlier }
      return { tip: { ...block, state, group, groupBefore, electorates } }
    },
  }
}
/** Oldest first. */
function electoratesFrom(named: readonly PeerId[], turnovers: Checkpoint['electorates'], sizeMax: number): readonly Electorate[] {
  const found: Electorate[] = []
  for (const { joined, left } of turnovers) {
    const next = found[0] ?? (named.length === 0 ? undefined : electorateOf(named, sizeMax))
    const [more, fewer] = [peersIn(joined), new Set(peersIn(left))]
    if (next !== undefined) found.unshift(changedElectorate(next, more, fewer, sizeMax))
    else if (more.length > 0) found.unshift(electorateOf(inOrder(more), sizeMax))
    else throw wrong('electorate')
  }
  return found
}
const inOrder = (peers: readonly PeerId[]): readonly PeerId[] =>
  peers
    .map((peer) => ({ peer, key: keyOfPeerId(peer) }))
    .sort((a, b) => compareBytes(a.key, b.key))
    .map(({ peer }) => peer)

/** Of the electorates that votes on the next heights go by, all but the first stand in later headers: height by height, as far as these go. */
export function electorateStands<S>({ electorates, height }: Tip<S>, later: Header, lookBack: number): boolean {
  const first = Math.max(0, height - lookBack + 1)
  const electorate = electorates[Math.max(0, later.height - lookBack + 1) - first]
  return electorate === undefined || isRootOf(electorate, later.electorate)
}

function orWrong<T>(reason: 'state', run: () => T): T {
  try {
    return run()
  } catch (cause) {
    if (cause instanceof ChainError && cause.code === 'CHECKPOINT_WRONG') throw cause
    throw new ChainError({ code: 'CHECKPOINT_WRONG', reason }, { cause })
  }
}
const wrong = (reason: 'header' | 'state' | 'electorate'): ChainError => new ChainError({ code: 'CHECKPOINT_WRONG', reason })
