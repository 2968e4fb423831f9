import { expect, test } from 'vitest'
import { hostTroubleOf } from '../src/node/halt.js'

test.each([
  ['Maximum call stack size exceeded', 'HOST_STACK'],
  ['Array buffer allocation failed', 'HOST_MEMORY'],
  ['WebAssembly.Instance(): Out of memory: Cannot allocate Wasm memory for new instance', 'HOST_MEMORY'],
  ['WebAssembly.Memory.grow(): Unable to grow instance memory', 'HOST_MEMORY'],
  ['Offset is outside the bounds of the DataView', undefined],
])('"%s" is %s: what another machine would not have had makes this one abstain', (message, reason) => {
  expect(hostTroubleOf(new RangeError(message))?.reason).toBe(reason)
  expect(hostTroubleOf(new Error(message))).toBeUndefined()
})
