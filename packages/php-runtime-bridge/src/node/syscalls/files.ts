import { fail } from '../../errno.js'
import type { OverlayNode } from '../../overlay-node.js'
import { type Descriptor, deviceAt } from '../descriptors.js'
import { type Kernel, UMASK } from '../kernel.js'

const O_ACCMODE = 3
const O_CREAT = 0o100
const O_EXCL = 0o200
const O_TRUNC = 0o1000
const O_DIRECTORY = 0o200000
const AT_EMPTY_PATH = 0x1000
const UTIME_NOW = 0x3fffffff
const UTIME_OMIT = 0x3ffffffe
const S_IFREG = 0o100000
const S_IFDIR = 0o040000
const S_IFCHR = 0o020000
const FILE_BYTES_MAX = 0x7fff_ffff

/** Opening, naming and describing files. */
export function fileCalls(kernel: Kernel) {
  const now = () => kernel.world.clock.seconds

  function open(directory: number, at: number, flags: number, variadic: number): number {
    const path = kernel.pathAt(directory, at)
    return kernel.descriptors.add(openPath(path, flags, variadic === 0 ? 0 : kernel.memory.u32(variadic)))
  }

  function openPath(path: string, flags: number, mode: number): Descriptor {
    const device = deviceAt(path)
    if (device) return { kind: 'device', path, device, flags }
    const { files } = kernel.world
    const writing = (flags & O_ACCMODE) !== 0
    const found = files.find(path)
    if (!found) {
      if ((flags & O_CREAT) === 0) fail('NOENT')
      return { kind: 'file', path, node: files.create(path, mode & ~UMASK, now()), flags, offset: 0 }
    }
    if ((flags & O_CREAT) !== 0 && (flags & O_EXCL) !== 0) fail('EXIST')
    if (found.kind === 'directory') {
      if (writing || (flags & O_CREAT) !== 0) fail('ISDIR')
      return { kind: 'directory', path, node: found, flags, offset: 0, names: undefined }
    }
    if ((flags & O_DIRECTORY) !== 0) fail('NOTDIR')
    if (writing) files.checkWritable(path)
    if (writing && (flags & O_TRUNC) !== 0) {
      files.resize(found, 0)
      found.mtimeS = now()
    }
    return { kind: 'file', path, node: found, flags, offset: 0 }
  }

  function statPath(path: string, buffer: number): void {
    if (kernel.isDevice(path)) putDevice(buffer)
    else putStat(buffer, kernel.world.files.get(path))
  }

  function statDescriptor(fd: number, buffer: number): void {
    const descriptor = kernel.descriptors.get(fd)
    if (descriptor.kind === 'device') putDevice(buffer)
    else putStat(buffer, descriptor.node)
  }

  function putStat(buffer: number, node: OverlayNode): void {
    const size = node.kind === 'file' ? node.size : 4096
    fillStat(buffer, (node.kind === 'file' ? S_IFREG : S_IFDIR) | node.mode, size, node.mtimeS, node.inode)
  }

  function putDevice(buffer: number): void {
    fillStat(buffer, S_IFCHR | 0o666, 0, 0, 2)
  }

  /** struct stat as Emscripten's musl lays it out. */
  function fillStat(buffer: number, mode: number, size: number, mtimeS: number, inode: number): void {
    const { memory } = kernel
    memory.writable(buffer, 96).fill(0)
    memory.put32(buffer, 1)
    memory.put32(buffer + 4, mode)
    memory.put32(buffer + 8, 1)
    memory.put64(buffer + 24, size)
    memory.put32(buffer + 32, 4096)
    memory.put32(buffer + 36, Math.ceil(size / 512))
    for (const offset of [40, 56, 72]) memory.put64(buffer + offset, mtimeS)
    memory.put64(buffer + 88, inode)
  }

  function truncate(fd: number, length: bigint): void {
    if (length < 0n) fail('INVAL')
    if (length > FILE_BYTES_MAX) fail('FBIG')
    const descriptor = kernel.file(fd)
    if ((descriptor.flags & O_ACCMODE) === 0) fail('INVAL')
    kernel.world.files.resize(descriptor.node, Number(length))
    descriptor.node.mtimeS = now()
  }

  function changeTime(directory: number, at: number, times: number): void {
    const path = at === 0 ? kernel.descriptors.get(directory).path : kernel.pathAt(directory, at, true)
    if (kernel.isDevice(path)) return
    const nanos = times === 0 ? UTIME_NOW : kernel.memory.i32(times + 24)
    if (nanos === UTIME_OMIT) return
    const mtimeS = nanos === UTIME_NOW ? now() : Number(kernel.memory.i64(times + 16))
    // What a bundle cannot carry would be another time for who loads it later.
    if (!Number.isSafeInteger(mtimeS) || mtimeS < 0) fail('INVAL')
    kernel.world.files.changeTime(path, mtimeS)
  }

  function checkAccess(directory: number, at: number, mode: number): void {
    const path = kernel.pathAt(directory, at)
    if (kernel.isDevice(path)) return
    const node = kernel.world.files.get(path)
    if ((mode & 2) !== 0) kernel.world.files.checkWritable(path)
    if ((mode & 1) !== 0 && node.kind === 'file' && (node.mode & 0o111) === 0) fail('ACCES')
  }

  function checkThere(path: string): void {
    if (!kernel.isDevice(path)) kernel.world.files.get(path)
  }

  function statFileSystem(at: number, _size: number, buffer: number): void {
    checkThere(kernel.path(at))
    const { memory } = kernel
    memory.put32(buffer + 4, 4096)
    for (const offset of [8, 16, 24, 32, 40]) memory.put64(buffer + offset, 1_000_000)
    memory.put32(buffer + 48, 42)
    memory.put32(buffer + 56, 255)
    memory.put32(buffer + 60, 4096)
    memory.put32(buffer + 64, 2)
  }

  const stat = kernel.call((at: number, buffer: number) => void statPath(kernel.path(at), buffer))
  return {
    __syscall_openat: kernel.call(open),
    __syscall_stat64: stat,
    __syscall_lstat64: stat,
    __syscall_fstat64: kernel.call((fd: number, buffer: number) => void statDescriptor(fd, buffer)),
    __syscall_newfstatat: kernel.call((directory: number, at: number, buffer: number, flags: number) => {
      if ((flags & AT_EMPTY_PATH) !== 0 && kernel.memory.text(at) === '') statDescriptor(directory, buffer)
      else statPath(kernel.pathAt(directory, at), buffer)
      return 0
    }),
    __syscall_unlinkat: kernel.call((directory: number, at: number, flags: number) => {
      const path = kernel.pathAt(directory, at)
      if ((flags & 0x200) !== 0) kernel.world.files.removeDirectory(path, now())
      else kernel.world.files.unlink(path, now())
      return 0
    }),
    __syscall_renameat: kernel.call((fromDirectory: number, from: number, toDirectory: number, to: number) => {
      kernel.world.files.rename(kernel.pathAt(fromDirectory, from), kernel.pathAt(toDirectory, to), now())
      return 0
    }),
    __syscall_ftruncate64: kernel.call((fd: number, length: bigint) => void truncate(fd, length)),
    __syscall_utimensat: kernel.call((directory: number, at: number, times: number) => void changeTime(directory, at, times)),
    __syscall_chmod: kernel.call((at: number, mode: number) => {
      const path = kernel.path(at)
      if (!kernel.isDevice(path)) kernel.world.files.changeMode(path, mode)
      return 0
    }),
    __syscall_fchmod: kernel.call((fd: number, mode: number) => {
      const descriptor = kernel.descriptors.get(fd)
      if (descriptor.kind === 'device') return 0
      kernel.world.files.checkWritable(descriptor.path)
      descriptor.node.mode = mode & 0o7777
      return 0
    }),
    // everything belongs to one user and stays so
    __syscall_fchown32: kernel.call((fd: number) => void kernel.descriptors.get(fd)),
    __syscall_fchownat: kernel.call((directory: number, at: number) => void checkThere(kernel.pathAt(directory, at, true))),
    __syscall_faccessat: kernel.call((directory: number, at: number, mode: number) => void checkAccess(directory, at, mode)),
    __syscall_readlinkat: kernel.call((directory: number, at: number) => {
      const path = kernel.pathAt(directory, at)
      if (!kernel.isDevice(path)) kernel.world.files.get(path)
      return fail('INVAL')
    }),
    __syscall_symlinkat: kernel.call(() => fail('PERM')),
    __syscall_statfs64: kernel.call((path: number, size: number, buffer: number) => void statFileSystem(path, size, buffer)),
    __syscall_fallocate: () => 0,
    __syscall_fdatasync: () => 0,
    fd_sync: () => 0,
    // One request runs at a time on its own copy: every lock is free.
    js_flock: () => 0,
    js_release_file_locks: () => 0,
  }
}
