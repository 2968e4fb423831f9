import type { ContentId } from '@interpeer/crypto-ids'
import type { GetBlock } from './blocks.js'

/** What a walk reports when blocks are not here: fetch them and run it again. There may be more below them. */
export interface Missing {
  readonly missing: readonly ContentId[]
}
const MISSING_MAX = 4096
const MEMO_MAX = 256

/** Thrown inside this package only: every public function turns it into `{ missing }`. */
export class MissingBlock extends Error {
  override readonly name = 'MissingBlock'
}

/** Reads blocks for one walk and gathers those that are not here. */
export class BlockSource {
  readonly #get: GetBlock
  readonly #missing = new Set<ContentId>()
  /** How often something was missing, the same thing again too. */
  #misses = 0
  readonly #lacking = new Set<string>()
  /** Of directories, one that was read before counted again; `readPart` ends the walk after the most. */
  partsRead = 0
  maxParts = Number.POSITIVE_INFINITY
  readonly #memo = new Map<string, unknown>()
  /** What is in the store for sure, because this walk has read it, or a block that links to it. */
  readonly known = new Set<ContentId>()
  constructor(get: GetBlock) {
    this.#get = get
  }
  get missing(): readonly ContentId[] {
    return [...this.#missing]
  }
  get missingCount(): number {
    return this.#missing.size
  }
  /** @throws {MissingBlock} */
  read(cid: ContentId): Uint8Array {
    const bytes = this.#missing.has(cid) ? undefined : this.#get(cid)
    if (bytes === undefined) {
      this.#missing.add(cid)
      this.#misses++
      throw new MissingBlock()
    }
    this.known.add(cid)
    return bytes
  }
  /** `make()`, or what it made lately in this walk: a directory is read once for all the changes in it. */
  lately<T>(key: string, make: () => T): T {
    if (this.#memo.has(key)) return this.#memo.get(key) as T
    const made = make()
    if (this.#memo.size >= MEMO_MAX) this.#memo.clear()
    this.#memo.set(key, made)
    return made
  }
  /** Runs one branch of a walk. A block missing there does not end the other branches, so that one round finds many. */
  attempt(branch: () => void): void {
    try {
      branch()
    } catch (cause) {
      if (!(cause instanceof MissingBlock) || this.#missing.size >= MISSING_MAX) throw cause
    }
  }
  /**
   * The same for a branch that a hostile tree can name any number of times: where something was missing in it, it is not run again.
   * @param key what the branch reads, wherever it lies
   */
  attemptOnce(key: string, branch: () => void): void {
    if (this.#lacking.has(key)) {
      this.#misses++
      return
    }
    const before = this.#misses
    try {
      this.attempt(branch)
    } finally {
      if (this.#misses !== before) this.#lacking.add(key)
    }
  }
  /** The result of a whole walk, unless something was missing. */
  finish<T>(walk: () => T): T | Missing {
    let result: T | undefined
    try {
      result = walk()
    } catch (cause) {
      if (!(cause instanceof MissingBlock)) throw cause
    }
    return this.#missing.size > 0 ? { missing: this.missing } : (result as T)
  }
}
