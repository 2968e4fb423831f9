import { Edit, type Edits } from './edits.js'
import { malformed } from './fault.js'
import { Op } from './instructions.js'
import { DEAD, type Segments } from './segments.js'

const Kind = { block: 0, loop: 1, if: 2, else: 3 } as const

/** The blocks that are open where a scan is in a function, and the piece of straight code that it is in. One object serves all functions of a module. */
export class Blocks {
  readonly #segments: Segments
  readonly #edits: Edits
  readonly #kinds: number[] = []
  /** Of each open block: the segment in which it began. */
  readonly #outer: number[] = []
  /** Of each: whether a branch leads to its end. */
  readonly #reached: boolean[] = []
  /** Of each open block that is a loop: its edit, and how many calls there were where it began. */
  readonly #loops: number[] = []
  readonly #callsBefore: number[] = []
  #calls = 0
  /** The segment at hand; DEAD where no way leads. */
  current = DEAD

  constructor(segments: Segments, edits: Edits) {
    this.#segments = segments
    this.#edits = edits
  }

  /** A function, whose code begins at `at`, is a block. */
  start(at: number): void {
    for (const list of [this.#kinds, this.#outer, this.#reached, this.#loops, this.#callsBefore]) list.length = 0
    this.#calls = 0
    this.current = this.#beginSegment(at, true, DEAD)
    this.#open(Kind.block, this.current)
  }

  /** How many are open: none at the end of the function. */
  get depth(): number {
    return this.#kinds.length
  }

  /** Whether the function has called another so far. */
  get calls(): boolean {
    return this.#calls > 0
  }

  countCall(): void {
    this.#calls++
  }

  /** What follows is reached by no straight way. */
  leave(): void {
    this.current = DEAD
  }

  /** Before `begin` of a loop, whose opcode is at `from`. */
  beginLoop(from: number): void {
    this.#loops.push(this.#edits.at.length)
    this.#callsBefore.push(this.#calls)
    this.#edits.add(Edit.loop, from, from, 0)
  }

  /** @param at behind the block's type */
  begin(opcode: number, at: number): void {
    const outer = this.current
    this.#open(opcode === Op.loop ? Kind.loop : opcode === Op.if ? Kind.if : Kind.block, outer)
    // What can throw may leave a try at any of its calls; what follows its end is then paid for where it began.
    if (opcode === Op.try) this.#reached[this.#reached.length - 1] = true
    if (opcode === Op.loop && outer !== DEAD) this.current = this.#beginSegment(at, true, DEAD)
    if (opcode === Op.if) this.current = this.#beginSegment(at, false, outer)
  }

  else(at: number): void {
    const top = this.#kinds.length - 1
    if (this.#kinds[top] !== Kind.if) malformed('an else without its if', at)
    if (this.current !== DEAD) this.#reached[top] = true
    this.#kinds[top] = Kind.else
    this.current = this.#beginSegment(at, false, this.#outer[top] as number)
  }

  catch(at: number): void {
    this.current = this.#beginSegment(at, false, this.#outer[this.#outer.length - 1] as number)
  }

  end(at: number): void {
    const kind = this.#kinds.pop()
    const outer = this.#outer.pop() as number
    const reached = this.#reached.pop() as boolean
    if (kind === Kind.loop) this.#endLoop()
    if (this.#kinds.length === 0) return
    // nothing but the straight way leads here: the piece goes on
    if (kind === Kind.block && !reached) return
    // an end that no way leads to
    if (this.current === DEAD && (kind === Kind.loop || (kind === Kind.else && !reached))) return
    this.current = this.#beginSegment(at, false, outer)
  }

  branchTo(label: number, at: number): void {
    const target = this.#reached.length - 1 - label
    if (target < 0) malformed('a branch to no block', at)
    this.#reached[target] = true
  }

  /** Behind a branch that may not be taken. */
  goOn(at: number): void {
    this.current = this.#beginSegment(at, false, this.current)
  }

  #beginSegment(at: number, head: boolean, base: number): number {
    const segment = head ? this.#segments.beginHead() : this.#segments.begin(base)
    if (segment !== DEAD) this.#edits.add(Edit.charge, at, at, segment)
    return segment
  }

  #open(kind: number, outer: number): void {
    this.#kinds.push(kind)
    this.#outer.push(outer)
    this.#reached.push(false)
  }

  /** In a loop that calls nothing fuel is held in a local variable, up to the last edit in it. */
  #endLoop(): void {
    const edit = this.#loops.pop() as number
    if (this.#callsBefore.pop() === this.#calls) this.#edits.value[edit] = this.#edits.at.length
  }
}
