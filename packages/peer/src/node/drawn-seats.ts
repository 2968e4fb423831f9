import type { RecordStore } from '@interpeer/content-store'
import { bytesOfContentId, contentIdOfBytes, type JobId, jobIdOf, type PeerId } from '@interpeer/crypto-ids'
import { drawnSeat, type Job, jobRecordOf, SEAT_SHOWN_BYTES_MAX, type SeatClaim, seatShown, wantSeat } from '@interpeer/job-scheduler'
import type { Tip } from '@interpeer/vote-chain'
import { type NetworkState, seatProofOf } from '../network/index.js'

/** Blocks whose draws are proven from the states on both sides: as many as light clients are shown entries of. */
const BLOCKS_MAX = 16
/** Seats whose last draw is kept on the disk. */
const KEPT_MAX = 4_096

type Block = Tip<NetworkState>
/** Who a seat fell to, and in which block: shown to who knows that block's hash (`checkSeatProof`). */
export interface ProvenDraw {
  readonly claim: SeatClaim
  readonly height: number
  /** A `seat-proof`. */
  readonly proof: Uint8Array
}

/** What a block drew for a seat: the epoch that it opens, or the next one, comes after it in time. */
export function drawIn(before: Block, at: Block, job: JobId, seat: number): SeatClaim | undefined {
  const [earlier, now] = [before.state.jobs.get(job), at.state.jobs.get(job)]
  if (earlier === undefined || now === undefined || earlier === now || before.header === null) return undefined
  const [old, record] = [jobRecordOf(earlier), jobRecordOf(now)]
  return (['next', 'epoch'] as const).map((of) => ({ job, seat, of })).find((claim) => drawnSeat(old, record, claim) !== undefined)
}

/**
 * What a peer can show of draws without applying any block again: all of the last blocks, from their states; and the last of each seat of its own groups, which it keeps on
 * its disk from the block that drew it on: its members are who others ask.
 */
export class DrawnSeats {
  readonly #self: PeerId
  readonly #records: RecordStore
  readonly #count: (code: string) => void
  #blocks: readonly { readonly before: Block; readonly at: Block }[] = []
  #last: Block | undefined
  readonly #kept: Set<string>

  constructor(at: { readonly self: PeerId; readonly records: RecordStore; readonly count: (code: string) => void }) {
    this.#self = at.self
    this.#records = at.records
    this.#count = at.count
    this.#kept = new Set(at.records.keys(''))
  }

  /** After each block, and at the start. */
  onTip(at: Block): void {
    const before = this.#last
    this.#last = at
    if (before === undefined) this.#forgetLeft(at)
    if (before === undefined || before.height + 1 !== at.height) return
    this.#blocks = [{ before, at }, ...this.#blocks].slice(0, BLOCKS_MAX)
    for (const [job, entry] of at.state.jobs) {
      if (entry === before.state.jobs.get(job)) continue
      if (this.#isOwn(entry)) this.#keep(before, at, entry)
      else this.#forget((key) => key.startsWith(`${job}/`))
    }
  }

  /** The last draw of a seat that can be shown. */
  shown(job: JobId, seat: number): ProvenDraw | undefined {
    for (const { before, at } of this.#blocks) {
      const claim = drawIn(before, at, job, seat)
      if (claim !== undefined) return { claim, height: at.height, proof: seatProofOf(before, at, claim) }
    }
    const key = keyOf(job, seat)
    const stored = this.#kept.has(key) ? this.#records.get(key) : undefined
    const kept = stored && seatShown.decode(stored).shown
    return kept ? { claim: { job, seat, of: kept.isNext ? 'next' : 'epoch' }, height: kept.height, proof: kept.proof } : undefined
  }

  /** @throws {WireError} it is no `want-seat` @throws {CryptoError} it names no job */
  answer(request: Uint8Array): Uint8Array {
    const { job, seat } = wantSeat.decode(request)
    const draw = this.shown(jobIdOf(contentIdOfBytes(job)), seat)
    return draw === undefined ? seatShown.encode({ shown: null }) : (encoded(draw) ?? seatShown.encode({ shown: null }))
  }

  #isOwn({ epoch, next, state }: Job): boolean {
    return state !== 'ended' && (epoch.members.includes(this.#self) || next?.joiner === this.#self)
  }
  #keep(before: Block, at: Block, { job, timetable }: Job): void {
    const entries: (readonly [string, Uint8Array])[] = []
    for (let seat = 0; seat < timetable.seats; seat++) {
      const key = keyOf(job, seat)
      const claim = drawIn(before, at, job, seat)
      if (claim === undefined || (this.#kept.size >= KEPT_MAX && !this.#kept.has(key))) continue
      const bytes = encoded({ claim, height: at.height, proof: seatProofOf(before, at, claim) })
      if (bytes === undefined) continue
      this.#kept.add(key)
      entries.push([key, bytes])
    }
    if (entries.length > 0) this.#records.put(entries).catch(() => this.#count('SEAT_UNWRITTEN'))
  }
  /** What belongs to jobs in which it has no seat any more. */
  #forgetLeft({ state }: Block): void {
    const own = new Set([...state.jobs.values()].filter((entry) => this.#isOwn(entry)).map(({ job }) => job as string))
    this.#forget((key) => !own.has(key.slice(0, key.lastIndexOf('/'))))
  }
  #forget(isGone: (key: string) => boolean): void {
    const gone = this.#kept.size === 0 ? [] : [...this.#kept].filter(isGone)
    if (gone.length === 0) return
    for (const key of gone) this.#kept.delete(key)
    this.#records.delete(gone).catch(() => this.#count('SEAT_UNWRITTEN'))
  }
}

const keyOf = (job: JobId, seat: number): string => `${job}/${seat}`
function encoded({ claim, height, proof }: ProvenDraw): Uint8Array | undefined {
  if (proof.length > SEAT_SHOWN_BYTES_MAX) return undefined
  return seatShown.encode({ shown: { height, isNext: claim.of === 'next', proof } })
}
/** The request for the last draw of a seat. */
export const askOf = (job: JobId, seat: number): Uint8Array => wantSeat.encode({ job: bytesOfContentId(job), seat })
