import type { PeerId } from '@interpeer/crypto-ids'
import { expect, test } from 'vitest'
import { bulkKeysOf, RecordWriter } from '../src/bulk-records.js'
import type { CoreEffect, Desk } from '../src/core-events.js'
import { type BulkFrame, FRAME_PART_BYTES } from '../src/messages.js'
import { Session } from '../src/session.js'
import { SharedStreams } from '../src/shared-streams.js'

const MIB = 1024 * 1024
const fill = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)
const keys = { sendKey: fill(1), receiveKey: fill(2), exporterKey: fill(3), handshakeHash: fill(4) }
const address = { host: '10.0.0.1', port: 1 }

/** Many sessions that share what there is, without packets: a body's parts and a stream's opening are given to them as they are. */
class Crowd implements Desk {
  nowMs = 0
  readonly held = { incomingBytes: 0, outgoingBytes: 0, requestsServed: 0 }
  readonly effects: CoreEffect[] = []
  readonly counted: string[] = []
  readonly known = new Set<PeerId>()
  readonly streams: SharedStreams
  readonly #sessions = new Map<PeerId, Session[]>()
  readonly #writers = new Map<Session, RecordWriter>()
  #next = 1

  constructor() {
    this.streams = new SharedStreams({
      freeStreamId: () => this.#next++,
      isKnown: (peer) => this.known.has(peer),
      sessionsOf: (peer) => this.#sessions.get(peer) ?? [],
    })
  }

  random = (length: number): Uint8Array => new Uint8Array(length)
  emit = (effect: CoreEffect): void => void this.effects.push(effect)
  count = (code: string): void => void this.counted.push(code)
  wakeBy = (): void => {}
  ticket = (): number => this.#next++

  join(peer: PeerId, isInitiator = false): Session {
    const ids = { peer, localId: this.#next++, remoteId: 1, remoteInstance: '', generation: 1 }
    const session = new Session(this, { ...ids, isInitiator, keys, address, shared: this.streams })
    this.#sessions.set(peer, [...(this.#sessions.get(peer) ?? []), session])
    return session
  }

  /** A session of which the other side wants to open a stream. */
  joinWithStream(peer: PeerId): Session {
    const session = this.join(peer)
    session.bulk.stream.onOpenCell(9)
    const opened = this.effects.findLast(({ type }) => type === 'open-stream')
    const stream = opened?.type === 'open-stream' ? opened.stream : 0
    this.#writers.set(session, new RecordWriter(bulkKeysOf(keys, 9, stream, true).sendKey))
    return session
  }

  hear(session: Session, frame: BulkFrame): void {
    session.onStreamBytes(this.#writers.get(session)?.write(frame) ?? new Uint8Array())
  }

  /** So many parts of a request that is not ended. */
  begin(session: Session, id: number, parts: number): void {
    for (let i = 0; i < parts; i++) this.hear(session, { kind: 'request', id, last: false, part: new Uint8Array(FRAME_PART_BYTES) })
  }
}
const peerOf = (number: number): PeerId => `peer ${number}` as PeerId
const hello: BulkFrame = { kind: 'hello', id: 0, last: true, part: new Uint8Array() }
const hasStream = ({ bulk }: Session): boolean => bulk.stream.isConnected

/** All streams are taken, each by a peer of its own, a millisecond after the one before. */
function full(): { crowd: Crowd; sessions: Session[] } {
  const crowd = new Crowd()
  const sessions = Array.from({ length: 1_024 }, (_, i) => {
    crowd.nowMs = i
    return crowd.joinWithStream(peerOf(i))
  })
  expect(sessions.every(hasStream)).toBe(true)
  return { crowd, sessions }
}

test('when all streams are taken, the stranger whose stream was used least lately gives it up to the next', () => {
  const { crowd, sessions } = full()
  crowd.hear(sessions[0] as Session, hello)
  expect(hasStream(crowd.joinWithStream(peerOf(5_000)))).toBe(true)
  expect(sessions.flatMap((session, i) => (hasStream(session) ? [] : [i]))).toEqual([1])
  expect(crowd.streams.size).toBe(1_024)
  expect(crowd.counted).not.toContain('BULK_REFUSED')
})

test('a stranger with several streams gives one up before others do, and a peer of ours never does', () => {
  const { crowd, sessions } = full()
  const [gone, ours, first] = sessions as [Session, Session, Session]
  crowd.known.add(peerOf(1))
  gone.bulk.stream.die()
  const second = crowd.joinWithStream(peerOf(2))
  expect(hasStream(crowd.joinWithStream(peerOf(2)))).toBe(false) // it would hold most
  expect(hasStream(crowd.joinWithStream(peerOf(5_000)))).toBe(true)
  expect([ours, first, second].map(hasStream)).toEqual([true, false, true])
  expect(hasStream(crowd.joinWithStream(peerOf(5_001)))).toBe(true)
  expect(sessions.flatMap((session, i) => (hasStream(session) ? [] : [i]))).toEqual([0, 2, 3])
})

test('without room a stream is asked for again until there is some', () => {
  const { crowd, sessions } = full()
  for (let i = 0; i < 1_024; i++) crowd.known.add(peerOf(i))
  const ours = crowd.join(peerOf(5_000), true)
  expect(ours.bulk.request({ token: 1, body: new Uint8Array(1), maxReplyBytes: 1 })).toBe(true)
  expect(crowd.counted).toContain('BULK_REFUSED')
  expect(crowd.effects.filter(({ type }) => type === 'close-stream')).toEqual([])
  sessions[7]?.bulk.stream.die()
  const before = crowd.effects.length
  crowd.nowMs += 2_000
  ours.bulk.onTime()
  expect(crowd.effects.slice(before).map(({ type }) => type)).toEqual(['send']) // bulk-open
  expect(crowd.streams.size).toBe(1_024)
})

test('when bodies on their way in take all room, the stranger that holds most gives up its own', () => {
  const crowd = new Crowd()
  const [most, some, ours] = [1, 2, 3].map((number) => crowd.joinWithStream(peerOf(number))) as [Session, Session, Session]
  crowd.known.add(peerOf(3))
  crowd.begin(most, 1, 10)
  crowd.begin(some, 1, 5)
  const others = 256 * MIB - 15 * FRAME_PART_BYTES
  crowd.held.incomingBytes += others
  crowd.begin(most, 1, 1) // it would hold most: it is told that we are busy
  expect(crowd.counted).toEqual(['REQUEST_REFUSED'])
  crowd.begin(most, 2, 10)
  crowd.begin(some, 1, 1)
  expect([most, some, ours].map(hasStream)).toEqual([false, true, true])
  expect(crowd.held.incomingBytes).toBe(others + 6 * FRAME_PART_BYTES)
  crowd.held.incomingBytes += 9 * FRAME_PART_BYTES
  crowd.begin(ours, 1, 2)
  expect([some, ours].map(hasStream)).toEqual([false, true])
  expect(crowd.held.incomingBytes).toBe(others + 11 * FRAME_PART_BYTES)
})

test('a body in one frame takes no room, and is taken when there is none', () => {
  const crowd = new Crowd()
  const session = crowd.joinWithStream(peerOf(1))
  crowd.held.incomingBytes = 256 * MIB
  crowd.hear(session, { kind: 'request', id: 1, last: true, part: new Uint8Array(5) })
  expect(crowd.effects.filter(({ type }) => type === 'request').length).toBe(1)
})

test('when bodies on their way out take all room, the stranger gives up whose replies take most', () => {
  const crowd = new Crowd()
  const [most, some] = [1, 2].map((number) => crowd.joinWithStream(peerOf(number))) as [Session, Session]
  const ours = crowd.join(peerOf(3), true)
  crowd.known.add(peerOf(3))
  for (const [session, bytes] of [
    [most, 2 * MIB],
    [some, MIB],
  ] as const) {
    crowd.hear(session, { kind: 'request', id: 1, last: true, part: new Uint8Array(1) })
    const asked = crowd.effects.findLast(({ type }) => type === 'request')
    if (asked?.type !== 'request') throw new Error('no request')
    expect(session.bulk.answer(asked.ticket, 'reply', new Uint8Array(bytes))).toBe(true)
  }
  crowd.held.outgoingBytes += 253 * MIB
  expect(ours.bulk.request({ token: 1, body: new Uint8Array(MIB), maxReplyBytes: 1 })).toBe(true)
  expect([most, some].map(hasStream)).toEqual([false, true])
  expect(crowd.held.outgoingBytes).toBe(255 * MIB)
  // a stranger makes room only for one that holds less
  const stranger = crowd.join(peerOf(4), true)
  expect(stranger.bulk.request({ token: 2, body: new Uint8Array(3 * MIB), maxReplyBytes: 1 })).toBe(false)
})
