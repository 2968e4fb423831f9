import { MESSAGE_MAX_BYTES } from '@interpeer/wire-codec'
import { recordCodec, type VectorCodec } from '@interpeer/wire-codec/test-vectors'
import { jobRecord } from '../src/jobs-map.js'
import { closeMessage, manifestMessage, publishMessage } from '../src/manifest.js'
import { SEAT_PROOF_BYTES_MAX, seatProofRecord, seatShown, wantSeat } from '../src/seat-proof.js'
import { showPartMessage } from '../src/show-parts.js'

/** All that goes over the wire or into a map: what src/job-scheduler.cddl describes. */
export const contract = [
  manifestMessage,
  publishMessage,
  closeMessage,
  showPartMessage,
  wantSeat,
  seatShown,
  recordCodec('job-record', jobRecord, MESSAGE_MAX_BYTES),
  recordCodec('seat-proof', seatProofRecord, SEAT_PROOF_BYTES_MAX),
] as unknown as readonly VectorCodec<never>[]
