import { createHash, randomUUID } from 'node:crypto'
import { closeSync, mkdirSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PhpRuntimeError } from '../errors.js'
import { FILE_PAGE_BYTES, type StoredPage } from '../file-pages.js'

/** Of one thread: pages that were read last, by their serials. */
const CACHED_PAGES_MAX = 512
const cached = new Map<number, Uint8Array>()
/** Of the thread that writes: counts on through all files, as one thread may read from several. */
let serials = 0

/** A page in a file that all threads have open. A structured clone keeps the fields: `readable` makes it a page again. */
export class FilePage implements StoredPage {
  readonly length: number
  /** Open in the whole process. */
  readonly descriptor: number
  readonly at: number
  /** Never the same for two pages, though one may take the other's place in the file. */
  readonly serial: number

  constructor({ length, descriptor, at, serial }: Omit<FilePage, 'read'>) {
    this.length = length
    this.descriptor = descriptor
    this.at = at
    this.serial = serial
  }

  /** @throws {PhpRuntimeError} PAGE_UNREAD */
  read(): Uint8Array {
    const before = cached.get(this.serial)
    if (before !== undefined) {
      cached.delete(this.serial)
      cached.set(this.serial, before)
      return before
    }
    const bytes = this.#fromDisk()
    cached.set(this.serial, bytes)
    for (const oldest of cached.keys()) {
      if (cached.size <= CACHED_PAGES_MAX) break
      cached.delete(oldest)
    }
    return bytes
  }

  #fromDisk(): Uint8Array {
    const bytes = new Uint8Array(this.length)
    try {
      for (let done = 0; done < bytes.length; ) {
        const read = readSync(this.descriptor, bytes, done, bytes.length - done, this.at + done)
        if (read === 0) throw new Error('a page of a site is no more where it was written')
        done += read
      }
    } catch (cause) {
      throw new PhpRuntimeError({ code: 'PAGE_UNREAD', detail: String(cause) }, { cause })
    }
    return bytes
  }
}

/** What another thread sent as a page. */
export const readable = (page: Omit<FilePage, 'read'>): FilePage => new FilePage(page)

/**
 * One file for the pages of large sites, gone with the process, however that ends. A page's place is used again once nothing here names the page: what
 * other threads read must be held here for as long.
 */
export class PageFile {
  readonly #folder: string
  #descriptor: number | undefined
  #closed = false
  #end = 0
  readonly #free: number[] = []
  readonly #unused = new FinalizationRegistry<number>((at) => this.#free.push(at))

  /** @param folder Default: the system's for temporary files */
  constructor(folder: string | undefined) {
    this.#folder = folder ?? tmpdir()
  }

  /** Bytes that the file takes. */
  get bytes(): number {
    return this.#end
  }

  /** @throws {PhpRuntimeError} PAGE_UNWRITTEN, RUNTIME_CLOSED */
  write(bytes: Uint8Array): FilePage {
    if (this.#closed) throw new PhpRuntimeError({ code: 'RUNTIME_CLOSED' })
    const at = this.#free.pop() ?? this.#end
    try {
      const descriptor = this.#open()
      for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done, bytes.length - done, at + done)
      const page = new FilePage({ length: bytes.length, descriptor, at, serial: ++serials })
      this.#unused.register(page, at)
      return page
    } catch (cause) {
      if (at !== this.#end) this.#free.push(at)
      throw new PhpRuntimeError({ code: 'PAGE_UNWRITTEN', detail: String(cause) }, { cause })
    } finally {
      if (at === this.#end) this.#end += FILE_PAGE_BYTES
    }
  }

  /** Nothing can be written any more: it would make another file, which nobody closes. */
  close(): void {
    this.#closed = true
    if (this.#descriptor !== undefined) closeSync(this.#descriptor)
    this.#descriptor = undefined
  }

  #open(): number {
    if (this.#descriptor !== undefined) return this.#descriptor
    mkdirSync(this.#folder, { recursive: true })
    const path = join(this.#folder, `interpeer-pages-${randomUUID()}`)
    this.#descriptor = openSync(path, 'wx+', 0o600)
    rmSync(path)
    return this.#descriptor
  }
}

/** Writes each content once, wherever a site has it: a small bundle can name one block a million times. */
export class DistinctPages {
  readonly #file: PageFile
  readonly #written = new Map<string, FilePage>()

  constructor(file: PageFile) {
    this.#file = file
  }

  /** @throws {PhpRuntimeError} PAGE_UNWRITTEN */
  write(bytes: Uint8Array): FilePage {
    const digest = createHash('sha256').update(bytes).digest('base64')
    const page = this.#written.get(digest) ?? this.#file.write(bytes)
    this.#written.set(digest, page)
    return page
  }
}
