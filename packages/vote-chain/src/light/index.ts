export { agreedCheckpoints } from '../agreed-checkpoints.js'
export { type Certificate, checkHeader, DATA_SETS, type Header, hashOfHeader } from '../block.js'
export { checkChange } from '../changes-map.js'
export { readCheckpoint, stateDigestOf } from '../checkpoint-record.js'
export { ChainError, type ChainFailure } from '../errors.js'
export { decodeGenesis, type Genesis, parseGenesis } from '../genesis.js'
export { checkCertificateLightly, LIGHT_VOTES, type LightGroup, type PickedVotes, pickVotes, votersAt } from '../light.js'
export { checkPeer, checkTicket } from '../registry-map.js'
export { checkSetting } from '../settings-map.js'
export {
  checkpointReply,
  ELECTORATE_SET,
  headersReply,
  proofsReply,
  tipReply,
  wantCheckpoint,
  wantHeaders,
  wantProofs,
  wantTip,
} from '../sync-messages.js'
export { createVerification, type Verification } from '../verification.js'
export {
  type CertifiedHeaders,
  followLightly,
  type LightChain,
  lightFromGenesis,
  lightFromHeader,
  linkedHeaders,
  stepOfHeaders,
} from './follow-light.js'
