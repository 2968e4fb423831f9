import { aeadSeal, createAgreement, type Signer, sha256 } from '@interpeer/crypto-ids'
import {
  bulkFrame,
  bulkOpen,
  bulkOpened,
  bulkWanted,
  type CoreEffect,
  cellPart,
  cellPing,
  cellPong,
  NoiseHandshake,
  OverlayCore,
  overlayHello,
  overlayWelcome,
  sessionEnd,
} from '@interpeer/overlay'
import { concatBytes } from '@interpeer/wire-codec'
import { Bulk } from '../../../packages/overlay/src/bulk.js'
import { bulkKeysOf, RecordReader } from '../../../packages/overlay/src/bulk-records.js'
import type { Desk } from '../../../packages/overlay/src/core-events.js'
import { FRAME_HEAD_BYTES, FRAME_PART_BYTES } from '../../../packages/overlay/src/messages.js'
import { nonceOf } from '../../../packages/overlay/src/noise.js'
import { readPacket, writeCookie, writeInitiation, writeResponse, writeUnknownSession } from '../../../packages/overlay/src/packets.js'
import { Session } from '../../../packages/overlay/src/session.js'
import { diceOf } from '../src/dice.ts'
import { Broken, type Target } from '../src/target.ts'
import { messageTarget, network, samplesOf, signerNamed } from './shapes.ts'

const inCells = [cellPart, cellPing, cellPong, bulkOpen, bulkOpened, bulkWanted, sessionEnd]
const address = { host: '127.0.0.1', port: 1 }
const [alice, bob] = [signerNamed(1), signerNamed(2)]

const bytesFrom = (seed: number) => {
  const dice = diceOf(seed)
  return (length: number): Uint8Array => Uint8Array.from({ length }, () => Math.floor(dice() * 256))
}
const coreOf = (signer: Signer, seed: number): OverlayCore => new OverlayCore({ signer, network, random: bytesFrom(seed) })
const sentBy = (effects: readonly CoreEffect[]): Uint8Array[] => effects.flatMap((effect) => (effect.type === 'send' ? [effect.bytes] : []))

/** What alice sends bob first: an initiation, whose noise bob can read. */
function initiations(): Uint8Array[] {
  const core = coreOf(alice, 1)
  core.step({ type: 'set-address', peer: bob.peerId, address }, 0)
  return sentBy(core.step({ type: 'send', to: bob.peerId, bytes: Uint8Array.of(1) }, 1))
}

const keys = {
  sendKey: sha256(Uint8Array.of(1)),
  receiveKey: sha256(Uint8Array.of(2)),
  exporterKey: sha256(Uint8Array.of(3)),
  handshakeHash: sha256(Uint8Array.of(4)),
}
const deskOf = (): Desk => ({
  nowMs: 1_000,
  random: bytesFrom(3),
  emit: () => undefined,
  count: () => undefined,
  wakeBy: () => undefined,
  ticket: () => 1,
  held: { incomingBytes: 0, outgoingBytes: 0, requestsServed: 0 },
})
const nothingHeld = { incomingBytes: 0, outgoingBytes: 0 }
const sessionOf = (isInitiator: boolean): Session =>
  new Session(deskOf(), {
    peer: alice.peerId,
    localId: 1,
    remoteId: 2,
    remoteInstance: '00'.repeat(8),
    generation: 1,
    isInitiator,
    keys,
    address,
    shared: { claim: () => 7, release: () => undefined, isKnown: () => false, heldBy: () => nothingHeld, makeRoom: () => false },
  })
/** What a cell of a session holds: the length of a message, and the message. */
const cellOf = (message: Uint8Array): Uint8Array => Uint8Array.from([message.length >> 8, message.length & 0xff, ...message])

/** A record that opens, with anything in it. */
function sealedRecord(key: Uint8Array, counter: number, plain: Uint8Array): Uint8Array {
  const head = new Uint8Array(4)
  new DataView(head.buffer).setUint32(0, plain.length + 16)
  return Uint8Array.from([...head, ...aeadSeal(key, nonceOf(counter), head, plain)])
}
const frames = (): Uint8Array[] => samplesOf(bulkFrame.schema).map((head) => Uint8Array.from([head.length, ...head, 1, 2, 3]))
/** A request in three frames, all full. */
const wholeBody = (): Uint8Array =>
  concatBytes(
    ...[false, false, true].flatMap((last) => {
      const head = bulkFrame.encode({ kind: 'request', id: 1, last })
      return [Uint8Array.of(head.length), head, new Uint8Array(FRAME_PART_BYTES)]
    }),
  )

const noise = (pattern: 'IK' | 'XX', isInitiator: boolean): NoiseHandshake =>
  new NoiseHandshake({
    pattern,
    isInitiator,
    prologue: new Uint8Array(),
    own: createAgreement(sha256(Uint8Array.of(isInitiator ? 5 : 6))),
    ephemeral: createAgreement(sha256(Uint8Array.of(isInitiator ? 7 : 8))),
    ...(pattern === 'IK' && isInitiator ? { remoteKey: createAgreement(sha256(Uint8Array.of(6))).publicKey } : {}),
  })

export const overlay: readonly Target[] = [
  ...[overlayHello, overlayWelcome, ...inCells, bulkFrame].map((message) => messageTarget('overlay', message)),
  {
    name: 'overlay/packet',
    file: 'packages/overlay/src/packets.ts',
    errors: [],
    run: (input) => {
      const packet = readPacket(input)
      if (packet?.type === 'session' && !Number.isSafeInteger(packet.counter)) throw new Broken('a counter beyond 2^53')
    },
    seeds: () => [
      ...initiations(),
      writeInitiation(new Uint8Array(96)),
      writeResponse(7, new Uint8Array(80)),
      writeCookie(new Uint8Array(96), new Uint8Array(16)),
      writeUnknownSession({ session: 7, counter: 9 }),
    ],
  },
  {
    name: 'overlay/datagram',
    file: 'packages/overlay/src/reception.ts',
    errors: [],
    run: (input) => {
      const core = coreOf(bob, 2)
      core.step({ type: 'set-address', peer: alice.peerId, address }, 0)
      core.step({ type: 'send', to: alice.peerId, bytes: Uint8Array.of(1) }, 1)
      core.step({ type: 'datagram', from: address, bytes: input }, 2)
      core.step({ type: 'time' }, 20_000)
    },
    seeds: () => [...initiations(), writeResponse(7, new Uint8Array(80)), writeUnknownSession({ session: 7, counter: 9 })],
  },
  {
    name: 'overlay/cell',
    file: 'packages/overlay/src/session.ts',
    errors: [],
    run: (input) => {
      for (const isInitiator of [true, false]) {
        const session = sessionOf(isInitiator)
        session.onCell(input)
        session.onCell(input)
        session.onTime()
        session.end({ code: 'CLOSED' })
      }
    },
    seeds: () => inCells.flatMap(({ schema }) => samplesOf(schema)).map(cellOf),
  },
  {
    name: 'overlay/record',
    file: 'packages/overlay/src/bulk-records.ts',
    errors: [],
    run: (input) => void new RecordReader(keys.sendKey).read(input),
    seeds: () => frames().map((frame) => sealedRecord(keys.sendKey, 0, frame)),
  },
  {
    name: 'overlay/frame',
    file: 'packages/overlay/src/bulk.ts',
    errors: [],
    maxBytes: 3 * (1 + FRAME_HEAD_BYTES + FRAME_PART_BYTES),
    run: (input) => {
      // three frames of a stream that the other side opened: what the first begins, the others go on with
      const bulk = new Bulk(deskOf(), alice.peerId, {
        isInitiator: false,
        keys,
        address,
        sendCell: () => undefined,
        claimStream: () => 7,
        releaseStream: () => undefined,
        isKnown: () => false,
        heldByPeer: () => nothingHeld,
        makeRoom: () => false,
      })
      bulk.stream.onOpenCell(9)
      const { receiveKey } = bulkKeysOf(keys, 9, 7, false)
      const size = Math.ceil(input.length / 3)
      for (let i = 0; i < 3; i++) bulk.onBytes(sealedRecord(receiveKey, i, input.subarray(i * size, (i + 1) * size)))
      bulk.onTime()
      bulk.end({ code: 'CLOSED' })
    },
    seeds: () => [...frames().map((frame) => Uint8Array.from([...frame, ...frame, ...frame])), wholeBody()],
  },
  {
    name: 'overlay/noise-ik',
    file: 'packages/overlay/src/noise.ts',
    errors: ['OverlayError'],
    run: (input) => void noise('IK', false).read(input),
    seeds: () => [noise('IK', true).write(Uint8Array.of(1, 2, 3))],
  },
  {
    name: 'overlay/noise-xx',
    file: 'packages/overlay/src/noise.ts',
    errors: ['OverlayError'],
    run: (input) => {
      const handshake = noise('XX', true)
      handshake.write()
      handshake.read(input)
    },
    seeds: () => {
      const responder = noise('XX', false)
      responder.read(noise('XX', true).write())
      return [responder.write(Uint8Array.of(1, 2, 3))]
    },
  },
]
