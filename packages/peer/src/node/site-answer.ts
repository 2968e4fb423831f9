import type { ContentId, PeerId } from '@interpeer/crypto-ids'
import type { HttpHeader } from '@interpeer/peer-group'

/** One HTTP request of a visitor. */
export interface VisitorRequest {
  readonly method: string
  readonly target: string
  readonly host: string
  readonly https: boolean
  readonly headers: readonly HttpHeader[]
  readonly body: Uint8Array
}
/** A member's answer, signed by it or proven by what its group certified. */
export interface SiteAnswer {
  readonly ran: 'read' | 'write' | 'refused'
  /** Why it was refused; empty otherwise. */
  readonly code: string
  readonly peer: PeerId
  readonly epoch: number
  readonly step: number
  readonly state: ContentId
  readonly stale: boolean
  /** A write that q members agree on, and that may still be disputed: its job wants visitors answered so early. */
  readonly provisional: boolean
  /** A member came to something else, and no jury could say who is right. */
  readonly unjudged: boolean
  /** SHA-256 of the certificate, in hexadecimal. */
  readonly certificate: string | undefined
  readonly status: number
  readonly headers: readonly HttpHeader[]
  readonly body: Uint8Array
  /** The body where it is long: `body` is empty then. It is fetched as it is taken, each piece checked before it is given on. */
  readonly download?: Download
}
export interface Download {
  /** Bytes in all. */
  readonly length: number
  /** Of these in memory while it is taken, at most. */
  readonly heldBytes: number
  /** @throws {PeerError} REPLY_FALSE where a piece is not the one that the signed answer promised: the file has changed, or a member lied */
  readonly read: () => AsyncGenerator<Uint8Array, void, undefined>
}
/** With this method a request runs nothing: the member only says which state it serves, and proves it. */
export const STATE_METHOD = 'STATE'
