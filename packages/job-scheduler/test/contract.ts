import { MESSAGE_MAX_BYTES } from '@interpeer/wire-codec'
import { recordCodec, type VectorCodec } from '@interpeer/wire-codec/test-vectors'
import { jobRecord } from '../src/jobs-map.js'
import { closeMessage, manifestMessage, publishMessage } from '../src/manifest.js'

/** All that goes over the wire or into a map: what src/job-scheduler.cddl describes. */
export const contract = [
  manifestMessage,
  publishMessage,
  closeMessage,
  recordCodec('job-record', jobRecord, MESSAGE_MAX_BYTES),
] as unknown as readonly VectorCodec<never>[]
