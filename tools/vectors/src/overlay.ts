import { createCipheriv, hkdfSync } from 'node:crypto'
import { type Fields, hexOfWords, makerOf, named, seedOfByte } from './maker.js'

const { encode } = makerOf('overlay', '')
const PACKET_BYTES = 1_228
const CELL_BYTES = 1_200

const fixed = (value: number, bytes: number): string => value.toString(16).padStart(2 * bytes, '0')
const padded = (hex: string, bytes: number): string => hex.padEnd(2 * bytes, '0')

/** ChaCha20-Poly1305 by OpenSSL, with Noise's nonce: four zero bytes, then the counter, little-endian. */
function seal(key: string, counter: number, covered: string, plain: string): string {
  const nonce = Buffer.alloc(12)
  nonce.writeBigUInt64LE(BigInt(counter), 4)
  const cipher = createCipheriv('chacha20-poly1305', Buffer.from(key, 'hex'), nonce, { authTagLength: 16 })
  cipher.setAAD(Buffer.from(covered, 'hex'), { plaintextLength: plain.length / 2 })
  return Buffer.concat([cipher.update(Buffer.from(plain, 'hex')), cipher.final(), cipher.getAuthTag()]).toString('hex')
}

/** Datagrams as they are told apart, before any key is used. */
export function packetVectors() {
  const good = (name: string, packet: string, value: Fields) => ({ name, expect: 'ok', packet, value })
  const bad = (name: string, packet: string) => ({ name, expect: 'DATAGRAM_MALFORMED', packet })
  const [cookie, noise, zero] = ['c0'.repeat(16), '11'.repeat(184), '00'.repeat(16)]
  const initiation = (length: number, message: string, given = zero) =>
    padded(`0000000001${given}${fixed(length, 2)}${message}`, PACKET_BYTES)
  const header = '010203040000000000000005'
  const session = (head: string) => padded(head, PACKET_BYTES)
  return {
    cases: [
      good('a packet of a session', session(header), { type: 'session', session: 0x01020304, counter: 5 }),
      good('the last session', session(`feffffff${fixed(0, 8)}`), { type: 'session', session: 0xfeffffff, counter: 0 }),
      good('the last counter', session('01020304000fffffffffffff'), {
        type: 'session',
        session: 0x01020304,
        counter: 2 ** 52 - 1,
      }),
      good('an initiation', initiation(184, noise), { type: 'initiation', cookie: zero, noise }),
      good('an initiation with a cookie', initiation(184, noise, cookie), { type: 'initiation', cookie, noise }),
      good('the shortest initiation', initiation(96, '11'.repeat(96)), { type: 'initiation', cookie: zero, noise: '11'.repeat(96) }),
      good('the longest initiation', initiation(1_205, '11'.repeat(1_205)), {
        type: 'initiation',
        cookie: zero,
        noise: '11'.repeat(1_205),
      }),
      good('a response', `000000000201020304${'22'.repeat(80)}`, { type: 'response', session: 0x01020304, noise: '22'.repeat(80) }),
      good('the longest response', `000000000201020304${'22'.repeat(247)}`, {
        type: 'response',
        session: 0x01020304,
        noise: '22'.repeat(247),
      }),
      good('a cookie is demanded', `0000000003${'11'.repeat(16)}${cookie}`, { type: 'cookie', echo: '11'.repeat(16), cookie }),
      good('an unknown session', `0000000004${header}`, { type: 'unknown-session', session: 0x01020304, counter: 5 }),
      bad('no bytes', ''),
      bad('four bytes', '00000000'),
      bad('a first byte ff, which is bulk', session(`ff020304${fixed(0, 8)}`)),
      bad('a packet of a session, a byte short', session(header).slice(2)),
      bad('a packet of a session, a byte long', `${session(header)}00`),
      bad('a counter of 2^52', session('010203040010000000000000')),
      bad('a kind 0', `0000000000${header}`),
      bad('a kind 5', `0000000005${header}`),
      bad('an initiation that is not padded', `0000000001${zero}${fixed(184, 2)}${noise}`),
      bad('an initiation shorter than a key, a sealed key and a tag', initiation(95, '11'.repeat(95))),
      bad('an initiation that says it is longer than the packet', initiation(1_206, '11'.repeat(1_205))),
      bad('a response without a Noise message', '000000000201020304'),
      bad('too long a response', `000000000201020304${'22'.repeat(248)}`),
      bad('a cookie of 15 bytes', `0000000003${'11'.repeat(16)}${cookie.slice(2)}`),
      bad('a cookie of 17 bytes', `0000000003${'11'.repeat(16)}${cookie}00`),
      bad('an unknown session, a byte short', `0000000004${header.slice(2)}`),
      bad('an unknown session with a counter of 2^52', '0000000004010203040010000000000000'),
    ],
  }
}

const [KEY, OTHER_KEY, ANSWER_KEY, SESSION] = [seedOfByte(0x31), seedOfByte(0x32), seedOfByte(0x33), '01020304'] as const
const cellOf = (message: string, length = message.length / 2): string => padded(fixed(length, 2) + message, CELL_BYTES)
function packetOf(counter: number, cell: string, { key = KEY, session = SESSION }: { key?: string; session?: string } = {}): string {
  const header = session + fixed(counter, 8)
  return header + seal(key, counter, header, cell)
}
/** One hexadecimal digit of a byte changed. */
const bent = (hex: string, at: number): string => hex.slice(0, 2 * at) + (hex[2 * at] === '0' ? '1' : '0') + hex.slice(2 * at + 1)

/** Packets of one session, and what comes of them. `messages`: what is handed on; `answers`: what is sent back. */
export function cellVectors() {
  const good = (name: string, packets: readonly string[], more: { messages?: readonly string[]; answers?: readonly string[] } = {}) => ({
    name,
    expect: 'ok',
    packets,
    ...more,
  })
  const bad =
    (code: string) =>
    (name: string, ...packets: string[]) => ({ name, expect: code, packets })
  const [forged, replayed, malformed] = [bad('FORGED'), bad('REPLAYED'), bad('CELL_MALFORMED')]
  const part = (changes: Fields = {}) => encode('cell-part', { id: 1, index: 0, count: 1, part: hexOfWords('hello'), ...changes })
  const full = '5a'.repeat(1_180)
  const two = [part({ id: 7, count: 2, part: full }), part({ id: 7, index: 1, count: 2, part: '77' })] as const
  const ping = encode('cell-ping', { echo: 9 })
  const one = packetOf(0, cellOf(part()))
  const cell = (message: string, length?: number) => packetOf(0, cellOf(message, length))
  const inOrder = [packetOf(0, cellOf(two[0])), packetOf(1, cellOf(two[1]))]
  return {
    session: SESSION,
    receiveKey: KEY,
    sendKey: ANSWER_KEY,
    answerSession: '0a0b0c0d',
    cases: [
      good('a message of one cell', [one], { messages: [hexOfWords('hello')] }),
      good('an empty message', [cell(part({ part: '' }))], { messages: [''] }),
      good('a message of two cells', inOrder, { messages: [`${full}77`] }),
      good('the second cell first', [packetOf(1, cellOf(two[1])), packetOf(0, cellOf(two[0]))], { messages: [`${full}77`] }),
      good('half of a message', [packetOf(0, cellOf(two[0]))], { messages: [] }),
      good('a ping', [cell(ping)], {
        answers: [packetOf(0, cellOf(encode('cell-pong', { echo: 9 })), { key: ANSWER_KEY, session: '0a0b0c0d' })],
      }),
      good('a pong', [cell(encode('cell-pong', { echo: 9 }))], { messages: [], answers: [] }),
      good('a part that says there are none', [cell(part({ count: 0 }))], { messages: [] }),
      good('a part that says there are nine', [cell(part({ count: 9, part: full }))], { messages: [] }),
      good('a part past the last', [cell(part({ index: 1 }))], { messages: [] }),
      good('a first part that is not full', [packetOf(0, cellOf(part({ id: 7, count: 2 }))), packetOf(1, cellOf(two[1]))], {
        messages: [],
      }),
      { name: 'an end', expect: 'ended', packets: [cell(encode('session-end', { reason: 'closing' }))] },
      forged('a packet under another key', packetOf(0, cellOf(part()), { key: OTHER_KEY })),
      forged('a packet with a bit of its tag turned', bent(one, 1_227)),
      forged('a packet with a bit of its cell turned', bent(one, 20)),
      forged('a packet with another counter', bent(one, 11)),
      forged('a packet sealed for another session', SESSION + packetOf(0, cellOf(part()), { session: '01020305' }).slice(8)),
      replayed('a packet twice', one, one),
      replayed('a packet that is too late', packetOf(100_000, cellOf(ping)), packetOf(1, cellOf(ping))),
      malformed('an empty cell', cell('')),
      malformed('a length that cuts the message', cell(ping, ping.length / 2 - 1)),
      malformed('a length that takes in a zero', cell(ping, ping.length / 2 + 1)),
      malformed('a length beyond the cell', cell(ping, 0xffff)),
      malformed(
        'a message that is for handshakes',
        cell(encode('overlay-welcome', { instance: '00'.repeat(8), session: 1, generation: 1 })),
      ),
      malformed('the head of a frame, which is for the bulk stream', cell(encode('bulk-frame', { kind: 'message', id: 1, last: true }))),
      malformed('a message of another layer', cell('831830f6f6')),
      malformed('a ping with a field more', cell('8313090a')),
      malformed('a ping in a longer head', cell('82131809')),
    ],
  }
}

/** Records of a bulk stream. Of an exporter key and a handshake's hash come two keys, one for each way. */
export function recordVectors() {
  const exporterKey = named('the exporter key')
  const handshakeHash = named('the handshake')
  const info = `${hexOfWords('interpeer bulk')}${fixed(0x01020304, 4)}${fixed(0x05060708, 4)}`
  const keys = Buffer.from(
    hkdfSync('sha256', Buffer.from(exporterKey, 'hex'), Buffer.from(handshakeHash, 'hex'), Buffer.from(info, 'hex'), 64),
  ).toString('hex')
  const key = keys.slice(0, 64)
  const plainOf = (head: string, part: string) => fixed(head.length / 2, 1) + head + part
  const record = (counter: number, plain: string, by = key) => {
    const length = fixed(plain.length / 2 + 16, 4)
    return length + seal(by, counter, length, plain)
  }
  const frame = (kind: string, id: number, last: boolean) => encode('bulk-frame', { kind, id, last })
  const plain = plainOf(frame('request', 300, true), hexOfWords('hello'))
  const shown = (kind: string, id: number, last: boolean, part: string) => ({ kind, id, last, part })
  const good = (name: string, bytes: string, ...frames: Fields[]) => ({ name, expect: 'ok', bytes, frames })
  const bad = (name: string, bytes: string) => ({ name, expect: 'BULK_BROKEN', bytes })
  const one = record(0, plain)
  return {
    exporterKey,
    handshakeHash,
    initiatorStream: 0x01020304,
    responderStream: 0x05060708,
    keys: [key, keys.slice(64)],
    cases: [
      good('a request in one frame', one, shown('request', 300, true, hexOfWords('hello'))),
      good('a frame without a body', record(0, plainOf(frame('hello', 0, true), '')), shown('hello', 0, true, '')),
      good(
        'two frames',
        one + record(1, plainOf(frame('cancel', 300, true), '')),
        shown('request', 300, true, hexOfWords('hello')),
        shown('cancel', 300, true, ''),
      ),
      good('half a frame, of which nothing comes yet', one.slice(0, 40)),
      bad('a length of 16, which is a tag alone', `00000010${'00'.repeat(16)}`),
      bad('a length of nothing', '00000000'),
      bad('too great a length', fixed(1 + 16 + 65_500 + 16 + 1, 4)),
      bad('a record under the key of the other way', record(0, plain, keys.slice(64))),
      bad('a record with a bit turned', bent(one, 12)),
      bad('a record with another length', bent(one, 3)),
      bad('a record twice', one + one),
      bad('the second record first', record(1, plain)),
      bad('a head that is none', record(0, plainOf('80', hexOfWords('hello')))),
      bad('a head longer than the record', record(0, `ff${frame('request', 300, true)}`)),
      bad('a head of an unknown kind', record(0, plainOf('8418180619012cf5', ''))),
      bad('a record of zeros', record(0, '0000')),
      bad('a part that is neither full nor the last', record(0, plainOf(frame('request', 300, false), hexOfWords('hello')))),
    ],
  }
}
