export { type AccountId, accountOfBytes, accountOfJob, accountOfPeer, bytesOfAccount, parseAccountId } from './account-id.js'
export { aeadOpen, aeadSeal } from './aead.js'
export {
  bytesOfContentId,
  type Codec,
  type ContentId,
  codecOf,
  contentIdOf,
  contentIdOfBytes,
  type JobId,
  jobIdOf,
  type NetworkId,
  networkIdOf,
  parseContentId,
  parseJobId,
  parseNetworkId,
} from './content-id.js'
export { ENVELOPE_OVERHEAD_BYTES } from './cose-sign1.js'
export { decryptKey, encryptKey, type KeyEncryption, peerOfEncryptedKey } from './encrypted-key.js'
export { CryptoError, type CryptoFailure } from './errors.js'
export { equalBytes, hkdfSha256, hmacSha256, sealOf, sha256 } from './hash.js'
export { createOnion, type OnionHop, type OnionPlan, onionCapacity } from './onion/create-onion.js'
export { onionCell } from './onion/onion-cell.js'
export { type OnionFormat, type OnionGroup, type OnionKey, onionFormat } from './onion/onion-format.js'
export { type PeeledOnion, type PeelOptions, peelOnion } from './onion/peel-onion.js'
export { ReplayMemory, type ReplayMemoryLimits } from './onion/replay-memory.js'
export { keyOfPeerId, type PeerId, parsePeerId, peerIdOfKey } from './peer-id.js'
export { recoveryPhraseOf, seedOfRecoveryPhrase } from './recovery-phrase.js'
export {
  createOpener,
  type Opener,
  openMessage,
  peekMessageNumber,
  peekPayload,
  type SignerOf,
  signMessage,
  type Verified,
} from './signed-message.js'
export { type Agreement, createAgreement, createSigner, montgomeryOf, type Signer } from './signer.js'
export { verifySignature } from './strict.js'
export { VRF_OUTPUT_BYTES, VRF_PROOF_BYTES, vrfOutputOfOwn, vrfVerify } from './vrf.js'
