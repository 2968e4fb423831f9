import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { StoreKind } from '@interpeer/content-store'
import { tenureFor } from '@interpeer/job-scheduler'
import { openPeer, type PeerEndpoint } from '@interpeer/peer/node'
import { groupOdds } from '@interpeer/peer-group'
import { startPhpRuntime } from '@interpeer/php-runtime-bridge/node'
import { parseGenesis } from '@interpeer/vote-chain'
import { HISTORY } from './folder/history.js'
import { openLog } from './log.js'
import { oddsLine } from './odds.js'
import { openKey } from './open-key.js'
import type { PassphraseOptions } from './passphrase.js'
import { print, tell } from './print.js'
import { configurationOf } from './site-check.js'
import { cacheFolderOf, HOST_CALLS, SLOT_LIMITS } from './slot.js'

export interface PublishOptions extends PassphraseOptions {
  readonly data: string
  readonly store?: StoreKind
  readonly genesis: string
  readonly bootstrap: readonly PeerEndpoint[]
  readonly checkpoint?: Uint8Array
  readonly host: string
  readonly name: string
  readonly group: number
  readonly escrow: number
  readonly json?: boolean
}
const UNITS_PER_COIN = 10n ** 9n
/** What the uploader is told the odds for: a fifth of all peers, as the chain's own sortition is judged by (design §7). */
const TOLD = { traitorsPpm: 200_000, peers: null, silentPpm: 10_000 }

/**
 * Publishes a folder: imports it, signs its manifest, hands the chain the publication, and serves the blocks until the group that was drawn
 * has taken them over and certified its first step.
 */
export async function publishSite(folder: string, options: PublishOptions): Promise<void> {
  configurationOf(folder)
  mkdirSync(options.data, { recursive: true, mode: 0o700 })
  const genesis = readFileSync(options.genesis, 'utf8')
  const { cycleMs, tenureMs } = parseGenesis(genesis).settings
  tell(oddsLine(groupOdds({ ...TOLD, members: options.group, tenureMs: tenureFor(options.group, tenureMs, cycleMs) })))
  const peer = await openPeer({
    data: options.data,
    signer: await openKey(options.data, options),
    store: options.store,
    genesis,
    host: options.host,
    port: 0,
    bootstrap: options.bootstrap,
    checkpoint: options.checkpoint,
    runtime: null,
    log: openLog(join(options.data, 'log'), 'info'),
  })
  try {
    const escrow = BigInt(options.escrow) * UNITS_PER_COIN
    const published = await peer.publish({
      folder,
      name: options.name,
      groupSize: options.group,
      escrow,
      runtimeId: await runtimeId(options.data),
      passOver: HISTORY,
      progress: tell,
    })
    print(published, published.job, options)
  } finally {
    await peer.close()
  }
}

/** The runtime that this program's seeders have: members must agree on it, so the manifest names it. */
async function runtimeId(data: string): Promise<string> {
  const runtime = await startPhpRuntime({ limits: SLOT_LIMITS, hostCalls: HOST_CALLS, cacheFolder: cacheFolderOf(data) })
  await runtime.close()
  return runtime.runtimeId
}
