import { OPENSSL_PATH } from '../../php-ini.js'
import { DESCRIPTORS_MAX } from '../descriptors.js'
import type { Kernel } from '../kernel.js'

/** The whole environment: nothing of the host's. */
const environment = [
  'HOME=/tmp',
  'LANG=C.UTF-8',
  'LC_ALL=C.UTF-8',
  `OPENSSL_CONF=${OPENSSL_PATH}`,
  'PATH=/usr/bin',
  'TMPDIR=/tmp',
  'TZ=UTC',
  'USER=interpeer',
]

/** Identity, environment, ending; and other processes, of which there are none. */
export function processCalls(kernel: Kernel) {
  const exit = (status: number): never => kernel.halt({ type: 'exit', status })
  const trap = (): never => kernel.halt({ type: 'answer', code: 'SCRIPT_TRAPPED' })
  const none = () => -1
  return {
    js_getpid: () => kernel.world.processId,
    environ_sizes_get: (count: number, bytes: number) => {
      kernel.memory.put32(count, environment.length)
      kernel.memory.put32(
        bytes,
        environment.reduce((total, one) => total + one.length + 1, 0),
      )
      return 0
    },
    environ_get: (pointers: number, buffer: number) => {
      let at = buffer
      for (const [i, one] of environment.entries()) {
        kernel.memory.put32(pointers + i * 4, at)
        at += kernel.memory.putText(one, at, one.length + 1) + 1
      }
      return 0
    },
    getdtablesize: () => DESCRIPTORS_MAX,
    exit,
    proc_exit: exit,
    _abort_js: trap,
    __assert_fail: trap,
    // Fibers need them, and the binary has no way to switch stacks.
    getcontext: none,
    makecontext: trap,
    swapcontext: trap,
    __call_sighandler: () => undefined,
    _emscripten_runtime_keepalive_clear: () => void kernel.fuel.ranOut(),
    js_wasm_trace: () => undefined,
    _emscripten_system: none,
    js_open_process: none,
    js_waitpid: none,
    js_process_status: none,
    js_popen_get_pid_for_fd: none,
    js_popen_set_pid_for_fd: () => undefined,
    js_popen_clear_pid_for_fd: () => undefined,
    __asyncjs__js_popen_to_file: () => 0,
    _dlopen_js: (handle: number) => kernel.extensions?.open(handle) ?? 0,
    _dlsym_js: (handle: number, symbol: number) => kernel.extensions?.symbol(handle, symbol) ?? 0,
  }
}
