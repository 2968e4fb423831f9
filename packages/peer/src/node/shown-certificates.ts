import type { PeerId } from '@interpeer/crypto-ids'

const PEERS_MAX = 1_024
const EACH_MAX = 8

/**
 * The certificates that each asker was sent last: all the writes of one step that it asked for are proven by one, which it needs once. A guess at what it still
 * has: who lacks one asks.
 */
export class ShownCertificates {
  /** Their digests, oldest first; who was sent something lately stands last. */
  readonly #peers = new Map<PeerId, readonly string[]>()

  has(peer: PeerId, digest: string): boolean {
    return this.#peers.get(peer)?.includes(digest) ?? false
  }

  add(peer: PeerId, digest: string): void {
    const shown = this.#peers.get(peer) ?? []
    this.#peers.delete(peer)
    if (this.#peers.size >= PEERS_MAX) this.#peers.delete(this.#peers.keys().next().value as PeerId)
    this.#peers.set(peer, [...shown, digest].slice(-EACH_MAX))
  }
}
