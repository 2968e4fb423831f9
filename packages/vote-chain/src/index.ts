export type { Application, Applied, BlockInfo, Price, Verdict } from './application.js'
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
  tallyOf,
  withChangeRequest,
  withChangeVote,
  withSettled,
} from './changes.js'
export { changeKey, changesEdits, changesEntries, checkChange } from './changes-map.js'
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
export { checkCertificateLightly, LIGHT_VOTES, type LightGroup, type PickedVotes, pickVotes } from './light.js'
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
export { checkPeer, checkTicket, registryEdits, registryEntries } from './registry-map.js'
export { withJoined, withRecovery, withRevoked, withRotated, withTerminated, withTerms } from './registry-orders.js'
export type { RootGroup } from './root-group.js'
export { PROGRAM_VERSION, SETTINGS, type SettingName, type SettingRange, type Settings, settingsSchema } from './settings.js'
export { checkSetting, settingKey, settingsEdits, settingsEntries } from './settings-map.js'
export type { ChainEffect, ChainEvent, ChainState, ChainStep, Fixed, Tip } from './state.js'
export { stepChain } from './step.js'
export { createVerification, type Verification } from './verification.js'
export { verifyVoteFault } from './vote-fault.js'
