import type { SiteAnswer, VisitorRequest } from '@interpeer/peer/node'
import { askedAgain, forVisitor, type Keyed, keyOf } from './cache-request.js'
import { type KeptAnswer, keepable, sharedTag, sizeOf, withConfirmation } from './kept-answer.js'

export type CacheUse = 'hit' | 'revalidated' | 'stored'
export interface CachedAnswer {
  readonly answer: SiteAnswer
  /** Left out: the answer has nothing to do with the cache. */
  readonly use?: CacheUse
}
interface AnswerCacheOptions {
  /** Of bodies and headers together; 0: nothing is kept. */
  readonly maxBytes: number
  readonly now: () => number
}

/** A state that a member proved is taken for the last one for so long: the files of a page are asked for just after the page. */
const CURRENT_MS = 3_000
/** What is kept is one member's word: after so long one is asked again, whatever the state. */
const CONFIRMED_MS = 60_000
/** That a file has not changed says nothing of its type, and what else its first giver said of it: after so long all of it is asked for again. */
const GIVEN_MS = 600_000
/** A site of that name that begins anew counts from the beginning: what was known of the one before is forgotten after this. */
const FORGOTTEN_MS = 60_000
const SITES_MAX = 4_096
/** One answer takes no more of the cache than this share. */
const ENTRY_SHARE = 8

interface Latest {
  readonly epoch: number
  readonly step: number
  readonly state: SiteAnswer['state']
  readonly provenMs: number
}

/**
 * Answers that are the same for all who ask, in bounded memory. Each belongs to the certified state that it was read from: it is given only while that is the last
 * state which any answer for the site has proven, and that a moment ago. Else a member is asked whether it still holds (`If-None-Match`).
 */
export class AnswerCache {
  readonly #options: AnswerCacheOptions
  /** The longest unused first. */
  readonly #kept = new Map<string, KeptAnswer>()
  readonly #latest = new Map<string, Latest>()
  #bytes = 0

  constructor(options: AnswerCacheOptions) {
    this.#options = options
  }

  get bytes(): number {
    return this.#bytes
  }

  /** @param ask asks the site's group @throws what `ask` throws */
  async answer(site: string, visitor: VisitorRequest, ask: (visitor: VisitorRequest) => Promise<SiteAnswer>): Promise<CachedAnswer> {
    const keyed = this.#options.maxBytes > 0 ? keyOf(site, visitor) : undefined
    const asking = (request: VisitorRequest) => this.#asking(site, request, ask)
    if (keyed === undefined) return { answer: await asking(visitor) }
    const kept = this.#kept.get(keyed.key)
    if (kept !== undefined && !keyed.isAnew && this.#isCurrent(site, kept)) return { answer: this.#give(keyed, kept, visitor), use: 'hit' }
    if (kept?.tag !== undefined && this.#options.now() - kept.givenMs <= GIVEN_MS) {
      const said = await asking(askedAgain(visitor, kept.tag))
      if (said.status === 304 && sharedTag(said) === kept.tag) {
        const confirmed = withConfirmation(kept, said, this.#options.now())
        this.#put(keyed.key, confirmed)
        return { answer: this.#give(keyed, confirmed, visitor), use: 'revalidated' }
      }
      this.#drop(keyed.key)
      if (said.status !== 304) return this.#store(keyed, said)
    }
    return this.#store(keyed, await asking(visitor))
  }

  async #asking(site: string, visitor: VisitorRequest, ask: (visitor: VisitorRequest) => Promise<SiteAnswer>): Promise<SiteAnswer> {
    const askedMs = this.#options.now()
    const answer = await ask(visitor)
    this.#see(site, answer, askedMs)
    return answer
  }

  #store({ key }: Keyed, answer: SiteAnswer): CachedAnswer {
    const kept = keepable(answer, this.#options.now())
    if (kept === undefined || sizeOf(key, kept) > this.#options.maxBytes / ENTRY_SHARE) {
      if (answer.status === 200) this.#drop(key)
      return { answer }
    }
    this.#put(key, kept)
    return { answer, use: 'stored' }
  }

  #give({ key }: Keyed, kept: KeptAnswer, visitor: VisitorRequest): SiteAnswer {
    // used last: others go first
    this.#kept.delete(key)
    this.#kept.set(key, kept)
    return forVisitor(kept, visitor, this.#options.now())
  }

  #isCurrent(site: string, { answer, confirmedMs, untilMs }: KeptAnswer): boolean {
    const nowMs = this.#options.now()
    const latest = this.#latest.get(site)
    if (latest === undefined || latest.state !== answer.state || nowMs - latest.provenMs > CURRENT_MS) return false
    return nowMs - confirmedMs <= CONFIRMED_MS && nowMs < untilMs
  }

  /** Which state an answer proved, and when at the latest it was the last one. */
  #see(site: string, { ran, stale, epoch, step, state }: SiteAnswer, askedMs: number): void {
    if (ran === 'refused' || stale) return
    const known = this.#latest.get(site)
    const isOld = known !== undefined && (epoch < known.epoch || (epoch === known.epoch && step < known.step))
    if (isOld && askedMs - known.provenMs <= FORGOTTEN_MS) return
    const provenMs = known?.state === state ? Math.max(known.provenMs, askedMs) : askedMs
    this.#latest.delete(site)
    this.#latest.set(site, { epoch, step, state, provenMs })
    for (const name of this.#latest.keys()) {
      if (this.#latest.size <= SITES_MAX) break
      this.#latest.delete(name)
    }
  }

  #put(key: string, kept: KeptAnswer): void {
    this.#drop(key)
    this.#kept.set(key, kept)
    this.#bytes += sizeOf(key, kept)
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= this.#options.maxBytes) break
      this.#drop(oldest)
    }
  }

  #drop(key: string): void {
    const kept = this.#kept.get(key)
    if (kept === undefined) return
    this.#kept.delete(key)
    this.#bytes -= sizeOf(key, kept)
  }
}
