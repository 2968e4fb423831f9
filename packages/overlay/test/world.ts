import type { PeerId } from '@interpeer/crypto-ids'
import { OverlayCore } from '../src/core.js'
import type { Address, CoreEffect, CoreEvent } from '../src/core-events.js'
import type { OverlayFailure } from '../src/errors.js'
import { network, signerOf } from './keys.js'

export interface Weather {
  readonly lossPerMille: number
  readonly repeatPerMille: number
  readonly delayMsMax: number
}
export const FINE: Weather = { lossPerMille: 0, repeatPerMille: 0, delayMsMax: 1 }

/** Mulberry32: one seed gives one run. */
export function diceOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export interface Outcome {
  readonly token: number
  readonly body?: Uint8Array
  readonly failure?: OverlayFailure
  readonly atMs: number
}

/** One core with its address and what came out of it. It echoes every request, unless `isMute`. */
export class Node {
  readonly peerId: PeerId
  address: Address
  readonly messages: { readonly from: PeerId; readonly bytes: Uint8Array; readonly atMs: number }[] = []
  readonly outcomes: Outcome[] = []
  readonly streams = new Map<number, { readonly remote: number; readonly to: Address }>()
  readonly requests: { readonly ticket: number; readonly body: Uint8Array }[] = []
  core: OverlayCore
  isAlive = true
  isMute = false
  readonly number: number
  #lives = 0
  readonly #dice: () => number

  constructor(number: number, seed: number) {
    this.number = number
    this.peerId = signerOf(number).peerId
    this.address = { host: '10.0.0.1', port: number }
    this.#dice = diceOf(seed * 1_000 + number)
    this.core = this.#newCore()
  }

  /** A process of the same key that remembers nothing. */
  restart(): void {
    this.isAlive = true
    this.#lives++
    this.streams.clear()
    this.core = this.#newCore()
  }

  get life(): number {
    return this.#lives
  }

  #newCore(): OverlayCore {
    const random = (length: number): Uint8Array => Uint8Array.from({ length }, () => Math.floor(this.#dice() * 256))
    return new OverlayCore({ signer: signerOf(this.number), network, random })
  }
}

/** Time, loss, repetition and reordering between cores, from one seed. Streams are reliable pipes with delay, as udx would be. */
export class World {
  nowMs = 0
  weather: Weather
  readonly nodes: readonly Node[]
  readonly datagrams: { readonly from: Node; readonly to: Address; readonly bytes: Uint8Array }[] = []
  readonly #dice: () => number
  readonly #events: { readonly atMs: number; readonly order: number; readonly act: () => void }[] = []
  readonly #arrivals = new Map<string, number>() // streams keep their order
  #order = 0

  constructor(count: number, seed: number, weather: Weather = FINE) {
    this.weather = weather
    this.#dice = diceOf(seed)
    this.nodes = Array.from({ length: count }, (_, i) => new Node(i + 1, seed))
    for (const node of this.nodes) this.introduce(node)
  }

  introduce(node: Node): void {
    for (const other of this.nodes) if (other !== node) this.step(node, { type: 'set-address', peer: other.peerId, address: other.address })
  }

  step(node: Node, event: CoreEvent): void {
    if (!node.isAlive) return
    this.perform(node, node.core.step(event, this.nowMs))
    const { wakeAtMs } = node.core
    const { life } = node
    if (wakeAtMs === Number.POSITIVE_INFINITY) return
    this.at(Math.max(wakeAtMs, this.nowMs), () => {
      if (node.life === life && node.core.wakeAtMs <= this.nowMs) this.step(node, { type: 'time' })
    })
  }

  at(atMs: number, act: () => void): void {
    this.#events.push({ atMs, order: this.#order++, act })
    let i = this.#events.length - 1
    for (; i > 0 && this.#isBefore(i, i - 1); i--) this.#swap(i)
  }

  runUntil(endMs: number): void {
    for (;;) {
      const first = this.#events[0]
      if (first === undefined || first.atMs > endMs) break
      this.#events.shift()
      this.nowMs = first.atMs
      first.act()
    }
    this.nowMs = endMs
  }

  perform(node: Node, effects: readonly CoreEffect[]): void {
    for (const effect of effects) this.#performOne(node, effect)
  }

  deliver(to: Address, from: Address, bytes: Uint8Array): void {
    const node = this.nodes.find(({ address }) => address.port === to.port)
    if (node !== undefined) this.step(node, { type: 'datagram', from, bytes: bytes.slice() })
  }

  #performOne(node: Node, effect: CoreEffect): void {
    if (effect.type === 'send') {
      this.datagrams.push({ from: node, to: effect.to, bytes: effect.bytes })
      const times = this.#chance(this.weather.lossPerMille) ? 0 : this.#chance(this.weather.repeatPerMille) ? 2 : 1
      for (let i = 0; i < times; i++) this.at(this.nowMs + this.#delay(), () => this.deliver(effect.to, node.address, effect.bytes))
    } else if (effect.type === 'message') node.messages.push({ ...effect, atMs: this.nowMs })
    else if (effect.type === 'replied') node.outcomes.push({ token: effect.token, body: effect.body, atMs: this.nowMs })
    else if (effect.type === 'failed') node.outcomes.push({ token: effect.token, failure: effect.failure, atMs: this.nowMs })
    else if (effect.type === 'request') {
      node.requests.push(effect)
      if (!node.isMute) this.at(this.nowMs, () => this.step(node, { type: 'reply', ticket: effect.ticket, body: effect.body }))
    } else if (effect.type === 'open-stream') node.streams.set(effect.stream, { remote: effect.remoteStream, to: effect.to })
    else if (effect.type === 'close-stream') this.closeStream(node, effect.stream)
    else if (effect.type === 'wake-stream') this.#pump(node, effect.stream)
  }

  closeStream(node: Node, stream: number): void {
    const ends = node.streams.get(stream)
    if (ends === undefined) return
    node.streams.delete(stream)
    this.step(node, { type: 'stream-closed', stream })
    this.at(this.nowMs + this.#delay(), () => {
      const other = this.nodes.find(({ address }) => address.port === ends.to.port)
      if (other?.streams.get(ends.remote)?.remote === stream) this.closeStream(other, ends.remote)
    })
  }

  #pump(node: Node, stream: number): void {
    const ends = node.streams.get(stream)
    if (ends === undefined) return
    const other = this.nodes.find(({ address }) => address.port === ends.to.port)
    for (let record = node.core.nextRecord(stream); record !== undefined; record = node.core.nextRecord(stream)) {
      const bytes = record
      const name = `${node.number} ${stream}`
      const atMs = Math.max(this.#arrivals.get(name) ?? 0, this.nowMs + this.#delay())
      this.#arrivals.set(name, atMs)
      this.at(atMs, () => {
        if (other?.streams.get(ends.remote)?.remote !== stream) return
        const half = Math.floor(bytes.length / 2) // pieces, as a stream may cut them
        for (const piece of [bytes.subarray(0, half), bytes.subarray(half)]) {
          this.step(other, { type: 'stream-bytes', stream: ends.remote, bytes: piece })
        }
      })
    }
  }

  #delay(): number {
    return this.#dice() * this.weather.delayMsMax
  }

  #chance(perMille: number): boolean {
    return this.#dice() * 1_000 < perMille
  }

  #isBefore(a: number, b: number): boolean {
    const [left, right] = [this.#events[a], this.#events[b]]
    if (left === undefined || right === undefined) return false
    return left.atMs < right.atMs || (left.atMs === right.atMs && left.order < right.order)
  }

  #swap(i: number): void {
    const [a, b] = [this.#events[i - 1], this.#events[i]]
    if (a !== undefined && b !== undefined) [this.#events[i - 1], this.#events[i]] = [b, a]
  }
}
