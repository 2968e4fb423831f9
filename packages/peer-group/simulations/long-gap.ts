import type { GroupSettings } from '../src/settings.js'
import type { Member } from './member.js'

/** Empty steps, one right after another, and no collator that is kept out is waited for. */
const FAST: Partial<GroupSettings> = { idleEveryMs: 1, rankTimerMs: 100, dissentWindowMs: 1, graceMs: 1 }

/** Colluders certify many steps in a row that they hide from some, more than jurors run, and then let them take part again. */
export class LongGap {
  #fromStep = Number.POSITIVE_INFINITY
  #throughStep = Number.POSITIVE_INFINITY
  readonly #count: number
  readonly #trueCount: number
  readonly #before = new Map<Member, GroupSettings>()

  /** @param trueCount of them come to what is right */
  constructor(count: number, trueCount: number) {
    this.#count = count
    this.#trueCount = trueCount
  }

  begin(colluders: readonly Member[]): void {
    this.#fromStep = Math.max(...colluders.map(({ group }) => group?.open.step ?? 0)) + 1
    this.#throughStep = this.#fromStep + this.#count - 1
    for (const member of colluders) {
      if (member.group === undefined) continue
      this.#before.set(member, member.group.settings)
      setTo(member, { ...member.group.settings, ...FAST })
    }
  }

  isHidden(step: number): boolean {
    return step >= this.#fromStep && step <= this.#throughStep
  }

  isLie(step: number): boolean {
    return this.isHidden(step) && step >= this.#fromStep + this.#trueCount
  }

  /** A member certified a step. */
  passed(member: Member, step: number): void {
    const settings = this.#before.get(member)
    if (settings === undefined || step < this.#throughStep) return
    this.#before.delete(member)
    member.around.world.after(1, () => setTo(member, settings))
  }
}

function setTo(member: Member, settings: GroupSettings): void {
  if (member.group === undefined) return
  member.group = { ...member.group, settings }
  member.tell({ type: 'time' })
}
