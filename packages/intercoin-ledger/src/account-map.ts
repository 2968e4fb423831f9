import type { AccountId } from '@interpeer/crypto-ids'

interface Leaf<V> {
  readonly account: AccountId
  readonly value: V
}
/** What is below, by the digit at the depth of the branch: two leaves or more in all. */
interface Branch<V> {
  /** Bit d: something begins with digit d. */
  readonly digits: number
  /** For each of those digits, in order. */
  readonly children: readonly Node<V>[]
}
type Node<V> = Leaf<V> | Branch<V>

/**
 * A Map by account that nobody alters: `with` and `without` make another one, which shares with it all but the way to one account. A trie
 * of the digits of account ids, so one change costs no more among many accounts, and `changedFrom` looks only at what differs. In the
 * order of accounts.
 */
export class AccountMap<V> implements ReadonlyMap<AccountId, V> {
  readonly size: number
  private readonly root: Node<V> | undefined
  private constructor(root: Node<V> | undefined, size: number) {
    this.root = root
    this.size = size
  }
  static empty<V>(): AccountMap<V> {
    return new AccountMap<V>(undefined, 0)
  }

  get(account: AccountId): V | undefined {
    return find(this.root, account, 0)?.value
  }
  has(account: AccountId): boolean {
    return find(this.root, account, 0) !== undefined
  }
  with(account: AccountId, value: V): AccountMap<V> {
    const size = this.has(account) ? this.size : this.size + 1
    return new AccountMap(put(this.root, { account, value }, 0), size)
  }
  without(account: AccountId): AccountMap<V> {
    return this.has(account) ? new AccountMap(remove(this.root as Node<V>, account, 0), this.size - 1) : this
  }
  /** The accounts that were added or deleted since `before`, or have another value: another object, or another number. */
  changedFrom(before: AccountMap<V>): readonly AccountId[] {
    const changed: AccountId[] = []
    compare(before.root, this.root, 0, changed)
    return changed
  }

  *entries(): MapIterator<[AccountId, V]> {
    for (const { account, value } of leavesOf(this.root)) yield [account, value]
  }
  *keys(): MapIterator<AccountId> {
    for (const { account } of leavesOf(this.root)) yield account
  }
  *values(): MapIterator<V> {
    for (const { value } of leavesOf(this.root)) yield value
  }
  [Symbol.iterator](): MapIterator<[AccountId, V]> {
    return this.entries()
  }
  forEach(each: (value: V, account: AccountId, map: ReadonlyMap<AccountId, V>) => void): void {
    visit(this.root, ({ account, value }) => each(value, account, this))
  }
}

const isBranch = <V>(node: Node<V>): node is Branch<V> => (node as Branch<V>).children !== undefined
/** The digit at `depth`, 0 to 15. */
function digitOf(account: AccountId, depth: number): number {
  const code = account.charCodeAt(depth)
  return code < 58 ? code - 48 : code - 87 // '0' to '9', 'a' to 'f'
}
/** How many digits below this one there are. */
function placeOf(digits: number, digit: number): number {
  let [rest, count] = [digits & ((1 << digit) - 1), 0]
  for (; rest !== 0; rest &= rest - 1) count++
  return count
}
const childOf = <V>({ digits, children }: Branch<V>, digit: number): Node<V> | undefined =>
  (digits >> digit) & 1 ? children[placeOf(digits, digit)] : undefined

function find<V>(from: Node<V> | undefined, account: AccountId, at: number): Leaf<V> | undefined {
  let [node, depth] = [from, at]
  while (node !== undefined && isBranch(node)) node = childOf(node, digitOf(account, depth++))
  return node?.account === account ? node : undefined
}

function put<V>(node: Node<V> | undefined, leaf: Leaf<V>, depth: number): Node<V> {
  if (node === undefined) return leaf
  if (!isBranch(node)) {
    if (node.account === leaf.account) return leaf
    return put({ digits: 1 << digitOf(node.account, depth), children: [node] }, leaf, depth)
  }
  const { digits, children } = node
  const digit = digitOf(leaf.account, depth)
  const [place, child] = [placeOf(digits, digit), childOf(node, digit)]
  const below = put(child, leaf, depth + 1)
  return { digits: digits | (1 << digit), children: children.toSpliced(place, child === undefined ? 0 : 1, below) }
}

/** Of a node that has the account. */
function remove<V>(node: Node<V>, account: AccountId, depth: number): Node<V> | undefined {
  if (!isBranch(node)) return undefined
  const { digits, children } = node
  const digit = digitOf(account, depth)
  const place = placeOf(digits, digit)
  const left = remove(children[place] as Node<V>, account, depth + 1)
  const all = left === undefined ? children.toSpliced(place, 1) : children.with(place, left)
  const [first] = all
  if (first !== undefined && all.length === 1 && !isBranch(first)) return first
  return { digits: left === undefined ? digits & ~(1 << digit) : digits, children: all }
}

function compare<V>(before: Node<V> | undefined, after: Node<V> | undefined, depth: number, changed: AccountId[]): void {
  if (before === after) return
  if (before !== undefined && after !== undefined && isBranch(before) && isBranch(after)) {
    for (let digit = 0; digit < 16; digit++) compare(childOf(before, digit), childOf(after, digit), depth + 1, changed)
    return
  }
  for (const { account, value } of leavesOf(before)) {
    const now = find(after, account, depth)
    if (now === undefined || now.value !== value) changed.push(account)
  }
  for (const { account } of leavesOf(after)) if (find(before, account, depth) === undefined) changed.push(account)
}

function visit<V>(node: Node<V> | undefined, each: (leaf: Leaf<V>) => void): void {
  if (node === undefined) return
  if (isBranch(node)) for (const child of node.children) visit(child, each)
  else each(node)
}
function* leavesOf<V>(node: Node<V> | undefined): Generator<Leaf<V>> {
  if (node === undefined) return
  const todo = [node]
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    if (isBranch(next)) todo.push(...next.children.toReversed())
    else yield next
  }
}
