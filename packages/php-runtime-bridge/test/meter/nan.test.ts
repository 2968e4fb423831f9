import { expect, test } from 'vitest'
import { type Code, f32, f64, float32, float64, get, i32, i64, int, oneFunction, set, u, v128 } from './assembler.js'
import { instantiate, instantiateMetered } from './metered.js'

const NAN_64 = 0x7ff8_0000_0000_0000n
const NAN_32 = 0x7fc0_0000
/** A NaN whose sign and payload are its own: as bits, so that it passes through the engine as it is. */
const ODD_64 = 0xfff8_0000_dead_beefn
const ODD_32 = 0xffc0_beef | 0
const odd64 = [0x42, ...signed64(ODD_64), 0xbf]
const odd32 = [...int(ODD_32), 0xbe]
// what arithmetic makes of it is the machine's choice: on x86 the same bits
const made64 = [...odd64, ...float64(1), 0xa0]
const made32 = [...odd32, ...float32(1), 0x92]

function signed64(bits: bigint): number[] {
  const bytes: number[] = []
  for (let rest = BigInt.asIntN(64, bits); ; rest >>= 7n) {
    const low = Number(rest & 0x7fn)
    if (rest >> 6n === 0n || rest >> 6n === -1n) return [...bytes, low]
    bytes.push(low | 0x80)
  }
}

const bits64 = (results: Code, code: Code) => oneFunction([], results, [f64, f32, v128], code)
const simd = (opcode: number, ...immediates: number[]): number[] => [0xfd, ...u(opcode), ...immediates]

test.each<[string, number, Code, number | bigint]>([
  ['f64, its bits', i64, [...made64, 0xbd], NAN_64],
  ['f64, stored', i64, [...int(0), ...made64, 0x39, 3, 0, ...int(0), 0x29, 3, 0], NAN_64],
  ['f64, stored by way of a local', i64, [...made64, ...set(0), ...int(0), ...get(0), 0x39, 3, 0, ...int(0), 0x29, 3, 0], NAN_64],
  ['f64, its sign', f64, [...float64(1), ...made64, 0xa6], 1],
  ['f64, from an f32', i64, [...made32, 0xbb, 0xbd], NAN_64],
  ['f64, negative', i64, [...made64, 0x9a, 0xbd], NAN_64],
  ['f32, its bits', i32, [...made32, 0xbc], NAN_32],
  ['f32, stored', i32, [...int(0), ...made32, 0x38, 2, 0, ...int(0), 0x28, 2, 0], NAN_32],
  ['f32, its sign', f32, [...float32(1), ...made32, 0x98], 1],
  ['f32, from an f64', i32, [...made64, 0xb6, 0xbc], NAN_32],
  ['f64, a result of nothing', i64, [...float64(0), ...float64(0), 0xa3, 0xbd], NAN_64],
  ['f64, into all lanes of a vector', i64, [...made64, ...simd(20), ...simd(29, 1)], NAN_64],
  ['f32, into all lanes of a vector', i32, [...made32, ...simd(19), ...simd(27, 3)], NAN_32],
  ['f64, into one lane', i64, [...float64(0), ...simd(20), ...made64, ...simd(34, 1), ...simd(29, 1)], NAN_64],
  ['f32, into one lane', i32, [...float32(0), ...simd(19), ...made32, ...simd(32, 2), ...simd(27, 2)], NAN_32],
  ['f64 lanes, added', i64, [...odd64, ...simd(20), ...float64(1), ...simd(20), ...simd(240), ...simd(29, 0)], NAN_64],
  ['f32 lanes, divided', i32, [...odd32, ...simd(19), ...float32(1), ...simd(19), ...simd(231), ...simd(27, 1)], NAN_32],
  ['f64 lanes, a root', i64, [...float64(-1), ...simd(20), ...simd(239), ...simd(29, 1)], NAN_64],
  ['f32 lanes, of f64 lanes', i32, [...odd64, ...simd(20), ...simd(94), ...simd(27, 1)], NAN_32],
  ['f64 lanes, of f32 lanes', i64, [...odd32, ...simd(19), ...simd(95), ...simd(29, 1)], NAN_64],
])('%s: one NaN', (_, type, code, expected) => {
  const metered = instantiateMetered(bits64([type], code))
  const unsigned = (value: unknown) => (typeof value === 'bigint' ? BigInt.asUintN(64, value) : value)
  expect(unsigned(metered.run())).toBe(expected)
})

test('what is a number stays as it is, to the sign of zero', () => {
  const store = oneFunction(
    [f64, f32],
    [],
    [v128],
    [
      ...[
        ...int(0),
        ...get(0),
        ...get(0),
        0xa2,
        ...get(0),
        0xa3,
        0x39,
        3,
        0,
        ...int(8),
        ...get(1),
        ...get(1),
        0x94,
        ...get(1),
        0x95,
        0x38,
        2,
        0,
      ],
      ...[...int(16), ...get(0), ...simd(20), ...float64(1), ...simd(20), ...simd(242), ...simd(11, 4, 0)],
      ...[...int(32), ...get(1), ...simd(19), ...float32(1), ...simd(19), ...simd(230), ...simd(11, 4, 0)],
    ],
  )
  const [plain, metered] = [instantiate(store), instantiateMetered(store)]
  for (const value of [0.5, -0.25, 1e30, -1, 2 ** -70, Number.POSITIVE_INFINITY, -0]) {
    // 0/0 and ∞/∞ are NaNs of the machine: the lanes alone
    const from = Number.isFinite(value) && value !== 0 ? 0 : 16
    for (const instance of [plain, metered]) (instance.run as (a: number, b: number) => void)(value, value)
    expect(metered.memory.slice(from, 48)).toEqual(plain.memory.slice(from, 48))
  }
})

test('bits that are only moved stay: they are the same on every machine', () => {
  const move = oneFunction([], [i64], [], [...int(8), ...int(0), 0x2b, 3, 0, 0x39, 3, 0, ...int(8), 0x29, 3, 0])
  const instance = instantiateMetered(move)
  new DataView(instance.memory.buffer).setBigUint64(0, ODD_64, true)
  expect(BigInt.asUintN(64, instance.run() as bigint)).toBe(ODD_64)
})

const MINUS_ONE = 0xffff_ffff_ffff_ffffn
const loaded = [...int(0), 0x2b, 3, 0]
const stored = (value: Code): Code => [...int(8), ...value, 0x39, 3, 0, ...int(8), 0x29, 3, 0]

test.each<[string, Code]>([
  ['by way of a local', [...loaded, ...set(0), ...stored(get(0))]],
  ['chosen among two', stored([...loaded, ...float64(1), ...int(1), 0x1b])],
  [
    'as the result of a block, which else has what was worked out',
    stored([0x02, 0x7c, ...loaded, ...int(1), 0x0d, 0, 0x1a, ...float64(0), ...float64(0), 0xa3, 0x0b]),
  ],
  ['as the bits that they are', [...loaded, ...set(0), ...get(0), 0xbd]],
  ['as a lane of a vector', [...loaded, ...simd(20), ...simd(29, 0)]],
])('an integer that a compiler moves as a float stays what it is: %s', (_, code) => {
  const instance = instantiateMetered(bits64([i64], code))
  for (const bits of [MINUS_ONE, ODD_64, 7n]) {
    new DataView(instance.memory.buffer).setBigUint64(0, bits, true)
    expect(BigInt.asUintN(64, instance.run() as bigint)).toBe(bits)
  }
})

test.each<[string, Code, Code]>([
  ['a local', [...made64, ...set(0)], get(0)],
  ['a block', [0x02, 0x7c, ...made64, 0x0b, ...set(0)], get(0)],
  ['a choice, first', [...made64, ...float64(1), ...int(1), 0x1b, ...set(0)], get(0)],
  ['a choice, second', [...float64(1), ...made64, ...int(0), 0x1b, ...set(0)], get(0)],
  ['a branch that takes it along', [0x02, 0x7c, ...made64, ...int(1), 0x0d, 0, 0x0b, ...set(0)], get(0)],
  ['a sign taken off', [...made64, 0x99, ...set(0)], get(0)],
  ['a sign put to it', [...made64, ...float64(-1), 0xa6, 0x99, ...set(0)], get(0)],
])('what was worked out has one NaN behind %s', (_, code, value) => {
  const instance = instantiateMetered(bits64([i64], [...code, ...value, 0xbd]))
  expect(BigInt.asUintN(64, instance.run() as bigint)).toBe(NAN_64)
})

test('NaNs can be left alone', () => {
  const code = bits64([i64], [...made64, 0xbd])
  expect(instantiateMetered(code, { canonicalNaNs: false }).run()).toBe(instantiate(code).run())
})
