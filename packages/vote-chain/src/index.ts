export { type AgreedCheckpoints, agreedCheckpoints, type NamedCheckpoint, type ToldTip } from './agreed-checkpoints.js'
export { answerSync, answerTip, proofOfElector, type SyncSource, withRecent } from './answer-sync.js'
export type { Application, Applied, BlockInfo, Price, Snapshot, SnapshotReading, Snapshots, Verdict } from './application.js'
export {
  type Block,
  type Body,
  bodySchema,
  type Certificate,
  certificateSchema,
  checkHeader,
  DATA_SETS,
  type DataSets,
  decodeBlock,
  encodeBlock,
  HEADER_BYTES_MAX,
  type Header,
  hashOfCertificate,
  hashOfHeader,
  headerMessage,
  withoutCertificate,
} from './block.js'
export { transactionBytesMax } from './candidate.js'
export { verifyChainCertificate } from './certificate.js'
export {
  changeIdOf,
  changeRequestMessage,
  changeVoteMessage,
  openChangeRequest,
  openChangeVote,
  signChangeRequest,
  signChangeVote,
} from './change-orders.js'
export {
  type ChangeOutcome,
  type ChangePatch,
  type ChangeRequest,
  type Changes,
  type ChangeTally,
  mayVote,
  passes,
  patchedSettings,
  type RequestContext,
  tallyOf,
  withChangeRequest,
  withChangeVote,
  withSettled,
} from './changes.js'
export { changeKey, changesEdits, changesEntries, changesFrom, checkChange } from './changes-map.js'
export { checkpointOf, electorateStands, type MadeCheckpoint, readingCheckpoint } from './checkpoint.js'
export { CHECKPOINT_BYTES_MAX, type Checkpoint, isCheckpoint, readCheckpoint, stateDigestOf } from './checkpoint-record.js'
export {
  blockingOf,
  checkElector,
  type Electorate,
  electorateOf,
  isDrawn,
  leaderLot,
  leaderWaitMs,
  lotInput,
  quorumOf,
  STEPS,
  type Step,
  seedInput,
  seedOf,
  seedWithoutLeader,
} from './electorate.js'
export { type BlockFault, ChainError, type ChainFailure } from './errors.js'
export { blocksReply } from './follow.js'
export { decodeGenesis, encodeGenesis, type Genesis, genesisMessage, PROTOCOL_VERSION, parseGenesis } from './genesis.js'
export { isTrusted, trustedCycles } from './kept-certificates.js'
export {
  type CertifiedHeaders,
  followLightly,
  type LightChain,
  lightFromGenesis,
  lightFromHeader,
  linkedHeaders,
  stepOfHeaders,
} from './light/follow-light.js'
export { checkCertificateLightly, LIGHT_VOTES, type LightGroup, type PickedVotes, pickVotes, votersAt } from './light.js'
export {
  blocksMessage,
  bundleMessage,
  CHAIN_MESSAGE_NUMBERS,
  openVote,
  type Proposal,
  proposalMessage,
  transactionMessage,
  type Vote,
  voteMessage,
  wantBlocksMessage,
  wantCandidateMessage,
} from './messages.js'
export { type ChainOptions, openChain } from './open.js'
export {
  type Evidence,
  evidenceMessage,
  type Join,
  joinMessage,
  openJoin,
  openRecovery,
  openRevocation,
  openRotation,
  openTerms,
  type RecoveryOrder,
  type Revocation,
  type Rotation,
  recoveryMessage,
  recoveryOf,
  revokeMessage,
  rotateMessage,
  signJoin,
  signRecovery,
  signRevocation,
  signRotation,
  signTerms,
  type Terms,
  termsMessage,
} from './peer-orders.js'
export { nameOfTransaction } from './pool.js'
export { openPresent, type Present, presentMessage, signPresent } from './present.js'
export { FRESH_RATING, type Rating, ratingPerMille } from './rating.js'
export {
  freshPeer,
  isMature,
  mayBeDrawn,
  type Outcome,
  type PeerEntry,
  type Registry,
  type RegistryRules,
  registryOf,
  type Standing,
  standingFor,
  withIntervals,
  withMarks,
  withNoShows,
  withOutcomes,
  withPresence,
  withSeats,
  withVotes,
} from './registry.js'
export { checkPeer, checkTicket, registryEdits, registryEntries, registryFrom } from './registry-map.js'
export { withJoined, withRecovery, withRevoked, withRotated, withTerminated, withTerms } from './registry-orders.js'
export {
  foldedReviews,
  NO_REVIEWS,
  type Review,
  type Reviews,
  reviewsEdits,
  reviewsEntries,
  reviewsFrom,
  withReview,
} from './reviews.js'
export type { RootGroup } from './root-group.js'
export { PROGRAM_VERSION, SETTINGS, type SettingName, type SettingRange, type Settings, settingsSchema } from './settings.js'
export { checkSetting, settingKey, settingsEdits, settingsEntries, settingsFrom } from './settings-map.js'
export type { ChainEffect, ChainEvent, ChainState, ChainStep, Fixed, Tip } from './state.js'
export { stepChain } from './step.js'
export {
  checkpointReply,
  ELECTORATE_SET,
  HEADERS_MAX,
  headersReply,
  proofsReply,
  SYNC_REQUEST_NUMBERS,
  tipReply,
  wantCheckpoint,
  wantHeaders,
  wantProofs,
  wantTip,
} from './sync-messages.js'
export { createVerification, type Verification } from './verification.js'
export { verifyVoteFault } from './vote-fault.js'
