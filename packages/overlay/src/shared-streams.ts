import type { PeerId } from '@interpeer/crypto-ids'
import { FRAME_PART_BYTES } from './messages.js'
import type { Session } from './session.js'

const STREAMS_MAX = 1_024

/** What a peer holds of something that all share. */
export interface Held {
  readonly incomingBytes: number
  readonly outgoingBytes: number
}

/** What all sessions share, as one of them sees it. */
export interface Shared {
  /** Takes a stream id that is free, and directs what happens to that stream to this session. Undefined: there is no room. */
  claim(session: Session): number | undefined
  release(stream: number): void
  /** Whether our own side named this peer. All others are strangers: keys cost nothing. */
  isKnown(peer: PeerId): boolean
  /** By all sessions with this peer. */
  heldBy(peer: PeerId): Held
  /** Whether a stranger had to make room. */
  makeRoom(session: Session, of: 'incomingBytes' | 'outgoingBytes', bytes: number): boolean
}

export interface SharedHost {
  freeStreamId(isTaken: (id: number) => boolean): number
  isKnown(peer: PeerId): boolean
  sessionsOf(peer: PeerId): readonly Session[]
}

interface Share {
  peer: PeerId
  all: number
  /** Of its sessions the one with most. */
  largest: Session
}

/**
 * The bulk streams of all sessions, and who makes room when what all share is used up: the stranger that holds most, or of several
 * with as much the one whose stream was used least lately. It loses one stream, and with it what that carries. A peer that our own side named
 * never does; a stranger makes room only for one that holds less.
 */
export class SharedStreams implements Shared {
  readonly #host: SharedHost
  readonly #owners = new Map<number, Session>() // by our udx id

  constructor(host: SharedHost) {
    this.#host = host
  }

  get size(): number {
    return this.#owners.size
  }

  ownerOf(stream: number): Session | undefined {
    return this.#owners.get(stream)
  }

  claim(session: Session): number | undefined {
    if (this.#owners.size >= STREAMS_MAX && !this.#crowdOut(session, () => 1, 1)) return undefined
    const stream = this.#host.freeStreamId((id) => this.#owners.has(id))
    this.#owners.set(stream, session)
    return stream
  }

  release(stream: number): void {
    this.#owners.delete(stream)
  }

  isKnown(peer: PeerId): boolean {
    return this.#host.isKnown(peer)
  }

  heldBy(peer: PeerId): Held {
    const held = { incomingBytes: 0, outgoingBytes: 0 }
    for (const { bulk } of this.#host.sessionsOf(peer)) {
      held.incomingBytes += bulk.held.incomingBytes
      held.outgoingBytes += bulk.held.outgoingBytes
    }
    return held
  }

  makeRoom(session: Session, of: 'incomingBytes' | 'outgoingBytes', bytes: number): boolean {
    return this.#crowdOut(session, ({ bulk }) => (of === 'incomingBytes' ? bulk.held.incomingBytes : bulk.answerBytes), bytes)
  }

  #crowdOut(session: Session, partOf: (session: Session) => number, more: number): boolean {
    const { peer } = session.options
    const shares = this.#sharesOf(partOf)
    const least = this.isKnown(peer) ? Math.min(more, FRAME_PART_BYTES) : (shares.get(peer)?.all ?? 0) + more
    shares.delete(peer)
    let crowder: Share | undefined
    for (const share of shares.values()) {
      if (share.all < least || this.isKnown(share.peer)) continue
      const isMore = crowder === undefined || share.all > crowder.all
      if (isMore || (share.all === crowder?.all && share.largest.bulk.usedAtMs < crowder.largest.bulk.usedAtMs)) crowder = share
    }
    crowder?.largest.bulk.stream.die()
    return crowder !== undefined
  }

  #sharesOf(partOf: (session: Session) => number): Map<PeerId, Share> {
    const shares = new Map<PeerId, Share>()
    for (const session of this.#owners.values()) {
      if (!session.bulk.stream.isConnected) continue // we are asking for it: that is no one's doing but ours
      const { peer } = session.options
      const [share, part] = [shares.get(peer), partOf(session)]
      const isLargest = share === undefined || part > partOf(share.largest)
      shares.set(peer, { peer, all: (share?.all ?? 0) + part, largest: isLargest ? session : share.largest })
    }
    return shares
  }
}
