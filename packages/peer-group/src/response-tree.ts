import { bytesOfContentId, type ContentId, sealOf, sha256 } from '@interpeer/crypto-ids'
import { bytes, type Infer, list, sameBytes, struct, uint16 } from '@interpeer/wire-codec'
import { type HashTree, hashTree, pathIn, rootFrom, rootOfTree } from './hash-tree.js'
import { BATCH_REQUESTS_LIMIT } from './settings.js'

/** Where a response stands among those of its step, and the hashes beside the way from it to the root, the lowest first. */
export const responseProof = struct({ index: uint16, count: uint16, path: list(bytes(32), Math.log2(BATCH_REQUESTS_LIMIT)) })
export type ResponseProof = Infer<typeof responseProof>

/** The tree over a step's responses, so that one of them is shown to be among them without the others. */
export interface ResponseTree {
  readonly responses: readonly ContentId[]
  readonly levels: HashTree
}

export const responseTree = (responses: readonly ContentId[]): ResponseTree => ({
  responses,
  levels: hashTree(responses.map(bytesOfContentId)),
})

/** What `answer.responses` holds: 32 bytes that stand for a batch's responses, in its order. */
export const responsesDigest = (responses: readonly ContentId[]): Uint8Array =>
  digestOf(responses.length, rootOfTree(responseTree(responses).levels))

/** Shows that the response at `index` is among them. */
export const proofOfResponse = ({ responses, levels }: ResponseTree, index: number): ResponseProof => ({
  index,
  count: responses.length,
  path: pathIn(levels, index),
})

/** Whether the responses that `digest` stands for have this one at the place that the proof says. */
export function provesResponse(digest: Uint8Array, response: ContentId, proof: ResponseProof): boolean {
  const root = rootFrom(bytesOfContentId(response), proof)
  return root !== undefined && sameBytes(digest, digestOf(proof.count, root))
}

const digestOf = (count: number, root: Uint8Array | undefined): Uint8Array => sealOf('interpeer-group-responses', [count, root ?? sha256()])
