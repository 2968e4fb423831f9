import { type ContentId, codecOf, contentIdOf } from '@interpeer/crypto-ids'
import type { Block } from './blocks.js'
import { ContentStoreError, type PeerConduct } from './errors.js'
import { askFor, blocksReply, WANT_MAX_BLOCKS } from './exchange.js'

/** As much of an AbortSignal as is needed here. */
export interface Signal {
  readonly aborted: boolean
  addEventListener(type: 'abort', listener: () => void): void
  removeEventListener(type: 'abort', listener: () => void): void
}
const FAILURES_MAX = 2
const REPORTED_MAX = 64

interface PoolPeer {
  readonly index: number
  conduct: PeerConduct
  failures: number // in a row
  busy: boolean
  gone: boolean
}

/** Spreads wanted blocks over peers: one request at a time to each, what one does not deliver goes to the others. */
export class PeerPool {
  readonly #peers: readonly PoolPeer[]
  readonly #ask: (peer: number, request: Uint8Array) => Promise<Uint8Array>
  readonly #keep: (blocks: readonly Block[]) => Promise<void>
  readonly #signal: Signal | undefined
  /** Blocks not asked for at the moment, and the peers that said they have none. */
  readonly #wanted = new Map<ContentId, Set<PoolPeer>>()
  #asked = 0
  /** Ends the drain under way, well or with a cause. Undefined when none is: replies that come later are dropped. */
  #end: ((cause?: unknown) => void) | undefined

  constructor(
    peers: number,
    ask: (peer: number, request: Uint8Array) => Promise<Uint8Array>,
    keep: (blocks: readonly Block[]) => Promise<void>,
    signal: Signal | undefined,
  ) {
    this.#peers = Array.from({ length: peers }, (_, index) => ({ index, conduct: 'unasked', failures: 0, busy: false, gone: false }))
    this.#ask = ask
    this.#keep = keep
    this.#signal = signal
  }
  get conduct(): readonly PeerConduct[] {
    return this.#peers.map(({ conduct }) => conduct)
  }
  get wantedBlocks(): number {
    return this.#wanted.size + this.#asked
  }
  want(cid: ContentId): void {
    this.#wanted.set(cid, new Set())
  }

  /** Resolves when nothing is wanted any more. @throws {ContentStoreError} FETCH_FAILED, FETCH_ABORTED, or what `keep` rejects with */
  async drain(): Promise<void> {
    const abort = (): void => this.#end?.(new ContentStoreError({ code: 'FETCH_ABORTED' }))
    this.#signal?.addEventListener('abort', abort)
    try {
      await new Promise<void>((resolve, reject) => {
        this.#end = (cause) => {
          this.#end = undefined
          if (cause === undefined) resolve()
          else reject(cause)
        }
        if (this.#signal?.aborted) abort()
        else this.#pump()
      })
    } finally {
      this.#signal?.removeEventListener('abort', abort)
    }
  }

  #pump(): void {
    if (this.#end === undefined) return
    const idle = this.#peers.filter((peer) => !peer.busy && !peer.gone)
    for (const [i, peer] of idle.entries()) {
      const cids = this.#take(peer, idle.length - i)
      if (cids.length > 0) void this.#request(peer, cids)
    }
    if (this.#peers.some(({ busy }) => busy)) return
    this.#end(this.#wanted.size === 0 ? undefined : this.#failure())
  }

  #failure(): ContentStoreError {
    const missing = [...this.#wanted.keys()].slice(0, REPORTED_MAX)
    return new ContentStoreError({ code: 'FETCH_FAILED', missing, missingCount: this.#wanted.size, peers: this.conduct })
  }

  /** A fair share of what this peer may still have. */
  #take(peer: PoolPeer, idlePeers: number): ContentId[] {
    const share = Math.min(WANT_MAX_BLOCKS, Math.ceil(this.#wanted.size / idlePeers))
    const cids: ContentId[] = []
    for (const [cid, lackedBy] of this.#wanted) {
      if (cids.length >= share) break
      if (!lackedBy.has(peer)) cids.push(cid)
    }
    return cids
  }

  async #request(peer: PoolPeer, cids: readonly ContentId[]): Promise<void> {
    const asked = new Map(cids.map((cid) => [cid, this.#wanted.get(cid) as Set<PoolPeer>]))
    for (const cid of cids) this.#wanted.delete(cid)
    this.#asked += cids.length
    peer.busy = true
    try {
      const blocks = await this.#answer(peer, cids, asked)
      if (this.#end === undefined) return
      for (const { cid } of blocks) asked.delete(cid)
      if (blocks.length > 0) await this.#keep(blocks)
    } catch (cause) {
      this.#end?.(cause)
    } finally {
      this.#asked -= cids.length
      for (const [cid, lackedBy] of asked) this.#wanted.set(cid, lackedBy)
      peer.busy = false
      this.#pump()
    }
  }

  /** The true blocks of one reply. Notes in `asked` what the peer lacks, and how it behaved. Never throws. */
  async #answer(peer: PoolPeer, cids: readonly ContentId[], asked: ReadonlyMap<ContentId, Set<PoolPeer>>): Promise<readonly Block[]> {
    let reply: Uint8Array
    try {
      reply = await this.#ask(peer.index, askFor(cids))
    } catch {
      peer.conduct = 'failed'
      peer.gone = ++peer.failures >= FAILURES_MAX
      return []
    }
    peer.failures = 0
    peer.conduct = 'answered'
    const blocks: Block[] = []
    const answers = answersOf(reply)
    for (const [i, bytes] of answers.entries()) {
      const cid = cids[i]
      if (bytes === null && cid !== undefined) asked.get(cid)?.add(peer)
      else if (bytes !== null && cid !== undefined && contentIdOf(bytes, codecOf(cid)) === cid) blocks.push({ cid, bytes })
      else return this.#lied(peer, blocks)
    }
    return answers.length === 0 ? this.#lied(peer, blocks) : blocks
  }

  #lied(peer: PoolPeer, blocks: readonly Block[]): readonly Block[] {
    peer.conduct = 'lied'
    peer.gone = true
    return blocks
  }
}

/** Nothing at all when the reply is not one. */
function answersOf(reply: Uint8Array): readonly (Uint8Array | null)[] {
  try {
    return blocksReply.decode(reply).blocks
  } catch {
    return []
  }
}
