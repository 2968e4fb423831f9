import { sha256 } from '@interpeer/crypto-ids'

const [LEAF, NODE] = [Uint8Array.of(0), Uint8Array.of(1)]

/** A Merkle tree as RFC 9162 §2.1 has it. The hashes of the leaves first, the root alone last; empty where there are no leaves. */
export type HashTree = readonly (readonly Uint8Array[])[]

/** A leaf's place, and the hashes beside the way from it to the root, the lowest first. */
export interface TreePath {
  readonly index: number
  /** Leaves in all. */
  readonly count: number
  readonly path: readonly Uint8Array[]
}

export function hashTree(leaves: readonly Uint8Array[]): HashTree {
  const levels: Uint8Array[][] = []
  let level = leaves.map((leaf) => sha256(LEAF, leaf))
  for (; level.length > 1; level = parentsOf(level)) levels.push(level)
  if (level.length === 1) levels.push(level)
  return levels
}

export const rootOfTree = (tree: HashTree): Uint8Array | undefined => tree.at(-1)?.[0]

export const pathIn = (tree: HashTree, index: number): Uint8Array[] =>
  tree.slice(0, -1).flatMap((level, depth) => level[(index >> depth) ^ 1] ?? [])

/** The root that a leaf leads to; undefined where no tree of so many leaves has such a path. */
export function rootFrom(leaf: Uint8Array, { index, count, path }: TreePath): Uint8Array | undefined {
  if (index >= count) return undefined
  let hash = sha256(LEAF, leaf)
  let used = 0
  for (let [at, size] = [index, count]; size > 1; at >>= 1, size = (size + 1) >> 1) {
    if ((at ^ 1) >= size) continue // the last of an odd level goes up as it is
    const beside = path[used++]
    if (beside === undefined) return undefined
    hash = at % 2 === 0 ? nodeOf(hash, beside) : nodeOf(beside, hash)
  }
  return used === path.length ? hash : undefined
}

const nodeOf = (left: Uint8Array, right: Uint8Array): Uint8Array => sha256(NODE, left, right)

function parentsOf(level: readonly Uint8Array[]): Uint8Array[] {
  const parents: Uint8Array[] = []
  for (let i = 0; i < level.length; i += 2) {
    const [left, right] = [level[i] as Uint8Array, level[i + 1]]
    parents.push(right === undefined ? left : nodeOf(left, right))
  }
  return parents
}
