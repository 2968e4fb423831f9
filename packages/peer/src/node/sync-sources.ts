import { setTimeout as sleep } from 'node:timers/promises'
import { blocksReply, contentBusy, isContentOf, WANT_MAX_BLOCKS, wantBlocks } from '@interpeer/content-store'
import { bytesOfContentId, type ContentId, CryptoError, type PeerId } from '@interpeer/crypto-ids'
import type { Overlay } from '@interpeer/overlay/node'
import { ChainError } from '@interpeer/vote-chain'
import { type Message, WireError } from '@interpeer/wire-codec'
import { PeerError } from '../errors.js'
import { numberOf } from '../message-number.js'
import type { PeerLog } from './log.js'

const ASK_MS = 10_000
/** Rounds over all sources for one thing, until it is given up. */
const ROUNDS_MAX = 4
const BUSY_MS_MAX = 5_000
/** Bytes of a state's parts, at most. */
const PARTS_BYTES_MAX = 4 * 1024 ** 3

/** Peers that a new one asks for the chain. Who gives what is wrong is asked for nothing more. */
export class SyncSources {
  readonly #overlay: Pick<Overlay, 'request'>
  readonly #log: PeerLog
  readonly #count: (code: string) => void
  readonly #signal: AbortSignal | undefined
  #left: readonly PeerId[]
  #turn = 0
  #partBytes = 0
  #lies = 0

  constructor(at: {
    overlay: Pick<Overlay, 'request'>
    peers: readonly PeerId[]
    log: PeerLog
    count: (code: string) => void
    signal?: AbortSignal | undefined
  }) {
    this.#overlay = at.overlay
    this.#log = at.log
    this.#count = at.count
    this.#signal = at.signal
    this.#left = at.peers
  }

  get peers(): readonly PeerId[] {
    return this.#left
  }
  keepOnly(peers: readonly PeerId[]): void {
    this.#left = this.#left.filter((peer) => peers.includes(peer))
  }
  leave(peer: PeerId, why: unknown): void {
    this.#left = this.#left.filter((one) => one !== peer)
    this.#lies++
    this.#count('SYNC_LIAR')
    this.#log.warn({ err: why, peer }, 'what a peer says of the chain does not hold: it is asked for nothing more')
  }
  get lies(): number {
    return this.#lies
  }

  async ask<A>(peer: PeerId, request: Uint8Array, reply: Message<A>, timeoutMs = ASK_MS): Promise<A> {
    const options = { timeoutMs, ...(this.#signal === undefined ? {} : { signal: this.#signal }) }
    return reply.decode(await this.#overlay.request(peer, request, options))
  }

  /**
   * Asks one source after another until one gives what holds. `take` returns undefined where a source has nothing, and throws where it lies.
   * @throws {PeerError} SYNC_UNANSWERED
   */
  async first<T>(what: string, take: (peer: PeerId) => Promise<T | undefined>): Promise<T> {
    for (let round = 0; round < ROUNDS_MAX; round++) {
      for (const peer of this.#inTurn()) {
        this.#signal?.throwIfAborted()
        try {
          const taken = await take(peer)
          if (taken !== undefined) return taken
        } catch (error) {
          if (isLie(error)) this.leave(peer, error)
          else this.#log.debug({ err: error, peer, what }, 'no answer about the chain')
        }
      }
    }
    throw new PeerError({ code: 'SYNC_UNANSWERED', what })
  }
  #inTurn(): readonly PeerId[] {
    const at = this.#turn++ % Math.max(1, this.#left.length)
    return [...this.#left.slice(at), ...this.#left.slice(0, at)]
  }

  /** Parts of a state, by name. Two batches at a time, each of another source. @throws {PeerError} SYNC_UNANSWERED, SYNC_TOO_LARGE */
  async parts(names: readonly ContentId[], into: Map<ContentId, Uint8Array>): Promise<void> {
    const batches: (readonly ContentId[])[] = []
    for (let at = 0; at < names.length; at += WANT_MAX_BLOCKS) batches.push(names.slice(at, at + WANT_MAX_BLOCKS))
    const one = async (): Promise<void> => {
      for (let batch = batches.pop(); batch !== undefined; batch = batches.pop()) await this.#batch(batch, into)
    }
    await Promise.all([one(), one()])
  }
  async #batch(names: readonly ContentId[], into: Map<ContentId, Uint8Array>): Promise<void> {
    while (names.some((name) => !into.has(name))) {
      const wanted = names.filter((name) => !into.has(name))
      await this.first('parts', async (peer) => {
        const reply = await this.#overlay.request(peer, wantBlocks.encode({ cids: wanted.map(bytesOfContentId) }), { timeoutMs: ASK_MS })
        if (numberOf(reply) === contentBusy.number) {
          await sleep(Math.min(contentBusy.decode(reply).retryMs, BUSY_MS_MAX))
          return undefined
        }
        const { blocks } = blocksReply.decode(reply)
        let found = 0
        blocks.forEach((bytes, i) => {
          const name = wanted[i]
          if (bytes === null || name === undefined) return
          if (!isContentOf(name, bytes)) throw new ChainError({ code: 'CHECKPOINT_WRONG', reason: 'state' })
          into.set(name, bytes.slice())
          this.#partBytes += bytes.length
          found++
        })
        if (this.#partBytes > PARTS_BYTES_MAX) throw new PeerError({ code: 'SYNC_TOO_LARGE', bytes: this.#partBytes })
        return found === 0 ? undefined : found
      })
    }
  }
}

/** What no honest peer sends; anything else may be the network's fault. */
const isLie = (error: unknown): boolean =>
  error instanceof ChainError || error instanceof CryptoError || error instanceof WireError || isMapFault(error)
const isMapFault = (error: unknown): boolean =>
  error instanceof Error && ['MAP_PROOF_MALFORMED', 'MAP_PROOF_WRONG', 'MAP_MALFORMED'].includes((error as { code?: string }).code ?? '')
