import { bitOf, firstDifference } from './keys.js'
import { malformedMap } from './map-block.js'
import type { MapSource } from './map-source.js'
import type { Inner, Leaf, Node, Whole } from './nodes.js'

interface Pending {
  readonly node: Node
  /** The bit of the node above it. */
  readonly above: number
  /** In which bit its keys differ first from those just before them. */
  readonly gap: number
}

/** Goes through a map in the order of keys, opening only what it is told to. */
export class Cursor {
  readonly #source: MapSource
  /** What is still to come, in disjoint parts; the last one comes next. */
  readonly #pending: Pending[] = []
  #last: Uint8Array | undefined
  /** @throws {MissingBlock} */
  constructor(source: MapSource, top: Whole | undefined, from?: Uint8Array) {
    this.#source = source
    if (top === undefined) return
    if (from === undefined) this.#pending.push({ node: top, above: -1, gap: -1 })
    else this.#seek(top, from)
  }

  /** The part that comes next. Undefined: nothing. */
  get next(): Node | undefined {
    return this.#pending.at(-1)?.node
  }
  skip(): void {
    this.#pending.pop()
    this.#last = undefined
  }
  /** The top node of the part that comes next. @throws {MissingBlock} and skips the part */
  look(): Whole {
    const [part, last] = [this.#pending.at(-1) as Pending, this.#last]
    this.skip()
    const whole = this.#source.open(part.node, part.above)
    this.#pending.push({ ...part, node: whole })
    this.#last = last
    return whole
  }
  /** The part that comes next, whose top is `inner`, becomes two. */
  split({ bit, left, right }: Inner): void {
    const { gap } = this.#pending.pop() as Pending
    this.#pending.push({ node: right, above: bit, gap: bit }, { node: left, above: bit, gap })
  }
  /** The next leaf, and passes it. Undefined: there is none. @throws {MissingBlock} and skips what is missing */
  take(): Leaf | undefined {
    while (this.next !== undefined) {
      const whole = this.look()
      if (whole.type === 'leaf') return this.pass(whole)
      this.split(whole)
    }
    return undefined
  }
  /** Passes the leaf that comes next. The keys of no map are in another order than its bits say. */
  pass(leaf: Leaf): Leaf {
    const { gap } = this.#pending.pop() as Pending
    if (this.#last !== undefined && firstDifference(this.#last, leaf.key) !== gap)
      throw malformedMap(null, 'keys that differ in another bit')
    this.#last = leaf.key
    return leaf
  }

  #seek(top: Whole, from: Uint8Array): void {
    const leaves = firstDifference(from, this.#source.nearest(top, from).key)
    let [node, above]: [Node, number] = [top, -1]
    for (;;) {
      const whole = this.#source.open(node, above)
      if (whole.type === 'leaf' || whole.bit > leaves) {
        // All keys here differ from `from` in one bit, or this leaf is it: then the bit is 0.
        if (bitOf(from, leaves) === 0) this.#pending.push({ node: whole, above, gap: above })
        return
      }
      above = whole.bit
      const right = bitOf(from, above) === 1
      if (!right) this.#pending.push({ node: whole.right, above, gap: above })
      node = right ? whole.right : whole.left
    }
  }
}
