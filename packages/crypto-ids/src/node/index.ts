export { type BatchVerifier, type BatchVerifierLimits, createBatchVerifier, type SignedBytes } from './batch-verifier.js'
export {
  describeKeyFile,
  generateKey,
  type KeyFileFacts,
  type KeyFileOptions,
  loadOrCreateKey,
  loadSeed,
  saveKey,
  setPassphrase,
} from './key-file.js'
export { type PassphraseSource, readSecretFile, takePassphrase } from './passphrase.js'
