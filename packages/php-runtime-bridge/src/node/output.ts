import type { Device } from './descriptors.js'
import { ScriptHalt } from './halt.js'

const RESPONSE_BYTES_MAX = 16 * 1024 * 1024
const HEADER_BYTES_MAX = 256 * 1024
const LOG_BYTES_MAX = 64 * 1024
const ROOM_AT_FIRST = 1024
const NO_BYTES = new Uint8Array(0)
type Written = 'output' | 'headers' | 'log'

/** What one request wrote to the outside. More log than fits is dropped; more response than fits ends the script. */
export class RequestOutput {
  /** Each in one piece that doubles: a script can write single bytes, millions of times. */
  readonly #rooms: Record<Written, Uint8Array> = { output: NO_BYTES, headers: NO_BYTES, log: NO_BYTES }
  readonly #sizes = { output: 0, headers: 0, log: 0 }

  write(device: Device, bytes: Uint8Array): void {
    if (device === 'null' || device === 'random') return
    const size = this.#sizes[device] + bytes.length
    if (device === 'log' && size > LOG_BYTES_MAX) return
    if (size > (device === 'headers' ? HEADER_BYTES_MAX : RESPONSE_BYTES_MAX)) {
      throw new ScriptHalt({ type: 'answer', code: 'RESPONSE_TOO_LARGE' })
    }
    this.#roomFor(device, size).set(bytes, this.#sizes[device])
    this.#sizes[device] = size
  }

  /** A copy, in a buffer of its own. */
  read(device: Written): Uint8Array {
    return this.#rooms[device].slice(0, this.#sizes[device])
  }

  /** The bytes themselves, to be looked at before anything else is written. */
  view(device: Written): Uint8Array {
    return this.#rooms[device].subarray(0, this.#sizes[device])
  }

  #roomFor(device: Written, size: number): Uint8Array {
    const room = this.#rooms[device]
    if (size <= room.length) return room
    const larger = roomOf(Math.max(size, room.length * 2, ROOM_AT_FIRST))
    larger.set(room)
    this.#rooms[device] = larger
    return larger
  }
}

/** Not zeroed: what is read was written. Small ones share a buffer, which costs a tenth of one of their own. */
function roomOf(length: number): Uint8Array {
  const { buffer, byteOffset } = Buffer.allocUnsafe(length)
  return new Uint8Array(buffer, byteOffset, length)
}
