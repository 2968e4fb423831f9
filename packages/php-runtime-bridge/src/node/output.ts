import type { Device } from './descriptors.js'
import { ScriptHalt } from './halt.js'

const RESPONSE_BYTES_MAX = 16 * 1024 * 1024
const HEADER_BYTES_MAX = 256 * 1024
const LOG_BYTES_MAX = 64 * 1024

/** What one request wrote to the outside. More log than fits is dropped; more response than fits ends the script. */
export class RequestOutput {
  readonly #chunks: Record<'output' | 'headers' | 'log', Uint8Array[]> = { output: [], headers: [], log: [] }
  readonly #sizes = { output: 0, headers: 0, log: 0 }

  write(device: Device, bytes: Uint8Array): void {
    if (device === 'null' || device === 'random') return
    const size = this.#sizes[device] + bytes.length
    if (device === 'log' && size > LOG_BYTES_MAX) return
    if (size > (device === 'headers' ? HEADER_BYTES_MAX : RESPONSE_BYTES_MAX)) {
      throw new ScriptHalt({ type: 'answer', code: 'RESPONSE_TOO_LARGE' })
    }
    this.#sizes[device] = size
    this.#chunks[device].push(bytes.slice())
  }

  read(device: 'output' | 'headers' | 'log'): Uint8Array {
    const all = new Uint8Array(this.#sizes[device])
    let at = 0
    for (const chunk of this.#chunks[device]) {
      all.set(chunk, at)
      at += chunk.length
    }
    return all
  }
}
