import type { Declared } from '@interpeer/wire-codec/cddl'
import type { VectorCodec } from '@interpeer/wire-codec/test-vectors'
import { ledgerSchema } from '../src/ledger.js'
import { transferMessage } from '../src/transfer.js'

/** All that goes over the wire: what src/intercoin-ledger.cddl describes. */
export const contract = [transferMessage] as unknown as readonly VectorCodec<never>[]

/** What is only hashed. */
export const dataSets: readonly Declared[] = [{ name: 'ledger-data', cddl: () => `ledger-data = ${ledgerSchema.cddl}` }]
