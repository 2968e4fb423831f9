import { createHash } from 'node:crypto'
import type { PeerId } from '@interpeer/crypto-ids'
import { sameBytes } from '@interpeer/wire-codec'
import { PeerError } from '../errors.js'
import { type Piece, type PiecedAnswer, piecesOf } from '../pieced-answer.js'
import type { SiteAnswer, VisitorRequest } from './site-answer.js'

/** Pieces that are asked for before the one before them was taken. */
const AHEAD = 2
/** With the one that is being taken. */
export const PIECES_HELD_MAX = AHEAD + 2
/** Members that are busy, or move the site, refuse a piece now and have it a moment later: it is asked for so often, after pauses that double. */
const REFUSED_MAX = 5
const PAUSE_MS = 250
/** Who asks for a piece asks for it alone, and of the file that the answer was about. */
const OF_THE_WHOLE = new Set(['range', 'if-range', 'if-none-match', 'if-modified-since', 'if-match', 'if-unmodified-since'])

/** Where the pieces of a file come from. */
interface PieceSource {
  readonly site: string
  /** Sends a request to the site's group, to none of those. Rejects where nobody else answers. */
  readonly ask: (visitor: VisitorRequest, not: ReadonlySet<PeerId>) => Promise<SiteAnswer>
  /** A member gave something else than the piece that was promised. `false`: it said that it is of the same file; `other`: that the file is another one now. */
  readonly onOther: (peer: PeerId, what: 'false' | 'other', atByte: number) => void
}

/**
 * The body of an answer in pieces: each is asked for by its range, of any member, and is compared with the digest that the signed answer has for it
 * before a byte of it is given on. Who gave another is not asked again for this file: other members are. Who refuses one is. At most AHEAD + 1 pieces are in memory. The caller
 * takes them as fast as it likes.
 * @throws {PeerError} REPLY_FALSE where no member has a piece of that file: the first one promised what there is not, or the file has changed; SITE_UNREACHABLE where all refuse it; what `ask` throws
 */
export async function* downloadOf(
  visitor: VisitorRequest,
  answer: Pick<SiteAnswer, 'headers'>,
  pieced: PiecedAnswer,
  { site, ask, onOther }: PieceSource,
): AsyncGenerator<Uint8Array, void, undefined> {
  const etag = headerOf(answer, 'etag')
  const not = new Set<PeerId>()
  const fetchPiece = async (piece: Piece): Promise<Uint8Array> => {
    const headers = visitor.headers.filter(({ name }) => !OF_THE_WHOLE.has(name.toLowerCase()))
    const range = { name: 'range', value: `bytes=${piece.start}-${piece.end - 1}` }
    const condition = etag === undefined ? [] : [{ name: 'if-range', value: etag }]
    let [hadOther, refused] = [false, 0]
    for (;;) {
      const avoided = new Set(not)
      let given: SiteAnswer
      try {
        given = await ask({ ...visitor, headers: [...headers, range, ...condition] }, avoided)
      } catch (cause) {
        throw hadOther ? noPiece(piece, cause) : cause
      }
      if (given.ran === 'refused') {
        if (refused >= REFUSED_MAX) throw new PeerError({ code: 'SITE_UNREACHABLE', name: site, last: given.code })
        await pause(PAUSE_MS * 2 ** refused++)
        continue
      }
      if (isPiece(piece, pieced, given)) return given.body
      if (avoided.has(given.peer)) throw noPiece(piece) // the caller asks nobody else
      hadOther = true
      if (not.has(given.peer)) continue // it was asked before that was known
      not.add(given.peer)
      onOther(given.peer, etag !== undefined && headerOf(given, 'etag') === etag ? 'false' : 'other', piece.start)
    }
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

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

const noPiece = (piece: Piece, cause?: unknown): PeerError =>
  new PeerError({ code: 'REPLY_FALSE', reason: `nobody has the piece that was promised, at byte ${piece.start}` }, { cause })

function isPiece(piece: Piece, { fileBytes }: PiecedAnswer, answer: SiteAnswer): boolean {
  const { status, body } = answer
  const said = headerOf(answer, 'content-range')
  const isWhole = status === 200 && body.length === fileBytes && piece.start === 0
  const isPart = status === 206 && said === `bytes ${piece.start}-${piece.end - 1}/${fileBytes}`
  return (isWhole || isPart) && sameBytes(Uint8Array.from(createHash('sha256').update(body).digest()), piece.digest)
}

function headerOf({ headers }: Pick<SiteAnswer, 'headers'>, wanted: string): string | undefined {
  return headers.find(({ name }) => name.toLowerCase() === wanted)?.value
}
