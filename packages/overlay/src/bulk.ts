import type { PeerId } from '@interpeer/crypto-ids'
import { BulkInbox } from './bulk-inbox.js'
import { BulkOutbox, type Room } from './bulk-outbox.js'
import { RecordReader, RecordWriter } from './bulk-records.js'
import { type BulkSide, BulkStream } from './bulk-stream.js'
import type { Desk } from './core-events.js'
import type { OverlayFailure } from './errors.js'
import type { BulkFrame } from './messages.js'
import type { Held } from './shared-streams.js'

export const REQUEST_BYTES_MAX = 16 * 1024 * 1024
export const MESSAGE_BYTES_MAX = 1024 * 1024
const SERVING_MAX = 64
const SERVING_ALL_MAX = 1_024
const SERVING_KNOWN = 256 // of them only for those whom our own side named: a handler that runs can't be taken back
const STALLED_MS = 30_000
const MESSAGES_ARRIVING_MAX = 16
const REFUSED_MAX = 256
const REFUSED_MESSAGES_MAX = 1_024 // as many as one side has under way at a time
const EMPTY = new Uint8Array(0)

export interface UnsentRequest {
  readonly token: number
  readonly body: Uint8Array
  readonly maxReplyBytes: number
}

/** Requests, replies and long messages of one session, over its one bulk stream. */
export class Bulk {
  readonly #desk: Desk
  readonly #peer: PeerId
  readonly #side: BulkSide
  readonly #outbox: BulkOutbox
  readonly #inbox: BulkInbox
  readonly #stream: BulkStream
  readonly #asked = new Map<number, { readonly request: UnsentRequest; isBegun: boolean }>() // by request id
  /** By their request id. What was cancelled stays until its handler is done, so that cancelling makes no room for more. */
  readonly #serving = new Map<number, { readonly ticket: number; isWanted: boolean }>()
  readonly #refused = new Set<number>() // their requests whose further parts are to be ignored
  readonly #refusedMessages = new Set<number>() // by their id, likewise
  #reader: RecordReader | undefined
  #writer: RecordWriter | undefined
  #nextId = 1
  /** When a frame last came or went. */
  usedAtMs: number
  #heardAtMs: number

  constructor(desk: Desk, peer: PeerId, side: BulkSide) {
    this.#desk = desk
    this.#peer = peer
    this.usedAtMs = desk.nowMs
    this.#heardAtMs = desk.nowMs
    this.#side = side
    this.#outbox = new BulkOutbox(desk, roomOf(side, 'outgoingBytes'))
    this.#inbox = new BulkInbox(desk, roomOf(side, 'incomingBytes'))
    this.#stream = new BulkStream(
      desk,
      side,
      ({ sendKey, receiveKey }) => {
        this.#writer = new RecordWriter(sendKey)
        this.#reader = new RecordReader(receiveKey)
        this.usedAtMs = desk.nowMs
        if (side.isInitiator) this.#outbox.add('hello', 0, EMPTY)
        this.#wake()
      },
      () => this.#onDead(),
    )
  }

  get stream(): Pick<BulkStream, 'onOpenCell' | 'onOpenedCell' | 'onWantedCell' | 'isConnected' | 'die'> {
    return this.#stream
  }

  /** Whether a sign of life from the other side is being waited for. */
  get isWaiting(): boolean {
    return this.#asked.size > 0 || this.#stream.isSettling
  }

  get isIdle(): boolean {
    return this.#asked.size === 0 && this.#serving.size === 0 && this.#outbox.isEmpty
  }

  get held(): Held {
    return { incomingBytes: this.#inbox.bytes, outgoingBytes: this.#outbox.bytes }
  }

  /** Of what is held on its way out, what the other side asked for. */
  get answerBytes(): number {
    return this.#outbox.answerBytes
  }

  onTime(): void {
    if (this.#inbox.bytes > 0 && this.#desk.nowMs >= this.#heardAtMs + STALLED_MS) {
      this.#desk.count('BULK_STALLED') // a body was begun, and no frame of any came for too long
      this.#stream.die()
    }
    this.#stream.onTime()
  }

  /** False when too much waits already. */
  message(bytes: Uint8Array): boolean {
    return this.#post('message', this.#nextId++, bytes)
  }

  request(request: UnsentRequest): boolean {
    const id = this.#nextId++
    if (!this.#post('request', id, request.body)) return false
    this.#asked.set(id, { request, isBegun: false })
    return true
  }

  /** Whether the request was one of this session's. */
  cancel(token: number): boolean {
    for (const [id, { request, isBegun }] of this.#asked) {
      if (request.token !== token) continue
      this.#asked.delete(id)
      this.#inbox.drop('reply', id)
      this.#outbox.remove('request', id)
      if (isBegun) this.#post('cancel', id, EMPTY)
      return true
    }
    return false
  }

  /** Whether the ticket was one of this session's, and someone still waits for the answer. */
  answer(ticket: number, kind: 'reply' | 'error', body: Uint8Array): boolean {
    for (const [id, one] of this.#serving) {
      if (one.ticket !== ticket) continue
      this.#serving.delete(id)
      if (!one.isWanted) return false
      if (!this.#post(kind, id, body)) this.#post('error', id, textOf('BUSY'))
      return true
    }
    return false
  }

  nextRecord(): Uint8Array | undefined {
    if (this.#stream.writableStream === undefined) return undefined
    const frame = this.#outbox.next()
    if (frame === undefined) return undefined
    this.usedAtMs = this.#desk.nowMs
    const asked = frame.kind === 'request' ? this.#asked.get(frame.id) : undefined
    if (asked !== undefined) asked.isBegun = true
    return this.#writer?.write(frame)
  }

  /** Whether anything authentic was among it. */
  onBytes(bytes: Uint8Array): boolean {
    const reader = this.#reader
    const frames = reader?.read(bytes)
    if (frames === undefined) {
      this.#desk.count('BULK_BROKEN')
      this.#stream.die()
      return false
    }
    for (const frame of frames) {
      if (this.#reader !== reader) break // an earlier frame ended the stream
      this.#stream.onHeard()
      this.#heardAtMs = this.#desk.nowMs
      this.usedAtMs = this.#desk.nowMs
      if (frame.kind === 'hello') this.#wake()
      else this.#onFrame(frame)
    }
    return frames.length > 0
  }

  /** Ends all: what is under way fails or is lost. The requests not begun are handed back, for another session. */
  end(failure: OverlayFailure): UnsentRequest[] {
    const asked = [...this.#asked.values()]
    this.#asked.clear()
    this.#desk.count('MESSAGE_LOST', this.#outbox.clear().filter(({ kind }) => kind === 'message').length)
    this.#stream.die()
    for (const { request, isBegun } of asked) if (isBegun) this.#desk.emit({ type: 'failed', token: request.token, failure })
    return asked.filter(({ isBegun }) => !isBegun).map(({ request }) => request)
  }

  #post(kind: BulkFrame['kind'], id: number, body: Uint8Array): boolean {
    if (!this.#outbox.add(kind, id, body)) return false
    this.#stream.want()
    this.#wake()
    return true
  }

  #wake(): void {
    const stream = this.#stream.writableStream
    if (stream !== undefined && !this.#outbox.isEmpty) this.#desk.emit({ type: 'wake-stream', stream })
  }

  #onDead(): void {
    this.#reader = undefined
    this.#inbox.clear()
    for (const one of this.#serving.values()) this.#abandon(one)
    this.#refused.clear()
    this.#refusedMessages.clear()
    const lost = this.#outbox.dropBegun().filter(({ kind }) => kind === 'message').length
    this.#desk.count('MESSAGE_LOST', lost)
    for (const [id, { request, isBegun }] of this.#asked) {
      // What was begun may have been carried out: only its author knows whether to send it again.
      if (isBegun) this.#fail(id, request.token, { code: 'REQUEST_FAILED', retryable: true })
    }
    if (!this.#outbox.isEmpty) this.#stream.want()
  }

  #onFrame(frame: BulkFrame) {
    if (frame.kind === 'request') return this.#onRequest(frame)
    if (frame.kind === 'cancel') return this.#onCancel(frame.id)
    if (frame.kind === 'message') return this.#onMessage(frame)
    const asked = this.#asked.get(frame.id)
    if (asked === undefined) return this.#desk.count('REPLY_LATE')
    const { token, maxReplyBytes } = asked.request
    if (frame.kind === 'error') return this.#fail(frame.id, token, failureOf(frame.part))
    const body = this.#inbox.accept(frame, maxReplyBytes)
    if (body === 'more') return
    if (body === 'too-large') {
      this.#post('cancel', frame.id, EMPTY)
      return this.#fail(frame.id, token, { code: 'REPLY_TOO_LARGE', maxBytes: maxReplyBytes })
    }
    this.#asked.delete(frame.id)
    this.#desk.emit({ type: 'replied', token, body })
  }

  #onRequest(frame: BulkFrame) {
    const { id, last } = frame
    if (this.#refused.has(id)) {
      if (last) this.#refused.delete(id)
      return
    }
    const isNew = !this.#inbox.has('request', id)
    if (isNew && this.#serving.has(id)) return this.#desk.count('REQUEST_REPEATED')
    const isCrowded = this.#serving.size + this.#inbox.countOf('request') >= SERVING_MAX
    const kept = this.#side.isKnown() ? 0 : SERVING_KNOWN
    const isFull = isNew && (isCrowded || this.#desk.held.requestsServed >= SERVING_ALL_MAX - kept)
    const body = isFull ? 'too-large' : this.#inbox.accept(frame, REQUEST_BYTES_MAX)
    if (body === 'more') return
    if (body === 'too-large') return this.#refuse(id, last)
    const ticket = this.#desk.ticket()
    this.#serving.set(id, { ticket, isWanted: true })
    this.#desk.emit({ type: 'request', from: this.#peer, ticket, body })
  }

  #refuse(id: number, isLast: boolean): void {
    this.#desk.count('REQUEST_REFUSED')
    if (!isLast) this.#refused.add(id)
    this.#post('error', id, textOf('BUSY'))
    if (this.#refused.size > REFUSED_MAX) this.#stream.die()
  }

  #onCancel(id: number): void {
    const served = this.#serving.get(id)
    if (served !== undefined) this.#abandon(served)
    this.#refused.delete(id)
    this.#inbox.drop('request', id)
    this.#outbox.remove('reply', id)
  }

  #abandon(served: { readonly ticket: number; isWanted: boolean }): void {
    if (served.isWanted) this.#desk.emit({ type: 'abandon', ticket: served.ticket })
    served.isWanted = false
  }

  #onMessage(frame: BulkFrame) {
    const { id, last } = frame
    if (this.#refusedMessages.has(id)) {
      if (last) this.#refusedMessages.delete(id)
      return
    }
    const isFull = !this.#inbox.has('message', id) && this.#inbox.countOf('message') >= MESSAGES_ARRIVING_MAX
    const bytes = isFull ? 'too-large' : this.#inbox.accept(frame, MESSAGE_BYTES_MAX)
    if (bytes === 'too-large') return this.#refuseMessage(id, last)
    if (bytes !== 'more') this.#desk.emit({ type: 'message', from: this.#peer, bytes })
  }

  /** All of it: from what is left of it no message must come about. */
  #refuseMessage(id: number, isLast: boolean): void {
    this.#desk.count('MESSAGE_REFUSED')
    if (!isLast) this.#refusedMessages.add(id)
    if (this.#refusedMessages.size > REFUSED_MESSAGES_MAX) this.#stream.die()
  }

  #fail(id: number, token: number, failure: OverlayFailure): void {
    this.#asked.delete(id)
    this.#inbox.drop('reply', id)
    this.#outbox.remove('request', id)
    this.#desk.emit({ type: 'failed', token, failure })
  }
}

const roomOf = (side: BulkSide, of: keyof Held): Room => ({
  heldByPeer: () => side.heldByPeer()[of],
  make: (bytes) => side.makeRoom(of, bytes),
})
const textOf = (text: 'BUSY' | 'REFUSED'): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0))
/** What an error frame may say; a peer's own words go no further. */
function failureOf(part: Uint8Array): OverlayFailure {
  return { code: String.fromCharCode(...part.subarray(0, 16)) === 'BUSY' ? 'BUSY' : 'REFUSED' }
}
export const REFUSAL = textOf('REFUSED')
