import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { addressesOf } from '../../src/meter/addresses.js'
import { assemble, body, type Code, call, exportOf, global, i32, int, type, u } from './assembler.js'

const store8 = [0x3a, 0, 0]
const store16 = [0x3b, 0, 0]
const set = (address: number, value: number, store: Code = store8): number[] => [...int(address), ...int(value), ...store]

/** A PHP of six functions: zend_timeout and its like, and the handler, number 5 of the table. */
function phpWith(changed: Partial<Record<'timeout' | 'setTimeout' | 'unsetTimeout' | 'handler' | 'table', Code>> = {}): Uint8Array {
  const handler = changed.handler ?? set(1102, 0x101, store16)
  return assemble({
    types: [type([], []), type([i32, i32], [])],
    functions: [0, 0, 0, 1, 0, 0],
    tables: [[0x70, 0, 16]],
    memories: [[0, 1]],
    globals: [global(i32, false, int(1000)), global(i32, false, int(900))],
    exports: [
      ...['zend_timeout', 'zend_set_timeout', 'zend_unset_timeout', 'zend_signal'].map((name, i) => exportOf(name, 'function', i)),
      exportOf('executor_globals', 'global', 0),
      exportOf('zend_interrupt_function', 'global', 1),
    ],
    elements: [changed.table ?? [0, ...int(1), 0x0b, 6, ...[0, 1, 2, 3, 4, 5].flatMap(u)]],
    bodies: [
      body([], changed.timeout ?? [...set(1103, 0), ...int(27), ...int(6), ...call(3)]),
      body([], changed.setTimeout ?? set(1103, 0)),
      body([], changed.unsetTimeout ?? set(1103, 0)),
      body([], []),
      body([], set(1102, 0x101, store16)),
      body([], handler),
    ],
  })
}

test('they are found by what functions do', () => {
  const found = { vmInterrupt: 1102, timedOut: 1103, interruptFunction: 900, executorGlobals: 1000 }
  expect(addressesOf(phpWith())).toEqual(found)
  expect(addressesOf(phpWith({ handler: [...set(1103, 1), ...set(1102, 1)] }))).toEqual(found)
})

test('those of PHP 8.2', () => {
  const folder = dirname(createRequire(import.meta.url).resolve('@php-wasm/node-8-2/package.json'))
  const found = addressesOf(readFileSync(join(folder, 'jspi/8_2_33/php_8_2.wasm')))
  // read by eye in a disassembly of this build; in another they are elsewhere
  expect(found).toEqual({ vmInterrupt: 12_913_166, timedOut: 12_913_167, interruptFunction: 12_912_384, executorGlobals: 12_912_800 })
})

test.each<[string, Parameters<typeof phpWith>[0]]>([
  ['nothing is cleared', { timeout: [...int(27), ...int(6), ...call(3)] }],
  ['two bytes are cleared', { timeout: [...set(1103, 0), ...set(1104, 0), ...int(27), ...int(6), ...call(3)] }],
  ['no handler is given', { timeout: set(1103, 0) }],
  ['a handler is given that only a run would tell', { timeout: [...set(1103, 0), ...int(27), ...int(6), 0x45, ...call(3)] }],
  ['a handler is given that the table does not hold', { timeout: [...set(1103, 0), ...int(27), ...int(7), ...call(3)] }],
  ['another byte is cleared elsewhere', { unsetTimeout: set(1104, 0) }],
  ['another byte is cleared elsewhere too', { setTimeout: [...set(1103, 0), ...set(1104, 0)] }],
  ['the handler sets one byte', { handler: set(1103, 1) }],
  ['the handler sets bytes that are not neighbours', { handler: [...set(1103, 1), ...set(1101, 1)] }],
  ['the handler sets three', { handler: [...set(1102, 0x101, store16), ...set(1104, 1)] }],
  [
    'all is outside executor_globals',
    Object.fromEntries([
      ...['timeout', 'setTimeout', 'unsetTimeout'].map((one) => [
        one,
        [...set(903, 0), ...(one === 'timeout' ? [...int(27), ...int(6), ...call(3)] : [])],
      ]),
      ['handler', set(902, 0x101, store16)],
    ]),
  ],
  ['the table is of another form', { table: [1, 0, 1, ...u(5)] }],
])('nothing is guessed where %s', (_, changed) => {
  expect(() => addressesOf(phpWith(changed))).toThrow(expect.objectContaining({ code: 'METER_UNSUPPORTED' }))
})

test('another module has none', () => {
  expect(() => addressesOf(assemble({}))).toThrow(expect.objectContaining({ code: 'METER_UNSUPPORTED' }))
  expect(() => addressesOf(Uint8Array.of(1))).toThrow(expect.objectContaining({ code: 'METER_MALFORMED' }))
})
