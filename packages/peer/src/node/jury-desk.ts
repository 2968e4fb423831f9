import { bytesOfContentId, type ContentId, type PeerId, sha256 } from '@interpeer/crypto-ids'
import { type JurorSetup, type RequestRef, verifyDispute } from '@interpeer/peer-group'
import { contextOfCase, type DisputeCase } from '../network/disputes.js'
import type { NetworkState } from '../network/index.js'
import { JurorShell, type JurorSurroundings } from './juror-shell.js'
import { JurySeats, type JurySurroundings, SEATS_MAX, type VerdictRecord } from './jury-seats.js'
import { isHeldWriteOf } from './site-writes.js'

/** What it found stays so many blocks after its case is over, so that the next epoch's members can fetch it. */
const KEPT_BLOCKS = 8

interface Seat {
  readonly shell: JurorShell
  isOver: boolean
  blocksLeft: number
}

/** The juries on disputes that the chain draws this peer for. */
export class JuryDesk {
  readonly #around: JurorSurroundings & JurySurroundings
  readonly #seats: JurySeats<Seat>

  constructor(around: JurorSurroundings & JurySurroundings) {
    this.#around = around
    this.#seats = new JurySeats(around)
  }

  /** What the store has to keep for cases that are open, or were lately. */
  *references(): Generator<ContentId> {
    for (const { shell } of this.#seats.all.values()) yield* shell.references()
  }

  /** After each block. */
  onState(state: NetworkState): void {
    const self = this.#around.signer.peerId
    for (const [id, seat] of this.#seats.all) {
      const one = state.disputes.get(id)
      if (one === undefined || one.judgment !== null) this.#leave(id, seat, one === undefined)
      else if (saidBy(one, self)) seat.shell.give({ type: 'recorded' })
    }
    this.#seats.take(state.disputes, state, {
      isOpen: (one) => one.judgment === null,
      isBusy: ({ isOver }) => !isOver,
      open: (one, record) => ({ shell: this.#shellFor(state, one, record), isOver: false, blocksLeft: KEPT_BLOCKS }),
    })
    // who is drawn again needs the room of what is over
    for (const [id, seat] of this.#seats.all) if (this.#seats.all.size >= SEATS_MAX && seat.isOver) this.#seats.leave(id)
  }

  async close(): Promise<void> {
    await Promise.all([...this.#seats.all.values()].map(({ shell }) => shell.end()))
  }

  #shellFor(state: NetworkState, one: DisputeCase, record: VerdictRecord): JurorShell {
    const context = contextOfCase(state, one)
    const dispute = verifyDispute(one.dispute, context, this.#around.verification)
    const { fetchUntilMs, answerUntilMs } = one
    // the chain forgets a dispute with its epoch, so its job's entry is of that
    const rerun = (state.jobs.get(one.job)?.epoch.rerun ?? []).map((batch) => sha256(batch))
    const checkRequest = (ref: RequestRef) => isHeldWriteOf({ job: bytesOfContentId(one.job), members: context.members }, ref, this.#around)
    const setup: JurorSetup = { context, dispute, jury: one.jury ?? [], rerun, fetchUntilMs, answerUntilMs, checkRequest }
    return new JurorShell(setup, this.#around, record)
  }

  #leave(id: string, seat: Seat, isForgotten: boolean): void {
    if (!seat.isOver) void seat.shell.end()
    seat.isOver = true
    if (isForgotten) seat.blocksLeft--
    if (seat.blocksLeft <= 0) this.#seats.leave(id)
  }
}

const saidBy = ({ verdicts }: DisputeCase, self: PeerId): boolean => verdicts.some(({ juror }) => juror === self)
