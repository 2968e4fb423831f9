import { bytesOfHex, hexOf } from '@interpeer/wire-codec'
import { vectorValueOf } from '@interpeer/wire-codec/test-vectors'
import { describe, expect, test } from 'vitest'
import { bulkKeysOf, RecordReader } from '../src/bulk-records.js'
import type { CoreEffect, Desk } from '../src/core-events.js'
import { readPacket } from '../src/packets.js'
import { Session } from '../src/session.js'
import type { Shared } from '../src/shared-streams.js'
import cells from '../vectors/cells.json' with { type: 'json' }
import packets from '../vectors/packets.json' with { type: 'json' }
import records from '../vectors/records.json' with { type: 'json' }
import { signerOf } from './keys.js'

describe('packets.json', () => {
  test.each(packets.cases)('$name: $expect', ({ packet, expect: code, ...given }) => {
    const read = readPacket(bytesOfHex(packet))
    expect(read === undefined ? 'DATAGRAM_MALFORMED' : 'ok').toBe(code)
    if (read !== undefined) expect(vectorValueOf(read)).toEqual(given.value)
  })
})

/** A desk that keeps what a session says. */
class Kept implements Desk {
  readonly nowMs = 0
  readonly held = { incomingBytes: 0, outgoingBytes: 0, requestsServed: 0 }
  readonly effects: CoreEffect[] = []
  readonly counted: string[] = []
  random = (length: number): Uint8Array => new Uint8Array(length)
  emit(effect: CoreEffect): void {
    this.effects.push(effect)
  }
  count(code: string): void {
    this.counted.push(code)
  }
  wakeBy(): void {}
  ticket = (): number => 0
}
/** Nothing to share. */
const alone: Shared = {
  claim: () => undefined,
  release: () => {},
  isKnown: () => false,
  heldBy: () => ({ incomingBytes: 0, outgoingBytes: 0 }),
  makeRoom: () => false,
}
describe('cells.json', () => {
  const numberOf = (hex: string): number => Number.parseInt(hex, 16)
  test.each(cells.cases)('$name: $expect', ({ packets: given, expect: code, messages, answers }) => {
    const desk = new Kept()
    const none = new Uint8Array(32)
    const session = new Session(desk, {
      peer: signerOf(1).peerId,
      localId: numberOf(cells.session),
      remoteId: numberOf(cells.answerSession),
      remoteInstance: '',
      generation: 1,
      isInitiator: false,
      keys: { sendKey: bytesOfHex(cells.sendKey), receiveKey: bytesOfHex(cells.receiveKey), exporterKey: none, handshakeHash: none },
      address: { host: '127.0.0.1', port: 1 },
      shared: alone,
    })
    let ended = false
    for (const hex of given) {
      const bytes = bytesOfHex(hex)
      const packet = readPacket(bytes)
      if (packet?.type !== 'session') throw new Error('no packet of a session')
      expect(packet.session).toBe(numberOf(cells.session))
      const cell = session.open(bytes, packet.counter)
      if (cell !== undefined && session.onCell(cell) === 'ended') ended = true
    }
    expect([desk.counted, ended]).toEqual([code === 'ok' || code === 'ended' ? [] : [code], code === 'ended'])
    if (messages !== undefined) expect(desk.effects.flatMap((one) => (one.type === 'message' ? [hexOf(one.bytes)] : []))).toEqual(messages)
    if (answers !== undefined) expect(desk.effects.flatMap((one) => (one.type === 'send' ? [hexOf(one.bytes)] : []))).toEqual(answers)
  })
})

describe('records.json', () => {
  const none = new Uint8Array(32)
  const keys = {
    sendKey: none,
    receiveKey: none,
    exporterKey: bytesOfHex(records.exporterKey),
    handshakeHash: bytesOfHex(records.handshakeHash),
  }
  const ofInitiator = bulkKeysOf(keys, records.initiatorStream, records.responderStream, true)
  test('one key for each way', () => {
    const ofResponder = bulkKeysOf(keys, records.initiatorStream, records.responderStream, false)
    expect([ofInitiator.sendKey, ofInitiator.receiveKey].map(hexOf)).toEqual(records.keys)
    expect([ofResponder.receiveKey, ofResponder.sendKey].map(hexOf)).toEqual(records.keys)
  })
  test.each(records.cases)('$name: $expect', ({ bytes, expect: code, ...given }) => {
    const whole = new RecordReader(ofInitiator.sendKey).read(bytesOfHex(bytes))
    expect(whole === undefined ? 'BULK_BROKEN' : 'ok').toBe(code)
    if (whole === undefined) return
    expect(vectorValueOf(whole)).toEqual(given.frames)
    const reader = new RecordReader(ofInitiator.sendKey)
    expect(vectorValueOf([...bytesOfHex(bytes)].flatMap((byte) => reader.read(Uint8Array.of(byte)) ?? []))).toEqual(given.frames)
  })
})
