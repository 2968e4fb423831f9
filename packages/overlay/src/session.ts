import { aeadOpen, aeadSeal, type PeerId } from '@interpeer/crypto-ids'
import { Bulk, type UnsentRequest } from './bulk.js'
import type { Address, Desk } from './core-events.js'
import type { OverlayFailure } from './errors.js'
import { bulkOpen, bulkOpened, bulkWanted, cellPart, cellPing, cellPong, sessionEnd } from './messages.js'
import { type NoiseKeys, nonceOf } from './noise.js'
import { CELL_BYTES, HEADER_BYTES, headerOf } from './packets.js'
import { PartsWaiting, partsOf } from './parts.js'
import { ReplayWindow } from './replay-window.js'
import type { Shared } from './shared-streams.js'

export interface SessionOptions {
  readonly peer: PeerId
  readonly localId: number
  readonly remoteId: number
  /** Hex of the 8 bytes that the other side's process drew at its start. */
  readonly remoteInstance: string
  readonly generation: number
  readonly isInitiator: boolean
  readonly keys: NoiseKeys
  /** Where packets go, from first to last: where the peer has proven to read. */
  readonly address: Address
  readonly shared: Shared
}

const PING_FIRST_MS = 200
const PING_MAX_MS = 1_000
const QUIET_MS = 500
const DEAF_MS = 3_000

/** One authenticated session: cells sealed and opened, messages cut and joined, signs of life, and its bulk stream. */
export class Session {
  readonly options: SessionOptions
  readonly bulk: Bulk
  readonly bornAtMs: number
  /** Whether anything authentic has arrived. An initiator may send before; a responder must not. */
  isHeard = false
  lastHeardMs: number
  lastUsedMs: number
  /** Pings since something was heard. */
  unanswered = 0
  /** Someone said that the other side no longer knows this session. Unauthenticated: anything heard on it says otherwise. */
  isDoubted = false
  readonly #desk: Desk
  readonly #window = new ReplayWindow()
  readonly #parts: PartsWaiting
  #counter = 0
  #nextMessage = 1
  #pingAtMs = Number.POSITIVE_INFINITY
  #isTalkingAlone = false

  constructor(desk: Desk, options: SessionOptions) {
    this.#desk = desk
    this.options = options
    this.#parts = new PartsWaiting(desk)
    this.bornAtMs = desk.nowMs
    this.lastHeardMs = desk.nowMs
    this.lastUsedMs = desk.nowMs
    const { peer, isInitiator, keys, address, shared } = options
    this.bulk = new Bulk(desk, peer, {
      isInitiator,
      keys,
      address,
      sendCell: (message) => this.sendCell(message),
      claimStream: () => shared.claim(this),
      releaseStream: (stream) => shared.release(stream),
      isKnown: () => shared.isKnown(peer),
      heldByPeer: () => shared.heldBy(peer),
      makeRoom: (of, bytes) => shared.makeRoom(this, of, bytes),
    })
  }

  get sentCount(): number {
    return this.#counter
  }

  /** Whether this could be the counter of a packet that was sent not long ago. */
  hasSent(counter: number): boolean {
    return counter < this.#counter && counter >= this.#counter - 1_024
  }

  /** A message of at most 8 cells. */
  sendMessage(bytes: Uint8Array): void {
    for (const part of partsOf(this.#nextMessage, bytes)) this.sendCell(part)
    this.#nextMessage = (this.#nextMessage + 1) >>> 0
    if (this.#desk.nowMs < this.lastHeardMs + DEAF_MS) return
    this.#isTalkingAlone = true // who only ever speaks would never learn that nobody listens
    this.watch()
  }

  sendCell(message: Uint8Array): void {
    const cell = new Uint8Array(CELL_BYTES)
    new DataView(cell.buffer).setUint16(0, message.length)
    cell.set(message, 2)
    const header = headerOf(this.options.remoteId, this.#counter)
    const sealed = aeadSeal(this.options.keys.sendKey, nonceOf(this.#counter), header, cell)
    this.#counter++
    const packet = new Uint8Array(HEADER_BYTES + sealed.length)
    packet.set(header)
    packet.set(sealed, HEADER_BYTES)
    this.lastUsedMs = this.#desk.nowMs
    this.#desk.emit({ type: 'send', to: this.options.address, bytes: packet })
  }

  /** Ends all: what is under way fails or is lost. The requests not begun are handed back, for another session. */
  end(failure: OverlayFailure): UnsentRequest[] {
    this.#parts.clear()
    return this.bulk.end(failure)
  }

  /** The cell of a packet that is authentic and new. */
  open(packet: Uint8Array, counter: number): Uint8Array | undefined {
    if (!this.#window.isFresh(counter)) {
      this.#desk.count('REPLAYED')
      return undefined
    }
    const cell = aeadOpen(this.options.keys.receiveKey, nonceOf(counter), packet.subarray(0, HEADER_BYTES), packet.subarray(HEADER_BYTES))
    if (cell === undefined) {
      this.#desk.count('FORGED')
      return undefined
    }
    this.#window.mark(counter)
    this.#onHeard()
    return cell
  }

  onStreamBytes(bytes: Uint8Array): void {
    if (this.bulk.onBytes(bytes)) this.#onHeard()
  }

  /** Acts on what a cell says; answers whether the other side has ended the session. */
  onCell(cell: Uint8Array): 'ended' | undefined {
    const length = ((cell[0] ?? 0) << 8) | (cell[1] ?? 0)
    const message = cell.subarray(2, 2 + length)
    try {
      return this.#onMessage(numberOf(message), message)
    } catch {
      this.#desk.count('CELL_MALFORMED') // a WireError: authentic, but not of this version
    }
    return undefined
  }

  /** Asks for a sign of life if one is wanted and due, or sees to it that it will be. */
  watch(): void {
    if (!this.#wantsSign) return
    if (this.unanswered === 0) this.#pingAtMs = this.lastHeardMs + QUIET_MS
    if (this.#desk.nowMs >= this.#pingAtMs) this.ping()
    else this.#desk.wakeBy(this.#pingAtMs)
  }

  ping(): void {
    this.sendCell(cellPing.encode({ echo: this.#counter >>> 0 }))
    this.#pingAtMs = this.#desk.nowMs + Math.min(PING_FIRST_MS * 2 ** this.unanswered, PING_MAX_MS)
    this.unanswered++
    this.#desk.wakeBy(this.#pingAtMs)
  }

  onTime(): void {
    const lost = this.#parts.expire()
    if (lost > 0) this.#desk.count('PARTS_LOST', lost)
    this.bulk.onTime()
    this.watch()
  }

  get #wantsSign(): boolean {
    return (this.options.isInitiator && !this.isHeard) || this.#isTalkingAlone || this.bulk.isWaiting
  }

  #onHeard(): void {
    this.isHeard = true
    this.isDoubted = false
    this.#isTalkingAlone = false
    this.lastHeardMs = this.#desk.nowMs
    this.lastUsedMs = this.#desk.nowMs
    this.unanswered = 0
    this.watch()
  }

  #onMessage(number: number, message: Uint8Array): 'ended' | undefined {
    if (number === cellPart.number) {
      const bytes = this.#parts.accept(message)
      if (bytes !== undefined) this.#desk.emit({ type: 'message', from: this.options.peer, bytes: bytes.slice() })
    } else if (number === cellPing.number) this.sendCell(cellPong.encode(cellPing.decode(message)))
    else if (number === bulkOpen.number) this.bulk.stream.onOpenCell(bulkOpen.decode(message).stream)
    else if (number === bulkWanted.number) this.bulk.stream.onWantedCell(bulkWanted.decode(message).after)
    else if (number === bulkOpened.number) {
      const { stream, answer } = bulkOpened.decode(message)
      this.bulk.stream.onOpenedCell(stream, answer)
    } else if (number === sessionEnd.number) {
      sessionEnd.decode(message)
      return 'ended'
    } else if (number !== cellPong.number) this.#desk.count('CELL_MALFORMED')
    return undefined
  }
}

/** The message number in the CBOR head of an array whose first item it is; -1 when there is none. */
function numberOf(message: Uint8Array): number {
  const [, first = 0xff, second = 0xff] = message
  if (first < 24) return first
  return first === 24 ? second : -1
}
