import { fail } from '../../errno.js'
import { answerHostCall } from '../../host-calls/host-calls.js'
import type { Kernel } from '../kernel.js'

// zend_string: the length lies right before the letters.
const LENGTH_BEFORE_BYTES = 4

/** The one door between a script and the runtime: a message in, an answer out. PHP frees the answer. */
export function hostCalls(kernel: Kernel) {
  function onMessage(at: number, answerAt: number): number {
    const { host } = kernel.world
    if (!host) fail('NOSYS')
    const length = kernel.memory.u32(at - LENGTH_BEFORE_BYTES)
    const answer = answerHostCall(kernel.memory.bytes.subarray(at, at + length), host)
    const room = kernel.guest.malloc(answer.length + 1)
    if (room === 0) fail('NOMEM')
    kernel.memory.bytes.set(answer, room)
    kernel.memory.put32(answerAt, room)
    return answer.length
  }
  return { __asyncjs__js_module_onMessage: kernel.call(onMessage) }
}
