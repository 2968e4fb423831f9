import { bytesOfContentId, type JobId, type NetworkId, sealOf, sha256 } from '@interpeer/crypto-ids'
import { sameBytes } from '@interpeer/wire-codec'

/** What an own part is bound to. Not the rank: a member that reveals a batch again at another rank has run it once. */
export interface OwnPlace {
  readonly network: NetworkId
  readonly job: JobId
  readonly epoch: number
  readonly step: number
  /** SHA-256 of the batch. */
  readonly batch: Uint8Array
  /** The member's 32-byte key. */
  readonly key: Uint8Array
}
/** A transcript is hashed in pieces of this size; the last may be shorter. */
export const CHUNK_BYTES = 1024
/** What a batch's execution may leave as its transcript, at most. */
export const TRANSCRIPT_MAX_BYTES = 2 * 1024 * 1024
/** How many hashes lead from a chunk of the longest transcript to the root. */
export const PATH_MAX = Math.ceil(Math.log2(TRANSCRIPT_MAX_BYTES / CHUNK_BYTES))

/** One chunk of a transcript with the hashes that lead from it to the root, lowest first. */
export interface ChunkProof {
  readonly index: number
  readonly bytes: Uint8Array
  readonly path: readonly Uint8Array[]
}

/**
 * An answer's own part, 32 bytes: the root of a Merkle tree over the transcript's chunks, each hashed with the place and its index. Whoever makes it has
 * the bytes of the transcript in hand: neither a digest of them nor another member's own part helps.
 * @param transcript at most `TRANSCRIPT_MAX_BYTES`
 */
export function ownPart(transcript: Uint8Array, place: OwnPlace): Uint8Array {
  const name = placeName(place)
  let level = leavesOf(transcript, name)
  while (level.length > 1) level = levelAbove(level)
  return rootName(name, transcript.length, level[0] as Uint8Array)
}

/**
 * The own part again, and the chunks that a challenge draws, each with its path: `draws` modulo the number of chunks, each index once, in rising order.
 */
export function showChunks(
  transcript: Uint8Array,
  place: OwnPlace,
  draws: readonly number[],
): { readonly own: Uint8Array; readonly chunks: readonly ChunkProof[] } {
  const name = placeName(place)
  const levels = [leavesOf(transcript, name)]
  let top = levels[0] as readonly Uint8Array[]
  for (; top.length > 1; levels.push(top)) top = levelAbove(top)
  const chunks = drawnIndices(draws, transcript.length).map((index) => {
    const path = levels.flatMap((level, height) => level[(index >>> height) ^ 1] ?? [])
    return { index, bytes: chunkAt(transcript, index), path }
  })
  return { own: rootName(name, transcript.length, top[0] as Uint8Array), chunks }
}

/** Whether a chunk lies where its path says, under this own part. */
export function chunkFits(own: Uint8Array, length: number, { index, bytes, path }: ChunkProof, place: OwnPlace): boolean {
  if (length > TRANSCRIPT_MAX_BYTES || index >= chunkCount(length)) return false
  if (bytes.length !== Math.min(CHUNK_BYTES, length - index * CHUNK_BYTES)) return false
  const name = placeName(place)
  let hash = leafHash(name, index, bytes)
  let used = 0
  for (let [at, count] = [index, chunkCount(length)]; count > 1; at >>>= 1, count = (count + 1) >>> 1) {
    if ((at ^ 1) >= count) continue // the last of an odd number rises as it is
    const sibling = path[used++]
    if (sibling === undefined) return false
    hash = at % 2 === 0 ? nodeHash(hash, sibling) : nodeHash(sibling, hash)
  }
  return used === path.length && sameBytes(rootName(name, length, hash), own)
}

/** An empty transcript has one chunk, an empty one. */
export const chunkCount = (length: number): number => Math.max(1, Math.ceil(length / CHUNK_BYTES))

export function drawnIndices(draws: readonly number[], length: number): readonly number[] {
  const count = chunkCount(length)
  return [...new Set(draws.map((draw) => draw % count))].sort((a, b) => a - b)
}

export function chunkAt(transcript: Uint8Array, index: number): Uint8Array {
  return transcript.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES)
}

function placeName({ network, job, epoch, step, batch, key }: OwnPlace): Uint8Array {
  return sealOf('interpeer-group-own-place', [bytesOfContentId(network), bytesOfContentId(job), epoch, step, batch, key])
}

function leavesOf(transcript: Uint8Array, name: Uint8Array): readonly Uint8Array[] {
  return Array.from({ length: chunkCount(transcript.length) }, (_, index) => leafHash(name, index, chunkAt(transcript, index)))
}

/** A number of its own before each kind of hash, so that no chunk passes for a pair. */
function leafHash(name: Uint8Array, index: number, chunk: Uint8Array): Uint8Array {
  return sha256(LEAF, name, Uint8Array.of(index >>> 24, index >>> 16, index >>> 8, index), chunk)
}
const nodeHash = (left: Uint8Array, right: Uint8Array): Uint8Array => sha256(NODE, left, right)
const LEAF = Uint8Array.of(0)
const NODE = Uint8Array.of(1)

function levelAbove(level: readonly Uint8Array[]): readonly Uint8Array[] {
  const above: Uint8Array[] = []
  for (let i = 0; i < level.length; i += 2) {
    const [left, right] = [level[i] as Uint8Array, level[i + 1]]
    above.push(right === undefined ? left : nodeHash(left, right))
  }
  return above
}

const rootName = (name: Uint8Array, length: number, root: Uint8Array): Uint8Array => sealOf('interpeer-group-own', [name, length, root])
