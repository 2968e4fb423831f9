import type { PeerId } from '@interpeer/crypto-ids'
import { WANT_MAX_BLOCKS } from './messages.js'

/** Requests open with one peer: of as many fetches. */
const OPEN_MAX = 4
const FIRST_WINDOW_BLOCKS = 16
/** For a whole reply. Who is slower is asked for less at a time, and given longer. */
const TIMEOUT_MS = 5_000
const TIMEOUT_MS_MAX = 20_000
const REST_MS = 200
const REST_MS_MAX = 5_000
const REST_MS_MIN = 20

/** One peer that is asked for blocks, whoever asks: all fetches share it, in turn. */
export class Source {
  readonly peer: PeerId
  /** How many blocks the next request asks for at most. */
  window = FIRST_WINDOW_BLOCKS
  timeoutMs = TIMEOUT_MS
  restUntilMs = 0
  open = 0
  /** The fetches that it may have something for. */
  readonly fetches = new Set<number>()
  /** Those of them that may have something to ask now, the one whose turn is next first. */
  readonly turns = new Set<number>()
  #failures = 0

  constructor(peer: PeerId) {
    this.peer = peer
  }

  isFree(nowMs: number): boolean {
    return this.open < OPEN_MAX && this.restUntilMs <= nowMs
  }

  /** It answered `answered` of `asked`. A short reply was full: to ask for more would only keep others from asking elsewhere. */
  answered(asked: number, answered: number): void {
    this.#failures = 0
    this.timeoutMs = TIMEOUT_MS
    if (answered < asked) this.window = Math.max(1, answered)
    else if (asked >= this.window) this.window = Math.min(WANT_MAX_BLOCKS, this.window * 2)
  }
  unanswered(nowMs: number): void {
    this.window = Math.max(1, this.window >> 1)
    this.timeoutMs = Math.min(TIMEOUT_MS_MAX, this.timeoutMs * 2)
    this.restUntilMs = nowMs + Math.min(REST_MS_MAX, REST_MS * 2 ** this.#failures++)
  }
  busy(nowMs: number, retryMs: number): void {
    this.restUntilMs = nowMs + Math.min(REST_MS_MAX, Math.max(REST_MS_MIN, retryMs))
  }
}
