import {
  type ContentId,
  contentIdOf,
  createSigner,
  type JobId,
  jobIdOf,
  type NetworkId,
  networkIdOf,
  type Signer,
  sha256,
} from '@interpeer/crypto-ids'
import { encodeCbor, hexOf } from '@interpeer/wire-codec'
import { createVerification, type ExecutionResult, firstStateBlock, type GroupEffect, type Verification } from '../src/index.js'
import { KnownSignatures } from './known-signatures.js'

const text = new TextEncoder()
export const network: NetworkId = networkIdOf(encodeCbor(['a network of the simulator']))
export const job: JobId = jobIdOf(contentIdOf(encodeCbor(['a job']), 'dag-cbor'))
export const chainSeed = sha256(text.encode('chain seed'))
const known = new KnownSignatures()
const verifying = createVerification(network, 200_000)
/** Shared by all members and seeds, so that each signature is verified once at most: no outcome depends on it. */
export const verification: Verification = { ...verifying, opener: known.opener(verifying.opener) }

/** The same keys in every run, and proofs remembered: a VRF proof takes milliseconds, and nothing but time depends on it. */
export const signers: readonly Signer[] = Array.from({ length: 40 }, (_, i) => {
  const signer = known.signer(createSigner(sha256(text.encode(`peer ${i}`))))
  const proofs = new Map<string, Uint8Array>()
  return {
    ...signer,
    vrfProve: (alpha) => {
      const name = hexOf(alpha)
      const proof = proofs.get(name) ?? signer.vrfProve(alpha)
      proofs.set(name, proof)
      return proof
    },
  }
})
export const signerAt = (index: number): Signer => {
  const signer = signers[index]
  if (signer === undefined) throw new RangeError('no such signer')
  return signer
}

export const emptyFiles: ContentId = contentIdOf(encodeCbor([]), 'dag-cbor')
export const start = firstStateBlock(emptyFiles)

/**
 * A job whose files are the log of what was run: a pure function of (files, requests, time, seed), as design §5 wants. `logs` finds the log of a root; it has none
 * of a wrong result, nor of what is built on one.
 */
export const logs = new Map<ContentId, readonly string[]>([[emptyFiles, []]])
export function execute({ from, requests, timeMs, seed }: GroupEffect & { type: 'execute' }): ExecutionResult & { type: 'ran' } {
  const before = logs.get(from)
  const block = encodeCbor([from, timeMs, seed, requests.map(({ id }) => id)])
  const files = contentIdOf(block, 'dag-cbor')
  if (before !== undefined) logs.set(files, [...before, ...requests.map(({ id }) => hexOf(id))])
  return {
    type: 'ran',
    files,
    responses: requests.map(({ id }) => contentIdOf(sha256(id, seed), 'raw')),
    fuel: 1_000 * requests.length,
    transcript: sha256(block),
  }
}
