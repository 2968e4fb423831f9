export type {
  ExecutionResult,
  GroupEffect,
  GroupEvent,
  GroupSetup,
  RefusalCode,
  RequestRef,
  StoredBlock,
  Write,
} from './api.js'
export { type Batch, batchMessage, type KnownBatch, type MemberOutcome, memberOutcome, readBatch } from './batch.js'
export { type CertifiedReveals, type CertifiedStep, provesFinal, verifyCertificate, verifyClosing, verifyReveals } from './certificate.js'
export { PeerGroupError, type PeerGroupFailure } from './errors.js'
export { type FaultKind, verifyFault } from './fault.js'
export { type GroupStep, openGroup, pendingRequests, stepGroup } from './group.js'
export type { Group } from './group-state.js'
export { type Dispute, type DisputeContext, disputeId, type ShownStep, type Statement, verifyDispute } from './jury/dispute.js'
export { type DisputeFault, verifyVerdicts } from './jury/faults.js'
export { judge, type Trial } from './jury/judge.js'
export type { DecidedBy, Judgment, Mark, Opens, Outcome } from './jury/judgment.js'
export { jurorReferences, openJuror, stepJuror } from './jury/juror.js'
export type { Juror, JurorEffect, JurorEvent, JurorSetup, JurorStep } from './jury/juror-api.js'
export { callJury, type DrawJury, jurySize, weightsOf } from './jury/jury.js'
export { disputeMessage, type Finding, findingSchema, type Verdict, verdictMessage } from './jury/messages.js'
export { type DisputeSoFar, withShown } from './jury/shown.js'
export { type Answer, answerSchema, certificateMessage, finalMessage, type Reveal, revealMessage, showMessage } from './messages.js'
export { collatorOrder, quorumOf } from './quorum.js'
export { type Recovery, recoverFrom } from './recovery.js'
export { batchReferences, groupReferences, recordReferences, shadowReferences } from './references.js'
export { proofOfResponse, provesResponse, type ResponseProof, type ResponseTree, responsesDigest, responseTree } from './response-tree.js'
export { GROUP_DEFAULTS, type GroupSettings, MEMBERS_MAX } from './settings.js'
export { openShadow, type Shadow, type ShadowEffect, type ShadowEvent, type ShadowStep, stepShadow } from './shadow.js'
export { RESPONSE_BODY_MAX_BYTES, RESPONSE_CHUNK_BYTES, type SiteReply, type SiteResponse, siteReply, siteResponse } from './site-reply.js'
export { type HttpHeader, httpHeader, REQUEST_BODY_MAX_BYTES, type SiteRequest, siteRequest } from './site-request.js'
export {
  type AnsweredRequest,
  answeredBy,
  firstStateBlock,
  type GroupState,
  readState,
  readStateBlock,
  requestCount,
  stateEventOf,
} from './state-block.js'
export { createVerification, type FromMember, type GroupContext, type Opened, type Verification } from './verifier.js'
