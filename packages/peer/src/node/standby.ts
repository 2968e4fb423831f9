import type { ContentId } from '@interpeer/crypto-ids'
import { finalMessage, type GroupContext } from '@interpeer/peer-group'
import { numberOf } from '../message-number.js'
import type { Surroundings } from './group-shell.js'
import { closingOf, ShadowShell } from './shadow-shell.js'

/** What a newcomer does ahead of its time: it shadows the group, so that it takes its seat on schedule (WP §6.4.4). */
export class Standby {
  readonly #around: Surroundings
  readonly #inBackground: (work: Promise<unknown>) => void
  #shadow: ShadowShell | undefined

  constructor(around: Surroundings, inBackground: (work: Promise<unknown>) => void) {
    this.#around = around
    this.#inBackground = inBackground
  }

  /** The epoch that it shadows, if any. */
  get epoch(): number | undefined {
    return this.#shadow?.context.epoch
  }
  /** What it needs of the store, each block with all below it. */
  references(): Iterable<ContentId> {
    return this.#shadow?.references() ?? []
  }

  /** False: it does already. */
  begin(context: GroupContext): boolean {
    if (this.#shadow !== undefined) return false
    this.#shadow = new ShadowShell(context, this.#around)
    return true
  }

  end(): void {
    if (this.#shadow !== undefined) this.#inBackground(this.#shadow.close())
    this.#shadow = undefined
  }

  /** A group message of the epoch that it shadows; with what the closing certificate leaves, if it is that. */
  hear(envelope: Uint8Array): ReturnType<typeof closingOf> {
    if (this.#shadow === undefined || numberOf(envelope) !== finalMessage.number) return undefined
    this.#shadow.give({ type: 'message', envelope })
    return closingOf(envelope, this.#shadow.context)
  }

  async close(): Promise<void> {
    await this.#shadow?.close()
  }
}
