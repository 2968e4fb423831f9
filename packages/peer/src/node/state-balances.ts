import type { ContentId } from '@interpeer/crypto-ids'
import { agendaIn, balanceIn } from '@interpeer/peer-group'

/** States whose balance is remembered: reads run on the last one, and checks on some before. */
const KEPT = 8

/** What scripts may pay as of a state: what a read is told. Follows from the state alone, so whoever runs the read again is told the same. */
export class StateBalances {
  readonly #get: (cid: ContentId) => Uint8Array | undefined
  readonly #known = new Map<ContentId, bigint>()

  constructor(get: (cid: ContentId) => Uint8Array | undefined) {
    this.#get = get
  }

  /** In units; undefined: a block of the state is not here. */
  of(state: ContentId): bigint | undefined {
    const known = this.#known.get(state)
    if (known !== undefined) return known
    const agenda = agendaIn(state, this.#get)
    if (agenda === undefined) return undefined
    const balance = balanceIn(agenda.purse)
    for (const [first] of this.#known) if (this.#known.size >= KEPT) this.#known.delete(first)
    this.#known.set(state, balance)
    return balance
  }
}
