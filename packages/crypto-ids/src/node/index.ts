export { type BatchVerifier, type BatchVerifierLimits, createBatchVerifier, type SignedBytes } from './batch-verifier.js'
export { generateKey, loadOrCreateKey, saveKey } from './key-file.js'
