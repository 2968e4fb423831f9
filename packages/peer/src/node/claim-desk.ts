import { type ClaimBook, claimedRoots, forgetClaims, openClaimBook, type RecordStore, takeClaim } from '@interpeer/content-store'
import type { ContentId, JobId, NetworkId, PeerId } from '@interpeer/crypto-ids'

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
  #book: ClaimBook
  #last: Promise<unknown> = Promise.resolve()

  /** @throws {ContentStoreError} RECORD_CORRUPT: who does not know all claims must not collect */
  constructor(at: ClaimsAt) {
    this.#at = at
    this.#book = openClaimBook(at.records, at.network).book
  }

  /** What is claimed now. */
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
      this.#book = book
      if (dropped.length > 0) await records.delete(dropped)
    })
  }

  /** Forgets claims that ended so long ago that none of their time could come again. */
  tidy(): Promise<void> {
    return this.#inTurn(async () => {
      const { book, keys } = forgetClaims(this.#book, this.#at.now())
      if (keys.length === 0) return
      await this.#at.records.delete(keys)
      this.#book = book
    })
  }

  /** One change at a time: each is made from the book that the one before left. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(work)
    this.#last = done.catch(() => {})
    return done
  }
}
