import { aeadOpen, aeadSeal, bytesOfContentId, createAgreement, keyOfPeerId, montgomeryOf, type PeerId } from '@interpeer/crypto-ids'
import { concatBytes } from '@interpeer/wire-codec'
import { bulkKeysOf, RecordWriter } from '../src/bulk-records.js'
import type { Address, CoreEffect } from '../src/core-events.js'
import { type BulkFrame, bulkOpen, overlayHello, overlayWelcome } from '../src/messages.js'
import { NoiseHandshake, type NoiseKeys, nonceOf } from '../src/noise.js'
import { headerOf, readPacket, writeInitiation, writeResponse } from '../src/packets.js'
import { network, signerOf } from './keys.js'
import type { Node } from './world.js'

export interface LiarOptions {
  /** Of its key. */
  readonly number?: number
  readonly generation?: number
}

/** A peer with a real key and real sessions, made by hand, so that it can say anything. */
export class Liar {
  readonly peerId: PeerId
  readonly address: Address
  nowMs = 0
  remoteId = 0
  initiation: Uint8Array = new Uint8Array()
  readonly #target: Node
  readonly #number: number
  readonly #generation: number
  #keys: NoiseKeys | undefined
  #counter = 0

  constructor(target: Node, { number = 66, generation = 1 }: LiarOptions = {}) {
    this.#target = target
    this.#number = number
    this.#generation = generation
    this.peerId = signerOf(number).peerId
    this.address = { host: '6.6.6.6', port: number }
  }

  /** Opens a session with the target; the target takes it for proven with the first cell. */
  dial(): this {
    const handshake = this.#handshakeOf(true)
    this.initiation = writeInitiation(handshake.write(this.hello()))
    const [answer] = this.tell(this.initiation)
    const packet = readPacket(answer?.type === 'send' ? answer.bytes : new Uint8Array())
    if (packet?.type !== 'response') throw new Error('no response')
    this.remoteId = overlayWelcome.decode(handshake.read(packet.noise)).session
    this.#begin(handshake)
    return this
  }

  /** The response to an initiation of the target's. */
  answer(initiation: Uint8Array): Uint8Array {
    const packet = readPacket(initiation)
    if (packet?.type !== 'initiation') throw new Error('no initiation')
    const handshake = this.#handshakeOf(false)
    const hello = overlayHello.decode(handshake.read(packet.noise))
    this.remoteId = hello.session
    const generation = Math.max(this.#generation, hello.generation)
    const welcome = overlayWelcome.encode({ instance: new Uint8Array(8), session: 7, generation })
    const response = writeResponse(this.remoteId, handshake.write(welcome))
    this.#begin(handshake)
    return response
  }

  /** Opens a bulk stream of the session; what it gives says a frame on it. */
  openStream(): (kind: BulkFrame['kind'], id: number, last: boolean, bytes: number) => CoreEffect[] {
    const open = this.cell(bulkOpen.encode({ stream: 5 })).find(({ type }) => type === 'open-stream')
    if (open?.type !== 'open-stream') throw new Error('no stream')
    const { stream } = open
    const writer = new RecordWriter(bulkKeysOf(this.keys, 5, stream, true).sendKey)
    return (kind, id, last, bytes) => {
      const record = writer.write({ kind, id, last, part: new Uint8Array(bytes) })
      return this.#target.core.step({ type: 'stream-bytes', stream, bytes: record }, this.nowMs)
    }
  }

  hello(): Uint8Array {
    const { publicKey: key } = signerOf(this.#number)
    return overlayHello.encode({ key, instance: new Uint8Array(8), session: 7, generation: this.#generation })
  }

  get keys(): NoiseKeys {
    if (this.#keys === undefined) throw new Error('no session')
    return this.#keys
  }

  tell(bytes: Uint8Array, from: Address = this.address): CoreEffect[] {
    return this.#target.core.step({ type: 'datagram', from, bytes }, this.nowMs)
  }

  cell(message: Uint8Array, length = message.length): CoreEffect[] {
    return this.tell(this.seal(message, length))
  }

  seal(message: Uint8Array, length = message.length): Uint8Array {
    const cell = new Uint8Array(1_200)
    new DataView(cell.buffer).setUint16(0, length)
    cell.set(message.subarray(0, 1_198), 2)
    const header = headerOf(this.remoteId, this.#counter)
    return concatBytes(header, aeadSeal(this.keys.sendKey, nonceOf(this.#counter++), header, cell))
  }

  /** What the cells among the effects say. */
  heard(effects: readonly CoreEffect[]): Uint8Array[] {
    return effects.flatMap((effect) => {
      const packet = effect.type === 'send' ? readPacket(effect.bytes) : undefined
      if (effect.type !== 'send' || packet?.type !== 'session') return []
      const sealed = effect.bytes.subarray(12)
      const cell = aeadOpen(this.keys.receiveKey, nonceOf(packet.counter), effect.bytes.subarray(0, 12), sealed)
      return cell === undefined ? [] : [cell.subarray(2, 2 + (((cell[0] ?? 0) << 8) | (cell[1] ?? 0)))]
    })
  }

  #begin(handshake: NoiseHandshake): void {
    this.#keys = handshake.keys()
    this.#counter = 0
  }

  #handshakeOf(isInitiator: boolean): NoiseHandshake {
    const signer = signerOf(this.#number)
    const remoteKey = isInitiator ? montgomeryOf(keyOfPeerId(this.#target.peerId)) : undefined
    return new NoiseHandshake({
      pattern: 'IK',
      isInitiator,
      prologue: bytesOfContentId(network),
      own: { publicKey: montgomeryOf(signer.publicKey), sharedSecret: signer.sharedSecret },
      ephemeral: createAgreement(new Uint8Array(32).fill(this.#number)),
      ...(remoteKey === undefined ? {} : { remoteKey }),
    })
  }
}
