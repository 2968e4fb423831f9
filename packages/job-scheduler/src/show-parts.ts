import {
  bytesOfContentId,
  type JobId,
  type NetworkId,
  openMessage,
  type PeerId,
  peerIdOfKey,
  type Signer,
  sha256,
  signMessage,
  type Verified,
} from '@interpeer/crypto-ids'
import { bytes, bytesMax, concatBytes, type Infer, link, message, sameBytes, uint32 } from '@interpeer/wire-codec'
import { SchedulerError } from './errors.js'
import { type Job, SHOW_BYTES_MAX } from './job.js'
import { showedAlready, wantsShow } from './recover.js'

/** A quarter of the largest body there is. */
const PART_BYTES_MAX = 131_072
/** What a part has beside its bytes, and a body beside transactions and certificate. */
const OVERHEAD_BYTES = 512
/**
 * Bytes of each part of a show but the last. A certificate leaves a quarter of a block's body to transactions (but for the heads of its votes, a hundredth of
 * it), so that there is room for one part in every block, however many voted.
 * @param blockBytesMax the network's setting, which is fixed
 */
export const showPartBytes = (blockBytesMax: number): number =>
  Math.min(PART_BYTES_MAX, Math.floor(blockBytesMax / 4) - Math.floor(blockBytesMax / 100)) - OVERHEAD_BYTES

/** One part of a member's show that is larger than that. `show`: the SHA-256 of all of it; `size`: its bytes; `at`: where this part begins. */
export const showPartMessage = message(
  'show-part',
  115,
  1,
  { job: link, epoch: uint32, from: bytes(32), show: bytes(32), size: uint32, at: uint32, bytes: bytesMax(PART_BYTES_MAX) },
  { maxBytes: PART_BYTES_MAX + OVERHEAD_BYTES },
)
export type ShowPart = Infer<typeof showPartMessage>

/** A show in signed parts, in order. */
export function signShowParts(
  show: Uint8Array,
  { job, epoch, blockBytesMax }: { readonly job: JobId; readonly epoch: number; readonly blockBytesMax: number },
  signer: Signer,
  network: NetworkId,
): readonly Uint8Array[] {
  const most = showPartBytes(blockBytesMax)
  const whole = { job: bytesOfContentId(job), epoch, from: signer.publicKey, show: sha256(show), size: show.length }
  return Array.from({ length: Math.ceil(show.length / most) }, (_, i) => {
    const part = { ...whole, at: i * most, bytes: show.subarray(i * most, (i + 1) * most) }
    return signMessage(showPartMessage, part, signer, network)
  })
}
/** @throws {CryptoError} @throws {WireError} */
export function openShowPart(envelope: Uint8Array, network: NetworkId): Verified<ShowPart> {
  return openMessage(showPartMessage, envelope, network, ({ from }) => peerIdOfKey(from))
}

/**
 * Adds a part to those before it. With the last one comes the whole show, which is not recorded yet. A member's first part says what it shows: of another
 * show it gets nothing in. So that nobody keeps a recovery waiting with crumbs, all parts but the last have one size, and a last one counts only where the whole has its hash.
 * @throws {SchedulerError} what `addShow` throws, SHOW_PART_EARLY (those before it may come yet), SHOW_PART_WRONG
 */
export function addShowPart(
  entry: Job,
  { epoch, from, show, size, at, bytes: given }: ShowPart,
  { timeMs, blockBytesMax }: { readonly timeMs: number; readonly blockBytesMax: number },
): { readonly job: Job; readonly member: PeerId; readonly whole: Uint8Array | undefined } {
  const member = peerIdOfKey(from)
  const recovering = wantsShow(entry, epoch, member)
  const before = recovering.parts.find((one) => one.member === member)
  const held = before?.bytes ?? new Uint8Array()
  if (at < held.length || (before !== undefined && !sameBytes(before.show, show))) throw showedAlready()
  if (size > SHOW_BYTES_MAX || given.length === 0 || given.length !== Math.min(showPartBytes(blockBytesMax), size - at)) throw wrong()
  if (at > held.length) throw new SchedulerError({ code: 'SHOW_PART_EARLY' })
  const all = concatBytes(held, given)
  const isWhole = all.length === size
  if (isWhole && !sameBytes(sha256(all), show)) throw wrong()
  const others = recovering.parts.filter((one) => one.member !== member)
  const parts = isWhole ? others : [...others, { member, show, bytes: all }]
  const job = { ...entry, recovering: { ...recovering, waitsSinceMs: timeMs, parts } }
  return { job, member, whole: isWhole ? all : undefined }
}
const wrong = (): SchedulerError => new SchedulerError({ code: 'SHOW_PART_WRONG' })
