import { Errno, fail } from '../../errno.js'
import { type Descriptor, isPipe } from '../descriptors.js'
import type { Kernel } from '../kernel.js'

const O_ACCMODE = 3
const O_APPEND = 0o2000
const F_DUPFD = 0
const F_GETFL = 3
const F_GETLK = 5
const F_GETLK64 = 12
const F_DUPFD_CLOEXEC = 1030
const F_UNLCK = 2

// WASI's file types: it has none for a pipe
const FileType = { unknown: 0, characterDevice: 2, directory: 3, regularFile: 4 } as const
/** fd_seek and fd_tell. */
const RIGHTS_TO_SEEK = 0b10_0100

function fileTypeOf(descriptor: Descriptor): number {
  if (descriptor.kind === 'device') return isPipe(descriptor.path) ? FileType.unknown : FileType.characterDevice
  return descriptor.kind === 'directory' ? FileType.directory : FileType.regularFile
}

/** Reading, writing and seeking on descriptors. */
export function streamCalls(kernel: Kernel) {
  /** Runs over a scatter list of (address, length) pairs, to read from there or to write there. @returns bytes moved */
  function each(vectors: number, count: number, writes: boolean, move: (bytes: Uint8Array, moved: number) => number): number {
    let moved = 0
    for (let i = 0; i < count; i++) {
      const at = kernel.memory.u32(vectors + i * 8)
      const length = kernel.memory.u32(vectors + i * 8 + 4)
      const done = move(writes ? kernel.memory.writable(at, length) : kernel.memory.bytes.subarray(at, at + length), moved)
      moved += done
      if (done < length) break
    }
    return moved
  }

  function readAt(descriptor: Descriptor, target: Uint8Array, at: number): number {
    if (descriptor.kind === 'directory') fail('ISDIR')
    if (descriptor.kind === 'device') {
      if (descriptor.device !== 'random') return 0
      kernel.fillRandom(target)
      return target.length
    }
    if ((descriptor.flags & O_ACCMODE) === 1) fail('BADF')
    return descriptor.node.content.read(at, target)
  }

  function writeAt(descriptor: Descriptor, source: Uint8Array, at: number): number {
    if (descriptor.kind === 'directory') fail('BADF')
    if (descriptor.kind === 'device') {
      kernel.world.output.write(descriptor.device, source)
      return source.length
    }
    if ((descriptor.flags & O_ACCMODE) === 0) fail('BADF')
    kernel.world.files.write(descriptor.node, source, at, kernel.world.clock.seconds)
    return source.length
  }

  function read(fd: number, vectors: number, count: number, result: number): void {
    const descriptor = kernel.descriptors.get(fd)
    const start = descriptor.kind === 'file' ? descriptor.offset : 0
    const moved = each(vectors, count, true, (target, done) => readAt(descriptor, target, start + done))
    if (descriptor.kind === 'file') descriptor.offset = start + moved
    kernel.memory.put32(result, moved)
  }

  function write(fd: number, vectors: number, count: number, result: number): void {
    const descriptor = kernel.descriptors.get(fd)
    const appending = descriptor.kind === 'file' && (descriptor.flags & O_APPEND) !== 0
    const start = descriptor.kind !== 'file' ? 0 : appending ? descriptor.node.content.size : descriptor.offset
    const moved = each(vectors, count, false, (source, done) => writeAt(descriptor, source, start + done))
    if (descriptor.kind === 'file') descriptor.offset = start + moved
    kernel.memory.put32(result, moved)
  }

  function seek(fd: number, offset: bigint, whence: number, result: number): void {
    const descriptor = kernel.descriptors.get(fd)
    if (descriptor.kind === 'device') {
      if (descriptor.device !== 'null') fail('SPIPE')
      kernel.memory.put64(result, 0)
      return
    }
    const end = descriptor.kind === 'file' ? descriptor.node.content.size : 0
    const target = (whence === 0 ? 0 : whence === 1 ? descriptor.offset : end) + Number(offset)
    if (!(target >= 0 && target <= Number.MAX_SAFE_INTEGER)) fail('INVAL')
    descriptor.offset = target
    if (descriptor.kind === 'directory' && target === 0) descriptor.names = undefined
    kernel.memory.put64(result, target)
  }

  function control(fd: number, command: number, variadic: number): number {
    const descriptor = kernel.descriptors.get(fd)
    if (command === F_DUPFD || command === F_DUPFD_CLOEXEC) return kernel.descriptors.add(descriptor, kernel.memory.u32(variadic))
    if (command === F_GETFL) return descriptor.flags
    if (command === F_GETLK || command === F_GETLK64) kernel.memory.put16(kernel.memory.u32(variadic), F_UNLCK)
    return 0
  }

  /** PHP asks each request to close what was never open, and to throw costs more than all else that this does. @returns an error number, or 0 */
  function close(fd: number): number {
    if (!kernel.descriptors.isOpen(fd)) return Errno.BADF
    kernel.descriptors.close(fd)
    return 0
  }

  const plainRead = kernel.wasi((fd: number, vectors: number, count: number, result: number) => void read(fd, vectors, count, result))
  return {
    fd_read: plainRead,
    js_fd_read: plainRead,
    fd_write: kernel.wasi((fd: number, vectors: number, count: number, result: number) => void write(fd, vectors, count, result)),
    fd_pread: kernel.wasi((fd: number, vectors: number, count: number, offset: bigint, result: number) => {
      const descriptor = kernel.descriptors.get(fd)
      const moved = each(vectors, count, true, (target, done) => readAt(descriptor, target, Number(offset) + done))
      kernel.memory.put32(result, moved)
      return 0
    }),
    fd_pwrite: kernel.wasi((fd: number, vectors: number, count: number, offset: bigint, result: number) => {
      const descriptor = kernel.descriptors.get(fd)
      if (offset < 0n) fail('INVAL')
      const moved = each(vectors, count, false, (source, done) => writeAt(descriptor, source, Number(offset) + done))
      kernel.memory.put32(result, moved)
      return 0
    }),
    fd_seek: kernel.wasi((fd: number, offset: bigint, whence: number, result: number) => void seek(fd, offset, whence, result)),
    fd_close: kernel.wasi(close),
    wasm_close: kernel.call((fd: number) => -close(fd)),
    fd_fdstat_get: kernel.wasi((fd: number, at: number) => {
      const descriptor = kernel.descriptors.get(fd)
      kernel.memory.writable(at, 24).fill(0)
      kernel.memory.put8(at, fileTypeOf(descriptor))
      kernel.memory.put16(at + 2, (descriptor.flags & O_APPEND) !== 0 ? 1 : 0)
      // the C library takes a character device that cannot be sought for a terminal
      kernel.memory.put64(at + 8, RIGHTS_TO_SEEK)
      return 0
    }),
    __syscall_dup: kernel.call((fd: number) => kernel.descriptors.add(kernel.descriptors.get(fd))),
    __syscall_dup3: kernel.call((from: number, to: number) => kernel.descriptors.replace(to, kernel.descriptors.get(from))),
    __syscall_fcntl64: kernel.call(control),
    __syscall_ioctl: kernel.call((fd: number) => {
      kernel.descriptors.get(fd)
      return -Errno.NOTTY
    }),
    // Files are always ready: what was asked for is what is reported.
    __syscall_poll: kernel.call((list: number, count: number) => {
      for (let i = 0; i < count; i++) kernel.memory.put16(list + i * 8 + 6, kernel.memory.view.getInt16(list + i * 8 + 4, true) & 5)
      return count
    }),
  }
}
