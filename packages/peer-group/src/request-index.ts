/** What an index finds: by its id in hexadecimal, all of one length. */
export interface Named {
  readonly name: string
}

/**
 * A map that is never altered, so that a group's states share what they have in common: a trie over hexadecimal digits. Whoever chooses ids can make
 * it deep, yet no deeper than an id is long, and no leaf larger.
 */
export interface RequestIndex<T extends Named> {
  readonly size: number
  readonly items?: readonly T[]
  readonly children?: readonly RequestIndex<T>[]
}

const LEAF_MAX = 16
const DIGITS = 16
const EMPTY: RequestIndex<never> = { size: 0, items: [] }

export const emptyIndex = <T extends Named>(): RequestIndex<T> => EMPTY

export function findIn<T extends Named>(index: RequestIndex<T>, name: string): T | undefined {
  let node = index
  for (let depth = 0; node.children !== undefined; depth++) node = node.children[digitAt(name, depth)] as RequestIndex<T>
  return node.items?.find((item) => item.name === name)
}

export function* itemsOf<T extends Named>({ items, children }: RequestIndex<T>): Generator<T> {
  yield* items ?? []
  for (const child of children ?? []) yield* itemsOf(child)
}

/** Without the items of these names, and with these items; one whose name is there already is left out. Costs what changes, not what is held. */
export function changeIndex<T extends Named>(index: RequestIndex<T>, gone: readonly T[], added: readonly T[]): RequestIndex<T> {
  return changed(index, gone, added, 0)
}

function changed<T extends Named>(node: RequestIndex<T>, gone: readonly T[], added: readonly T[], depth: number): RequestIndex<T> {
  if (gone.length + added.length === 0) return node
  if (node.children === undefined) return leafOf(node.items ?? [], gone, added, depth)
  const name = onlyName(gone, added)
  if (name !== undefined) return oneChanged(node.children, node.size, name, gone, added, depth)
  const [goneBy, addedBy] = [byDigit(gone, depth), byDigit(added, depth)]
  const children = node.children.map((child, digit) => changed(child, goneBy[digit] ?? [], addedBy[digit] ?? [], depth + 1))
  const size = children.reduce((sum, child) => sum + child.size, 0)
  return size === 0 ? emptyIndex() : { size, children }
}

/** The way of one name, which most changes are: all else is shared as it is. */
function oneChanged<T extends Named>(
  children: readonly RequestIndex<T>[],
  size: number,
  name: string,
  gone: readonly T[],
  added: readonly T[],
  depth: number,
): RequestIndex<T> {
  const digit = digitAt(name, depth)
  const before = children[digit] as RequestIndex<T>
  const after = changed(before, gone, added, depth + 1)
  const sizeAfter = size + after.size - before.size
  return sizeAfter === 0 ? emptyIndex() : { size: sizeAfter, children: children.with(digit, after) }
}

function onlyName(gone: readonly Named[], added: readonly Named[]): string | undefined {
  const [first, second] = [gone[0]?.name, added[0]?.name]
  if (gone.length > 1 || added.length > 1) return undefined
  return first === undefined || second === undefined || first === second ? (first ?? second) : undefined
}

function leafOf<T extends Named>(held: readonly T[], gone: readonly T[], added: readonly T[], depth: number): RequestIndex<T> {
  const items = new Map(held.map((item) => [item.name, item]))
  for (const { name } of gone) items.delete(name)
  for (const item of added) if (!items.has(item.name)) items.set(item.name, item)
  if (items.size <= LEAF_MAX) return { size: items.size, items: [...items.values()] }
  const branch: RequestIndex<T> = { size: 0, children: new Array<RequestIndex<T>>(DIGITS).fill(emptyIndex()) }
  return changed(branch, [], [...items.values()], depth)
}

function byDigit<T extends Named>(items: readonly T[], depth: number): readonly (readonly T[] | undefined)[] {
  const groups: T[][] = []
  for (const item of items) {
    const digit = digitAt(item.name, depth)
    const group = groups[digit]
    if (group === undefined) groups[digit] = [item]
    else group.push(item)
  }
  return groups
}

function digitAt(name: string, depth: number): number {
  const code = name.charCodeAt(depth)
  return code < 58 ? code - 48 : code - 87 // 0 to 9, a to f
}
