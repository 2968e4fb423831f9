import { createHash } from 'node:crypto'
import { bytesOfPage } from '../file-pages.js'
import type { FileDigests, TreeFile } from '../file-tree.js'
import { PIECE_BYTES } from '../static-answer.js'

const DIGEST_BYTES = 32

/** Digests of a file that is read page by page: it holds one hash and 32 bytes of each piece. */
export class ContentHash {
  readonly #whole = createHash('sha256')
  readonly #pieces: Uint8Array
  #piece = createHash('sha256')
  #bytes = 0

  constructor(size: number) {
    this.#pieces = new Uint8Array(Math.ceil(size / PIECE_BYTES) * DIGEST_BYTES)
  }

  /** @param page the next one: no piece ends within it */
  update(page: Uint8Array): void {
    this.#whole.update(page)
    this.#piece.update(page)
    this.#bytes += page.length
    if (this.#bytes % PIECE_BYTES === 0) this.#endPiece()
  }

  digests(): FileDigests {
    if (this.#bytes % PIECE_BYTES !== 0) this.#endPiece()
    return { whole: Uint8Array.from(this.#whole.digest()), pieces: this.#pieces }
  }

  #endPiece(): void {
    this.#pieces.set(this.#piece.digest(), (Math.ceil(this.#bytes / PIECE_BYTES) - 1) * DIGEST_BYTES)
    this.#piece = createHash('sha256')
  }
}

/** Files of trees never change. */
const known = new WeakMap<TreeFile, FileDigests>()

/** Of a long file that was taken up with its site they are there; any other is read once. */
export function digestsOf(file: TreeFile): FileDigests {
  const before = file.digests ?? known.get(file)
  if (before !== undefined) return before
  const hash = new ContentHash(file.size)
  for (const page of file.pages) hash.update(bytesOfPage(page))
  const digests = hash.digests()
  known.set(file, digests)
  return digests
}
