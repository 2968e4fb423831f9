import { BodyRoom, REQUEST_BODY_MAX_BYTES } from '@interpeer/peer/node'

const MIB = 1024 * 1024
/** Bodies that a gateway holds until their requests are answered: of one address, for one site, and in all. */
const SHARES = { visitorBytes: 64 * MIB, siteBytes: 128 * MIB, allBytes: 256 * MIB }

/** Memory for what browsers send. A body that does not say how long it is may be as long as any. */
export class UploadRoom {
  readonly #room = new BodyRoom(SHARES)

  /** What gives the room back; undefined: there is none. */
  take(request: Request, visitor: string, site: string): (() => void) | undefined {
    if (request.body === null) return () => {}
    const said = request.headers.get('content-length')
    const bytes = Math.min(said === null ? REQUEST_BODY_MAX_BYTES : Number(said), REQUEST_BODY_MAX_BYTES)
    const of = { visitor, site }
    if (!this.#room.take(of, bytes)) return undefined
    return () => this.#room.give(of, bytes)
  }
}
