import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { StoreKind } from '@interpeer/content-store'
import type { Signer } from '@interpeer/crypto-ids'
import type { ChainProof, NetworkState, Provable } from '@interpeer/peer'
import { openPeer, type Peer, type PeerEndpoint, proveLightly } from '@interpeer/peer/node'
import { parseGenesis } from '@interpeer/vote-chain'
import { progressOf } from './chain-progress.js'
import { openLog } from './log.js'
import { openKey } from './open-key.js'
import type { PassphraseOptions } from './passphrase.js'
import { tell } from './print.js'

export interface ChainOptions extends PassphraseOptions {
  readonly data: string
  readonly store?: StoreKind
  readonly genesis: string
  readonly bootstrap: readonly PeerEndpoint[]
  /** Where an empty folder begins, if its owner knows. */
  readonly checkpoint?: Uint8Array
  readonly host: string
  readonly json?: boolean
}
export interface SignerOptions extends ChainOptions {
  /** Folder of the peer that signs, if that is not `data`: a peer that runs keeps its own folder locked. */
  readonly peerData?: string
}
const POLL_MS = 200
/** As long as a network of some months may take to be followed from its first block. */
const FOLLOW_MS = 600_000
/** So long nobody may be heard of, nor a block come, before there is nobody to follow. */
const UNHEARD_MS = 30_000
/** How long a block is waited for that takes what was handed in. */
const RECORDED_MS = 60_000

/**
 * Follows the chain with a peer of its own, from blocks that it checks itself, until it is up to now; then does `work` with it. Its folder
 * keeps the blocks, so that the next time only new ones are fetched. What takes long says how far it is on stderr; Ctrl-C ends it at the block where it is.
 * @param work is told whether the peer is up to now @param sync how an empty folder begins @param followMs after so long `work` is done with what has come
 */
export async function withChain<T>(
  options: ChainOptions,
  work: (peer: Peer, signer: Signer, isUp: boolean) => Promise<T> | T,
  sync: 'checkpoints' | 'genesis' = 'checkpoints',
  followMs = FOLLOW_MS,
): Promise<T> {
  const { data, store, host, bootstrap, checkpoint } = options
  mkdirSync(data, { recursive: true, mode: 0o700 })
  const genesis = readFileSync(options.genesis, 'utf8')
  const { settings, startMs } = parseGenesis(genesis)
  const { cycleMs } = settings
  const signer = await openKey(data, options)
  const log = openLog(join(data, 'log'), 'info')
  const [isAlone, progress] = [aloneSince(Date.now()), progressOf({ startMs, cycleMs }, Date.now())]
  const peer = await openPeer({ data, signer, store, genesis, host, port: 0, bootstrap, checkpoint, sync, runtime: null, log })
  try {
    const isUp = () => peer.chain().height > 0 && peer.chain().timeMs > Date.now() - 3 * cycleMs
    let isStopped = false
    const stop = () => {
      isStopped = true
    }
    process.once('SIGINT', stop)
    const came = await waitFor(() => {
      const line = progress(peer.chain().height, Date.now())
      if (line !== undefined) tell(line)
      return isStopped || isUp() || isAlone(peer, bootstrap)
    }, followMs).finally(() => process.off('SIGINT', stop))
    if (isStopped) throw new Error(`stopped at block ${peer.chain().height}: the same command goes on from there`)
    if (!isUp() && isAlone(peer, bootstrap))
      throw new Error('nobody of the network answers: are the peers of --bootstrap running, and can they be reached?')
    return await work(peer, signer, came)
  } finally {
    await peer.close()
  }
}

/** Whether none of the peers that are known was heard of lately, and no block came. */
function aloneSince(begunMs: number): (peer: Peer, bootstrap: readonly PeerEndpoint[]) => boolean {
  let [height, grewMs] = [0, begunMs]
  return (peer, bootstrap) => {
    const now = peer.chain()
    if (now.height > height) [height, grewMs] = [now.height, Date.now()]
    const others = new Set([...bootstrap.map((one) => one.peer), ...now.state.registry.keys()])
    others.delete(peer.peerId)
    const heardMs = Math.max(grewMs, ...[...others].map((other) => peer.heardMs(other)))
    return Date.now() - heardMs > UNHEARD_MS
  }
}

/** A proof by other peers, for who follows nothing. */
export async function proveFromAfar(what: Provable, options: ChainOptions): Promise<ChainProof> {
  const { data, host, bootstrap } = options
  mkdirSync(data, { recursive: true, mode: 0o700 })
  const genesis = parseGenesis(readFileSync(options.genesis, 'utf8'))
  const log = openLog(join(data, 'log'), 'info')
  return proveLightly(what, { signer: await openKey(data, options), genesis, host, bootstrap, log })
}

/** Looks again and again. @returns whether it came in time */
async function waitFor(isDone: () => boolean, withinMs: number): Promise<boolean> {
  const untilMs = Date.now() + withinMs
  while (!isDone()) {
    if (Date.now() > untilMs) return false
    await setTimeout(POLL_MS)
  }
  return true
}

export const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** The key that signs: that of another folder, if one is named. */
export const signerOf = async (options: SignerOptions, own: Signer): Promise<Signer> =>
  options.peerData === undefined ? own : openKey(options.peerData, options)

/**
 * Hands a transaction to the network, and waits until a block has taken it. What the newest block's state refuses already is said at once, by its code.
 * @param late what to know where no block took it in time
 */
export async function handIn(peer: Peer, transaction: Uint8Array, isRecorded: (state: NetworkState) => boolean, late = ''): Promise<void> {
  const code = peer.submit(transaction)
  if (code !== undefined) throw new Error(`the network refuses it: ${code} (docs/errors.md says what that means)`)
  if (await waitFor(() => isRecorded(peer.chain().state), RECORDED_MS)) return
  const said = 'no block took it within a minute: the network refused it, or the peers of --bootstrap are not running'
  throw new Error(late === '' ? said : `${said}. ${late}`)
}
