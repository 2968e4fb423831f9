import { type HeldMap, proveEntry, readHeldMap } from '@interpeer/content-store'
import type { Infer } from '@interpeer/wire-codec'
import { type Block, type Certificate, DATA_SETS, type DataSets, hashOfHeader, headerMessage } from './block.js'
import { readCheckpoint, stateDigestOf } from './checkpoint-record.js'
import type { Electorate } from './electorate.js'
import type { Tip } from './state.js'
import {
  CHECKPOINTS_NAMED_MAX,
  checkpointReply,
  ELECTORATE_SET,
  HEADERS_MAX,
  headersReply,
  PROOF_BYTES_MAX,
  proofsReply,
  tipReply,
  wantCheckpoint,
  wantHeaders,
  wantProofs,
  wantTip,
} from './sync-messages.js'

/** Tips that entries and electors are proven of beside the checkpoints: a client that follows block by block is not far behind. */
const RECENT_MAX = 16
/** Of blocks that are read for the headers of one answer: usual ones of a hundred heights. A request is some bytes, and a thousand blocks can be a gigabyte. */
const READ_BYTES_MAX = 16 * 1024 * 1024

/** What a peer has at hand to answer with. */
export interface SyncSource<S> {
  readonly tip: Tip<S>
  /** Tips that were, as `withRecent` keeps them. */
  readonly recent: readonly Tip<S>[]
  /** Heights of the checkpoints that are kept, the newest first. */
  readonly checkpoints: readonly number[]
  readonly checkpoint: (height: number) => Uint8Array | undefined
  readonly block: (height: number) => Block | undefined
  /** A state's data set as a map; undefined where it is none. */
  readonly mapOf: (state: S, set: keyof DataSets) => HeldMap | undefined
}

/** The tips to keep after one more: the last few, and those of the checkpoints. */
export function withRecent<S>(recent: readonly Tip<S>[], tip: Tip<S>, checkpoints: readonly number[]): readonly Tip<S>[] {
  return [tip, ...recent].filter(({ height }, i) => i < RECENT_MAX || checkpoints.includes(height))
}

/**
 * Answers what anyone may ask of the chain: `SYNC_REQUEST_NUMBERS`. Each answer is at most a megabyte; how many a peer may ask for is the caller's to say.
 * @throws {WireError} it is no such request
 */
export function answerSync<S>(source: SyncSource<S>, number: number, request: Uint8Array): Uint8Array {
  switch (number) {
    case wantTip.number:
      return answerTip({ ...source, height: source.tip.height }, request)
    case wantCheckpoint.number:
      return checkpointReply.encode({ checkpoint: source.checkpoint(wantCheckpoint.decode(request).height) ?? null })
    case wantHeaders.number:
      return headersFrom(source, wantHeaders.decode(request))
    default:
      return proofsFrom(source, wantProofs.decode(request))
  }
}

/** Says how far a peer is. It needs no state: also who is about to open its chain can. @throws {WireError} */
export function answerTip(
  { height, ...source }: Pick<SyncSource<unknown>, 'checkpoints' | 'checkpoint'> & { readonly height: number },
  request: Uint8Array,
): Uint8Array {
  return tipReply.encode({ height, checkpoints: namedCheckpoints(source, wantTip.decode(request).checkpoints) })
}

function namedCheckpoints({ checkpoints, checkpoint }: Pick<SyncSource<unknown>, 'checkpoints' | 'checkpoint'>, count: number) {
  return checkpoints.slice(0, Math.min(count, CHECKPOINTS_NAMED_MAX)).flatMap((height) => {
    const bytes = checkpoint(height)
    if (bytes === undefined) return []
    const read = readCheckpoint(bytes)
    return { height, block: hashOfHeader(read.at), state: stateDigestOf(read) }
  })
}

function headersFrom<S>(
  { block, tip }: SyncSource<S>,
  { fromHeight, count }: { readonly fromHeight: number; readonly count: number },
): Uint8Array {
  const headers: Uint8Array[] = []
  let certificate: Certificate | null = null
  let left = READ_BYTES_MAX
  for (let height = Math.max(1, fromHeight); height <= tip.height && headers.length < Math.min(count, HEADERS_MAX) && left > 0; height++) {
    const at = block(height)
    if (at === undefined) break
    headers.push(headerMessage.encode(at.header))
    certificate = at.certificate
    left -= bytesOf(at)
  }
  return headersReply.encode({ headers, certificate })
}
const bytesOf = ({ body, certificate }: Block): number =>
  [...body.transactions, ...(certificate?.votes ?? [])].reduce((sum, { length }) => sum + length, 0)

const tipAt = <S>({ tip, recent, checkpoints }: SyncSource<S>, height: number): Tip<S> | undefined => {
  const wanted = height === 0 ? checkpoints[0] : height
  return [tip, ...recent].find((one) => one.height === wanted)
}

/** Proofs of one answer, in bytes: a header has room beside them. */
const ANSWER_BYTES_MAX = 1_000_000
function proofsFrom<S>(source: SyncSource<S>, { height, set, keys }: Infer<typeof wantProofs>): Uint8Array {
  const found = set === ELECTORATE_SET ? electorsIn(source, height) : entriesIn(source, height, DATA_SETS[set])
  if (found === undefined) return proofsReply.encode({ header: null, proofs: [] })
  const proofs: Uint8Array[] = []
  let left = ANSWER_BYTES_MAX
  for (const key of keys) {
    const { proof } = readHeldMap(found.map, (get, root) => proveEntry(get, root, key))
    left -= proof.length + 5
    if (proof.length > PROOF_BYTES_MAX || left < 0) break
    proofs.push(proof)
  }
  return proofsReply.encode({ header: found.header, proofs })
}
interface Found {
  readonly map: HeldMap
  readonly header: Uint8Array | null
}
function entriesIn<S>(source: SyncSource<S>, height: number, set: keyof DataSets | undefined): Found | undefined {
  const at = tipAt(source, height)
  const map = at && set && source.mapOf(at.state, set)
  return at === undefined || at.header === null || map === undefined ? undefined : { map, header: headerMessage.encode(at.header) }
}
function electorsIn<S>(source: SyncSource<S>, height: number): Found | undefined {
  const electorate = electorateFor(source, height)
  return electorate && { map: electorate.map, header: null }
}

/** The electorate that votes on a height, if it is at hand: as the next one of a tip, or as the last one. */
function electorateFor<S>({ tip, recent }: SyncSource<S>, height: number): Electorate | undefined {
  for (const { group, groupBefore } of [tip, ...recent]) {
    if (group.height === height) return group.electorate
    if (groupBefore?.height === height) return groupBefore.electorate
  }
  return undefined
}
/** What `checkElector` reads. */
export const proofOfElector = ({ map }: Pick<Electorate, 'map'>, key: Uint8Array): Uint8Array =>
  readHeldMap(map, (get, root) => proveEntry(get, root, key)).proof
