import { type HeldMap, wantBlocks } from '@interpeer/content-store'
import { contentIdOfBytes, type PeerId } from '@interpeer/crypto-ids'
import { wantSeat } from '@interpeer/job-scheduler'
import {
  answerSync,
  answerTip,
  type DataSets,
  decodeBlock,
  type Registry,
  SYNC_REQUEST_NUMBERS,
  type SyncSource,
  type Tip,
  wantTip,
  withRecent,
} from '@interpeer/vote-chain'
import { hexOf } from '@interpeer/wire-codec'
import { PeerError } from '../errors.js'
import { numberOf } from '../message-number.js'
import type { ChainStore } from './chain-store.js'
import type { DrawnSeats } from './drawn-seats.js'

/** Answers that one peer may be ahead of its pace: a start from checkpoints and a light client's proofs are so many requests. */
const ANSWERS_AT_ONCE = 128
const PACE_MS = 50
/** The same of all strangers together, since anyone can make up keys, and a peer that answers does nothing else; and of all who are known to the chain. */
const ALL_AT_ONCE = 512
const ALL_PACE_MS = 8
/** Answers since the last block that are given again as they are: many start at the same checkpoint. */
const KEPT_BYTES_MAX = 16 * 1024 * 1024
const PEERS_REMEMBERED_MAX = 1_024

/** The requests that are answered here. */
export const SYNC_DESK_NUMBERS: readonly number[] = [...SYNC_REQUEST_NUMBERS, wantSeat.number]

/** Tells anyone what this peer's chain says: checkpoints, headers, proofs, who seats fell to. Each answer is up to a megabyte, so none gets them faster than a pace. */
export class SyncDesk<S> {
  readonly #store: ChainStore
  readonly #mapOf: (state: S, set: keyof DataSets) => HeldMap | undefined
  readonly #nowMs: () => number
  /** Strangers can use up what strangers get, and nobody else's; and nobody who asks for much, what a short answer takes. */
  readonly #budgets = { tips: budgets(), others: budgets() }
  readonly #isKnown: (peer: PeerId) => boolean
  readonly #seats: Pick<DrawnSeats, 'answer'>
  readonly #kept = new Map<string, Uint8Array>()
  #keptBytes = 0
  /** How far its disk goes, before its chain is open. */
  #heightBefore: number | undefined
  #recent: readonly Tip<S>[] = []

  constructor(at: {
    store: ChainStore
    mapOf: (state: S, set: keyof DataSets) => HeldMap | undefined
    nowMs: () => number
    /** Whose key counts on the chain now: it had to pay for that, and may lose it. */
    isKnown: (peer: PeerId) => boolean
    /** Answers `want-seat`. */
    seats: Pick<DrawnSeats, 'answer'>
  }) {
    this.#store = at.store
    this.#mapOf = at.mapOf
    this.#nowMs = at.nowMs
    this.#isKnown = at.isKnown
    this.#seats = at.seats
  }

  /** After each block, and at the start. */
  onTip(tip: Tip<S>): void {
    this.#recent = withRecent(this.#recent, tip, this.#store.checkpoints)
    this.#kept.clear()
    this.#keptBytes = 0
  }

  /** @param number one of `SYNC_DESK_NUMBERS` @throws {PeerError} SYNC_OFTEN, SYNC_NOTHING @throws {WireError} @throws {CryptoError} */
  answer(from: PeerId, number: number, request: Uint8Array): Uint8Array {
    const [tip] = this.#recent
    const store = this.#store
    const kept = { checkpoints: store.checkpoints, checkpoint: (height: number) => store.checkpoint(height) }
    if (tip === undefined && number === wantTip.number) {
      this.#pay(from, number)
      this.#heightBefore ??= store.last()?.height ?? 0
      return answerTip({ ...kept, height: this.#heightBefore }, request)
    }
    if (tip === undefined) throw new PeerError({ code: 'SYNC_NOTHING' })
    this.#pay(from, number)
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
    const answer = number === wantSeat.number ? this.#seats.answer(request) : answerSync(source, number, request)
    if (this.#keptBytes + name.length + answer.length <= KEPT_BYTES_MAX) {
      this.#kept.set(name, answer)
      this.#keptBytes += name.length + answer.length
    }
    return answer
  }
  #pay(from: PeerId, number: number): void {
    const { known, strangers } = this.#budgets[number === wantTip.number ? 'tips' : 'others']
    const nowMs = this.#nowMs()
    // who is known could ask under another key
    const isPaid = (this.#isKnown(from) && known.pay(from, nowMs)) || strangers.pay(from, nowMs)
    if (!isPaid) throw new PeerError({ code: 'SYNC_OFTEN', peer: from })
  }
}

/** What some peers may be answered, each and together. */
class AnswerBudget {
  /** When each peer's answers so far would be given at the pace. */
  readonly #paid = new Map<PeerId, number>()
  #paidByAll = 0

  pay(from: PeerId, nowMs: number): boolean {
    const dueMs = Math.max(this.#paid.get(from) ?? 0, nowMs) + PACE_MS
    if (dueMs > nowMs + ANSWERS_AT_ONCE * PACE_MS) return false
    if (this.#paid.size >= PEERS_REMEMBERED_MAX) {
      for (const [peer, untilMs] of this.#paid) if (untilMs <= nowMs) this.#paid.delete(peer)
      if (this.#paid.size >= PEERS_REMEMBERED_MAX && !this.#paid.has(from)) return false
    }
    const allMs = Math.max(this.#paidByAll, nowMs) + ALL_PACE_MS
    if (allMs > nowMs + ALL_AT_ONCE * ALL_PACE_MS) return false
    this.#paidByAll = allMs
    this.#paid.set(from, dueMs)
    return true
  }
}

const budgets = () => ({ known: new AnswerBudget(), strangers: new AnswerBudget() })

/**
 * Whether a key counts on the chain: not one that left, was rotated or terminated, or has yet to pay for joining, though it be a founder's. Before the chain is open (an empty registry)
 * founders do.
 */
export const countsNow = (peer: PeerId, registry: Registry, founders: ReadonlySet<PeerId>): boolean =>
  registry.size === 0 ? founders.has(peer) : registry.get(peer)?.standing === 'joined'

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
