import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CARD_BYTES, cardTableAbove } from '../../src/meter/cards.js'
import { restoreCards, sharedCopy } from '../../src/node/restore-memory.js'
import { assemble, block, body, br, brIf, call, exportOf, get, global, i32, int, loop, set, tee, type, u, when } from './assembler.js'
import { instantiateMetered } from './metered.js'

// Memory: the stack to 64 KiB, data to 128 KiB, the table, and a heap behind it.
const STACK = { floor: 16_384, top: 65_536 }
const DATA_END = 131_072
const cards = cardTableAbove(DATA_END)
const PAGES = Math.ceil(cards.end / 65_536) + 1
const ADDRESSES_END = cards.end + 16 * CARD_BYTES

const LOCALS = 4
// few, so that a program often uses one again
const local = fc.constantFrom(0, 0, 0, 1, 1, 2, 3)
/** Rarely in the table, or above all memory: there a program ends. */
const address = fc.oneof(
  { arbitrary: fc.integer({ min: STACK.top, max: DATA_END - 10_000 }), weight: 20 },
  { arbitrary: fc.integer({ min: cards.end, max: ADDRESSES_END - 10_000 }), weight: 20 },
  fc.nat(ADDRESSES_END),
  fc.constant(-20),
)
const offset = fc.oneof(fc.nat(40), fc.nat(600), fc.nat(9000))
type Code = readonly number[]
const [ADD, SUB, AND] = [0x6a, 0x6b, 0x71]

const value = fc.oneof(
  fc.integer().map(int),
  local.map(get),
  fc.tuple(local, offset).map(([of, at]): Code => [...get(of), ...int(DATA_END - 1), AND, 0x28, 2, ...u(at)]),
  fc.tuple(local, local).map(([a, b]): Code => [...get(a), ...get(b), ADD]),
  fc.tuple(local, fc.integer()).map(([to, given]): Code => [...int(given), ...tee(to)]),
)
const store = fc
  .tuple(fc.constantFrom(0x36, 0x3a, 0x3b), fc.oneof(local.map(get), address.map(int)), value, offset)
  .map(([opcode, at, what, above]): Code => [...at, ...what, opcode, 0, ...u(above)])
/** The address is what the local was before the value set it. */
const storeAndMove = fc
  .tuple(local, address, offset, offset)
  .map(
    ([of, to, first, second]): Code => [
      ...[...get(of), ...int(to), ...tee(of), 0x36, 0, ...u(first)],
      ...[...get(of), ...int(1), 0x36, 0, ...u(second)],
    ],
  )
/** Two stores above one local, around the end of a card. */
const aroundCardEnd = fc
  .tuple(local, fc.integer({ min: 17, max: 28 }), fc.nat(300), fc.nat(700), fc.boolean())
  .map(
    ([of, card, before, apart, up]): Code => [
      ...[...int(card * CARD_BYTES - (up ? before : 700)), ...set(of)],
      ...[...get(of), ...int(-1), 0x36, 0, ...u(up ? 0 : 700 + before)],
      ...[...get(of), ...int(-1), 0x36, 0, ...u(up ? apart : 700 + before - Math.min(apart, 700))],
    ],
  )
/** Noted before a loop that moves the local. */
const movedInLoop = fc
  .tuple(local, address, offset, address, fc.nat(200))
  .map(
    ([of, at, above, next, more]): Code => [
      ...[...int(at), ...set(of), ...get(of), ...int(-1), 0x36, 0, ...u(above), ...int(2), ...set(LOCALS)],
      ...loop([
        ...[...get(of), ...int(5), 0x36, 0, ...u(above + more), ...int(next), ...set(of)],
        ...[...get(LOCALS), ...int(1), SUB, ...tee(LOCALS), ...brIf(0)],
      ]),
    ],
  )
const setTo = fc
  .tuple(
    local,
    fc.oneof(
      address.map(int),
      local.map(get),
      fc.tuple(local, fc.integer({ min: -6000, max: 6000 })).map(([of, by]): Code => [...get(of), ...int(by), ADD]),
    ),
  )
  .map(([to, code]): Code => [...code, ...set(to)])
/** As compilers begin and end functions with variables in memory, or not quite so. */
const frame = fc
  .tuple(local, fc.integer({ min: -16, max: 9000 }), fc.boolean())
  .map(([to, bytes, sets]): Code => [0x23, 0, ...int(bytes), SUB, ...tee(to), ...(sets ? [0x24, 0] : [0x1a])])
/** A frame, and stores to it or a little above. */
const ofFrame = fc
  .tuple(local, fc.integer({ min: 16, max: 5000 }), fc.array(fc.nat(9000), { minLength: 1, maxLength: 4 }))
  .map(
    ([to, bytes, offsets]): Code => [
      ...[0x23, 0, ...int(bytes), SUB, ...tee(to), 0x24, 0],
      ...offsets.flatMap((above) => [...get(to), ...int(-1), 0x36, 0, ...u(above)]),
    ],
  )
const frameEnd = fc.tuple(local, fc.integer({ min: 0, max: 9000 })).map(([of, bytes]): Code => [...get(of), ...int(bytes), ADD, 0x24, 0])
const fill = fc
  .tuple(fc.oneof(local.map(get), address.map(int)), fc.nat(10_000))
  .map(([at, length]): Code => [...at, ...int(7), ...int(length), 0xfc, ...u(11), 0])

const statements: fc.Arbitrary<Code> = fc.letrec<{ one: Code; some: Code }>((tie) => {
  const some = tie('some')
  return {
    some: fc.array(tie('one'), { maxLength: 8 }).map((list) => list.flat()),
    one: fc.oneof(
      { maxDepth: 4 },
      { arbitrary: store, weight: 6 },
      { arbitrary: setTo, weight: 3 },
      { arbitrary: frame, weight: 2 },
      { arbitrary: ofFrame, weight: 2 },
      storeAndMove,
      movedInLoop,
      { arbitrary: aroundCardEnd, weight: 3 },
      frameEnd,
      fill,
      some.map((of) => block(of)),
      // a block around, so that a branch always has somewhere to go
      fc.tuple(some, local, some).map(([a, test, b]) => block([...a, ...get(test), ...brIf(0), ...b])),
      fc.tuple(some, some).map(([a, b]) => block([...a, ...br(0), ...b])),
      fc.tuple(local, some, some).map(([test, yes, no]) => [...get(test), ...when(yes, no)]),
      fc.tuple(local, some).map(([test, yes]) => [...get(test), ...when(yes)]),
      // two turns, counted in a local of its own
      some.map((of) => [
        ...int(2),
        ...set(LOCALS),
        ...loop([...of, ...get(LOCALS), ...int(1), SUB, ...tee(LOCALS), ...int(0), 0x4a, ...brIf(0)]),
      ]),
      fc.constant(call(1)),
    ),
  }
}).some

test('whatever a program writes, and wherever it traps: restoring the cards that it noted makes memory what it was, and nothing else was written', () => {
  let [ran, wrote] = [0, 0]
  fc.assert(
    fc.property(statements, statements, fc.array(address, { minLength: LOCALS, maxLength: LOCALS }), (first, second, given) => {
      const locals = Array.from({ length: LOCALS - 3 }, () => i32)
      const begin = given.flatMap((at, i) => [...int(at), ...set(i)])
      const module = assemble({
        types: [type([i32, i32, i32, i32], []), type([], [])],
        functions: [0, 1],
        memories: [[0, ...u(PAGES)]],
        globals: [global(i32, true, int(STACK.top))],
        exports: [exportOf('run', 'function', 0), exportOf('memory', 'memory', 0), exportOf('__stack_pointer', 'global', 0)],
        bodies: [body(locals, first), body([...locals, i32, i32, i32, i32], [...begin, ...second])],
      })
      const metered = instantiateMetered(module, { cards, stack: STACK.top - STACK.floor })
      const { memory } = metered
      for (let i = 0; i < memory.length; i += 251) if (i < cards.at || i >= cards.end) memory[i] = i % 255
      const kept = sharedCopy(memory)
      const before = memory.slice()
      try {
        metered.run(...given)
        ran++
      } catch (error) {
        expect(`${error}`).toContain('RuntimeError')
      }
      if (Buffer.compare(memory, before) !== 0) wrote++
      restoreCards(memory, kept, cards.at, STACK, true)
      expect(Buffer.compare(memory, before)).toBe(0)
    }),
    { numRuns: 250, seed: 8 },
  )
  expect(ran).toBeGreaterThan(50)
  expect(wrote).toBeGreaterThan(125)
})
