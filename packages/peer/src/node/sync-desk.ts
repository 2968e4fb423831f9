import { type HeldMap, wantBlocks } from '@interpeer/content-store'
import { contentIdOfBytes, type PeerId } from '@interpeer/crypto-ids'
import { answerSync, answerTip, type DataSets, decodeBlock, type SyncSource, type Tip, wantTip, withRecent } from '@interpeer/vote-chain'
import { hexOf } from '@interpeer/wire-codec'
import { PeerError } from '../errors.js'
import { numberOf } from '../message-number.js'
import type { ChainStore } from './chain-store.js'

/** Answers that one peer may be ahead of its pace: a start from checkpoints and a light client's proofs are so many requests. */
const ANSWERS_AT_ONCE = 128
const PACE_MS = 50
/** The same of all peers together: anyone can make up keys, and a peer that answers does nothing else. */
const ALL_AT_ONCE = 1_024
const ALL_PACE_MS = 4
/** Answers since the last block that are given again as they are: many start at the same checkpoint. */
const KEPT_BYTES_MAX = 16 * 1024 * 1024
const PEERS_REMEMBERED_MAX = 1_024

/** Tells anyone what this peer's chain says: checkpoints, headers, proofs. Each answer is up to a megabyte, so none gets them faster than a pace. */
export class SyncDesk<S> {
  readonly #store: ChainStore
  readonly #mapOf: (state: S, set: keyof DataSets) => HeldMap | undefined
  readonly #nowMs: () => number
  /** When each peer's answers so far would be given at the pace. */
  readonly #paid = new Map<PeerId, number>()
  #paidByAll = 0
  readonly #kept = new Map<string, Uint8Array>()
  #keptBytes = 0
  /** How far its disk goes, before its chain is open. */
  #heightBefore: number | undefined
  #recent: readonly Tip<S>[] = []

  constructor(at: { store: ChainStore; mapOf: (state: S, set: keyof DataSets) => HeldMap | undefined; nowMs: () => number }) {
    this.#store = at.store
    this.#mapOf = at.mapOf
    this.#nowMs = at.nowMs
  }

  /** After each block, and at the start. */
  onTip(tip: Tip<S>): void {
    this.#recent = withRecent(this.#recent, tip, this.#store.checkpoints)
    this.#kept.clear()
    this.#keptBytes = 0
  }

  /** @throws {PeerError} SYNC_OFTEN, SYNC_NOTHING @throws {WireError} */
  answer(from: PeerId, number: number, request: Uint8Array): Uint8Array {
    const [tip] = this.#recent
    const store = this.#store
    const kept = { checkpoints: store.checkpoints, checkpoint: (height: number) => store.checkpoint(height) }
    if (tip === undefined && number === wantTip.number) {
      this.#pay(from)
      this.#heightBefore ??= store.last()?.height ?? 0
      return answerTip({ ...kept, height: this.#heightBefore }, request)
    }
    if (tip === undefined) throw new PeerError({ code: 'SYNC_NOTHING' })
    this.#pay(from)
    const name = hexOf(request)
    const known = this.#kept.get(name)
    if (known !== undefined) return known
    const source: SyncSource<S> = {
      ...kept,
      tip,
      recent: this.#recent,
      block: (height) => {
        const bytes = store.block(height)
        return bytes && decodeBlock(bytes)
      },
      mapOf: this.#mapOf,
    }
    const answer = answerSync(source, number, request)
    if (this.#keptBytes + name.length + answer.length <= KEPT_BYTES_MAX) {
      this.#kept.set(name, answer)
      this.#keptBytes += name.length + answer.length
    }
    return answer
  }
  #pay(from: PeerId): void {
    const nowMs = this.#nowMs()
    const dueMs = Math.max(this.#paid.get(from) ?? 0, nowMs) + PACE_MS
    if (dueMs > nowMs + ANSWERS_AT_ONCE * PACE_MS) throw new PeerError({ code: 'SYNC_OFTEN', peer: from })
    if (this.#paid.size >= PEERS_REMEMBERED_MAX) {
      for (const [peer, untilMs] of this.#paid) if (untilMs <= nowMs) this.#paid.delete(peer)
      if (this.#paid.size >= PEERS_REMEMBERED_MAX && !this.#paid.has(from)) throw new PeerError({ code: 'SYNC_OFTEN', peer: from })
    }
    const allMs = Math.max(this.#paidByAll, nowMs) + ALL_PACE_MS
    if (allMs > nowMs + ALL_AT_ONCE * ALL_PACE_MS) throw new PeerError({ code: 'SYNC_OFTEN', peer: from })
    this.#paidByAll = allMs
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
