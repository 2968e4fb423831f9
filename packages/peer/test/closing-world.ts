import { bytesOfContentId, type PeerId, signMessage } from '@interpeer/crypto-ids'
import { disputeMessage, revealMessage } from '@interpeer/peer-group'
import { expect } from 'vitest'
import { epochCloseTransaction } from '../src/network/index.js'
import { answer, RIGHT, Withheld, WRONG } from './dispute-worlds.js'
import { closingOf, rereadState, signerOf } from './network-world.js'

/** A group of four whose epoch may be closed now. The state is read anew from its snapshot every few blocks. */
export class Closing extends Withheld {
  /** Of the first epoch. */
  readonly members: readonly PeerId[]
  constructor(others: 3 | 4 = 4) {
    super(others)
    this.blocksUntil(() => this.job(this.site).next !== null)
    const { next } = this.job(this.site)
    this.blocksUntil(() => this.timeMs >= (next?.atMs ?? 0))
    this.members = this.epoch.members
  }
  get entry() {
    return this.job(this.site)
  }
  get kept() {
    return this.entry.closing
  }
  /** As these seats reveal it. */
  close(seats: number, step = 4, root = RIGHT): Uint8Array {
    const { certificate, batch } = closingOf(this.genesis, this.entry, { by: this.epoch.members.slice(0, seats), root, step })
    return epochCloseTransaction(this.site, certificate, batch)
  }
  /** Of the last step only its certificate, as a member brings it that was kept out of all before. */
  keptOut(roots: readonly (typeof RIGHT)[], branch = 0): Uint8Array {
    const whole = disputeMessage.decode(this.dispute(roots, false, 3, branch))
    return disputeMessage.encode({ ...whole, steps: whole.steps.slice(-1) })
  }
  blocks(count: number): void {
    for (let i = 0; i < count; i++) this.block()
  }
  /** Of the last step only its certificate, and that of a step before it, which the last one names final. */
  gapped(roots: readonly (typeof RIGHT)[], from = roots.length - 2, out = 3): Uint8Array {
    const { base, steps, ...whole } = disputeMessage.decode(this.dispute(roots, true, out))
    const all = [base as Uint8Array, ...steps]
    return disputeMessage.encode({ ...whole, base: all[from - 1] as Uint8Array, steps: all.slice(-1) })
  }
  /** From the step before the last on, so that nothing is missing. */
  late(roots: readonly (typeof RIGHT)[]): Uint8Array {
    return this.gapped(roots, roots.length - 1)
  }
  /** Of step 1: two members revealed this, two that, so nothing of it is certified. */
  split(): Uint8Array {
    const { number, members, start } = this.epoch
    const { step: _, steps: __, ...place } = disputeMessage.decode(this.dispute())
    const reveals = members.map((peer, seat) => {
      const by = signerOf(peer)
      const value = { job: place.job, epoch: number, step: 1, rank: 0, batch: place.batch, from: by.publicKey, salt: new Uint8Array(32) }
      const revealed = { ...value, start: bytesOfContentId(start), answer: answer(seat < 2 ? RIGHT : WRONG) }
      return signMessage(revealMessage, revealed, by, this.genesis.network)
    })
    return disputeMessage.encode({ ...place, step: 1, base: null, steps: [], evidence: { type: 'split', rank: 0, reveals } })
  }
  /** A block draws the jury, and the next has what all of it found. */
  judge(step: number, root: typeof RIGHT, final = 0): void {
    this.block()
    expect(this.block(...this.verdicts(step, root, final))).toEqual([])
  }
  /** As a peer has it that knows of the state no more than its snapshot. */
  expectReadable(): void {
    expect(rereadState(this.application, this.genesis, this.state)).toEqual(this.state)
  }
  get outcomes() {
    return [...this.state.disputes.values()].map(({ judgment }) => judgment?.outcome)
  }
}
