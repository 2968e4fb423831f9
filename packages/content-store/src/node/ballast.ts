import { randomFillSync } from 'node:crypto'
import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ContentStoreError } from '../errors.js'
import { diskFreeBytes } from './disk-free.js'

const BYTES = 4 * 1024 * 1024
/** Less than this, and a database might not even open. */
const OPENING_BYTES = 1024 * 1024

/** Makes the folder if need be. @throws {ContentStoreError} STORE_UNAVAILABLE */
export function openBallast(folder: string): Ballast {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    return new Ballast(folder)
  } catch (cause) {
    throw new ContentStoreError({ code: 'STORE_UNAVAILABLE', folder }, { cause })
  }
}

/**
 * A file in the store's folder that only takes room. A disk that others have filled to the last byte takes neither locks nor, strange as
 * it is, deletions, which a database has to write too. Then it is thrown overboard.
 */
export class Ballast {
  readonly #folder: string
  readonly #path: string
  #held: boolean

  constructor(folder: string) {
    this.#folder = folder
    this.#path = join(folder, 'ballast')
    this.#held = statSync(this.#path, { throwIfNoEntry: false })?.size === BYTES
    if (diskFreeBytes(folder) < OPENING_BYTES) this.drop()
  }

  /** What of the disk's free room belongs to it. */
  get missingBytes(): number {
    return this.#held ? 0 : BYTES
  }

  /** Whether there is more room now. */
  drop(): boolean {
    if (!this.#held || !this.#remove()) return false
    this.#held = false
    return true
  }

  /** Takes the room again, if that leaves `keptBytes` for others. Never throws: a store without ballast is one nevertheless. */
  hold(keptBytes: number): void {
    if (this.#held) return
    try {
      if (diskFreeBytes(this.#folder) < BYTES + keptBytes) return
      writeFileSync(this.#path, randomFillSync(new Uint8Array(BYTES))) // what can be compressed takes no room
      this.#held = true
    } catch {
      this.#remove() // the disk filled up meanwhile
    }
  }

  #remove(): boolean {
    try {
      rmSync(this.#path, { force: true })
      return true
    } catch {
      return false
    }
  }
}
