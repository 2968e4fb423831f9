import { BodyRoom, REQUEST_BODY_MAX_BYTES } from '@interpeer/peer/node'

const MIB = 1024 * 1024
/** Bodies that a gateway holds until their requests are answered: of one address, for one site, and in all; of forms, and as much again of longer ones. */
const SHARES = { visitorBytes: 64 * MIB, siteBytes: 128 * MIB, allBytes: 256 * MIB }

/** Longer ones are uploads: whoever sends many of them, slowly, leaves nobody without room for a form. */
const FORM_MAX_BYTES = MIB

/** Memory for what browsers send. A body that does not say how long it is may be as long as any. */
export class UploadRoom {
  readonly #forms = new BodyRoom(SHARES)
  readonly #uploads = new BodyRoom(SHARES)

  /** What gives the room back; undefined: there is none. */
  take(request: Request, visitor: string, site: string): (() => void) | undefined {
    if (request.body === null) return () => {}
    const said = request.headers.get('content-length')
    const bytes = Math.min(said === null ? REQUEST_BODY_MAX_BYTES : Number(said), REQUEST_BODY_MAX_BYTES)
    const of = { visitor, site }
    const room = bytes <= FORM_MAX_BYTES ? this.#forms : this.#uploads
    return room.take(of, bytes) ? () => room.give(of, bytes) : undefined
  }
}
