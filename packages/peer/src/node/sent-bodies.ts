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

/** The bodies of this peer's own requests, for the members that it asked: in memory, while it asks. */
export class SentBodies {
  readonly #blocks = new Map<ContentId, { readonly bytes: Uint8Array; uses: number }>()
  /** Who may have some, and of how many requests. */
  readonly #asked = new Map<PeerId, number>()
  readonly #maxBytes: number
  #bytes = 0

  constructor(maxBytes = SENT_MAX_BYTES) {
    this.#maxBytes = maxBytes
  }

  readonly get = (cid: ContentId): Uint8Array | undefined => this.#blocks.get(cid)?.bytes
  readonly has = (cid: ContentId): boolean => this.#blocks.has(cid)
  readonly mayAsk = (peer: PeerId): boolean => this.#asked.has(peer)

  /** Undefined: no room. */
  open(blocks: readonly Block[]): SentBody | undefined {
    const bytes = blocks.reduce((sum, block) => sum + block.bytes.length, 0)
    if (this.#bytes + bytes > this.#maxBytes) return undefined
    this.#bytes += bytes
    for (const block of blocks) {
      const known = this.#blocks.get(block.cid)
      if (known === undefined) this.#blocks.set(block.cid, { bytes: block.bytes, uses: 1 })
      else known.uses++
    }
    const peers = new Set<PeerId>()
    let isOver = false
    return {
      to: (peer) => {
        if (isOver || peers.has(peer)) return
        peers.add(peer)
        this.#asked.set(peer, (this.#asked.get(peer) ?? 0) + 1)
      },
      end: () => {
        if (isOver) return
        isOver = true
        this.#bytes -= bytes
        for (const { cid } of blocks) {
          const held = this.#blocks.get(cid)
          if (held !== undefined && --held.uses === 0) this.#blocks.delete(cid)
        }
        for (const peer of peers) {
          const left = (this.#asked.get(peer) ?? 1) - 1
          if (left > 0) this.#asked.set(peer, left)
          else this.#asked.delete(peer)
        }
      },
    }
  }
}
