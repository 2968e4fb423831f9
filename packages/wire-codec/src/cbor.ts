/** A link to a block: the 36 bytes of a binary CIDv1. On the wire CBOR tag 42 over 00 and the CID, as in dag-cbor. */
export class Link {
  readonly cid: Uint8Array
  constructor(cid: Uint8Array) {
    if (cid.length !== LINK_BYTES) throw new RangeError(`a link holds ${LINK_BYTES} bytes`)
    this.cid = cid
  }
}
export const LINK_BYTES = 36
export const LINK_TAG = 42

/** What deterministic CBOR here can hold: no floats, no maps, no undefined, no tag but 42. Integers lie within 64 bits. */
export type CborValue = null | boolean | number | bigint | string | Uint8Array | Link | readonly CborValue[]
export interface CborLimits {
  /** At most 16 MiB if not given. */
  readonly maxBytes?: number
  /** How many values there may be, lists and what is in them each counted; a link is one. At most 65,536 if not given. */
  readonly maxItems?: number
}
export const MAX_BYTES = 16 * 1024 * 1024
/** In memory about 15 MiB, however few bytes they are. */
export const MAX_ITEMS = 65_536
/** How many lists may lie one in another; a link counts as a list. */
export const MAX_DEPTH = 24
