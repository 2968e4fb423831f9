import {
  type AccountId,
  accountOfBytes,
  accountOfPeer,
  bytesOfAccount,
  bytesOfContentId,
  type ContentId,
  contentIdOf,
  contentIdOfBytes,
  type JobId,
  jobIdOf,
  type NetworkId,
  openMessage,
  type PeerId,
  peerIdOfKey,
  type Signer,
  signMessage,
} from '@interpeer/crypto-ids'
import { bytes, bytesMax, type Infer, link, message, nullable, oneOf, text, uint16, uint53, uint64 } from '@interpeer/wire-codec'
import { SchedulerError } from './errors.js'

const MANIFEST_BYTES_MAX = 2048
/** With its signature. */
export const SIGNED_MANIFEST_BYTES_MAX = MANIFEST_BYTES_MAX + 128
/** What lists of members have room for. */
export const SEATS_MAX = 32
/** Sizes of a group that an uploader may choose: 1 to 31. */
export const GROUP_SIZE_MAX = 31
/** What an uploader signs for a bundle (§6.1). In the first one `job` is null, and its CID is the JobId. */
export const manifestMessage = message(
  'manifest',
  112,
  1,
  {
    job: nullable(link),
    uploader: bytes(32),
    account: bytes(32), // gets back what is left
    name: text(63),
    seats: uint16, // the size of the group
    tenureMs: uint53, // wanted; 0: as the network's settings say
    acknowledge: oneOf('final', 'provisional'),
    entry: text(255), // the script that answers for a folder
    files: link, // the root of the file tree
    runtime: text(255), // the runtime id
    createdMs: uint53,
  },
  { maxBytes: MANIFEST_BYTES_MAX },
)
type ManifestFields = Infer<typeof manifestMessage>

export interface Manifest {
  readonly job: JobId | null
  readonly uploader: PeerId
  readonly account: AccountId
  /** A DNS label: the site's name. */
  readonly name: string
  readonly seats: number
  readonly tenureMs: number
  readonly acknowledge: ManifestFields['acknowledge']
  readonly entry: string
  readonly files: ContentId
  readonly runtime: string
  readonly createdMs: number
}

/**
 * Signs the manifest of a new bundle. What is left out: the uploader's own account, 'index.php', 'final', the network's tenure.
 * @throws {SchedulerError} MANIFEST_FIELD
 */
export function signManifest(
  given: Pick<Manifest, 'name' | 'seats' | 'files' | 'runtime' | 'createdMs'> &
    Partial<Pick<Manifest, 'account' | 'tenureMs' | 'acknowledge' | 'entry'>>,
  signer: Signer,
  network: NetworkId,
): Uint8Array {
  const value: ManifestFields = {
    job: null,
    uploader: signer.publicKey,
    account: bytesOfAccount(given.account ?? accountOfPeer(signer.peerId)),
    name: given.name,
    seats: given.seats,
    tenureMs: given.tenureMs ?? 0,
    acknowledge: given.acknowledge ?? 'final',
    entry: given.entry ?? 'index.php',
    files: bytesOfContentId(given.files),
    runtime: given.runtime,
    createdMs: given.createdMs,
  }
  manifestOf(value)
  return signMessage(manifestMessage, value, signer, network)
}

/**
 * Opens a signed manifest and checks its fields.
 * @throws {CryptoError} @throws {WireError} @throws {SchedulerError} MANIFEST_FIELD
 */
export function openManifest(envelope: Uint8Array, network: NetworkId): Manifest {
  return manifestOf(openMessage(manifestMessage, envelope, network, ({ uploader }) => peerIdOfKey(uploader)))
}
/** The id of the job whose first signed manifest this is. */
export const jobOfManifest = (envelope: Uint8Array): JobId => jobIdOf(contentIdOf(envelope, 'dag-cbor'))

function manifestOf(fields: ManifestFields): Manifest {
  const wrong = (field: string, expected: string) => new SchedulerError({ code: 'MANIFEST_FIELD', field, expected })
  if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(fields.name)) throw wrong('name', 'a DNS label in lower case')
  if (fields.seats < 1 || fields.seats > GROUP_SIZE_MAX) throw wrong('seats', `1 to ${GROUP_SIZE_MAX}`)
  if (!/^[^/\0\\][^\0\\]*$/.test(fields.entry) || fields.entry.split('/').includes('..')) throw wrong('entry', 'a relative path')
  if (fields.tenureMs > 31_536_000_000) throw wrong('tenureMs', 'at most a year')
  return {
    ...fields,
    job: fields.job === null ? null : jobIdOf(contentIdOfBytes(fields.job)),
    uploader: peerIdOfKey(fields.uploader),
    account: accountOfBytes(fields.account),
    files: contentIdOfBytes(fields.files),
  }
}

/** An order to run a new bundle: the uploader sets `escrow` units aside for it. */
export const publishMessage = message(
  'publish-job',
  113,
  1,
  { uploader: bytes(32), manifest: bytesMax(SIGNED_MANIFEST_BYTES_MAX), escrow: uint64 },
  { maxBytes: 4096 },
)
export function signPublish(manifest: Uint8Array, escrow: bigint, signer: Signer, network: NetworkId): Uint8Array {
  return signMessage(publishMessage, { uploader: signer.publicKey, manifest, escrow }, signer, network)
}
/** Both signatures are the uploader's. @throws {CryptoError} @throws {WireError} @throws {SchedulerError} MANIFEST_FIELD */
export function openPublish(
  envelope: Uint8Array,
  network: NetworkId,
): { readonly job: JobId; readonly manifest: Manifest; readonly envelope: Uint8Array; readonly escrow: bigint } {
  const order = openMessage(publishMessage, envelope, network, ({ uploader }) => peerIdOfKey(uploader))
  const manifest = openManifest(order.manifest, network)
  if (manifest.uploader !== peerIdOfKey(order.uploader)) {
    throw new SchedulerError({ code: 'MANIFEST_FIELD', field: 'uploader', expected: 'who signed the order' })
  }
  if (manifest.job !== null) throw new SchedulerError({ code: 'MANIFEST_FIELD', field: 'job', expected: 'null in the first one' })
  return { job: jobOfManifest(order.manifest), manifest, envelope: order.manifest, escrow: order.escrow }
}

/**
 * Brings a closing certificate to the chain. Not signed: the certificate is, and anyone may bring it, any number of times. `certificate` and
 * `batch` are the group's own messages.
 */
export const closeMessage = message(
  'epoch-close',
  114,
  1,
  { job: link, certificate: bytesMax(65_536), batch: bytesMax(32_768) },
  { maxBytes: 100_000 },
)
