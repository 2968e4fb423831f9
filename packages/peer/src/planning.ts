import { type Block, blockOf } from '@interpeer/content-store'
import { type Agenda, balanceIn, type DueEvent, isPlanned, type Wish, withCron, withoutEvent, withWishes } from '@interpeer/peer-group'
import { bytesOfHex } from '@interpeer/wire-codec'
import { blocksOfOutbox } from './outbox-block.js'
import type { ScriptEffect, ScriptRuntime } from './script-runtime.js'

/** What a run asked to have planned, and the blocks of it; undefined where it can't be written. */
function wishesOf(effects: readonly ScriptEffect[]): { readonly wishes: readonly Wish[]; readonly blocks: readonly Block[] } | undefined {
  const wishes: Wish[] = []
  const blocks: Block[] = []
  for (const effect of effects) {
    if (effect.type === 'after') {
      const args = blockOf(effect.args, 'raw')
      blocks.push(args)
      wishes.push({ type: 'timer', name: effect.name, seconds: effect.seconds, script: effect.script, args: args.cid })
    } else if (effect.type === 'pay') {
      wishes.push({ type: 'pay', account: bytesOfHex(effect.account), amount: effect.amount })
    } else {
      const made = blocksOfOutbox(effect.request)
      if (made === undefined) return undefined
      blocks.push(...made.blocks)
      const bytes = made.blocks.reduce((sum, block) => sum + block.bytes.length, 0)
      wishes.push({ type: 'outbox', key: bytesOfHex(effect.key), request: made.cid, bytes, answerTo: effect.answerTo ?? null })
    }
  }
  return { wishes, blocks }
}

/** A job's agenda as the runs of one batch leave it, one after another. */
export class Planning {
  readonly #timeMs: number
  #agenda: Agenda

  constructor(agenda: Agenda, timeMs: number) {
    this.#agenda = agenda
    this.#timeMs = timeMs
  }

  get agenda(): Agenda {
    return this.#agenda
  }

  /** What the next run may pay, in units. */
  get balance(): bigint {
    return balanceIn(this.#agenda.purse)
  }

  /** An event's turn has come: whatever its script does, it is not due any more. @returns false where an earlier run of the batch put another in its place */
  begin(event: DueEvent): boolean {
    if (!isPlanned(this.#agenda, event)) return false
    this.#agenda = withoutEvent(this.#agenda, event, this.#timeMs)
    return true
  }

  /** Another agenda, as a member's report leaves it. */
  become(agenda: Agenda): void {
    this.#agenda = agenda
  }

  /** Plans what a run asked for, all of it or nothing. @returns the blocks of it; undefined where the group has no room */
  take(effects: readonly ScriptEffect[]): readonly Block[] | undefined {
    const wanted = wishesOf(effects)
    const planned = wanted === undefined ? undefined : withWishes(this.#agenda, wanted.wishes, this.#timeMs)
    if (planned === undefined) return undefined
    this.#agenda = planned
    return wanted?.blocks
  }

  /** The job's first batch: what its site's configuration plans begins now. */
  readConfiguration(runtime: ScriptRuntime, root: string): void {
    const lines = runtime.cron(root)
    if (lines.length > 0) this.#agenda = withCron(this.#agenda, lines, this.#timeMs)
  }
}
