import { MESSAGE_MAX_BYTES } from '@interpeer/wire-codec'
import { recordCodec, type VectorCodec } from '@interpeer/wire-codec/test-vectors'
import { accountRecord, supplyRecord } from '../src/ledger-map.js'
import { transferMessage } from '../src/transfer.js'

/** All that goes over the wire or into a map: what src/intercoin-ledger.cddl describes. */
export const contract = [
  transferMessage,
  recordCodec('account-record', accountRecord, MESSAGE_MAX_BYTES),
  recordCodec('supply-record', supplyRecord, MESSAGE_MAX_BYTES),
] as unknown as readonly VectorCodec<never>[]
