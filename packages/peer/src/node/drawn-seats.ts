import type { RecordStore } from '@interpeer/content-store'
import { bytesOfContentId, contentIdOfBytes, type JobId, jobIdOf, type PeerId } from '@interpeer/crypto-ids'
import { drawnSeat, type Job, SEAT_SHOWN_BYTES_MAX, type SeatClaim, seatShown, wantSeat } from '@interpeer/job-scheduler'
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
  if (earlier === undefined || now === undefined || before.header === null || seat >= now.timetable.seats) return undefined
  if (earlier.state === now.state && earlier.epoch === now.epoch && earlier.next === now.next) return undefined
  return (['next', 'epoch'] as const).map((of) => ({ job, seat, of })).find((claim) => drawnSeat(earlier, now, claim) !== undefined)
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
  /** The seats kept of each job. */
  readonly #kept = new Map<string, Set<number>>()
  #keptSeats = 0

  constructor(at: { readonly self: PeerId; readonly records: RecordStore; readonly count: (code: string) => void }) {
    this.#self = at.self
    this.#records = at.records
    this.#count = at.count
    for (const key of at.records.keys('')) {
      const slash = key.lastIndexOf('/')
      this.#note(key.slice(0, slash), Number(key.slice(slash + 1)))
    }
  }

  /** After each block, and at the start. Throws nothing: what it can't keep is counted. */
  onTip(at: Block): void {
    const before = this.#last
    this.#last = at
    if (before?.height === at.height - 1) this.#follow(before, at)
    else this.#jump(at)
  }
  #follow(before: Block, at: Block): void {
    this.#blocks = [{ before, at }, ...this.#blocks].slice(0, BLOCKS_MAX)
    for (const [job, entry] of at.state.jobs) {
      if (entry === before.state.jobs.get(job)) continue
      try {
        if (this.#isOwn(entry)) this.#keep(before, at, entry)
        else this.#forget(job)
      } catch {
        this.#count('SEAT_UNWRITTEN')
      }
    }
  }

  /** The last draw of a seat that can be shown. */
  shown(job: JobId, seat: number): ProvenDraw | undefined {
    for (const { before, at } of this.#blocks) {
      const claim = drawIn(before, at, job, seat)
      if (claim !== undefined) return { claim, height: at.height, proof: seatProofOf(before, at, claim) }
    }
    const stored = this.#kept.get(job)?.has(seat) ? this.#records.get(keyOf(job, seat)) : undefined
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
      const claim = drawIn(before, at, job, seat)
      if (claim === undefined || (this.#keptSeats >= KEPT_MAX && !this.#kept.get(job)?.has(seat))) continue
      const bytes = encoded({ claim, height: at.height, proof: seatProofOf(before, at, claim) })
      if (bytes === undefined) continue
      this.#note(job, seat)
      entries.push([keyOf(job, seat), bytes])
    }
    if (entries.length > 0) this.#records.put(entries).catch(() => this.#count('SEAT_UNWRITTEN'))
  }
  /** What came between is not known: what the blocks before drew may be drawn anew, and what belongs to jobs in which it has no seat any more goes. */
  #jump({ state }: Block): void {
    this.#blocks = []
    const own = new Set<string>([...state.jobs.values()].filter((entry) => this.#isOwn(entry)).map(({ job }) => job))
    for (const job of [...this.#kept.keys()]) if (!own.has(job)) this.#forget(job)
  }
  #note(job: string, seat: number): void {
    const seats = this.#kept.get(job) ?? new Set()
    if (!seats.has(seat)) this.#keptSeats++
    this.#kept.set(job, seats.add(seat))
  }
  #forget(job: string): void {
    const seats = this.#kept.get(job)
    if (seats === undefined) return
    this.#kept.delete(job)
    this.#keptSeats -= seats.size
    this.#records.delete([...seats].map((seat) => keyOf(job, seat))).catch(() => this.#count('SEAT_UNWRITTEN'))
  }
}

const keyOf = (job: string, seat: number): string => `${job}/${seat}`
function encoded({ claim, height, proof }: ProvenDraw): Uint8Array | undefined {
  if (proof.length > SEAT_SHOWN_BYTES_MAX) return undefined
  return seatShown.encode({ shown: { height, isNext: claim.of === 'next', proof } })
}
/** The request for the last draw of a seat. */
export const askOf = (job: JobId, seat: number): Uint8Array => wantSeat.encode({ job: bytesOfContentId(job), seat })
