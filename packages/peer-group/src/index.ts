export {
  type Agenda,
  agendaBlock,
  CRON_LINES_MAX,
  type CronLine,
  NO_AGENDA,
  OUTBOX_MAX,
  type OutboxEntry,
  TIMERS_MAX,
  type Timer,
} from './agenda/agenda.js'
export { type DueEvent, dueEvents, isPlanned, withoutEvent } from './agenda/due.js'
export { type OutboxDue, type OutboxDuty, type OutboxTask, type OutboxView, outboxDue } from './agenda/outbox-duty.js'
export {
  isWhole,
  OUTBOX_ANSWER_BODY_MAX_BYTES,
  OUTBOX_CHUNK_BYTES,
  type OutboxOutcome,
  type OutboxReport,
  outboxReport,
  outboxRequestSchema,
} from './agenda/outbox-messages.js'
export {
  entryOf,
  OUTBOX_HEARD_MS,
  OUTBOX_KEPT_MS,
  OUTBOX_SEND_MS,
  OUTBOX_TURN_MS,
  type OutboxWord,
  type Reported,
  reportOn,
  senderOf,
  turnAt,
} from './agenda/outbox-turns.js'
export { type Wish, withCron, withWishes } from './agenda/plan.js'
export { balanceIn, type Funds, NO_FUNDS, PAYMENTS_MAX, type Payment, type Purse, sumOfPayments } from './agenda/purse.js'
export { dueAfter, type Schedule, scheduleSchema } from './agenda/schedule.js'
export type {
  Execution,
  ExecutionResult,
  GroupEffect,
  GroupEvent,
  GroupSetup,
  HeldRequest,
  RefusalCode,
  RequestRef,
  ShownBy,
  StateEvent,
  StoredBlock,
  Write,
} from './api.js'
export { type Batch, batchMessage, type KnownBatch, type MemberOutcome, memberOutcome, readBatch } from './batch.js'
export { batchBlockId } from './batch-block.js'
export { type CertifiedReveals, type CertifiedStep, provesFinal, verifyCertificate, verifyClosing, verifyReveals } from './certificate.js'
export { PeerGroupError, type PeerGroupFailure } from './errors.js'
export type { EventFailures } from './event-turns.js'
export { type FaultKind, verifyFault } from './fault.js'
export { type GroupStep, openGroup, pendingRequests, stepGroup } from './group.js'
export type { Group } from './group-state.js'
export {
  type AccusationJudgment,
  type AccusationTrial,
  type AccusedPair,
  accusationId,
  findingOfMessages,
  findingOfRead,
  judgeAccusation,
  openReadAccusation,
  writeTwoMessages,
} from './jury/accusation.js'
export {
  type Accusation,
  type AccusationFinding,
  accusationFinding,
  accusationMessage,
  accusationVerdict,
} from './jury/accusation-messages.js'
export { type DisputeEffect, disputeOf, heldBatches, type Way } from './jury/bring.js'
export { type Dispute, type DisputeContext, disputeId, ranFrom, type ShownStep, type Statement, verifyDispute } from './jury/dispute.js'
export { type DisputeFault, verifyVerdicts } from './jury/faults.js'
export { judge, type Trial } from './jury/judge.js'
export { type DecidedBy, isSettled, type Judgment, type Mark, type Opens, type Outcome } from './jury/judgment.js'
export { jurorReferences, openJuror, stepJuror } from './jury/juror.js'
export type { Juror, JurorEffect, JurorEvent, JurorSetup, JurorStep } from './jury/juror-api.js'
export { callJury, type DrawJury, jurySize, weightsOf } from './jury/jury.js'
export { disputeMessage, type Finding, findingSchema, type Verdict, verdictMessage } from './jury/messages.js'
export { findingOfOwn, type OwnAccusation, type OwnTrial, openOwnAccusation, ownTrialOf } from './jury/own-accusation.js'
export { holdsBy } from './jury/own-audit.js'
export { type DisputeSoFar, withShown } from './jury/shown.js'
export {
  type Answer,
  answerSchema,
  certificateMessage,
  finalMessage,
  type Reveal,
  revealMessage,
  showMessage,
  withheldMessage,
} from './messages.js'
export { nextSeedAlpha } from './next-seed.js'
export { GROUP_SIZE_DEFAULT, GROUP_SIZE_MAX, GROUP_SIZE_MIN, type GroupOdds, groupOdds, type OddsOf } from './odds.js'
export { type OldEpoch, type Opening, openingOf } from './opening.js'
export { type FinalReveals, finalReveals } from './own-work/final-reveals.js'
export { challengeMessage, challengeReplyMessage } from './own-work/messages.js'
export { type OwnPlace, ownPart, TRANSCRIPT_MAX_BYTES } from './own-work/own-part.js'
export { OWN_WORK_MESSAGES, type OwnWorkEvent, type OwnWorkStep, openOwnWork, stepOwnWork } from './own-work/own-work.js'
export type { OwnRan, OwnWork, OwnWorkEffect } from './own-work/own-work-state.js'
export { OWN_WORK_DEFAULTS, type OwnWorkSettings } from './own-work/settings.js'
export { type OwnFaultKind, type OwnFinding, type OwnRun, verifyOwnFault } from './own-work/verify-own.js'
export { collatorOrder, quorumOf } from './quorum.js'
export {
  READ_REPLY_MAX_BYTES,
  READ_REQUEST_MAX_BYTES,
  type ReadChecked,
  readCheck,
  readChecked,
  readContradiction,
} from './read-check.js'
export {
  isReadOnRecord,
  judgeRead,
  openReadPair,
  type ReadContext,
  type ReadContradiction,
  type ReadOutcome,
  type ReadPair,
  readMoment,
  responseDigest,
  sameReply,
  signReadContradiction,
  verifyReadContradiction,
} from './read-evidence.js'
export { type Recovery, recoverFrom } from './recovery.js'
export { batchReferences, groupReferences, recordReferences, shadowReferences } from './references.js'
export { isPieced, type ReadRequestBlock, readRequestBlock, requestBlockOf } from './request-block.js'
export {
  createRequestOpener,
  isRequestNumber,
  LEAF_REQUEST_MAX_BYTES,
  mayShareSignature,
  openRequest,
  peekRequest,
  type RequestOpener,
  requestLeaf,
  requestTree,
  signRequests,
  TREE_REQUESTS_MAX,
  type UnsignedRequest,
} from './request-tree.js'
export { proofOfResponse, provesResponse, type ResponseProof, type ResponseTree, responsesDigest, responseTree } from './response-tree.js'
export type { DayOdds } from './rotation-odds.js'
export { BODIES_STRAGGLER_MS, GROUP_DEFAULTS, type GroupSettings, MEMBERS_MAX } from './settings.js'
export { openShadow, type Shadow, type ShadowEffect, type ShadowEvent, type ShadowStep, stepShadow } from './shadow.js'
export {
  RESPONSE_BODY_MAX_BYTES,
  RESPONSE_CHUNK_BYTES,
  RESPONSE_INLINE_MAX_BYTES,
  type SiteReply,
  type SiteResponse,
  siteReply,
  siteResponse,
} from './site-reply.js'
export {
  type HttpHeader,
  httpHeader,
  REQUEST_BODY_MAX_BYTES,
  REQUEST_PART_BYTES,
  REQUEST_WHOLE_BODY_MAX_BYTES,
  type SiteRequest,
  siteRequest,
} from './site-request.js'
export {
  type AnsweredRequest,
  agendaIn,
  answeredBy,
  firstStateBlock,
  type GroupState,
  readState,
  readStateBlock,
  requestCount,
  type StateHead,
  stateEventOf,
} from './state-block.js'
export { createVerification, type FromMember, type GroupContext, type Opened, type Verification } from './verifier.js'
export { writeIdOf } from './write-id.js'
export { certificateAsk, type WriteReply, writeReply } from './write-reply.js'
