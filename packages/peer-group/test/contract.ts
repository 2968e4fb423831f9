import { MESSAGE_MAX_BYTES } from '@interpeer/wire-codec'
import { recordCodec, type VectorCodec } from '@interpeer/wire-codec/test-vectors'
import { batchMessage } from '../src/batch.js'
import { RECORD_MAX_BYTES, recordSchema } from '../src/durable.js'
import { disputeMessage, JUROR_RECORD_MAX_BYTES, jurorRecordSchema, verdictMessage } from '../src/jury/messages.js'
import {
  askMessage,
  certificateMessage,
  commitSetMessage,
  dissentHeldMessage,
  dissentMessage,
  finalMessage,
  lateMessage,
  offerMessage,
  proposalMessage,
  revealMessage,
  sealMessage,
  showMessage,
  tallyMessage,
  timeoutMessage,
  withheldMessage,
} from '../src/messages.js'
import { siteReply, siteResponse } from '../src/site-reply.js'
import { siteRequest } from '../src/site-request.js'
import { pageSchema, STATE_BLOCK_MAX_BYTES, stateSchema } from '../src/state-block.js'

/** All that goes over the wire or to disk: what src/peer-group.cddl describes. */
export const contract = [
  offerMessage,
  proposalMessage,
  sealMessage,
  commitSetMessage,
  revealMessage,
  timeoutMessage,
  certificateMessage,
  finalMessage,
  askMessage,
  showMessage,
  tallyMessage,
  batchMessage,
  dissentMessage,
  withheldMessage,
  dissentHeldMessage,
  lateMessage,
  disputeMessage,
  verdictMessage,
  siteRequest,
  siteReply,
  recordCodec('group-state', stateSchema, STATE_BLOCK_MAX_BYTES),
  recordCodec('group-requests', pageSchema, MESSAGE_MAX_BYTES),
  recordCodec('site-response', siteResponse, MESSAGE_MAX_BYTES),
  recordCodec('group-record', recordSchema, RECORD_MAX_BYTES),
  recordCodec('juror-record', jurorRecordSchema, JUROR_RECORD_MAX_BYTES),
] as unknown as readonly VectorCodec<never>[]
