import { MESSAGE_MAX_BYTES } from '@interpeer/wire-codec'
import { recordCodec, type VectorCodec } from '@interpeer/wire-codec/test-vectors'
import { AGENDA_MAX_BYTES, agendaSchema } from '../src/agenda/agenda.js'
import { outboxReport, outboxRequestSchema } from '../src/agenda/outbox-messages.js'
import { batchMessage } from '../src/batch.js'
import { RECORD_MAX_BYTES, recordSchema } from '../src/durable.js'
import { accusationMessage, accusationVerdict, TWO_MESSAGES_MAX_BYTES, twoMessages } from '../src/jury/accusation-messages.js'
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
import { challengeMessage, challengeReplyMessage } from '../src/own-work/messages.js'
import { readCheck, readChecked, readContradiction } from '../src/read-check.js'
import { READ_FOUND_MAX_BYTES, readFound } from '../src/read-evidence.js'
import { PIECED_MAX_BYTES, piecedRequest } from '../src/request-block.js'
import { requestLeaf, requestTree } from '../src/request-tree.js'
import { siteReply, siteResponse } from '../src/site-reply.js'
import { siteRequest } from '../src/site-request.js'
import { pageSchema, STATE_BLOCK_MAX_BYTES, stateSchema } from '../src/state-block.js'
import { certificateAsk, writeReply } from '../src/write-reply.js'

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
  accusationMessage,
  accusationVerdict,
  challengeMessage,
  challengeReplyMessage,
  siteRequest,
  requestTree,
  requestLeaf,
  siteReply,
  writeReply,
  certificateAsk,
  readCheck,
  readChecked,
  readContradiction,
  recordCodec('two-messages', twoMessages, TWO_MESSAGES_MAX_BYTES),
  recordCodec('read-found', readFound, READ_FOUND_MAX_BYTES),
  recordCodec('group-state', stateSchema, STATE_BLOCK_MAX_BYTES),
  outboxReport,
  recordCodec('group-agenda', agendaSchema, AGENDA_MAX_BYTES),
  recordCodec('outbox-request', outboxRequestSchema, MESSAGE_MAX_BYTES),
  recordCodec('group-requests', pageSchema, MESSAGE_MAX_BYTES),
  recordCodec('pieced-request', piecedRequest, PIECED_MAX_BYTES),
  recordCodec('site-response', siteResponse, MESSAGE_MAX_BYTES),
  recordCodec('group-record', recordSchema, RECORD_MAX_BYTES),
  recordCodec('juror-record', jurorRecordSchema, JUROR_RECORD_MAX_BYTES),
] as unknown as readonly VectorCodec<never>[]
