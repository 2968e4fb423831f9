import { type Block, blockOf } from '@interpeer/content-store'
import { bytesOfContentId, type ContentId, type PeerId } from '@interpeer/crypto-ids'
import { REQUEST_PART_BYTES, REQUEST_WHOLE_BODY_MAX_BYTES } from '@interpeer/peer-group'

/** Bytes of bodies that wait to be fetched: requests with more are refused. */
const SENT_MAX_BYTES = 256 * 1024 * 1024

/** A body as its request has it: inside, or as blocks that it names. */
export interface CutBody {
  readonly body: Uint8Array
  readonly parts: readonly Uint8Array[]
  readonly blocks: readonly Block[]
}
export function cutBody(body: Uint8Array): CutBody {
  if (body.length <= REQUEST_WHOLE_BODY_MAX_BYTES) return { body, parts: [], blocks: [] }
  const blocks: Block[] = []
  // no copies: the whole body stays as long as its request is under way
  for (let at = 0; at < body.length; at += REQUEST_PART_BYTES) blocks.push(blockOf(body.subarray(at, at + REQUEST_PART_BYTES), 'raw'))
  return { body: new Uint8Array(), parts: blocks.map(({ cid }) => bytesOfContentId(cid)), blocks }
}

/** One body that is being sent. */
interface SentBody {
  /** This peer was asked: it may fetch the body from here. */
  readonly to: (peer: PeerId) => void
  /** The request is over. */
  readonly end: () => void
}

/** One request under way, and who may have its body. */
interface Sending {
  readonly asked: Set<PeerId>
  readonly isMember: (peer: PeerId) => boolean
}

/** The bodies of this peer's own requests, for the members that it asked and the rest of their group: in memory, while it asks. */
export class SentBodies {
  /** Each block with the requests that have it. */
  readonly #blocks = new Map<ContentId, { readonly bytes: Uint8Array; readonly of: Set<Sending> }>()
  /** Who was asked, and in how many requests. */
  readonly #asked = new Map<PeerId, number>()
  readonly #maxBytes: number
  #bytes = 0

  constructor(maxBytes = SENT_MAX_BYTES) {
    this.#maxBytes = maxBytes
  }

  /** Undefined also where it is of no request that the asker has anything to do with: a CID is no secret. */
  readonly get = (cid: ContentId, asker: PeerId): Uint8Array | undefined => {
    const held = this.#blocks.get(cid)
    const mayHave = [...(held?.of ?? [])].some(({ asked, isMember }) => asked.has(asker) || isMember(asker))
    return mayHave ? held?.bytes : undefined
  }
  readonly has = (cid: ContentId): boolean => this.#blocks.has(cid)
  readonly mayAsk = (peer: PeerId): boolean => this.#asked.has(peer)

  /**
   * Undefined: no room.
   * @param isMember whether a peer is of the group that is asked: one that was asked may pass on what it fetched, so they may have it here as well
   */
  open(blocks: readonly Block[], isMember: (peer: PeerId) => boolean): SentBody | undefined {
    const bytes = blocks.reduce((sum, block) => sum + block.bytes.length, 0)
    if (this.#bytes + bytes > this.#maxBytes) return undefined
    this.#bytes += bytes
    const sending: Sending = { asked: new Set(), isMember }
    for (const block of blocks) {
      const held = this.#blocks.get(block.cid) ?? { bytes: block.bytes, of: new Set<Sending>() }
      held.of.add(sending)
      this.#blocks.set(block.cid, held)
    }
    let isOver = false
    return {
      to: (peer) => {
        if (isOver || sending.asked.has(peer)) return
        sending.asked.add(peer)
        this.#asked.set(peer, (this.#asked.get(peer) ?? 0) + 1)
      },
      end: () => {
        if (isOver) return
        isOver = true
        this.#bytes -= bytes
        for (const { cid } of blocks) {
          const held = this.#blocks.get(cid)
          held?.of.delete(sending)
          if (held?.of.size === 0) this.#blocks.delete(cid)
        }
        for (const peer of sending.asked) {
          const left = (this.#asked.get(peer) ?? 1) - 1
          if (left > 0) this.#asked.set(peer, left)
          else this.#asked.delete(peer)
        }
      },
    }
  }
}
