import { PhpRuntimeError } from '../errors.js'
import { FILE_BYTES_MAX, FILE_PAGE_BYTES, type Page } from '../file-pages.js'
import { PIECE_BYTES } from '../file-pieces.js'
import type { PagedFile, TreeDirectory, TreeFile } from '../file-tree.js'
import type { FileEntry, FileStream } from '../files.js'
import { largestInMemory, memoryOf, withPages } from '../tree-memory.js'
import { ContentHash } from './content-hash.js'
import { DistinctPages, type FilePage, type PageFile, readable } from './page-file.js'
import { pauses } from './pauses.js'

/** Where the files of sites lie: the smallest of each in memory, the rest on the disk. */
export class SiteMemory {
  readonly #pages: PageFile
  readonly #max: number

  /** @param max bytes that the files of one tree may hold in memory */
  constructor(pages: PageFile, max: number) {
    this.#pages = pages
    this.#max = max
  }

  /**
   * Takes a site's files up, the smallest in memory that all threads share. Those that are served in pieces are hashed as they pass.
   * @throws {PhpRuntimeError} PAGE_UNWRITTEN, FILE_INVALID
   */
  async take(files: readonly (FileEntry | FileStream)[]): Promise<readonly PagedFile[]> {
    const pause = pauses()
    const inMemory = new Set<FileEntry | FileStream>()
    let bytesInMemory = 0
    for (const file of files.toSorted((a, b) => sizeOf(a) - sizeOf(b))) {
      if (bytesInMemory + sizeOf(file) > this.#max) break
      bytesInMemory += sizeOf(file)
      inMemory.add(file)
    }
    const arena = new SharedArrayBuffer(bytesInMemory)
    const distinct = new DistinctPages(this.#pages)
    const taken: PagedFile[] = []
    let at = 0
    for (const file of files) {
      const pages: Page[] = []
      const hash = sizeOf(file) > PIECE_BYTES ? new ContentHash(sizeOf(file)) : undefined
      for (const page of pagesIn(file)) {
        hash?.update(page)
        if (inMemory.has(file)) {
          const shared = new Uint8Array(arena, at, page.length)
          shared.set(page)
          at += page.length
          pages.push(shared)
        } else pages.push(distinct.write(page))
        await pause(page.length)
      }
      const { path, mode, mtimeS } = file
      taken.push({ path, mode, mtimeS, size: sizeOf(file), pages, ...(hash === undefined ? {} : { digests: hash.digests() }) })
    }
    return taken
  }

  /**
   * The same tree, with the largest files elsewhere where it holds too much: half of the most is left, so that a site which grows is not written for each change.
   * @throws {PhpRuntimeError} PAGE_UNWRITTEN
   */
  async relieve(tree: TreeDirectory): Promise<TreeDirectory> {
    if (memoryOf(tree) <= this.#max) return tree
    const pause = pauses()
    const distinct = new DistinctPages(this.#pages)
    const moved = new Map<TreeFile, readonly Page[]>()
    for (const file of largestInMemory(tree, this.#max / 2)) {
      const pages: Page[] = []
      for (const page of file.pages) {
        if (!(page instanceof Uint8Array)) pages.push(page)
        else {
          pages.push(distinct.write(page))
          await pause(page.length)
        }
      }
      moved.set(file, pages)
    }
    return withPages(tree, (file) => moved.get(file) ?? file.pages)
  }
}

/** A tree that another thread sent, with its pages as pages. */
export function received(tree: TreeDirectory): TreeDirectory {
  const made = new Map<number, FilePage>()
  const pageOf = (page: Page): Page => {
    if (page instanceof Uint8Array) return page
    const fields = page as FilePage
    const own = made.get(fields.serial) ?? readable(fields)
    made.set(fields.serial, own)
    return own
  }
  return withPages(tree, ({ pages }) => (pages.some((page) => !(page instanceof Uint8Array)) ? pages.map(pageOf) : pages))
}

const sizeOf = (file: FileEntry | FileStream): number => ('bytes' in file ? file.bytes.length : file.size)

/** Each a page long but the last. What is given may be given again once the next is asked for. */
function* pagesIn(file: FileEntry | FileStream): Iterable<Uint8Array> {
  const size = sizeOf(file)
  if (!Number.isSafeInteger(size) || size < 0 || size > FILE_BYTES_MAX) throw invalid(file)
  let [seen, filled] = [0, 0]
  let page: Uint8Array | undefined
  for (const piece of 'bytes' in file ? [file.bytes] : file.read()) {
    seen += piece.length
    if (seen > size) throw invalid(file)
    for (let done = 0; done < piece.length; ) {
      page ??= new Uint8Array(Math.min(FILE_PAGE_BYTES, size - (seen - piece.length + done)))
      const part = piece.subarray(done, done + page.length - filled)
      page.set(part, filled)
      done += part.length
      filled += part.length
      if (filled < page.length) continue
      yield page
      ;[page, filled] = [undefined, 0]
    }
  }
  if (seen < size) throw invalid(file)
}
const invalid = ({ path }: { readonly path: string }) => new PhpRuntimeError({ code: 'FILE_INVALID', path })
