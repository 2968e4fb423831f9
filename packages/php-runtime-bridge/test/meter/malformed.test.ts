import { describe, expect, test } from 'vitest'
import { PhpRuntimeError } from '../../src/errors.js'
import { type MeterOptions, meter } from '../../src/meter/meter.js'
import { assemble, body, type Code, custom, exportOf, get, global, i32, importOf, int, oneFunction, text, type, u } from './assembler.js'
import { validate } from './metered.js'
import { richModule } from './rich-module.js'

const given = richModule()
const side: MeterOptions = { kind: 'side', stack: { floor: 16, top: 65536 } }

/** What becomes of bytes: they are metered, or refused with a code. Anything else fails the test. */
function metered(bytes: Uint8Array, options?: MeterOptions): Uint8Array | undefined {
  try {
    return meter(bytes, options).bytes
  } catch (error) {
    if (error instanceof PhpRuntimeError && (error.code === 'METER_MALFORMED' || error.code === 'METER_UNSUPPORTED')) return undefined
    throw error
  }
}

/** The meter takes what the engine would not only where it leaves it out. */
const expectAlike = (made: Uint8Array, bytes: Uint8Array, what: string) => expect(validate(made), what).toBe(validate(bytes))

test('cut off anywhere it is refused, or as good or bad as before', () => {
  for (let length = 0; length < given.length; length++) {
    const made = metered(given.subarray(0, length))
    if (made !== undefined) expectAlike(made, given.subarray(0, length), `${length} bytes`)
  }
})

test('with any byte changed it is refused, or as good or bad as before', () => {
  let refused = 0
  const given = richModule({ customSections: false })
  // a custom section whose name is no UTF-8 is left out, so it is not among them
  for (let at = 8; at < given.length; at++) {
    const tries = [
      [(given[at] as number) ^ 1, {}],
      [(at * 37) & 0xff, {}],
      [(at * 101) & 0xff, side],
    ] as const
    for (const [changed, options] of tries) {
      const bytes = given.slice()
      bytes[at] = changed
      const made = metered(bytes, options)
      if (made === undefined) refused++
      else expectAlike(made, bytes, `byte ${at} as ${changed}`)
    }
  }
  expect(refused).toBeGreaterThan(500)
})

const run = (code: Code) => oneFunction([], [], [], code)
const types = [type([], [])]
const functions = [0]
const bodies = [body([], [])]
describe.each<[string, 'METER_MALFORMED' | 'METER_UNSUPPORTED', readonly [string, Uint8Array, MeterOptions?][]]>([
  [
    'no module',
    'METER_MALFORMED',
    [
      ['nothing', new Uint8Array()],
      ['a component', Uint8Array.of(0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0)],
      ['a section longer than the file', Uint8Array.from([...assemble({}), 1, 0x80, 0x80, 0x80, 0x80, 0x08])],
      ['a length of six bytes', Uint8Array.from([...assemble({}), 1, 0x80, 0x80, 0x80, 0x80, 0x80, 0])],
      ['a length of 33 bits', Uint8Array.from([...assemble({}), 1, 0xff, 0xff, 0xff, 0xff, 0x1f])],
      ['sections out of order', Uint8Array.from([...assemble({ functions, types, bodies }), ...assemble({ types }).subarray(8)])],
      ['four billion types', Uint8Array.from([...assemble({}), 1, 5, 0xff, 0xff, 0xff, 0xff, 0x0f])],
      ['more functions than bodies', assemble({ types, functions: [0, 0], bodies })],
      ['bodies without functions', assemble({ types, bodies })],
      ['a function of no type', assemble({ types, functions: [1], bodies })],
      ['two exports of one name', assemble({ types, functions, bodies, exports: [0, 0].map((one) => exportOf('a', 'function', one)) })],
    ],
  ],
  [
    // Where it would be what the meter adds, the engine would take it.
    'numbers of what the meter adds',
    'METER_MALFORMED',
    [
      ['a global set', run([0x42, 0, 0x24, 0])],
      ['a global read', run([0x23, 0, 0x1a])],
      ['a local read', run([...int(0), ...int(1), ...get(0), 0xfc, ...u(11), 0])],
      ['a function called', run([0x10, 1])],
      ['a function referred to', run([0xd2, 1, 0x1a])],
      ['a function exported', assemble({ types, functions, bodies, exports: [exportOf('a', 'function', 1)] })],
      ['a global exported', assemble({ types, functions, bodies, exports: [exportOf('a', 'global', 0)] })],
      ['a function in the table', assemble({ types, functions, bodies, tables: [[0x70, 0, 1]], elements: [[0, ...int(0), 0x0b, 1, 1]] })],
      ['a start', assemble({ types, functions, bodies, start: 1 })],
    ],
  ],
  [
    'a function that does not hold together',
    'METER_MALFORMED',
    [
      ['without an end', assemble({ types, functions, bodies: [[2, 0, 0x01]] })],
      ['with something after its end', assemble({ types, functions, bodies: [[4, 0, 0x0b, 0x01, 0x0b]] })],
      ['an else without its if', run([0x05])],
      ['a branch too far out', run([0x0c, 2])],
      ['ends too many', run([0x0b, 0x0b])],
      ['locals without end', assemble({ types, functions, bodies: [[3, 0x7f, 0, 0x0b]] })],
    ],
  ],
  [
    'a module that cannot be metered',
    'METER_UNSUPPORTED',
    [
      ['a memory shared by threads', assemble({ memories: [[3, 1, 1]] })],
      ['a memory of 64 bits', assemble({ memories: [[4, 1]] })],
      [
        'two memories',
        assemble({
          memories: [
            [0, 1],
            [0, 1],
          ],
        }),
      ],
      ['an imported memory and another', assemble({ imports: [importOf.memory('env', 'memory')], memories: [[0, 1]] })],
      ['an access to another memory', run([...int(0), 0x28, 0x42, 1, 0, 0x1a])],
      ['a size of another memory', run([0x3f, 1, 0x1a])],
      ['a copy to another memory', run([...int(0), ...int(0), ...int(0), 0xfc, 10, 1, 0])],
      ['a vector operation whose result differs by machine', run([0xfd, ...u(0x105)])],
      ['a vector operation that is not known', run([0xfd, ...u(154)])],
      ['an operation of garbage collection', run([0xfb, 0, 0])],
      ['types of garbage collection', assemble({ types: [[0x5f, 1, 0x7f, 0]] })],
      ['an instruction that is not known', run([0xe0, 0])],
      ['fifty thousand locals', assemble({ types, functions, bodies: [[...u(8), 1, ...u(60_000), 0x7f, 0x01, 0x01, 0x0b]] })],
      ['a section that is not known', Uint8Array.from([...assemble({}), 14, 1, 0])],
      ['an export named as the meter names it', oneFunction([], [], [], [], { exports: [exportOf('__fuel', 'function', 0)] })],
      ['one that is metered', meter(run([])).bytes],
      ['no such import to ask for fuel', run([]), { exhausted: 'more' }],
      [
        'an import to ask for fuel that takes something',
        assemble({ types: [type([i32], [])], imports: [importOf.function('env', 'more', 0)] }),
        { exhausted: 'more' },
      ],
      ['no stack pointer', run([]), { stack: 1024 }],
      ['bounds, and no stack pointer', run([]), { stack: { floor: 16, top: 65536 } }],
      ['a side module with bounds, and no stack pointer', run([]), side],
      ['a side module with state of its own', assemble({ globals: [global(i32, true, int(1))] }), { kind: 'side' }],
      [
        'a stack pointer below its stack',
        assemble({ globals: [global(i32, true, int(1000))], exports: [exportOf('__stack_pointer', 'global', 0)] }),
        { stack: 1024 },
      ],
    ],
  ],
])('%s: %s', (_, code, cases) => {
  test.each(cases)('%s', (_, bytes, options) => {
    expect(() => meter(bytes, options)).toThrow(expect.objectContaining({ code }))
  })
})

test('sections that speak of places in code go, others stay', () => {
  const made = Buffer.from(meter(richModule()).bytes).toString('latin1')
  expect(['dylink.0', 'producers'].map((name) => made.includes(name))).toEqual([true, true])
  const spoken = ['name', '.debug_info', 'metadata.code.branch_hint', 'reloc.CODE', 'sourceMappingURL']
  const all = Uint8Array.from([...assemble({ types, functions, bodies }), ...spoken.flatMap((name) => custom(name, text('x')))])
  for (const name of spoken) expect(Buffer.from(meter(all).bytes).toString('latin1')).not.toContain(name)
})
