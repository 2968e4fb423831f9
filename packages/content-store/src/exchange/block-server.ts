import type { ContentId, PeerId } from '@interpeer/crypto-ids'
import type { GetBlock } from '../blocks.js'
import { blocksReply, REPLY_MAX_CONTENT_BYTES } from './messages.js'
import { ServingCore, type ServingEffect, type ServingEvent } from './serving-core.js'

export interface BlockServerOptions {
  /** Hides what nobody, or this asker, may have. */
  readonly get: (cid: ContentId, asker: PeerId) => ReturnType<GetBlock>
  /** In ms; never runs backwards. */
  readonly now: () => number
  /** Lets other work go on between two replies, each of which reads and hashes up to 4 MiB. Default: none. */
  readonly pause?: (() => Promise<void>) | undefined
  /** A peer was told to come again, because too much waits. What this throws is what the peer's `answer` rejects with. */
  readonly onBusy?: ((peer: PeerId) => void) | undefined
}
export interface BlockServer {
  /**
   * Answers a peer's `want-blocks`, in its turn: with `blocks`, or with `content-busy` when too much waits, at once or when others need the room.
   * @throws {WireError} when the request is not one
   * @throws {CryptoError} CONTENT_ID_BYTES when it asks for what cannot be a block
   */
  readonly answer: (from: PeerId, request: Uint8Array) => Promise<Uint8Array>
}

/** Serves blocks to many askers, fairly: one reply at a time. Who may ask is for the caller to say. */
export function openBlockServer({ get, now, pause, onBusy }: BlockServerOptions): BlockServer {
  const core = new ServingCore()
  const replies = new Map<number, { resolve: (reply: Uint8Array) => void; reject: (cause: unknown) => void }>()
  let [serial, isServing] = [0, false]
  const give = (event: ServingEvent): readonly ServingEffect[] => core.step(event, now())
  const settle = (ticket: number, answer: () => Uint8Array): void => {
    const waiting = replies.get(ticket)
    replies.delete(ticket)
    try {
      waiting?.resolve(answer())
    } catch (cause) {
      waiting?.reject(cause)
    }
  }
  const serveOne = (): void => {
    for (const effect of give({ type: 'turn' })) {
      if (effect.type !== 'serve') continue
      settle(effect.ticket, () => {
        const reply = blocksReply.encode({ blocks: blocksFor((cid) => get(cid, effect.from), effect.cids) })
        give({ type: 'served', from: effect.from, bytes: reply.length })
        return reply
      })
    }
  }
  /** What the pause or the clock throws is what everybody who waits then gets; who asks later is served. */
  const serveAll = async (): Promise<void> => {
    isServing = true
    try {
      while (core.waiting > 0) {
        serveOne()
        await pause?.()
      }
    } catch (cause) {
      for (const ticket of [...replies.keys()]) {
        settle(ticket, () => {
          throw cause
        })
      }
    } finally {
      isServing = false
    }
  }
  return {
    answer: (from, request) =>
      new Promise((resolve, reject) => {
        const ticket = serial++
        replies.set(ticket, { resolve, reject })
        try {
          for (const effect of give({ type: 'want', ticket, from, request })) {
            if (effect.type !== 'refuse') continue
            settle(effect.ticket, () => {
              onBusy?.(effect.from)
              return effect.reply
            })
          }
        } catch (cause) {
          return settle(ticket, () => {
            throw cause
          })
        }
        if (!isServing) void serveAll()
      }),
  }
}

/** As many as fit in one reply. */
function blocksFor(get: GetBlock, cids: readonly Parameters<GetBlock>[0][]): readonly (Uint8Array | null)[] {
  const blocks: (Uint8Array | null)[] = []
  let contentBytes = 0
  for (const cid of cids) {
    const bytes = get(cid) ?? null
    contentBytes += bytes?.length ?? 0
    if (contentBytes > REPLY_MAX_CONTENT_BYTES) break
    blocks.push(bytes)
  }
  return blocks
}
