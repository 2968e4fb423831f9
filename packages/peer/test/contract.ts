import { MESSAGE_MAX_BYTES } from '@interpeer/wire-codec'
import { recordCodec, type VectorCodec } from '@interpeer/wire-codec/test-vectors'
import { addressExchange, addressRecord } from '../src/address-record.js'
import { jobLogPage, jobLogs } from '../src/job-log/messages.js'
import { accusationRecord } from '../src/network/accusations-map.js'
import { closedEpochRecord } from '../src/network/closed-epochs-map.js'
import { disputePartMessage } from '../src/network/dispute-parts.js'
import { disputePartsRecord } from '../src/network/dispute-parts-map.js'
import { disputeRecord } from '../src/network/disputes-map.js'
import { SNAPSHOT_BYTES_MAX, snapshotSchema } from '../src/network/snapshot.js'
import { heightsSchema } from '../src/node/chain-store.js'
import { servedSchema } from '../src/served-state.js'

/** All that goes over the wire or to disk: what src/peer.cddl describes. */
export const contract = [
  addressRecord,
  addressExchange,
  jobLogs,
  jobLogPage,
  disputePartMessage,
  recordCodec('served-state', servedSchema, MESSAGE_MAX_BYTES),
  recordCodec('dispute-record', disputeRecord, MESSAGE_MAX_BYTES),
  recordCodec('dispute-parts-record', disputePartsRecord, MESSAGE_MAX_BYTES),
  recordCodec('accusation-record', accusationRecord, MESSAGE_MAX_BYTES),
  recordCodec('closed-epoch-record', closedEpochRecord, MESSAGE_MAX_BYTES),
  recordCodec('kept-checkpoints', heightsSchema, MESSAGE_MAX_BYTES),
  recordCodec('network-snapshot', snapshotSchema, SNAPSHOT_BYTES_MAX),
] as unknown as readonly VectorCodec<never>[]
