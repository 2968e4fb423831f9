import { openTransfer, transferMessage } from '@interpeer/intercoin-ledger'
import {
  closeMessage,
  decodeSeatProof,
  encodeSeatProof,
  manifestMessage,
  openManifest,
  openPublish,
  publishMessage,
  seatProofRecord,
  seatShown,
  showPartMessage,
  wantSeat,
} from '@interpeer/job-scheduler'
import { assertSame, type Target } from '../src/target.ts'
import { messageTarget, network, samplesOf, signedBytes, signerNamed } from './shapes.ts'

const MANIFEST = 'packages/job-scheduler/src/manifest.ts'
const JOBS = ['CryptoError', 'SchedulerError', 'WireError']
const signer = signerNamed(1)

/** A manifest signed by its uploader, whatever else it says. */
export function signedManifest(input: Uint8Array, of = network): Uint8Array {
  let payload = input
  try {
    payload = manifestMessage.encode({ ...manifestMessage.decode(input), uploader: signer.publicKey })
  } catch {
    // then it is signed as it is
  }
  return signedBytes(manifestMessage, payload, signer, of)
}
/** When the network of the targets began, and its jobs were made: one made long before would not be taken. */
export const BEGAN_MS = 1_000_000
export const manifests = (): readonly Uint8Array[] =>
  samplesOf(manifestMessage.schema).map((sample, i) => {
    const value = manifestMessage.decode(sample)
    return manifestMessage.encode({
      ...value,
      name: 'site',
      entry: 'index.php',
      seats: 1 + (i % 32),
      createdMs: BEGAN_MS,
      tenureMs: 0,
      job: i < 12 ? null : value.job,
    })
  })

export const jobScheduler: readonly Target[] = [
  ...[manifestMessage, publishMessage, closeMessage, showPartMessage, wantSeat, seatShown].map((message) =>
    messageTarget('job-scheduler', message),
  ),
  {
    name: 'job-scheduler/manifest-signed',
    file: MANIFEST,
    errors: JOBS,
    run: (input) => void openManifest(signedManifest(input), network),
    seeds: manifests,
  },
  {
    name: 'job-scheduler/publish-signed',
    file: MANIFEST,
    errors: JOBS,
    run: (input) => {
      const payload = publishMessage.encode({ uploader: signer.publicKey, manifest: signedManifest(input), escrow: 5n })
      openPublish(signedBytes(publishMessage, payload, signer), network)
    },
    seeds: manifests,
  },
  {
    name: 'job-scheduler/seat-proof',
    file: 'packages/job-scheduler/src/seat-proof.ts',
    errors: ['WireError'],
    run: (input) => assertSame(encodeSeatProof(decodeSeatProof(input)), input, 'it is read, and written otherwise'),
    seeds: () => samplesOf(seatProofRecord),
  },
]

export const intercoinLedger: readonly Target[] = [
  messageTarget('intercoin-ledger', transferMessage),
  {
    name: 'intercoin-ledger/transfer-signed',
    file: 'packages/intercoin-ledger/src/transfer.ts',
    errors: ['CryptoError', 'WireError'],
    run: (input) => void openTransfer(signedBytes(transferMessage, input, signer), network),
    seeds: () => samplesOf(transferMessage.schema),
  },
]
