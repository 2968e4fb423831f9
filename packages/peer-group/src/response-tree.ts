import { bytesOfContentId, type ContentId, sealOf, sha256 } from '@interpeer/crypto-ids'
import { bytes, type Infer, list, sameBytes, struct, uint16 } from '@interpeer/wire-codec'
import { BATCH_REQUESTS_LIMIT } from './settings.js'

const [LEAF, NODE] = [Uint8Array.of(0), Uint8Array.of(1)]

/** Where a response stands among those of its step, and the hashes beside the way from it to the root, the lowest first. */
export const responseProof = struct({ index: uint16, count: uint16, path: list(bytes(32), Math.log2(BATCH_REQUESTS_LIMIT)) })
export type ResponseProof = Infer<typeof responseProof>

/** The Merkle tree (RFC 9162 §2.1) over a step's responses, so that one of them is shown to be among them without the others. */
export interface ResponseTree {
  readonly responses: readonly ContentId[]
  /** The hashes of the responses first, the root alone last; empty where there are none. */
  readonly levels: readonly (readonly Uint8Array[])[]
}

export function responseTree(responses: readonly ContentId[]): ResponseTree {
  const levels: Uint8Array[][] = []
  let level = responses.map(leafOf)
  for (; level.length > 1; level = parentsOf(level)) levels.push(level)
  if (level.length === 1) levels.push(level)
  return { responses, levels }
}

/** What `answer.responses` holds: 32 bytes that stand for a batch's responses, in its order. */
export function responsesDigest(responses: readonly ContentId[]): Uint8Array {
  return digestOf(responses.length, responseTree(responses).levels.at(-1)?.[0])
}

/** Shows that the response at `index` is among them. */
export function proofOfResponse({ responses, levels }: ResponseTree, index: number): ResponseProof {
  const path = levels.slice(0, -1).flatMap((level, depth) => level[(index >> depth) ^ 1] ?? [])
  return { index, count: responses.length, path }
}

/** Whether the responses that `digest` stands for have this one at the place that the proof says. */
export function provesResponse(digest: Uint8Array, response: ContentId, { index, count, path }: ResponseProof): boolean {
  if (index >= count) return false
  let hash = leafOf(response)
  let used = 0
  for (let [at, size] = [index, count]; size > 1; at >>= 1, size = (size + 1) >> 1) {
    if ((at ^ 1) >= size) continue // the last of an odd level goes up as it is
    const beside = path[used++]
    if (beside === undefined) return false
    hash = at % 2 === 0 ? nodeOf(hash, beside) : nodeOf(beside, hash)
  }
  return used === path.length && sameBytes(digest, digestOf(count, hash))
}

const leafOf = (response: ContentId): Uint8Array => sha256(LEAF, bytesOfContentId(response))
const nodeOf = (left: Uint8Array, right: Uint8Array): Uint8Array => sha256(NODE, left, right)
const digestOf = (count: number, root: Uint8Array | undefined): Uint8Array => sealOf('interpeer-group-responses', [count, root ?? sha256()])

function parentsOf(level: readonly Uint8Array[]): Uint8Array[] {
  const parents: Uint8Array[] = []
  for (let i = 0; i < level.length; i += 2) {
    const [left, right] = [level[i] as Uint8Array, level[i + 1]]
    parents.push(right === undefined ? left : nodeOf(left, right))
  }
  return parents
}
