import { isIP } from 'node:net'
import type { PeerId } from '@interpeer/crypto-ids'
import type { DatagramSocket, OutgoingDatagram } from '@interpeer/dgram-as-stream'
import type { OverlayCore } from '../core.js'
import type { Address, CoreEffect, CoreEvent } from '../core-events.js'
import { OverlayError } from '../errors.js'
import type { Overlay, OverlayOptions, RequestOptions } from './open-overlay.js'
import { StreamPump } from './stream-pump.js'

const REQUEST_TIMEOUT_MS = 30_000
const REPLY_BYTES_MAX = 16 * 1024 * 1024
const WRITES_WAITING_MAX = 512

interface Asked {
  resolve(body: Uint8Array): void
  reject(error: OverlayError): void
}

export interface ShellParts {
  readonly socket: DatagramSocket
  readonly core: OverlayCore
  readonly peerId: PeerId
  readonly log: NonNullable<OverlayOptions['log']>
}

/** Socket, timer and promises around the core, which decides everything. */
export class OverlayShell implements Overlay {
  readonly peerId: PeerId
  readonly address: Address
  readonly #socket: DatagramSocket
  readonly #core: OverlayCore
  readonly #log: ShellParts['log']
  readonly #writer: WritableStreamDefaultWriter<OutgoingDatagram | readonly OutgoingDatagram[]>
  readonly #pumps = new Map<number, StreamPump>()
  readonly #asked = new Map<number, Asked>()
  readonly #reading: Promise<void>
  readonly #own = { SEND_QUEUE_FULL: 0, HANDLER_FAILED: 0, MESSAGE_UNHANDLED: 0, DATAGRAM_FAILED: 0, TIME_FAILED: 0 }
  #messageHandler: ((from: PeerId, bytes: Uint8Array) => void) | undefined
  #requestHandler: ((from: PeerId, body: Uint8Array) => Promise<Uint8Array>) | undefined
  #timer: NodeJS.Timeout | undefined
  #timerAtMs = Number.POSITIVE_INFINITY
  #nextToken = 1
  #closing: Promise<void> | undefined

  constructor({ socket, core, peerId, log }: ShellParts) {
    this.peerId = peerId
    this.address = socket.address
    this.#socket = socket
    this.#core = core
    this.#log = log
    this.#writer = socket.writable.getWriter()
    this.#reading = this.#read()
  }

  setAddress(peer: PeerId, address: Address): void {
    const { host, port } = address
    const isAddress = isIP(host) !== 0 && Number.isInteger(port) && port > 0 && port <= 65_535
    if (!isAddress) throw new OverlayError({ code: 'ADDRESS_SYNTAX', host, port })
    this.#step({ type: 'set-address', peer, address: { host, port } })
  }

  addressOf(peer: PeerId): Address | undefined {
    return this.#core.addressOf(peer)
  }

  send(to: PeerId, message: Uint8Array): void {
    this.#step({ type: 'send', to, bytes: message })
  }

  async request(to: PeerId, body: Uint8Array, options: RequestOptions = {}): Promise<Uint8Array> {
    const { timeoutMs = REQUEST_TIMEOUT_MS, signal, maxReplyBytes = REPLY_BYTES_MAX } = options
    if (this.#closing !== undefined) throw new OverlayError({ code: 'CLOSED' })
    if (signal?.aborted) throw new OverlayError({ code: 'REQUEST_ABORTED' }, { cause: signal.reason })
    const token = this.#nextToken++
    let timer: NodeJS.Timeout | undefined
    let onAbort: (() => void) | undefined
    try {
      return await new Promise<Uint8Array>((resolve, reject) => {
        const giveUp = (error: OverlayError): void => {
          if (!this.#asked.has(token)) return
          this.#step({ type: 'cancel', token })
          reject(error)
        }
        timer = setTimeout(() => giveUp(new OverlayError({ code: 'REQUEST_TIMEOUT', timeoutMs })), timeoutMs)
        onAbort = () => giveUp(new OverlayError({ code: 'REQUEST_ABORTED' }, { cause: signal?.reason }))
        signal?.addEventListener('abort', onAbort)
        this.#asked.set(token, { resolve, reject })
        this.#step({ type: 'request', to, token, body, maxReplyBytes })
      })
    } finally {
      clearTimeout(timer)
      if (onAbort !== undefined) signal?.removeEventListener('abort', onAbort)
      this.#asked.delete(token)
    }
  }

  onMessage(handler: (from: PeerId, bytes: Uint8Array) => void): void {
    this.#messageHandler = handler
  }

  onRequest(handler: (from: PeerId, body: Uint8Array) => Promise<Uint8Array>): void {
    this.#requestHandler = handler
  }

  counters(): Record<string, number> {
    const { received, sent, droppedQueueFull, sendFailed, droppedByKernel } = this.#socket.counters()
    const socket = { datagramsReceived: received, datagramsSent: sent, droppedQueueFull, sendFailed, droppedByKernel }
    return { ...this.#core.counters(), ...this.#own, ...socket }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#perform(this.#core.step({ type: 'close' }, performance.now()))
    clearTimeout(this.#timer)
    await this.#writer.close().catch(() => {}) // after what was written before it
    for (const pump of this.#pumps.values()) pump.destroy()
    await this.#socket.close()
    await this.#reading
  }

  #step(event: CoreEvent): void {
    if (this.#closing !== undefined) return
    this.#perform(this.#core.step(event, performance.now()))
    this.#arm()
  }

  #arm(): void {
    const { wakeAtMs } = this.#core
    if (wakeAtMs >= this.#timerAtMs) return
    clearTimeout(this.#timer)
    this.#timerAtMs = wakeAtMs
    this.#timer = setTimeout(
      () => {
        this.#timerAtMs = Number.POSITIVE_INFINITY
        this.#onTime()
      },
      Math.max(0, Math.ceil(wakeAtMs - performance.now())),
    )
  }

  /** Nobody above could catch what is thrown here: it would end the process. The core asks for its next time before all else. */
  #onTime(): void {
    try {
      this.#step({ type: 'time' })
    } catch (error) {
      this.#own.TIME_FAILED++
      this.#log('time-failed', { error })
      this.#arm()
    }
  }

  #perform(effects: readonly CoreEffect[]): void {
    const datagrams: OutgoingDatagram[] = []
    for (const effect of effects) if (effect.type === 'send') datagrams.push({ to: effect.to, bytes: effect.bytes })
    this.#write(datagrams)
    for (const effect of effects) if (effect.type !== 'send') this.#performOne(effect)
  }

  #write(datagrams: readonly OutgoingDatagram[]): void {
    if (datagrams.length === 0) return
    // Cells are best effort: past this the network is slower than we are, and what is too much is dropped here.
    if ((this.#writer.desiredSize ?? 0) < -WRITES_WAITING_MAX) this.#own.SEND_QUEUE_FULL += datagrams.length
    else this.#writer.write(datagrams).catch(() => {}) // closed meanwhile
  }

  #performOne(effect: Exclude<CoreEffect, { type: 'send' }>) {
    switch (effect.type) {
      case 'message':
        return this.#deliver(effect.from, effect.bytes)
      case 'request':
        void this.#serve(effect.from, effect.ticket, effect.body)
        return
      case 'abandon':
        return // the handler runs on; its reply will find nobody
      case 'replied':
        return this.#asked.get(effect.token)?.resolve(effect.body)
      case 'failed':
        return this.#asked.get(effect.token)?.reject(new OverlayError(effect.failure))
      case 'open-stream':
        return this.#openStream(effect)
      case 'close-stream':
        return this.#pumps.get(effect.stream)?.destroy()
      case 'wake-stream':
        return this.#pumps.get(effect.stream)?.wake()
    }
  }

  #openStream({ stream, remoteStream, to }: CoreEffect & { type: 'open-stream' }): void {
    try {
      const reliable = this.#socket.openStream({ localId: stream, remoteId: remoteStream, to })
      const pump = new StreamPump(reliable, {
        nextRecord: () => this.#core.nextRecord(stream),
        onBytes: (bytes) => this.#step({ type: 'stream-bytes', stream, bytes }),
        onClosed: () => {
          if (this.#pumps.get(stream) !== pump) return
          this.#pumps.delete(stream)
          this.#step({ type: 'stream-closed', stream })
        },
      })
      this.#pumps.set(stream, pump)
    } catch {
      queueMicrotask(() => this.#step({ type: 'stream-closed', stream })) // DgramError: such as an id just in use
    }
  }

  #deliver(from: PeerId, bytes: Uint8Array): void {
    if (this.#messageHandler === undefined) {
      this.#own.MESSAGE_UNHANDLED++
      return
    }
    try {
      this.#messageHandler(from, bytes)
    } catch (error) {
      this.#onHandlerError('message', error)
    }
  }

  async #serve(from: PeerId, ticket: number, body: Uint8Array): Promise<void> {
    if (this.#requestHandler === undefined) return this.#step({ type: 'refuse', ticket })
    try {
      const reply = await this.#requestHandler(from, body)
      this.#step({ type: 'reply', ticket, body: reply })
    } catch (error) {
      this.#onHandlerError('request', error)
      this.#step({ type: 'refuse', ticket })
    }
  }

  #onHandlerError(handler: 'message' | 'request', error: unknown): void {
    this.#own.HANDLER_FAILED++
    this.#log('handler-failed', { handler, error })
  }

  async #read(): Promise<void> {
    const reader = this.#socket.readable.getReader()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      try {
        this.#step({ type: 'datagram', from: value.from, bytes: value.bytes })
      } catch {
        // one datagram that the core could not take ends neither the reading of all others nor the process; a stranger may cause it: no line
        this.#own.DATAGRAM_FAILED++
      }
    }
  }
}
