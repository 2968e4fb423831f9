import { homedir } from 'node:os'
import { join } from 'node:path'
import { SLOT, type SlotLimits } from '@interpeer/php-runtime-bridge'

/** One job slot (WP §6.4): every peer's is the same, since scripts can see its end. */
export const SLOT_LIMITS: SlotLimits = SLOT

/**
 * What every seeder carries out once a group agreed on it: part of the runtime's id. Whether it sends mail or HTTP itself is its operator's choice: who can't declines, and
 * another member does it.
 */
export const HOST_CALLS = { effects: ['after', 'pay', 'outbox'] } as const

/** Where a peer keeps the metered binary: it can be made again at any time. */
export const cacheFolderOf = (data: string): string => join(data, 'cache')

/** The same for commands that belong to no peer. */
export const userCacheFolder = (): string => join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'interpeer')
