import { createHash } from 'node:crypto'
import { bytesOfPage, type Page } from '../file-pages.js'
import { DIGEST_BYTES, type FileDigests, PIECE_BYTES, pagesOfPiece, unknownPieces } from '../file-pieces.js'
import type { TreeFile } from '../file-tree.js'
import { WHOLE_HASHED_BYTES_MAX } from '../static-answer.js'

/** Digests of a file that is read page by page: it holds one hash or two and 32 bytes of each piece. */
export class ContentHash {
  readonly #whole: ReturnType<typeof createHash> | undefined
  readonly #pieces: Uint8Array
  #piece = createHash('sha256')
  #bytes = 0

  constructor(size: number) {
    this.#whole = size <= WHOLE_HASHED_BYTES_MAX ? createHash('sha256') : undefined
    this.#pieces = unknownPieces(size)
  }

  /** @param page the next one: no piece ends within it */
  update(page: Uint8Array): void {
    this.#whole?.update(page)
    this.#piece.update(page)
    this.#bytes += page.length
    if (this.#bytes % PIECE_BYTES === 0) this.#endPiece()
  }

  digests(): FileDigests {
    if (this.#bytes % PIECE_BYTES !== 0) this.#endPiece()
    const whole = this.#whole && { whole: Uint8Array.from(this.#whole.digest()) }
    return { ...whole, pieces: this.#pieces }
  }

  #endPiece(): void {
    this.#pieces.set(this.#piece.digest(), (Math.ceil(this.#bytes / PIECE_BYTES) - 1) * DIGEST_BYTES)
    this.#piece = createHash('sha256')
  }
}

/** Files of trees never change. */
const wholes = new WeakMap<TreeFile, Uint8Array>()
const others = new WeakMap<TreeFile, Uint8Array>()

/** SHA-256 of all of a file, which is read once. */
export function wholeDigestOf(file: TreeFile): Uint8Array {
  const digest = file.digests?.whole ?? wholes.get(file) ?? hashOf(file.pages)
  wholes.set(file, digest)
  return digest
}

/** SHA-256 of each piece of a file. Only such are read as nobody asked for before, in this file or one that it came of. */
export function pieceDigestsOf(file: TreeFile): Uint8Array {
  const pieces = file.digests?.pieces ?? others.get(file) ?? unknownPieces(file.size)
  if (file.digests === undefined) others.set(file, pieces)
  for (let at = 0; at < pieces.length; at += DIGEST_BYTES) {
    const isKnown = pieces.subarray(at, at + DIGEST_BYTES).some((byte) => byte !== 0)
    if (!isKnown) pieces.set(hashOf(pagesOfPiece(file, at / DIGEST_BYTES)), at)
  }
  return pieces
}

/** What names a file's content, and is had quickly after a change of a long one: SHA-256 of it, or of its pieces' digests where it has several. */
export const contentTagOf = (file: TreeFile): Uint8Array =>
  file.size <= PIECE_BYTES ? wholeDigestOf(file) : hashOf([pieceDigestsOf(file)])

function hashOf(pages: readonly Page[]): Uint8Array {
  const hash = createHash('sha256')
  for (const page of pages) hash.update(bytesOfPage(page))
  return Uint8Array.from(hash.digest())
}
