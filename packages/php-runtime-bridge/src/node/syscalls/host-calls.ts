import { SyscallFailure } from '../../errno.js'
import { encodeFields } from '../../host-calls/fields.js'
import { answerHostCall } from '../../host-calls/host-calls.js'
import type { Kernel } from '../kernel.js'

// zend_string: the length lies right before the letters.
const LENGTH_BEFORE_BYTES = 4
/** PHP makes null of it, and a text of any other length. */
const NO_ANSWER = -1
const nothingDone = encodeFields([Uint8Array.of(0x6f, 0x6b)])

/** The one door between a script and the runtime: a message in, an answer out. PHP frees the answer. */
export function hostCalls(kernel: Kernel) {
  function onMessage(at: number, answerAt: number): number {
    const answer = answered(at)
    const room = kernel.guest.malloc(answer.length + 1)
    if (room === 0) return NO_ANSWER
    kernel.memory.writable(room, answer.length).set(answer)
    kernel.memory.put32(answerAt, room)
    return answer.length
  }

  function answered(at: number): Uint8Array {
    const { host } = kernel.world
    if (!host) return nothingDone
    const length = kernel.memory.u32(at - LENGTH_BEFORE_BYTES)
    return answerHostCall(kernel.memory.bytes.subarray(at, at + length), host)
  }

  return {
    __asyncjs__js_module_onMessage: kernel.call((at: number, answerAt: number) => {
      try {
        return onMessage(at, answerAt)
      } catch (error) {
        if (error instanceof SyscallFailure) return NO_ANSWER
        throw error
      }
    }),
  }
}
