/** What is put in, or changed, at a place in a function. */
export const Edit = {
  /** fuel for a segment, `value` */
  charge: 0,
  /** the stack pointer was set: is it within its bounds? Where `value` is 1, its card is noted */
  stack: 1,
  /** a NaN on top of the stack gets its one form */
  nan32: 2,
  nan64: 3,
  nanLanes32: 4,
  nanLanes64: 5,
  /** fuel for the length on top of the stack, shifted right by `value` */
  length: 6,
  /** the same, shifted left */
  lengthLeft: 7,
  /** another number of a function or global, `value` */
  index: 8,
  /** a frame on the shadow stack begins, and ends */
  frame: 9,
  frameEnd: 10,
  /** a return, from a function that has such a frame around it: to the end of the block around it, `value` */
  return: 11,
  /** a loop is about to begin: `value`, the number of edits there were at its end; 0 for one that calls */
  loop: 12,
  /** a value of this type is about to be stored, `value` above its address: the card is noted */
  storeI32: 13,
  storeI64: 14,
  storeF32: 15,
  storeF64: 16,
  storeV128: 17,
  /** a piece of memory is about to be written: likewise, each of its cards */
  writePiece: 18,
} as const

/** Places in one function, in order. Columns, not objects: a large module has a million. */
export class Edits {
  readonly at: number[] = []
  /** Where the code goes on: after what is replaced. */
  readonly to: number[] = []
  readonly kind: number[] = []
  readonly value: number[] = []

  clear(): void {
    this.at.length = 0
    this.to.length = 0
    this.kind.length = 0
    this.value.length = 0
  }

  add(kind: number, at: number, to: number, value: number): void {
    this.at.push(at)
    this.to.push(to)
    this.kind.push(kind)
    this.value.push(value)
  }
}
