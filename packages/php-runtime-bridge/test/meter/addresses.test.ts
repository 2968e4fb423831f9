import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { addressesOf } from '../../src/meter/addresses.js'
import { assemble, call, int, u } from './assembler.js'
import { phpWith, set, store16 } from './php-like.js'

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
