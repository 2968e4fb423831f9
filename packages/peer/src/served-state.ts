import { bytesOfContentId, type ContentId, contentIdOfBytes } from '@interpeer/crypto-ids'
import { bytesMax, decodeWith, encodeWith, link, nullable, struct, uint32, uint53 } from '@interpeer/wire-codec'

/** The last final state of a site that this peer holds: what reads run on. */
export interface ServedState {
  readonly epoch: number
  readonly step: number
  /** The group state block. */
  readonly state: ContentId
  /** The root of the file tree. */
  readonly files: ContentId
  /** Null before the first step of the job's first epoch: the chain's entry names that state. */
  readonly certificate: Uint8Array | null
  /** The later certificate that names the step final; null where its own proves it. */
  readonly named: Uint8Array | null
  /** When the group last said that this is final: the time of the newest batch that says so. Certificates have none. */
  readonly timeMs: number
}

const CERTIFICATE_MAX_BYTES = 64 * 1024
/** As it is on disk. */
export const servedSchema = struct({
  epoch: uint32,
  step: uint32,
  state: link,
  files: link,
  certificate: nullable(bytesMax(CERTIFICATE_MAX_BYTES)),
  named: nullable(bytesMax(CERTIFICATE_MAX_BYTES)),
  timeMs: uint53,
})

export const encodeServed = (served: ServedState): Uint8Array =>
  encodeWith(servedSchema, { ...served, state: bytesOfContentId(served.state), files: bytesOfContentId(served.files) })

export function decodeServed(bytes: Uint8Array): ServedState {
  const served = decodeWith(servedSchema, bytes)
  return { ...served, state: contentIdOfBytes(served.state), files: contentIdOfBytes(served.files) }
}

/** Whether `a` is a later final state than `b`. */
export const isLater = (a: { epoch: number; step: number }, b: { epoch: number; step: number }): boolean =>
  a.epoch > b.epoch || (a.epoch === b.epoch && a.step > b.step)
