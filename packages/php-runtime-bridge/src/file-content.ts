import { bytesOfPage, FILE_PAGE_BYTES, fitted, type Page, type Pages } from './file-pages.js'

/** What it took to see files as they are. */
export interface SettleWork {
  /** Names in folders and pages of files that were gone through. */
  entries: number
  /** Copied. */
  bytes: number
}

const SHORTEST_PAGE_BYTES = 256
const nothing: Pages = { size: 0, pages: [] }

/**
 * The content of a file that a request may change: pages of the base below, its own above. Own pages may be shorter than a page: what
 * is not there is zero, as are pages that neither has (holes, which take no memory here).
 */
export class FileContent {
  readonly #base: Pages
  /** As much of the base as still counts: truncation takes it away for good. */
  #kept: number
  #own: Map<number, Uint8Array> | undefined
  /** Own pages where the base still counts. */
  #copies = 0
  #size: number

  constructor(base: Pages = nothing) {
    this.#base = base
    this.#kept = base.size
    this.#size = base.size
  }

  get size(): number {
    return this.#size
  }

  /** Whether it is the base as a whole. */
  get isUntouched(): boolean {
    return this.#size === this.#base.size && this.#kept === this.#size && this.#own === undefined
  }

  /**
   * What this file takes of a request's share, in bytes: pages of the base that it has copies of, and all beyond the base. Holes count, since
   * what goes back to the site has none.
   */
  get charge(): number {
    return this.#copies * FILE_PAGE_BYTES + this.#size - this.#kept
  }

  /** What a write of `length` bytes at `at` would add to it. */
  chargeOfWrite(at: number, length: number): number {
    let added = Math.max(0, at + length - this.#size)
    const end = Math.min(at + length, this.#kept)
    for (let page = Math.floor(at / FILE_PAGE_BYTES); page * FILE_PAGE_BYTES < end; page++) {
      if (!this.#own?.has(page)) added += FILE_PAGE_BYTES
    }
    return added
  }

  /** Reads up to the end of the file. @returns bytes read */
  read(at: number, target: Uint8Array): number {
    const length = Math.max(0, Math.min(target.length, this.#size - at))
    for (let done = 0; done < length; ) {
      const [index, offset] = placeOf(at + done)
      const part = Math.min(FILE_PAGE_BYTES - offset, length - done)
      const page = bytesOfPage(this.#page(index))
      const there = Math.max(0, Math.min(part, page.length - offset))
      if (there > 0) target.set(page.subarray(offset, offset + there), done)
      if (there < part) target.fill(0, done + there, done + part)
      done += part
    }
    return length
  }

  write(at: number, bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) {
      const [index, offset] = placeOf(at + done)
      const part = Math.min(FILE_PAGE_BYTES - offset, bytes.length - done)
      this.#ownPage(index, offset + part).set(bytes.subarray(done, done + part), offset)
      done += part
    }
    if (bytes.length > 0) this.#size = Math.max(this.#size, at + bytes.length)
  }

  /** What is new is zero. */
  resize(size: number): void {
    if (size < this.#size) {
      this.#kept = Math.min(this.#kept, size)
      const [last, rest] = placeOf(size)
      this.#copies = 0
      for (const [index, page] of this.#own ?? []) {
        if (index > last || (index === last && rest === 0)) this.#own?.delete(index)
        else if (index === last) page.fill(0, rest)
        if (index * FILE_PAGE_BYTES < this.#kept) this.#copies++
      }
    }
    this.#size = size
  }

  /**
   * What it is now, as a tree holds it: views, right for as long as nothing is written.
   * @param work to which what this takes is added
   */
  settle(work?: SettleWork): Pages {
    if (this.isUntouched) return this.#base
    const pages = Array.from({ length: Math.ceil(this.#size / FILE_PAGE_BYTES) }, (_, index): Page => {
      const length = Math.min(FILE_PAGE_BYTES, this.#size - index * FILE_PAGE_BYTES)
      const page = this.#page(index)
      if (page.length === 0) return HOLE.subarray(0, length)
      const whole = fitted(page, length)
      if (page.length >= length || !(whole instanceof Uint8Array)) return whole
      // an own page stays whole: it is made so once
      if (this.#own?.get(index) === page) this.#own.set(index, whole)
      if (work) work.bytes += length
      return whole
    })
    if (work) work.entries += pages.length
    return { size: this.#size, pages }
  }

  /** Without its zeros at the end, perhaps. */
  #page(index: number): Page {
    const own = this.#own?.get(index)
    if (own !== undefined) return own
    const page = this.#base.pages[index]
    const left = this.#kept - index * FILE_PAGE_BYTES
    if (page === undefined || left <= 0) return EMPTY
    return left < page.length ? fitted(page, left) : page
  }

  #ownPage(index: number, room: number): Uint8Array {
    const own = this.#own?.get(index)
    if (own !== undefined && own.length >= room) return own
    const before = own ?? this.#page(index)
    // pages of the base are whole, so that a page is copied once
    const length = own === undefined ? Math.max(room, before.length, SHORTEST_PAGE_BYTES) : Math.max(room, own.length * 2)
    const page = new Uint8Array(Math.min(FILE_PAGE_BYTES, length))
    page.set(bytesOfPage(before))
    this.#own ??= new Map()
    this.#own.set(index, page)
    if (own === undefined && index * FILE_PAGE_BYTES < this.#kept) this.#copies++
    return page
  }
}
const EMPTY = new Uint8Array(0)
/** Never written to: an own page is made where something is. */
const HOLE = new Uint8Array(FILE_PAGE_BYTES)

function placeOf(at: number): [page: number, offset: number] {
  const offset = at % FILE_PAGE_BYTES
  return [(at - offset) / FILE_PAGE_BYTES, offset]
}
