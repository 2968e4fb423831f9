import { sha256 } from '@interpeer/crypto-ids'
import type { SiteRequest } from './site-request.js'

const WRITE_ID_BYTES = 16

/**
 * The id that a request, or a member's report, has in its group: what offers, batches and the state name it by. Its asker chose `id`, and whoever sees that may sign
 * it too; but only its asker can sign what comes to the same here, so nobody takes another's place in the state.
 */
export const writeIdOf = ({ from, id }: Pick<SiteRequest, 'from' | 'id'>): Uint8Array => sha256(from, id).slice(0, WRITE_ID_BYTES)
