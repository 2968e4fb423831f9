import type { RecordStore } from '@interpeer/content-store'
import { type ContentId, contentIdOfBytes, type JobId, type PeerId, peekPayload, peerIdOfKey, sha256 } from '@interpeer/crypto-ids'
import { readContradiction, siteReply } from '@interpeer/peer-group'
import { hexOf } from '@interpeer/wire-codec'

/** Pieces of evidence kept, of all and against one member of one site; and how long. With the state that each is about, so that it can be run again. */
const KEPT_MAX = 32
const KEPT_OF_ONE_MAX = 2
const KEPT_MS = 30 * 24 * 3_600_000

/** A member's reply that came out otherwise when it was run again. */
export interface Contradiction {
  readonly job: JobId
  readonly answerer: PeerId
  readonly accuser: PeerId
  /** The group state that the read was of. */
  readonly state: ContentId
  /** When it was found, network time. */
  readonly atMs: number
  /** A signed `read-contradiction`, for `verifyReadContradiction` and `judgeRead` of peer-group. */
  readonly evidence: Uint8Array
}

/** Evidence against false reads, over restarts. What is more than enough is counted only. */
export class ReadEvidence {
  readonly #records: RecordStore
  readonly #count: (code: string) => void
  #known: readonly Contradiction[] | undefined
  #last: Promise<unknown> = Promise.resolve()

  constructor(records: RecordStore, count: (code: string) => void) {
    this.#records = records
    this.#count = count
  }

  /** The oldest first. */
  get all(): readonly Contradiction[] {
    this.#known ??= this.#read()
    return this.#known
  }
  /** What must stay in the store, with all below it, for others to run it again. */
  get roots(): readonly ContentId[] {
    return this.all.map(({ state }) => state)
  }

  /** Durable when it resolves, unless there is enough of it. The evidence was checked, or is this peer's own. */
  keep(evidence: Uint8Array, about: Pick<Contradiction, 'job' | 'answerer' | 'atMs'>): Promise<void> {
    return this.#inTurn(async () => {
      const { job, answerer } = about
      const key = keyOf(about, evidence)
      const ofOne = this.all.filter((one) => one.job === job && one.answerer === answerer)
      if (ofOne.some((one) => sha256Of(one.evidence) === sha256Of(evidence))) return
      const piece = contradictionOf(key, evidence)
      if (piece === undefined || ofOne.length >= KEPT_OF_ONE_MAX || this.all.length >= KEPT_MAX) return this.#count('READ_EVIDENCE_DROPPED')
      this.#known = [...this.all, piece] // its state stays from now on
      try {
        await this.#records.put([[key, evidence]])
      } catch (error) {
        this.#known = this.all.filter((one) => one !== piece)
        throw error
      }
      this.#count('READ_EVIDENCE_KEPT')
    })
  }

  /** Forgets what is older than 30 days. */
  tidy(nowMs: number): Promise<void> {
    return this.#inTurn(async () => {
      const old = this.all.filter(({ atMs }) => nowMs - atMs > KEPT_MS)
      if (old.length === 0) return
      await this.#records.delete(old.map((one) => keyOf(one, one.evidence)))
      this.#known = this.all.filter((one) => !old.includes(one))
    })
  }

  #read(): readonly Contradiction[] {
    try {
      const kept = [...this.#records.list('')].flatMap(([key, evidence]) => contradictionOf(key, evidence) ?? [])
      return kept.sort((a, b) => a.atMs - b.atMs)
    } catch {
      this.#count('READ_EVIDENCE_UNREADABLE') // a spoiled record: nothing was promised by it
      return []
    }
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(work)
    this.#last = done.catch(() => {})
    return done
  }
}

const sha256Of = (bytes: Uint8Array): string => hexOf(sha256(bytes))
const keyOf = ({ job, atMs }: Pick<Contradiction, 'job' | 'atMs'>, evidence: Uint8Array): string => `${job}/${atMs}/${sha256Of(evidence)}`

/** What a record says; undefined where it is not what was written. Its signatures were checked before. */
function contradictionOf(key: string, evidence: Uint8Array): Contradiction | undefined {
  const [, job = '', atMs = ''] = /^([^/]+)\/(\d{1,16})\/[0-9a-f]{64}$/.exec(key) ?? []
  try {
    const { from, reply } = readContradiction.decode(peekPayload(evidence) as Uint8Array)
    const replied = siteReply.decode(peekPayload(reply) as Uint8Array)
    const [accuser, answerer, state] = [peerIdOfKey(from), peerIdOfKey(replied.from), contentIdOfBytes(replied.state)]
    return job === '' ? undefined : { job: job as JobId, answerer, accuser, state, atMs: Number(atMs), evidence }
  } catch {
    return undefined
  }
}
