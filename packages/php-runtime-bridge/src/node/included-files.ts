import { CHILD_PATH, EVENT_PATH, LIBRARY_PATH } from '../host-calls/php-library.js'
import { ROUTER_PATH } from '../router-script.js'
import type { GuestMemory } from './guest-memory.js'

// PHP's HashTable and Bucket, and zend_string, as the binaries lay them out (32-bit addresses, 64-bit integers), since PHP 8.2.
const TABLE = { data: 16, used: 20, count: 24 }
const BUCKET_KEY = 24
const STRING = { length: 16, letters: 20 }
const OURS = [LIBRARY_PATH, CHILD_PATH, EVENT_PATH, ROUTER_PATH].map((path) => new TextEncoder().encode(path))
/** The table of included files stands near the beginning of executor_globals. */
const GLOBALS_SEARCHED_BYTES = 1024

/**
 * Where PHP keeps the list of included files, while only a file of ours is on it: found by what is in it, as the place differs from version to version.
 * undefined when the list has anything else.
 */
export function listOfOurs(memory: GuestMemory, executorGlobals: number): number | undefined {
  const { view } = memory
  const searchedTo = Math.min(executorGlobals + GLOBALS_SEARCHED_BYTES, memory.bytes.length - TABLE.count - 4)
  for (let table = executorGlobals; table < searchedTo; table += 4) {
    if (view.getUint32(table + TABLE.used, true) !== 1 || view.getUint32(table + TABLE.count, true) !== 1) continue
    const bucket = memory.u32(table + TABLE.data)
    const key = holds(memory, bucket, BUCKET_KEY + 4) ? memory.u32(bucket + BUCKET_KEY) : 0
    if (OURS.some((path) => isString(memory, key, path))) return table
  }
  return undefined
}

function isString(memory: GuestMemory, at: number, letters: Uint8Array): boolean {
  if (!holds(memory, at, STRING.letters + letters.length) || memory.u32(at + STRING.length) !== letters.length) return false
  const found = memory.bytes.subarray(at + STRING.letters, at + STRING.letters + letters.length)
  return letters.every((letter, i) => found[i] === letter)
}

function holds(memory: GuestMemory, at: number, bytes: number): boolean {
  return at > 0 && at + bytes <= memory.bytes.length
}
