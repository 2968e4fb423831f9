import { sha256 } from './cose.js'

const leaf = (hex: string): string => sha256(`00${hex}`)
const node = (left: string, right: string): string => sha256(`01${left}${right}`)
const halfOf = (count: number): number => 2 ** (Math.ceil(Math.log2(count)) - 1)

/** RFC 9162 §2.1.1, as it is written there. */
export function rootOf(leaves: readonly string[]): string {
  if (leaves.length < 2) return leaves[0] === undefined ? sha256('') : leaf(leaves[0])
  const half = halfOf(leaves.length)
  return node(rootOf(leaves.slice(0, half)), rootOf(leaves.slice(half)))
}

/** RFC 9162 §2.1.3.1. */
export function pathOf(leaves: readonly string[], index: number): string[] {
  if (leaves.length < 2) return []
  const half = halfOf(leaves.length)
  const [left, right] = [leaves.slice(0, half), leaves.slice(half)]
  return index < half ? [...pathOf(left, index), rootOf(right)] : [...pathOf(right, index - half), rootOf(left)]
}
