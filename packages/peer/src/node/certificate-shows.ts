import type { PeerId } from '@interpeer/crypto-ids'
import type { Overlay } from '@interpeer/overlay/node'
import type { SiteView } from '../site-view.js'
import { Paces } from './paces.js'
import type { ProvenPlace } from './reply-proof.js'

/** A group whose steps lack a member makes two or three in a second: each has to wait for its window. */
const EACH = { most: 16, perSecond: 4 }

/**
 * Shows members the certificates that visitors believed and that lack them (docs/protocol/peer-group.md, 14): q members that certify what is wrong, and keep it from
 * those that would contradict them, don't know what visitors do with it. Nothing waits for it, and nothing that a member says to it is heard.
 */
export class CertificateShows {
  readonly #overlay: Pick<Overlay, 'send' | 'peerId'>
  readonly #now: () => number
  /** Certificates that were looked at. */
  readonly #seen = new WeakSet<object>()
  readonly #paces = new Paces(EACH)

  constructor(overlay: Pick<Overlay, 'send' | 'peerId'>, now: () => number) {
    this.#overlay = overlay
    this.#now = now
  }

  /** Once for each certificate. Of an epoch that is over nobody can say anything any more. */
  show(view: SiteView, certificate: Uint8Array | null, { certified, epoch }: ProvenPlace): void {
    if (certificate === null || certified === undefined || this.#seen.has(certified)) return
    this.#seen.add(certified)
    const members = epoch === view.epoch ? view.members : epoch === view.epoch + 1 ? (view.next?.members ?? []) : []
    const there = new Set<PeerId>([...certified.agreed, ...certified.contradicted, this.#overlay.peerId])
    for (const member of members) {
      if (there.has(member) || !this.#paces.allows(`${view.job} ${member}`, this.#now())) continue
      this.#overlay.send(member, certificate)
    }
  }
}
