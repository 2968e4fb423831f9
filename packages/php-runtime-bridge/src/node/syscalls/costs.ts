/** What a system call costs: a fixed price, and one for each KiB that it moves. */
export interface CallCost {
  readonly fuel: number
  readonly fuelPerKiB?: number
  readonly bytesOf?: Moved
}
/** Bytes moved by a call that came back: of its arguments, its result, and 32-bit words of PHP's memory. */
type Moved = (args: readonly (number | bigint)[], result: number, word: (at: number) => number) => number

// Prices are what the calls take on the machine where a slot's fuel takes about a second, rounded: 15 fuel are a nanosecond. See the README.
/** Answers out of the kernel's own numbers. */
const GLANCE = 2_000
/** Works on an open descriptor. */
const DESCRIPTOR = 8_000
/** Resolves a path. */
const PATH = 16_000
/** Resolves a path and changes what is there. */
const CHANGE = 40_000
/** Copying between PHP's memory and files. */
const COPY_PER_KIB = 1_000
/** New memory is zeroed by the host, at first touch. */
const GROW_PER_KIB = 1_000

const atPointer =
  (index: number): Moved =>
  (args, result, word) =>
    result === 0 ? word(Number(args[index])) : 0
/** A call that failed moved nothing, whatever it was asked. */
const inArgument =
  (index: number): Moved =>
  (args, result) =>
    result === 0 ? Number(args[index]) : 0
const answered: Moved = (_args, result) => Math.max(0, result)

/** A text's length lies right before its letters. */
const messageAndAnswer: Moved = ([at], result, word) => word(Number(at) - 4) + Math.max(0, result)

const transfer = (resultAt: number): CallCost => ({ fuel: DESCRIPTOR, fuelPerKiB: COPY_PER_KIB, bytesOf: atPointer(resultAt) })
const glance: CallCost = { fuel: GLANCE }
const descriptor: CallCost = { fuel: DESCRIPTOR }
const path: CallCost = { fuel: PATH }
const change: CallCost = { fuel: CHANGE }

const costs: Readonly<Record<string, CallCost>> = {
  clock_time_get: glance,
  emscripten_get_now: glance,
  emscripten_date_now: glance,
  emscripten_sleep: glance,
  js_getpid: glance,
  getdtablesize: glance,
  emscripten_get_heap_max: glance,
  random_get: descriptor,
  fd_read: transfer(3),
  js_fd_read: transfer(3),
  fd_write: transfer(3),
  fd_pread: transfer(4),
  fd_pwrite: transfer(4),
  fd_seek: descriptor,
  fd_close: descriptor,
  wasm_close: descriptor,
  fd_fdstat_get: descriptor,
  __syscall_dup: descriptor,
  __syscall_dup3: descriptor,
  __syscall_fcntl64: descriptor,
  __syscall_ioctl: descriptor,
  __syscall_fstat64: descriptor,
  __syscall_getcwd: descriptor,
  __syscall_getdents64: { fuel: DESCRIPTOR, fuelPerKiB: 4 * COPY_PER_KIB, bytesOf: answered },
  __syscall_ftruncate64: { fuel: CHANGE, fuelPerKiB: COPY_PER_KIB, bytesOf: inArgument(1) },
  _mmap_js: { fuel: DESCRIPTOR, fuelPerKiB: 2 * COPY_PER_KIB, bytesOf: inArgument(0) },
  _munmap_js: { fuel: DESCRIPTOR, fuelPerKiB: COPY_PER_KIB, bytesOf: inArgument(1) },
  __asyncjs__js_module_onMessage: { fuel: PATH, fuelPerKiB: 4 * COPY_PER_KIB, bytesOf: messageAndAnswer },
  __syscall_mkdirat: change,
  __syscall_rmdir: change,
  __syscall_unlinkat: change,
  __syscall_renameat: change,
  __syscall_symlinkat: change,
  __syscall_utimensat: change,
  __syscall_chmod: change,
  __syscall_fchmod: change,
}

/** What is not in the list resolves a path, or is as rare. */
export function costOf(call: string): CallCost {
  return Object.hasOwn(costs, call) ? (costs[call] as CallCost) : path
}

/** A path is split and walked: the longest costs more than all else about a call. */
export const PATH_UNIT_FUEL = 200
/** Random bytes are made by AES. */
export const RANDOM_KIB_FUEL = 20_000
/** Whether what a script hands over is plain data is found byte by byte. */
export const PLAIN_BYTE_FUEL = 60
/** Listing a directory: names are gathered and sorted anew each time that reading begins. */
export const LISTED_NAME_FUEL = 3_000
/**
 * A script in slots of its own: PHP's memory is made what it was, for each MiB of its image; and it is given the files as they are: so much for each
 * name and page that is gone through for that, and for each KiB copied.
 */
export const CHILD_START_FUEL = 10_000_000
export const CHILD_IMAGE_MIB_FUEL = 1_000_000
export const CHILD_ENTRY_FUEL = 1_000
export const CHILD_KIB_FUEL = COPY_PER_KIB
/** What it changed is found: so much for each name that leads elsewhere than it did, and for each KiB that was compared, though it be as it was. */
export const COMPARED_NAME_FUEL = 20_000
export const COMPARED_KIB_FUEL = 16_000
/** What it changed becomes its caller's: so much for each file, folder and link, and for each KiB. */
export const ADOPTED_NODE_FUEL = 50_000
export const ADOPTED_KIB_FUEL = COPY_PER_KIB
/** A page of PHP's memory more. */
export const GROWN_PAGE_FUEL = GROW_PER_KIB * 64
