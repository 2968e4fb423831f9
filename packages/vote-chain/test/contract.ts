import { MESSAGE_MAX_BYTES } from '@interpeer/wire-codec'
import { recordCodec, type VectorCodec } from '@interpeer/wire-codec/test-vectors'
import { BODY_BYTES_MAX, bodySchema, certificateSchema, headerMessage, STORED_BLOCK_BYTES_MAX, storedBlockSchema } from '../src/block.js'
import { changeRequestMessage, changeVoteMessage } from '../src/change-orders.js'
import { changeRecord, changeVoteRecord } from '../src/changes-map.js'
import { CHECKPOINT_BYTES_MAX, checkpointSchema, saidSchema } from '../src/checkpoint-record.js'
import { genesisMessage } from '../src/genesis.js'
import { NEIGHBOUR_MESSAGES } from '../src/gossip/messages.js'
import {
  blocksMessage,
  bundleMessage,
  proposalMessage,
  transactionMessage,
  voteMessage,
  wantBlocksMessage,
  wantCandidateMessage,
} from '../src/messages.js'
import { evidenceMessage, joinMessage, recoveryMessage, revokeMessage, rotateMessage, termsMessage } from '../src/peer-orders.js'
import { presentMessage } from '../src/present.js'
import { RECORD_BYTES_MAX, recordSchema } from '../src/record.js'
import { peerRecord } from '../src/registry-map.js'
import { reviewRecord } from '../src/reviews.js'
import { settingRecord } from '../src/settings-map.js'
import { SYNC_MESSAGES } from '../src/sync-messages.js'

/** All that goes over the wire, to disk or into a map: what src/vote-chain.cddl describes. */
export const contract = [
  genesisMessage,
  headerMessage,
  proposalMessage,
  voteMessage,
  bundleMessage,
  wantBlocksMessage,
  blocksMessage,
  wantCandidateMessage,
  transactionMessage,
  ...NEIGHBOUR_MESSAGES,
  presentMessage,
  joinMessage,
  termsMessage,
  recoveryMessage,
  rotateMessage,
  revokeMessage,
  evidenceMessage,
  changeRequestMessage,
  changeVoteMessage,
  ...SYNC_MESSAGES,
  recordCodec('block-body', bodySchema, BODY_BYTES_MAX),
  recordCodec('block-certificate', certificateSchema, MESSAGE_MAX_BYTES),
  recordCodec('stored-block', storedBlockSchema, STORED_BLOCK_BYTES_MAX),
  recordCodec('chain-checkpoint', checkpointSchema, CHECKPOINT_BYTES_MAX),
  recordCodec('chain-checkpoint-said', saidSchema, CHECKPOINT_BYTES_MAX),
  recordCodec('chain-record', recordSchema, RECORD_BYTES_MAX),
  recordCodec('peer-record', peerRecord, MESSAGE_MAX_BYTES),
  recordCodec('review-record', reviewRecord, MESSAGE_MAX_BYTES),
  recordCodec('setting-record', settingRecord, MESSAGE_MAX_BYTES),
  recordCodec('change-record', changeRecord, MESSAGE_MAX_BYTES),
  recordCodec('change-vote-record', changeVoteRecord, MESSAGE_MAX_BYTES),
] as unknown as readonly VectorCodec<never>[]
