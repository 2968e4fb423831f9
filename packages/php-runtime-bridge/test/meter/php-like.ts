import { assemble, body, type Code, call, exportOf, global, i32, int, type, u } from './assembler.js'

const store8 = [0x3a, 0, 0]
export const store16 = [0x3b, 0, 0]
export const set = (address: number, value: number, store: Code = store8): number[] => [...int(address), ...int(value), ...store]

/** A PHP of six functions: zend_timeout and its like, and the handler, number 5 of the table. */
export function phpWith(changed: Partial<Record<'timeout' | 'setTimeout' | 'unsetTimeout' | 'handler' | 'table', Code>> = {}): Uint8Array {
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
