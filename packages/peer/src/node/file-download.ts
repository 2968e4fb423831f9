import { createHash } from 'node:crypto'
import { sameBytes } from '@interpeer/wire-codec'
import { PeerError } from '../errors.js'
import { type Piece, type PiecedAnswer, piecesOf } from '../pieced-answer.js'
import type { SiteAnswer, VisitorRequest } from './site-client.js'

/** Pieces that are asked for before the one before them was taken. */
const AHEAD = 2
/** Who asks for a piece asks for it alone, and of the file that the answer was about. */
const OF_THE_WHOLE = new Set(['range', 'if-range', 'if-none-match', 'if-modified-since', 'if-match', 'if-unmodified-since'])

/**
 * The body of an answer in pieces: each is asked for by its range, of any member, and is compared with the digest that the signed answer has for it
 * before a byte of it is given on. At most AHEAD + 1 pieces are in memory. The caller takes them as fast as it likes.
 * @param ask sends a request to the site's group
 * @throws {PeerError} REPLY_FALSE where a piece is none of that file: it was falsified, or the file has changed; what `ask` throws
 */
export async function* downloadOf(
  visitor: VisitorRequest,
  answer: Pick<SiteAnswer, 'headers'>,
  pieced: PiecedAnswer,
  ask: (visitor: VisitorRequest) => Promise<SiteAnswer>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const etag = headerOf(answer, 'etag')
  const fetchPiece = async (piece: Piece): Promise<Uint8Array> => {
    const headers = visitor.headers.filter(({ name }) => !OF_THE_WHOLE.has(name.toLowerCase()))
    const range = { name: 'range', value: `bytes=${piece.start}-${piece.end - 1}` }
    const condition = etag === undefined ? [] : [{ name: 'if-range', value: etag }]
    return checkedPiece(piece, pieced, await ask({ ...visitor, headers: [...headers, range, ...condition] }))
  }
  const waiting: Promise<Uint8Array>[] = []
  const pieces = piecesOf(pieced)
  const askNext = () => {
    const next = pieces.next()
    if (next.done === true) return
    const asked = fetchPiece(next.value)
    asked.catch(() => {}) // it is told when its turn comes
    waiting.push(asked)
  }
  for (let i = 0; i <= AHEAD; i++) askNext()
  const end = pieced.start + pieced.length
  for (let at = pieced.start - (pieced.start % pieced.pieceBytes); waiting.length > 0; at += pieced.pieceBytes) {
    const bytes = await (waiting.shift() as Promise<Uint8Array>)
    yield bytes.subarray(Math.max(0, pieced.start - at), Math.min(bytes.length, end - at))
    askNext()
  }
}

/** @throws {PeerError} REPLY_FALSE */
function checkedPiece(piece: Piece, { fileBytes }: PiecedAnswer, answer: SiteAnswer): Uint8Array {
  const { status, body } = answer
  const said = headerOf(answer, 'content-range')
  const isWhole = status === 200 && body.length === fileBytes && piece.start === 0
  const isPart = status === 206 && said === `bytes ${piece.start}-${piece.end - 1}/${fileBytes}`
  const digest = isWhole || isPart ? Uint8Array.from(createHash('sha256').update(body).digest()) : undefined
  if (digest === undefined || !sameBytes(digest, piece.digest)) {
    throw new PeerError({ code: 'REPLY_FALSE', reason: `no piece of the file that was promised, at byte ${piece.start}` })
  }
  return body
}

function headerOf({ headers }: Pick<SiteAnswer, 'headers'>, wanted: string): string | undefined {
  return headers.find(({ name }) => name.toLowerCase() === wanted)?.value
}
