import { isPaying, type Pool, type Waiting } from './pool.js'

export interface Amount {
  count: number
  bytes: number
}
type Kind = 'now' | 'later'
const nothing = (): Amount => ({ count: 0, bytes: 0 })
const NOTHING: Readonly<Amount> = nothing()

/** What a pool comes to, by owner, by sender, and by what can be carried out once: or each transaction that comes would cost a walk through all that wait. */
export class PoolIndex {
  readonly all = nothing()
  readonly paying = nothing()
  /** Of what does not apply yet. */
  readonly later = nothing()
  readonly #owners = new Map<string, Amount>()
  readonly #turns = new Map<string, string>()
  /** `now`: of all; `later`: of what does not apply yet. */
  readonly #kinds: Readonly<Record<Kind, { readonly senders: Map<string, Amount>; readonly strangers: Amount }>> = {
    now: { senders: new Map(), strangers: nothing() },
    later: { senders: new Map(), strangers: nothing() },
  }

  add(name: string, waiting: Waiting): void {
    this.#count(waiting, 1)
    const turn = turnOf(waiting)
    if (turn !== undefined && !this.#turns.has(turn)) this.#turns.set(turn, name)
  }
  remove(name: string, waiting: Waiting): void {
    this.#count(waiting, -1)
    const turn = turnOf(waiting)
    if (turn !== undefined && this.#turns.get(turn) === name) this.#turns.delete(turn)
  }
  /** The name of what waits for the same turn, if both apply now. */
  twinOf(waiting: Waiting): string | undefined {
    const turn = turnOf(waiting)
    return turn === undefined ? undefined : this.#turns.get(turn)
  }
  ofOwner(owner: string): Readonly<Amount> {
    return this.#owners.get(owner) ?? NOTHING
  }
  ofSender(kind: Kind, from: string): Readonly<Amount> {
    return this.#kinds[kind].senders.get(from) ?? NOTHING
  }
  ofStrangers(kind: Kind): Readonly<Amount> {
    return this.#kinds[kind].strangers
  }

  #count(waiting: Waiting, by: 1 | -1): void {
    const { length } = waiting.bytes
    count(this.all, by, length)
    if (isPaying(waiting)) count(this.paying, by, length)
    if (waiting.later) count(this.later, by, length)
    if (waiting.price !== undefined) countIn(this.#owners, waiting.price.of, by, length)
    this.#countKind('now', waiting, by)
    if (waiting.later) this.#countKind('later', waiting, by)
  }
  #countKind(kind: Kind, { from, sender, bytes }: Waiting, by: 1 | -1): void {
    countIn(this.#kinds[kind].senders, from, by, bytes.length)
    if (sender === 'stranger') count(this.#kinds[kind].strangers, by, bytes.length)
  }
}
function count(amount: Amount, by: 1 | -1, length: number): void {
  amount.count += by
  amount.bytes += by * length
}
function countIn(amounts: Map<string, Amount>, name: string, by: 1 | -1, length: number): void {
  const amount = amounts.get(name) ?? nothing()
  count(amount, by, length)
  if (amount.count === 0) amounts.delete(name)
  else amounts.set(name, amount)
}
const turnOf = ({ price, later }: Waiting): string | undefined =>
  price?.turn === undefined || later ? undefined : `${price.of} ${price.turn}`

/** A pool is a value, its index a memory of it that goes on to the next pool: who uses an old one again walks through it once more. */
const indices = new WeakMap<Pool, PoolIndex>()
export function indexOf(pool: Pool): PoolIndex {
  const known = indices.get(pool)
  indices.delete(pool)
  if (known !== undefined) return known
  const index = new PoolIndex()
  for (const [name, waiting] of pool) index.add(name, waiting)
  return index
}
/** The index is this pool's from now on. */
export function keepIndex(pool: Pool, index: PoolIndex): Pool {
  indices.set(pool, index)
  return pool
}
