/**
 * Files are kept in pages: a change costs the pages it touches, and versions of a large file share the rest. As long as the pieces into which
 * content-store cuts a database (docs/adr/0006), so that what changed here is what changes there.
 */
export const FILE_PAGE_BYTES = 64 * 1024

/** A page that lies elsewhere than in memory, and is read anew whenever it is needed. Two of them may hold the same. */
export interface StoredPage {
  readonly length: number
  /** All of it. Not to be written to: others may be given the same bytes. */
  read(): Uint8Array
}
export type Page = Uint8Array | StoredPage
export const bytesOfPage = (page: Page): Uint8Array => (page instanceof Uint8Array ? page : page.read())

/** Content in pages, each FILE_PAGE_BYTES long but the last, which has what is left. None for an empty file. */
export interface Pages {
  readonly size: number
  readonly pages: readonly Page[]
}

/** Views into `bytes`: nothing is copied. */
export function pagesOf(bytes: Uint8Array): Pages {
  const size = bytes.length
  if (size <= FILE_PAGE_BYTES) return { size, pages: size === 0 ? [] : [bytes] }
  const pages: Uint8Array[] = []
  for (let at = 0; at < size; at += FILE_PAGE_BYTES) pages.push(bytes.subarray(at, Math.min(size, at + FILE_PAGE_BYTES)))
  return { size, pages }
}

/** The whole content: a copy, but of a file of one page the page itself. */
export function bytesOf({ size, pages }: Pages): Uint8Array {
  const [first] = pages
  if (first !== undefined && pages.length === 1) return bytesOfPage(first)
  const bytes = new Uint8Array(size)
  for (const [i, page] of pages.entries()) bytes.set(bytesOfPage(page), i * FILE_PAGE_BYTES)
  return bytes
}

/** A copy of a part that lies within the content. */
export function readPages({ pages }: Pages, at: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let done = 0; done < length; ) {
    const offset = (at + done) % FILE_PAGE_BYTES
    const page = pages[(at + done - offset) / FILE_PAGE_BYTES] as Page
    const part = bytesOfPage(page).subarray(offset, offset + length - done)
    bytes.set(part, done)
    done += part.length
  }
  return bytes
}

/**
 * Content after a patch; pages that it leaves as they were are the same ones. `parts` are in order, none over another, all within `size`.
 * @returns undefined where they are not
 */
export function patchPages(
  from: Pages,
  size: number,
  parts: readonly { readonly at: number; readonly bytes: Uint8Array }[],
): Pages | undefined {
  if (!Number.isSafeInteger(size) || size < 0 || size > FILE_BYTES_MAX) return undefined
  const pages = resizedPages(from, size)
  let end = 0
  for (const { at, bytes } of parts) {
    if (!Number.isSafeInteger(at) || at < end || at + bytes.length > size) return undefined
    end = at + bytes.length
    for (let done = 0; done < bytes.length; ) {
      const [index, offset] = [Math.floor((at + done) / FILE_PAGE_BYTES), (at + done) % FILE_PAGE_BYTES]
      const page = pages[index] as Page
      const length = Math.min(page.length - offset, bytes.length - done)
      const part = bytes.subarray(done, done + length)
      done += length
      if (length === page.length) {
        pages[index] = part
        continue
      }
      // a copy each time: parts that come from a request are whole pages, or what is left at the end
      const copy = bytesOfPage(page).slice()
      copy.set(part, offset)
      pages[index] = copy
    }
  }
  return { size, pages }
}

/** The longest file, in bytes: PHP's integers and offsets are fine beyond it, its buffers are not. */
export const FILE_BYTES_MAX = 0x7fff_ffff

function resizedPages(from: Pages, size: number): Page[] {
  const count = Math.ceil(size / FILE_PAGE_BYTES)
  const pages = from.pages.slice(0, count)
  const lengthOf = (index: number) => Math.min(FILE_PAGE_BYTES, size - index * FILE_PAGE_BYTES)
  const last = pages.at(-1)
  if (last !== undefined) pages[pages.length - 1] = fitted(last, lengthOf(pages.length - 1))
  const hole = new Uint8Array(Math.min(size, FILE_PAGE_BYTES))
  while (pages.length < count) pages.push(fitted(hole, lengthOf(pages.length)))
  return pages
}

/** Cut, or filled up with zeros; the same page where it has that length. */
export function fitted(page: Page, length: number): Page {
  if (page.length === length) return page
  const bytes = bytesOfPage(page)
  if (bytes.length > length) return bytes.subarray(0, length)
  const longer = new Uint8Array(length)
  longer.set(bytes)
  return longer
}

export function samePages(a: Pages, b: Pages): boolean {
  return a === b || (a.size === b.size && a.pages.every((page, i) => samePage(page, b.pages[i] as Page)))
}

export function samePage(a: Page, b: Page): boolean {
  return a === b || (a.length === b.length && sameBytes(bytesOfPage(a), bytesOfPage(b)))
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a === b) return true
  if (a.length !== b.length) return false
  if (a.buffer === b.buffer && a.byteOffset === b.byteOffset) return true
  // words take a quarter of the time
  const words = ((a.byteOffset | b.byteOffset) & 3) === 0 ? a.length >>> 2 : 0
  const [x, y] = [new Int32Array(a.buffer, a.byteOffset & -4, words), new Int32Array(b.buffer, b.byteOffset & -4, words)]
  for (let i = 0; i < words; i++) if (x[i] !== y[i]) return false
  for (let i = words * 4; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
