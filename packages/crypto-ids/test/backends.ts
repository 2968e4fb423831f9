import { createHash } from 'node:crypto'
import type { Backend } from '../src/backend.js'
import * as noble from '../src/noble-backend.js'
import * as node from '../src/node/backend.js'

export const backends: readonly (readonly [string, Backend])[] = [
  ['node:crypto', node],
  ['noble', noble],
]
export { noble, node }

export const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'))

/** Bytes that look random and are the same in every run. */
export function dice(seed: string): (length: number) => Uint8Array {
  let counter = 0
  return (length) => {
    const blocks = Array.from({ length: Math.ceil(length / 64) }, () => createHash('sha512').update(`${seed} ${counter++}`).digest())
    return Uint8Array.from(Buffer.concat(blocks).subarray(0, length))
  }
}
