import type { HttpHeader } from '@interpeer/peer-group'

/** What a member answers where a body is long: how its file is cut, which part of it was asked for, and SHA-256 of each piece that this touches. */
export interface PiecedAnswer {
  /** Bytes of a piece, but for the last of the file. */
  readonly pieceBytes: number
  /** Of the part: its first byte in the file, and how many. */
  readonly start: number
  readonly length: number
  readonly fileBytes: number
  /** Of the pieces from the one with the first byte to the one with the last, 32 bytes each. */
  readonly digests: readonly Uint8Array[]
}
export interface Piece {
  /** Bytes of the file: the first, and the one behind the last. */
  readonly start: number
  readonly end: number
  readonly digest: Uint8Array
}

/** The name of the header by which such an answer is told; its value is 'pieceBytes;start;length;fileBytes'. */
export const PIECES_HEADER = 'interpeer-pieces'
/** Larger pieces are refused: one is in memory at a time, or two. */
const PIECE_MAX_BYTES = 4 * 1024 * 1024
const DIGEST_BYTES = 32

/** @returns undefined where the body is the body; 'malformed' where it says that it is none, and is not what it says */
export function piecedAnswerOf(headers: readonly HttpHeader[], body: Uint8Array): PiecedAnswer | 'malformed' | undefined {
  const said = headers.filter(({ name }) => name.toLowerCase() === PIECES_HEADER)
  const [only] = said
  if (only === undefined) return undefined
  const found = /^(\d{1,15});(\d{1,15});(\d{1,15});(\d{1,15})$/.exec(only.value)
  if (said.length > 1 || found === null) return 'malformed'
  const [pieceBytes, start, length, fileBytes] = found.slice(1).map(Number) as [number, number, number, number]
  if (pieceBytes < 1024 || pieceBytes > PIECE_MAX_BYTES || length < 1 || start + length > fileBytes) return 'malformed'
  const count = Math.floor((start + length - 1) / pieceBytes) - Math.floor(start / pieceBytes) + 1
  if (body.length !== count * DIGEST_BYTES) return 'malformed'
  const digests = Array.from({ length: count }, (_, i) => body.subarray(i * DIGEST_BYTES, (i + 1) * DIGEST_BYTES))
  return { pieceBytes, start, length, fileBytes, digests }
}

/** The pieces, in their order. */
export function* piecesOf({ pieceBytes, start, fileBytes, digests }: PiecedAnswer): Generator<Piece> {
  const first = Math.floor(start / pieceBytes)
  for (const [i, digest] of digests.entries()) {
    const from = (first + i) * pieceBytes
    yield { start: from, end: Math.min(from + pieceBytes, fileBytes), digest }
  }
}
