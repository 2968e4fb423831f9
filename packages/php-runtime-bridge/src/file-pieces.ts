import { FILE_PAGE_BYTES, type Pages } from './file-pages.js'

/** Files are cut every so many bytes for askers that fetch them piece by piece: a power of two. */
export const PIECE_BYTES = 1024 * 1024
export const DIGEST_BYTES = 32
const PIECE_PAGES = PIECE_BYTES / FILE_PAGE_BYTES

/** What is known of the content of a file longer than a piece, so that not all of it need be read for a visitor. */
export interface FileDigests {
  /** SHA-256 of the whole, if it was found when the file was taken up. */
  readonly whole?: Uint8Array
  /** That of each piece, one behind the other: zeros where nobody has asked. */
  readonly pieces: Uint8Array
}

/** Of content that takes the place of `earlier`: what is known of the pieces that share all pages with it. undefined for what is one piece. */
export function digestsAfter(content: Pages, earlier: (Pages & { readonly digests?: FileDigests }) | undefined): FileDigests | undefined {
  if (content.size <= PIECE_BYTES) return undefined
  const pieces = unknownPieces(content.size)
  const before = earlier?.digests?.pieces
  if (before === undefined) return { pieces }
  for (let at = 0; at < Math.min(pieces.length, before.length); at += DIGEST_BYTES) {
    const [now, then] = [content, earlier as Pages].map((one) => pagesOfPiece(one, at / DIGEST_BYTES)) as [Pages['pages'], Pages['pages']]
    const isSame = now.length === then.length && now.every((page, i) => page === then[i])
    if (isSame) pieces.set(before.subarray(at, at + DIGEST_BYTES), at)
  }
  return { pieces }
}

export const unknownPieces = (size: number): Uint8Array => new Uint8Array(Math.ceil(size / PIECE_BYTES) * DIGEST_BYTES)

export const pagesOfPiece = ({ pages }: Pages, index: number): Pages['pages'] => pages.slice(index * PIECE_PAGES, (index + 1) * PIECE_PAGES)
