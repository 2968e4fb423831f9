import { type HeldMap, wantBlocks } from '@interpeer/content-store'
import { contentIdOfBytes, type PeerId } from '@interpeer/crypto-ids'
import { answerSync, type DataSets, decodeBlock, type SyncSource, type Tip, withRecent } from '@interpeer/vote-chain'
import { PeerError } from '../errors.js'
import { numberOf } from '../message-number.js'
import type { ChainStore } from './chain-store.js'

/** Answers that one peer may be ahead of its pace: a start from checkpoints and a light client's proofs are so many requests. */
const ANSWERS_AT_ONCE = 128
const PACE_MS = 50
const PEERS_REMEMBERED_MAX = 1_024

/** Tells anyone what this peer's chain says: checkpoints, headers, proofs. Each answer is up to a megabyte, so none gets them faster than a pace. */
export class SyncDesk<S> {
  readonly #store: ChainStore
  readonly #mapOf: (state: S, set: keyof DataSets) => HeldMap | undefined
  readonly #nowMs: () => number
  /** When each peer's answers so far would be given at the pace. */
  readonly #paid = new Map<PeerId, number>()
  #recent: readonly Tip<S>[] = []

  constructor(at: { store: ChainStore; mapOf: (state: S, set: keyof DataSets) => HeldMap | undefined; nowMs: () => number }) {
    this.#store = at.store
    this.#mapOf = at.mapOf
    this.#nowMs = at.nowMs
  }

  /** After each block, and at the start. */
  onTip(tip: Tip<S>): void {
    this.#recent = withRecent(this.#recent, tip, this.#store.checkpoints)
  }

  /** @throws {PeerError} SYNC_OFTEN, SYNC_NOTHING @throws {WireError} */
  answer(from: PeerId, number: number, request: Uint8Array): Uint8Array {
    const [tip] = this.#recent
    if (tip === undefined) throw new PeerError({ code: 'SYNC_NOTHING' })
    this.#pay(from)
    const store = this.#store
    const source: SyncSource<S> = {
      tip,
      recent: this.#recent,
      checkpoints: store.checkpoints,
      checkpoint: (height) => store.checkpoint(height),
      block: (height) => {
        const bytes = store.block(height)
        return bytes && decodeBlock(bytes)
      },
      mapOf: this.#mapOf,
    }
    return answerSync(source, number, request)
  }
  #pay(from: PeerId): void {
    const nowMs = this.#nowMs()
    const dueMs = Math.max(this.#paid.get(from) ?? 0, nowMs) + PACE_MS
    if (dueMs > nowMs + ANSWERS_AT_ONCE * PACE_MS) throw new PeerError({ code: 'SYNC_OFTEN', peer: from })
    if (this.#paid.size >= PEERS_REMEMBERED_MAX) {
      for (const [peer, untilMs] of this.#paid) if (untilMs <= nowMs) this.#paid.delete(peer)
      if (this.#paid.size >= PEERS_REMEMBERED_MAX && !this.#paid.has(from)) throw new PeerError({ code: 'SYNC_OFTEN', peer: from })
    }
    this.#paid.set(from, dueMs)
  }
}

/** Whether a request is for blocks that are all parts of checkpoints: those are for anyone. */
export function asksForParts(request: Uint8Array, store: ChainStore): boolean {
  if (numberOf(request) !== wantBlocks.number) return false
  try {
    const { cids } = wantBlocks.decode(request)
    return cids.length > 0 && cids.every((cid) => store.hasPart(contentIdOfBytes(cid)))
  } catch {
    return false
  }
}
