import type { PeerId } from '@interpeer/crypto-ids'

/** After a peer was silent it is asked again this much later, and twice as late each time. */
const [FIRST_WAIT_MS, LAST_WAIT_MS] = [5_000, 120_000]
/** A stranger is given up when it was silent so often in a row: after a minute, or, where it had answered before, an hour. */
const [TOLD_FAILURES_MAX, ANSWERED_FAILURES_MAX] = [3, 32]
/** So long nobody's word brings one back that was given up; it can come itself. */
const GIVEN_UP_MS = 3_600_000
const GIVEN_UP_MAX = 256
/** Strangers that are silent or new are asked one at a time, and no more often: whoever makes up keys can have nobody sent more than that. */
const STRANGERS_PACE_MS = 10_000
/** A peer's place changes on others' words no more often: whoever has a session with it asks at both places. */
const MOVE_MS = 30_000

interface Tries {
  /** In a row. A try counts as one until it is answered. */
  failures: number
  againMs: number
  movedMs: number
  /** Where it answered from last. */
  answeredAt: string | undefined
}

/**
 * How it went with the peers of an address book, and so whom to ask next. An address is somebody's word until the peer answers from it: it may be the address of a victim. `nowMs` is
 * of a clock that is never set. Places are compared as text.
 */
export class AddressTries {
  readonly #tries = new Map<PeerId, Tries>()
  readonly #givenUp = new Map<PeerId, number>()
  #strangersMs = Number.NEGATIVE_INFINITY
  #turn = 0

  /** The next in turn whose time has come. `isDoubtful`: a stranger, and silent or only told of. */
  next(peers: readonly PeerId[], isDoubtful: (peer: PeerId) => boolean, nowMs: number): PeerId | undefined {
    for (let i = 0; i < peers.length; i++) {
      const at = (this.#turn + i) % peers.length
      const peer = peers[at] as PeerId
      if (nowMs < (this.#tries.get(peer)?.againMs ?? nowMs)) continue
      if (isDoubtful(peer) && nowMs < this.#strangersMs) continue
      if (isDoubtful(peer)) this.#strangersMs = nowMs + STRANGERS_PACE_MS
      this.#turn = at + 1
      return peer
    }
    return undefined
  }

  /** @param isNamed by this peer's owner, who wants to hear of it as soon as it is there */
  asked(peer: PeerId, isNamed: boolean, nowMs: number): void {
    const tries = this.#of(peer)
    tries.againMs = nowMs + (isNamed ? FIRST_WAIT_MS : Math.min(FIRST_WAIT_MS * 2 ** tries.failures, LAST_WAIT_MS))
    tries.failures++
  }

  /** @param place where from */
  answered(peer: PeerId, place: string): void {
    Object.assign(this.#of(peer), { failures: 0, againMs: Number.NEGATIVE_INFINITY, answeredAt: place })
    this.#givenUp.delete(peer)
  }

  hasAnswered(peer: PeerId, place: string): boolean {
    return this.#tries.get(peer)?.answeredAt === place
  }

  isSilent(peer: PeerId): boolean {
    return (this.#tries.get(peer)?.failures ?? 0) > 0
  }

  /** Whether a stranger was silent for long enough. */
  isHopeless(peer: PeerId, place: string): boolean {
    return (this.#tries.get(peer)?.failures ?? 0) >= (this.hasAnswered(peer, place) ? ANSWERED_FAILURES_MAX : TOLD_FAILURES_MAX)
  }

  moved(peer: PeerId, nowMs: number): void {
    this.#of(peer).movedMs = nowMs
  }

  mayMove(peer: PeerId, nowMs: number): boolean {
    return nowMs >= (this.#tries.get(peer)?.movedMs ?? Number.NEGATIVE_INFINITY) + MOVE_MS
  }

  giveUp(peer: PeerId, nowMs: number): void {
    this.forget(peer)
    this.#givenUp.delete(peer)
    this.#givenUp.set(peer, nowMs + GIVEN_UP_MS)
    for (const [other, untilMs] of this.#givenUp) {
      if (untilMs > nowMs && this.#givenUp.size <= GIVEN_UP_MAX) return
      this.#givenUp.delete(other)
    }
  }

  isGivenUp(peer: PeerId, nowMs: number): boolean {
    return nowMs < (this.#givenUp.get(peer) ?? Number.NEGATIVE_INFINITY)
  }

  /** It is in the book no more. */
  forget(peer: PeerId): void {
    this.#tries.delete(peer)
  }

  #of(peer: PeerId): Tries {
    const known = this.#tries.get(peer)
    if (known !== undefined) return known
    const tries: Tries = { failures: 0, againMs: Number.NEGATIVE_INFINITY, movedMs: Number.NEGATIVE_INFINITY, answeredAt: undefined }
    this.#tries.set(peer, tries)
    return tries
  }
}
