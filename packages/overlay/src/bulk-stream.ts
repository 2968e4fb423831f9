import { type BulkKeys, bulkKeysOf } from './bulk-records.js'
import type { Address, Desk } from './core-events.js'
import { bulkOpen, bulkOpened, bulkWanted } from './messages.js'
import type { NoiseKeys } from './noise.js'
import { Rate } from './rate.js'
import type { Held } from './shared-streams.js'

const FIRST_RETRY_MS = 200
const LAST_RETRY_MS = 2_000
const REOPEN_AFTER_MS = 100
const OPENS_PER_SECOND = 8

/** What a bulk stream needs to know of its session. */
export interface BulkSide {
  readonly isInitiator: boolean
  readonly keys: NoiseKeys
  readonly address: Address
  sendCell(message: Uint8Array): void
  /** Undefined: there is no room for one more. */
  claimStream(): number | undefined
  releaseStream(stream: number): void
  /** Whether our own side named the peer. */
  isKnown(): boolean
  heldByPeer(): Held
  /** Whether a stranger had to make room. */
  makeRoom(of: keyof Held, bytes: number): boolean
}

type State =
  | { readonly name: 'none' }
  | { readonly name: 'asking'; readonly stream: number }
  | { readonly name: 'wanting' }
  | { readonly name: 'greeting' | 'open'; readonly stream: number; readonly remote: number }

/**
 * Agrees on one bulk stream of a session, by cells. Only the initiator of the session opens one; the responder asks it to. The
 * responder writes nothing before it has read something: until then the initiator's end may not exist.
 */
export class BulkStream {
  readonly #desk: Desk
  readonly #side: BulkSide
  readonly #onOpen: (keys: BulkKeys) => void
  readonly #onDead: () => void
  #state: State = { name: 'none' }
  #retryMs = FIRST_RETRY_MS
  #retryAtMs = Number.POSITIVE_INFINITY
  readonly #opens = new Rate(OPENS_PER_SECOND)
  #deadRemote = 0
  #diedAtMs = Number.NEGATIVE_INFINITY

  constructor(desk: Desk, side: BulkSide, onOpen: (keys: BulkKeys) => void, onDead: () => void) {
    this.#desk = desk
    this.#side = side
    this.#onOpen = onOpen
    this.#onDead = onDead
  }

  /** The stream that may be written to. */
  get writableStream(): number | undefined {
    return this.#state.name === 'open' ? this.#state.stream : undefined
  }

  get isSettling(): boolean {
    return this.#state.name !== 'none' && this.#state.name !== 'open'
  }

  /** Whether both ends have an id. */
  get isConnected(): boolean {
    return 'remote' in this.#state
  }

  /** There is something to write. */
  want(): void {
    if (this.#state.name !== 'none') return
    this.#state = { name: 'wanting' }
    this.#retryMs = FIRST_RETRY_MS
    this.#retryAtMs = Math.max(this.#desk.nowMs, this.#diedAtMs + REOPEN_AFTER_MS)
    this.onTime()
  }

  onTime(): void {
    if (this.#state.name !== 'asking' && this.#state.name !== 'wanting') return
    if (this.#desk.nowMs >= this.#retryAtMs) {
      this.#ask()
      this.#retryAtMs = this.#desk.nowMs + this.#retryMs
      this.#retryMs = Math.min(2 * this.#retryMs, LAST_RETRY_MS)
    }
    this.#desk.wakeBy(this.#retryAtMs)
  }

  /** The initiator's proposal, at the responder. It is repeated until answered. */
  onOpenCell(remote: number): void {
    if (this.#side.isInitiator || remote === 0 || remote === this.#deadRemote) return
    if (!('remote' in this.#state) || this.#state.remote !== remote) this.#replace(remote)
    const state = this.#state
    if ('remote' in state && state.remote === remote) this.#side.sendCell(bulkOpened.encode({ stream: remote, answer: state.stream }))
  }

  /** The responder's answer, at the initiator. */
  onOpenedCell(stream: number, remote: number): void {
    if (this.#state.name !== 'asking' || this.#state.stream !== stream || remote === 0) return
    this.#connect('open', stream, remote)
  }

  /** The responder's wish, at the initiator. */
  onWantedCell(after: number): void {
    if (!this.#side.isInitiator) return
    if (this.#state.name === 'open' && this.#state.stream === after) this.die()
    this.want()
  }

  /** Something authentic was read from the stream. */
  onHeard(): void {
    if (this.#state.name === 'greeting') this.#state = { ...this.#state, name: 'open' }
  }

  /** Gives the stream up: closed, reset, broken, or replaced. */
  die(): void {
    const state = this.#state
    if (!('stream' in state)) return
    this.#state = { name: 'none' }
    this.#side.releaseStream(state.stream)
    if (!('remote' in state)) return
    this.#deadRemote = state.remote
    this.#diedAtMs = this.#desk.nowMs
    this.#desk.emit({ type: 'close-stream', stream: state.stream })
    this.#onDead()
  }

  /** For a stream, if there is room for one more; if not, it is tried again like a question that nobody answered. */
  #ask() {
    const { isInitiator } = this.#side
    if (!isInitiator) return this.#side.sendCell(bulkWanted.encode({ after: this.#deadRemote }))
    const stream = this.#state.name === 'asking' ? this.#state.stream : this.#side.claimStream()
    if (stream === undefined) return this.#desk.count('BULK_REFUSED')
    this.#state = { name: 'asking', stream }
    this.#side.sendCell(bulkOpen.encode({ stream }))
  }

  #replace(remote: number) {
    if (!this.#opens.allows(this.#desk.nowMs)) return this.#desk.count('BULK_REFUSED')
    this.die()
    const stream = this.#side.claimStream()
    if (stream === undefined) this.#desk.count('BULK_REFUSED')
    else this.#connect('greeting', stream, remote)
  }

  #connect(name: 'greeting' | 'open', stream: number, remote: number): void {
    const { isInitiator, keys, address } = this.#side
    this.#state = { name, stream, remote }
    this.#desk.emit({ type: 'open-stream', stream, remoteStream: remote, to: address })
    this.#onOpen(isInitiator ? bulkKeysOf(keys, stream, remote, true) : bulkKeysOf(keys, remote, stream, false))
  }
}
