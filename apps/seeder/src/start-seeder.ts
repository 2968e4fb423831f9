import { mkdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { StoreKind } from '@interpeer/content-store'
import { openPeer, type PeerEndpoint } from '@interpeer/peer/node'
import { startPhpRuntime } from '@interpeer/php-runtime-bridge/node'
import { openLog } from './log.js'
import { openKey } from './open-key.js'
import { type OutboxOptions, outboxSender } from './outbox/outbox-sender.js'
import type { PassphraseOptions } from './passphrase.js'
import { withScriptLog } from './script-log.js'
import { cacheFolderOf, HOST_CALLS, SLOT_LIMITS } from './slot.js'
import { untilStopped } from './until-stopped.js'

/** Reads that run at a time; each takes a processor, and memory up to a slot's. */
const READERS_MAX = 8

export interface SeederOptions extends PassphraseOptions {
  readonly data: string
  readonly store?: StoreKind
  readonly genesis: string
  readonly bootstrap: readonly PeerEndpoint[]
  readonly checkpoint?: Uint8Array
  readonly host: string
  readonly port: number
  readonly advertise?: { readonly host: string; readonly port: number }
  readonly storage?: number
  readonly guardMs: number
  readonly logLevel: string
  /** The mail server that takes the mail of sites that this peer hosts. */
  readonly outboxSmtp?: { readonly host: string; readonly port: number }
  readonly outboxFrom: string
  readonly outboxHttp?: boolean
  readonly outboxPrivate?: boolean
}

/** The server's password is in no list of processes: only the environment has it. */
function outboxOptions({
  outboxSmtp: smtp,
  outboxFrom: from,
  outboxHttp: http = false,
  outboxPrivate: allowPrivate = false,
  host,
  advertise,
}: SeederOptions): OutboxOptions {
  const { INTERPEER_OUTBOX_SMTP_USER: user, INTERPEER_OUTBOX_SMTP_PASSWORD: pass } = process.env
  const ownAddresses = [host, ...(advertise === undefined ? [] : [advertise.host])]
  return { smtp, from, http, allowPrivate, ownAddresses, auth: user === undefined || pass === undefined ? undefined : { user, pass } }
}

export async function startSeeder(options: SeederOptions): Promise<void> {
  mkdirSync(options.data, { recursive: true, mode: 0o700 })
  const log = openLog(join(options.data, 'log'), options.logLevel)
  const signer = await openKey(options.data, options)
  // for each processor one that reads, and one for writes; what nobody needs is not started
  const workers = Math.min(availableParallelism(), READERS_MAX) + 1
  const cacheFolder = cacheFolderOf(options.data)
  const runtime = await startPhpRuntime({ guardMs: options.guardMs, limits: SLOT_LIMITS, hostCalls: HOST_CALLS, cacheFolder, workers })
  const peer = await openPeer({
    data: options.data,
    store: options.store,
    signer,
    genesis: readFileSync(options.genesis, 'utf8'),
    host: options.host,
    port: options.port,
    advertise: options.advertise,
    bootstrap: options.bootstrap,
    checkpoint: options.checkpoint,
    runtime: withScriptLog(runtime, log),
    log,
    maxStoreBytes: options.storage,
    outbox: outboxSender(outboxOptions(options), log),
  })
  const close = async () => {
    await peer.close()
    await runtime.close()
  }
  const ready = { peerId: peer.peerId, ...peer.address, advertised: peer.advertised ?? null, storage: peer.storage() }
  await untilStopped({ ready, failed: peer.failed, close })
}
