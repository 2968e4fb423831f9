import { recordCodec, type VectorCodec } from '@interpeer/wire-codec/test-vectors'
import { auditBlocks, auditDigests } from '../src/audits/messages.js'
import { BLOCK_MAX_BYTES } from '../src/blocks.js'
import { blocksReply, contentBusy, wantBlocks } from '../src/exchange/messages.js'
import { HEADS_MAX_BYTES, mapBlock } from '../src/map/map-block.js'
import { mapProof, PROOF_MAX_BYTES } from '../src/map/map-proof.js'
import { BLOCK_MAX_WEIGHT } from '../src/map/nodes.js'
import { AGES_MAX_BYTES, agesSchema } from '../src/references/ages.js'
import { contentClaim } from '../src/references/claim.js'
import { treeBlock } from '../src/tree-blocks.js'

/** All that goes over the wire or to disk: what src/content-store.cddl describes. */
export const contract = [
  wantBlocks,
  blocksReply,
  contentBusy,
  auditBlocks,
  auditDigests,
  contentClaim,
  recordCodec('tree-block', treeBlock, BLOCK_MAX_BYTES),
  recordCodec('map-block', mapBlock, BLOCK_MAX_WEIGHT + HEADS_MAX_BYTES),
  recordCodec('map-proof', mapProof, PROOF_MAX_BYTES),
  recordCodec('block-ages', agesSchema, AGES_MAX_BYTES),
] as unknown as readonly VectorCodec<never>[]
