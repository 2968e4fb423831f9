import { bytesOfContentId, type ContentId, type PeerId, sha256 } from '@interpeer/crypto-ids'
import { type JurorSetup, type RequestRef, verifyDispute } from '@interpeer/peer-group'
import { contextOfCase, type DisputeCase } from '../network/disputes.js'
import type { NetworkState } from '../network/index.js'
import { JurorShell, type JurorSurroundings } from './juror-shell.js'
import { isHeldWriteOf } from './site-writes.js'

/** Juries that one peer sits on at once: each may need a site's whole state. Of more it says nothing, which lowers no bar. */
const CASES_MAX = 4
/** Open ones, and those whose findings others may still fetch: of more, the oldest that are over go first. */
const SEATS_MAX = 16
/** What it found stays so many blocks after its case is over, so that the next epoch's members can fetch it. */
const KEPT_BLOCKS = 8

interface Seat {
  readonly shell: JurorShell
  isOver: boolean
  blocksLeft: number
}

/** The juries that the chain draws this peer for. */
export class JuryDesk {
  readonly #around: JurorSurroundings
  readonly #seats = new Map<string, Seat>()
  /** Cases that it can't judge, or has left: it says so once. No more than the chain has. */
  readonly #declined = new Set<string>()

  constructor(around: JurorSurroundings) {
    this.#around = around
  }

  /** What the store has to keep for cases that are open, or were lately. */
  *references(): Generator<ContentId> {
    for (const { shell } of this.#seats.values()) yield* shell.references()
  }

  /** After each block. */
  onState(state: NetworkState): void {
    const self = this.#around.signer.peerId
    for (const one of state.disputes.values()) {
      const isOpen = one.judgment === null && one.jury?.includes(self) === true
      if (isOpen && !this.#seats.has(one.id) && !this.#declined.has(one.id)) this.#sit(state, one)
    }
    for (const [id, seat] of this.#seats) {
      const one = state.disputes.get(id)
      if (one === undefined || one.judgment !== null) this.#leave(id, seat, one === undefined)
      else if (saidBy(one, self)) seat.shell.give({ type: 'recorded' })
    }
    for (const [id, seat] of this.#seats) if (this.#seats.size > SEATS_MAX && seat.isOver) this.#drop(id)
    for (const id of this.#declined) if (!state.disputes.has(id)) this.#declined.delete(id)
  }

  async close(): Promise<void> {
    await Promise.all([...this.#seats.values()].map(({ shell }) => shell.end()))
  }

  #sit(state: NetworkState, one: DisputeCase): void {
    const { log, count, scripts, verification } = this.#around
    const entry = state.jobs.get(one.job)
    if (entry === undefined || entry.epoch.number !== one.epoch) return
    const about = { dispute: one.id, job: one.job, epoch: one.epoch }
    const open = [...this.#seats.values()].filter(({ isOver }) => !isOver).length
    const isOther = entry.manifest.runtime !== scripts.runtimeId
    if (isOther || open >= CASES_MAX) {
      this.#declined.add(one.id)
      count(isOther ? 'RUNTIME_OTHER' : 'JURY_MANY')
      log.warn(
        { ...about, runtime: entry.manifest.runtime },
        'this peer was drawn for a jury and has no opinion: another runtime, or too many cases',
      )
      return
    }
    try {
      const context = contextOfCase(state, one)
      const dispute = verifyDispute(one.dispute, context, verification)
      const { fetchUntilMs, answerUntilMs } = one
      const rerun = entry.epoch.rerun.map((batch) => sha256(batch))
      const checkRequest = (ref: RequestRef) =>
        isHeldWriteOf({ job: bytesOfContentId(one.job), members: context.members }, ref, this.#around)
      const setup: JurorSetup = { context, dispute, jury: one.jury ?? [], rerun, fetchUntilMs, answerUntilMs, checkRequest }
      log.info({ ...about, step: dispute.step, jurors: setup.jury.length }, 'this peer was drawn for a jury')
      count('JURY_DRAWN')
      this.#seats.set(one.id, { shell: new JurorShell(setup, this.#around), isOver: false, blocksLeft: KEPT_BLOCKS })
    } catch (error) {
      // what it said before can't be read: saying anything else could be a second verdict
      this.#declined.add(one.id)
      count('JURY_LEFT')
      log.error({ ...about, err: error }, 'this peer can not judge a dispute')
    }
  }

  #leave(id: string, seat: Seat, isForgotten: boolean): void {
    if (!seat.isOver) void seat.shell.end()
    seat.isOver = true
    if (isForgotten) seat.blocksLeft--
    if (seat.blocksLeft <= 0) this.#drop(id)
  }

  #drop(id: string): void {
    this.#seats.delete(id)
    this.#declined.add(id) // until the chain forgets it: it is not sat on twice
    this.#around.records.delete([id]).catch(() => this.#around.count('JURY_RECORD_NOT_DELETED'))
  }
}

const saidBy = ({ verdicts }: DisputeCase, self: PeerId): boolean => verdicts.some(({ juror }) => juror === self)
