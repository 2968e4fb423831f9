import type { ContentId, PeerId } from '@interpeer/crypto-ids'
import { type Group, readBatch } from '../src/index.js'
import { liar, seatOf, type Tactic } from './adversary.js'
import type { Member } from './member.js'

/** Longer than any message takes: what was said of the first branch must not reach the second. */
const DEAF_MS = 250

/**
 * Colluders certify steps with all, go back to what they were before, and certify others in their place with wrong results, without those that could contradict them: two branches of one epoch,
 * whose steps have the same numbers.
 */
export class Fork {
  /** The first step of which there may be two; infinity: nobody has gone back. */
  fromStep = Number.POSITIVE_INFINITY
  readonly #victims: readonly number[]
  readonly #servesVictims: boolean
  readonly #before = new Map<Member, Group>()
  #deafUntilMs = 0

  /** @param servesVictims gives them the batches of the second branch, if they ask for them by their hashes */
  constructor(victims: readonly number[], servesVictims: boolean) {
    this.#victims = victims
    this.#servesVictims = servesVictims
  }

  remember(colluders: readonly Member[]): void {
    for (const member of colluders) if (member.group !== undefined) this.#before.set(member, member.group)
  }

  goBack(nowMs: number): void {
    this.#deafUntilMs = nowMs + DEAF_MS
    this.fromStep = Math.min(...[...this.#before.values()].map(({ open }) => open.step))
    for (const [member, group] of this.#before) {
      member.group = group
      member.around.world.after(DEAF_MS + 1, () => member.tell({ type: 'time' }))
    }
  }

  /** Whether a step is of the second branch, as who certifies it sees it. */
  isSecond(step: number): boolean {
    return step >= this.fromStep
  }

  get tactic(): Tactic {
    const isBack = () => this.fromStep < Number.POSITIVE_INFINITY
    const isVictim = (member: Member, peer: PeerId) => this.#victims.includes(seatOf(member, peer))
    return {
      name: 'fork',
      run: (member, effect, result) => (this.isSecond(effect.step) ? (liar.run?.(member, effect, result) ?? result) : result),
      send: (member, to, envelope) => (isBack() && isVictim(member, to) ? [] : [envelope]),
      hear: (member, from) => !isBack() || (!isVictim(member, from) && member.around.world.nowMs >= this.#deafUntilMs),
      serve: (member, _: ContentId, block, to) =>
        !this.#servesVictims && isVictim(member, to) && block !== undefined && this.isSecond(stepOfBatch(block)) ? undefined : block,
    }
  }
}

/** 0: it is none. */
function stepOfBatch(block: Uint8Array): number {
  try {
    return readBatch(block).value.step
  } catch {
    return 0
  }
}
