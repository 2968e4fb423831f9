import { concatBytes } from '@interpeer/wire-codec'

/** The size of every packet of a session, and of an initiation: what the smallest IPv6 packet leaves is 1,232 bytes. */
export const PACKET_BYTES = 1_228
export const CELL_BYTES = 1_200
export const HEADER_BYTES = 12
export const COOKIE_BYTES = 16
const ECHO_BYTES = 16

/**
 * What can arrive that isn't a packet of a session. The first four bytes are zero (no session has that id), then comes the
 * kind. `noise` and `session` are what they are in design §9; `echo` names the packet that is answered, so that only
 * those who saw it can answer.
 */
type ControlPacket =
  | { readonly type: 'initiation'; readonly cookie: Uint8Array; readonly noise: Uint8Array }
  | { readonly type: 'response'; readonly session: number; readonly noise: Uint8Array }
  | { readonly type: 'cookie'; readonly echo: Uint8Array; readonly cookie: Uint8Array }
  | { readonly type: 'unknown-session'; readonly session: number; readonly counter: number }

const KINDS = { initiation: 1, response: 2, cookie: 3, 'unknown-session': 4 } as const
const CONTROL_HEADER_BYTES = 5
const RESPONSE_BYTES_MAX = 256

/** The names of the session and of the packet in it, from a packet of full size. */
export interface SessionHeader {
  readonly session: number
  /** Below 2^52. */
  readonly counter: number
}

export type Packet = ({ readonly type: 'session' } & SessionHeader) | ControlPacket
/** Nothing is copied: `noise` and the like are views of `bytes`. Undefined: not a packet of ours. */
export function readPacket(bytes: Uint8Array): Packet | undefined {
  if (bytes.length < CONTROL_HEADER_BYTES || bytes.length > PACKET_BYTES || bytes[0] === 0xff) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const session = view.getUint32(0)
  if (session !== 0) {
    const high = bytes.length === PACKET_BYTES ? view.getUint32(4) : 0xffff_ffff
    return high < 2 ** 20 ? { type: 'session', session, counter: high * 2 ** 32 + view.getUint32(8) } : undefined
  }
  const body = bytes.subarray(CONTROL_HEADER_BYTES)
  if (bytes[4] === KINDS.initiation) return initiationOf(body, bytes.length)
  if (bytes[4] === KINDS.response && bytes.length <= RESPONSE_BYTES_MAX && body.length > 4) {
    return { type: 'response', session: view.getUint32(5), noise: body.subarray(4) }
  }
  if (bytes[4] === KINDS.cookie && body.length === ECHO_BYTES + COOKIE_BYTES) {
    return { type: 'cookie', echo: body.subarray(0, ECHO_BYTES), cookie: body.subarray(ECHO_BYTES) }
  }
  if (bytes[4] !== KINDS['unknown-session'] || body.length !== HEADER_BYTES || view.getUint32(9) >= 2 ** 20) return undefined
  return { type: 'unknown-session', session: view.getUint32(5), counter: view.getUint32(9) * 2 ** 32 + view.getUint32(13) }
}

function initiationOf(body: Uint8Array, length: number): ControlPacket | undefined {
  if (length !== PACKET_BYTES) return undefined // an answer must never be larger than what asked for it
  const noiseBytes = ((body[COOKIE_BYTES] ?? 0) << 8) | (body[COOKIE_BYTES + 1] ?? 0)
  const noise = body.subarray(COOKIE_BYTES + 2, COOKIE_BYTES + 2 + noiseBytes)
  if (noise.length !== noiseBytes || noiseBytes < 96) return undefined
  return { type: 'initiation', cookie: body.subarray(0, COOKIE_BYTES), noise }
}

/** Padded to full size. `cookie` is all zero when none was demanded. */
export function writeInitiation(noise: Uint8Array, cookie: Uint8Array = new Uint8Array(COOKIE_BYTES)): Uint8Array {
  const packet = new Uint8Array(PACKET_BYTES)
  packet[4] = KINDS.initiation
  packet.set(cookie, CONTROL_HEADER_BYTES)
  new DataView(packet.buffer).setUint16(CONTROL_HEADER_BYTES + COOKIE_BYTES, noise.length)
  packet.set(noise, CONTROL_HEADER_BYTES + COOKIE_BYTES + 2)
  return packet
}

export const writeResponse = (session: number, noise: Uint8Array): Uint8Array => control('response', uint32(session), noise)

/** `noise` is the initiation that is answered. */
export const writeCookie = (noise: Uint8Array, cookie: Uint8Array): Uint8Array => control('cookie', echoOf(noise), cookie)

export const writeUnknownSession = ({ session, counter }: SessionHeader): Uint8Array =>
  control('unknown-session', headerOf(session, counter))

/** The header of a session's packet, which is also what its tag covers beside the cell. */
export function headerOf(session: number, counter: number): Uint8Array {
  const header = new Uint8Array(HEADER_BYTES)
  const view = new DataView(header.buffer)
  view.setUint32(0, session)
  view.setUint32(4, Math.floor(counter / 2 ** 32))
  view.setUint32(8, counter >>> 0)
  return header
}

/** What names an initiation in an answer to it: the start of its ephemeral key. */
export const echoOf = (noise: Uint8Array): Uint8Array => noise.subarray(0, ECHO_BYTES)

const control = (kind: keyof typeof KINDS, ...parts: Uint8Array[]): Uint8Array =>
  concatBytes(new Uint8Array(4), Uint8Array.of(KINDS[kind]), ...parts)

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value)
  return bytes
}
