import { type ClaimBook, claimedRoots, forgetClaims, openClaimBook, type RecordStore, signClaim, takeClaim } from '@interpeer/content-store'
import type { ContentId, JobId, NetworkId, PeerId, Signer } from '@interpeer/crypto-ids'
import type { Overlay } from '@interpeer/overlay/node'
import type { SiteView } from '../site-view.js'

export interface ClaimsAt {
  readonly records: RecordStore
  readonly network: NetworkId
  readonly now: () => number
  /** Whether this peer has a part in the job, and the signer speaks for it. */
  readonly mayClaim: (job: JobId, from: PeerId) => boolean
}

/** What others who speak for a job asked this peer to keep, over restarts (ADR 0007). */
export class ClaimDesk {
  readonly #at: ClaimsAt
  #known: ClaimBook | undefined
  #last: Promise<unknown> = Promise.resolve()

  constructor(at: ClaimsAt) {
    this.#at = at
  }

  /** @throws {ContentStoreError} RECORD_CORRUPT: who does not know all claims must not collect, nor take more */
  get #book(): ClaimBook {
    this.#known ??= openClaimBook(this.#at.records, this.#at.network).book
    return this.#known
  }

  /** What is claimed now. @throws {ContentStoreError} RECORD_CORRUPT */
  roots(): ReadonlySet<ContentId> {
    return claimedRoots(this.#book, this.#at.now())
  }

  /** Takes a claim: it counts, and is on disk, when it resolves. @throws as `takeClaim` (rejects) */
  take(envelope: Uint8Array): Promise<void> {
    return this.#inTurn(async () => {
      const { network, now, mayClaim, records } = this.#at
      const { book, records: entries, dropped } = takeClaim(this.#book, envelope, { network, nowMs: now(), mayClaim })
      if (entries.length === 0) return
      await records.put(entries)
      this.#known = book
      if (dropped.length > 0) await records.delete(dropped)
    })
  }

  /** Forgets claims that ended so long ago that none of their time could come again. */
  tidy(): Promise<void> {
    return this.#inTurn(async () => {
      const { book, keys } = forgetClaims(this.#book, this.#at.now())
      if (keys.length === 0) return
      await this.#at.records.delete(keys)
      this.#known = book
    })
  }

  /** One change at a time: each is made from the book that the one before left. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(work)
    this.#last = done.catch(() => {})
    return done
  }
}

const ASK_MS = 5_000
export interface ClaimTo {
  readonly signer: Signer
  readonly network: NetworkId
  readonly overlay: Overlay
  readonly own: ClaimDesk
  readonly now: () => number
}

/**
 * Asks all members of a site's group, and those who come next, to keep these roots and no others for this peer. Resolves to those who do.
 * @throws {WireError} WIRE_SHAPE for more than 16 roots
 */
export async function claimAtMembers(
  { job, members, next }: SiteView,
  { roots, untilMs }: { readonly roots: readonly ContentId[]; readonly untilMs: number },
  { signer, network, overlay, own, now }: ClaimTo,
): Promise<readonly PeerId[]> {
  const envelope = signClaim({ job, roots, issuedMs: now(), untilMs }, signer, network)
  const ask = async (peer: PeerId): Promise<PeerId> => {
    if (peer === signer.peerId) await own.take(envelope)
    else await overlay.request(peer, envelope, { timeoutMs: ASK_MS })
    return peer
  }
  const asked = await Promise.allSettled([...new Set([...members, ...(next?.members ?? [])])].map(ask))
  return asked.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
}
