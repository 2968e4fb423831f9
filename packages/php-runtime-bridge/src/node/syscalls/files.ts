import { Errno, fail } from '../../errno.js'
import type { OverlayNode } from '../../overlay-node.js'
import { UNDATED_MTIME_S } from '../../overlay-node.js'
import type { WalkTo } from '../../overlay-walk.js'
import { utf8Length } from '../../path.js'
import { type Descriptor, deviceAt, isPipe } from '../descriptors.js'
import { AT_FDCWD, type Kernel, UMASK } from '../kernel.js'

const O_ACCMODE = 3
const O_CREAT = 0o100
const O_EXCL = 0o200
const O_TRUNC = 0o1000
const O_DIRECTORY = 0o200000
const O_NOFOLLOW = 0o400000
const AT_SYMLINK_NOFOLLOW = 0x100
const AT_REMOVEDIR = 0x200
const AT_EMPTY_PATH = 0x1000
const UTIME_NOW = 0x3fffffff
const UTIME_OMIT = 0x3ffffffe
const S_IFREG = 0o100000
const S_IFDIR = 0o040000
const S_IFIFO = 0o010000
const S_IFCHR = 0o020000
const S_IFLNK = 0o120000
const LINK_MODE = 0o777
/** What a directory says its size is. */
const DIRECTORY_BYTES = 4096
/** Of struct stat. */
const STAT_BYTES = 96

/** Opening, naming and describing files. */
export function fileCalls(kernel: Kernel) {
  const now = () => kernel.world.clock.seconds

  function open(directory: number, at: number, flags: number, variadic: number): number {
    const path = kernel.pathAt(directory, at)
    const opened = openPath(path, flags, variadic === 0 ? 0 : kernel.memory.u32(variadic))
    return typeof opened === 'number' ? -opened : kernel.descriptors.add(opened)
  }

  /** @returns an error number for what scripts look for in vain all the time: to throw costs more than to look */
  function openPath(given: string, flags: number, mode: number): Descriptor | number {
    const { files } = kernel.world
    const writing = (flags & O_ACCMODE) !== 0
    const truncating = (flags & O_TRUNC) !== 0
    const creating = (flags & O_CREAT) !== 0
    const exclusive = creating && (flags & O_EXCL) !== 0
    const entry = exclusive || (flags & O_NOFOLLOW) !== 0 || (creating && given.endsWith('/'))
    const place = files.find(given, entry ? 'entry' : 'target')
    if (typeof place === 'number') return place
    const { path, node: found } = place
    if (creating && place.slash && place.parent !== undefined) fail('ISDIR')
    const device = deviceAt(path)
    if (device) return { kind: 'device', path, device, flags }
    if (!found) {
      if (!creating) return Errno.NOENT
      return { kind: 'file', path, node: files.create(place, mode & ~UMASK, now()), flags, offset: 0 }
    }
    if (exclusive) fail('EXIST')
    if (found.kind === 'symlink') fail('LOOP')
    if (found.kind === 'directory') {
      if (writing || creating || truncating) fail('ISDIR')
      return { kind: 'directory', path, node: found, flags, offset: 0, names: undefined }
    }
    if (place.slash || (flags & O_DIRECTORY) !== 0) fail('NOTDIR')
    if (writing || truncating) files.checkWritable(path)
    if (truncating) {
      files.resize(found, 0)
      found.mtimeS = now()
    }
    return { kind: 'file', path, node: found, flags, offset: 0 }
  }

  function statPath(given: string, buffer: number, to: WalkTo): number {
    kernel.onName?.(given)
    const place = kernel.world.files.find(given, given.endsWith('/') ? 'target' : to)
    if (typeof place === 'number') return -place
    const { path, node } = place
    if (deviceAt(path) !== undefined) putDevice(buffer, path)
    else if (node === undefined) return -Errno.NOENT
    else putStat(buffer, node)
    return 0
  }

  function statDescriptor(fd: number, buffer: number): void {
    const descriptor = kernel.descriptors.get(fd)
    if (descriptor.kind === 'device') putDevice(buffer, descriptor.path)
    else putStat(buffer, descriptor.node)
  }

  function putStat(buffer: number, node: OverlayNode): void {
    const { inode } = node
    if (node.kind === 'file') fillStat(buffer, S_IFREG | node.mode, node.content.size, node.mtimeS, inode)
    else if (node.kind === 'directory') fillStat(buffer, S_IFDIR | node.mode, DIRECTORY_BYTES, node.mtimeS, inode)
    else fillStat(buffer, S_IFLNK | LINK_MODE, utf8Length(node.target), UNDATED_MTIME_S, inode)
  }

  function putDevice(buffer: number, path: string): void {
    fillStat(buffer, (isPipe(path) ? S_IFIFO : S_IFCHR) | 0o666, 0, 0, 2)
  }

  /** struct stat as Emscripten's musl lays it out. */
  function fillStat(buffer: number, mode: number, size: number, mtimeS: number, inode: number): void {
    const { memory } = kernel
    memory.writable(buffer, STAT_BYTES).fill(0)
    // noted above as a whole
    const { view } = memory
    const put64 = (offset: number, value: number) => {
      view.setUint32(buffer + offset, value >>> 0, true)
      view.setUint32(buffer + offset + 4, Math.floor(value / 2 ** 32), true)
    }
    view.setUint32(buffer, 1, true)
    view.setUint32(buffer + 4, mode, true)
    view.setUint32(buffer + 8, 1, true)
    put64(24, size)
    view.setUint32(buffer + 32, 4096, true)
    view.setUint32(buffer + 36, Math.ceil(size / 512), true)
    put64(40, mtimeS)
    put64(56, mtimeS)
    put64(72, mtimeS)
    put64(88, inode)
  }

  function truncate(fd: number, length: bigint): void {
    if (length < 0n) fail('INVAL')
    if (length > BigInt(Number.MAX_SAFE_INTEGER)) fail('FBIG')
    const descriptor = kernel.file(fd)
    if ((descriptor.flags & O_ACCMODE) === 0) fail('INVAL')
    kernel.world.files.resize(descriptor.node, Number(length))
    descriptor.node.mtimeS = now()
  }

  function allocate(fd: number, mode: number, offset: bigint, length: bigint): void {
    const descriptor = kernel.file(fd)
    if ((descriptor.flags & O_ACCMODE) === 0) fail('BADF')
    if (offset < 0n || length <= 0n) fail('INVAL')
    if (mode !== 0) fail('NOTSUP')
    const end = offset + length
    if (end > BigInt(Number.MAX_SAFE_INTEGER)) fail('FBIG')
    if (Number(end) > descriptor.node.content.size) kernel.world.files.resize(descriptor.node, Number(end))
    descriptor.node.mtimeS = now()
  }

  function changeTime(directory: number, at: number, times: number, flags: number): void {
    const nanos = times === 0 ? UTIME_NOW : kernel.memory.i32(times + 24)
    if (nanos === UTIME_OMIT) return
    const mtimeS = nanos === UTIME_NOW ? now() : Number(kernel.memory.i64(times + 16))
    // What a bundle cannot carry would be another time for who loads it later.
    if (!Number.isSafeInteger(mtimeS) || mtimeS < 0) fail('INVAL')
    if (at !== 0) {
      const path = kernel.pathAt(directory, at)
      const { files } = kernel.world
      if (deviceAt(files.place(path).path) === undefined)
        files.changeTime(path, mtimeS, (flags & AT_SYMLINK_NOFOLLOW) !== 0 ? 'entry' : 'target')
      return
    }
    const descriptor = kernel.descriptors.get(directory)
    if (descriptor.kind === 'device') return
    kernel.world.files.checkWritable(descriptor.path)
    descriptor.node.mtimeS = mtimeS
  }

  function checkAccess(directory: number, at: number, mode: number): number {
    const given = kernel.pathAt(directory, at)
    const place = kernel.world.files.find(given)
    if (typeof place === 'number') return -place
    const { path, node } = place
    if (deviceAt(path) !== undefined) return 0
    if (node === undefined) return -Errno.NOENT
    if ((mode & 2) !== 0) kernel.world.files.checkWritable(path)
    return (mode & 1) !== 0 && node.kind === 'file' && (node.mode & 0o111) === 0 ? -Errno.ACCES : 0
  }

  function checkThere(directory: number, at: number): void {
    const { files } = kernel.world
    if (kernel.memory.text(at) === '') kernel.descriptors.get(directory)
    else {
      const path = kernel.pathAt(directory, at)
      if (deviceAt(files.place(path).path) === undefined) files.get(path)
    }
  }

  function changeMode(at: number, mode: number): void {
    const { files } = kernel.world
    const path = kernel.path(at)
    if (deviceAt(files.place(path).path) === undefined) files.changeMode(path, mode)
  }

  function readLink(directory: number, at: number, buffer: number, room: number): number {
    if (room <= 0) fail('INVAL')
    const target = kernel.memory.encode(kernel.world.files.readLink(kernel.pathAt(directory, at)))
    const length = Math.min(target.length, room)
    kernel.memory.writable(buffer, length).set(target.subarray(0, length))
    return length
  }

  function statFileSystem(at: number, _size: number, buffer: number): void {
    checkThere(AT_FDCWD, at)
    const { memory } = kernel
    memory.put32(buffer + 4, 4096)
    for (const offset of [8, 16, 24, 32, 40]) memory.put64(buffer + offset, 1_000_000)
    memory.put32(buffer + 48, 42)
    memory.put32(buffer + 56, 255)
    memory.put32(buffer + 60, 4096)
    memory.put32(buffer + 64, 2)
  }

  return {
    __syscall_openat: kernel.call(open),
    __syscall_stat64: kernel.call((at: number, buffer: number) => statPath(kernel.path(at), buffer, 'target')),
    __syscall_lstat64: kernel.call((at: number, buffer: number) => statPath(kernel.path(at), buffer, 'entry')),
    __syscall_fstat64: kernel.call((fd: number, buffer: number) => void statDescriptor(fd, buffer)),
    __syscall_newfstatat: kernel.call((directory: number, at: number, buffer: number, flags: number) => {
      if ((flags & AT_EMPTY_PATH) === 0 || kernel.memory.text(at) !== '')
        return statPath(kernel.pathAt(directory, at), buffer, (flags & AT_SYMLINK_NOFOLLOW) !== 0 ? 'entry' : 'target')
      statDescriptor(directory, buffer)
      return 0
    }),
    __syscall_unlinkat: kernel.call((directory: number, at: number, flags: number) => {
      const path = kernel.pathAt(directory, at)
      if ((flags & AT_REMOVEDIR) !== 0) kernel.world.files.removeDirectory(path, now())
      else kernel.world.files.unlink(path, now())
      return 0
    }),
    __syscall_renameat: kernel.call((fromDirectory: number, from: number, toDirectory: number, to: number) => {
      kernel.world.files.rename(kernel.pathAt(fromDirectory, from), kernel.pathAt(toDirectory, to), now())
      return 0
    }),
    __syscall_symlinkat: kernel.call((target: number, directory: number, at: number) => {
      kernel.world.files.makeLink(kernel.pathAt(directory, at), kernel.memory.text(target), now())
      return 0
    }),
    __syscall_readlinkat: kernel.call(readLink),
    __syscall_ftruncate64: kernel.call((fd: number, length: bigint) => void truncate(fd, length)),
    __syscall_fallocate: kernel.call((fd: number, mode: number, at: bigint, length: bigint) => void allocate(fd, mode, at, length)),
    __syscall_utimensat: kernel.call(
      (directory: number, at: number, times: number, flags: number) => void changeTime(directory, at, times, flags),
    ),
    __syscall_chmod: kernel.call((at: number, mode: number) => void changeMode(at, mode)),
    __syscall_fchmod: kernel.call((fd: number, mode: number) => {
      const descriptor = kernel.descriptors.get(fd)
      if (descriptor.kind === 'device') return 0
      kernel.world.files.checkWritable(descriptor.path)
      descriptor.node.mode = mode & 0o7777
      return 0
    }),
    // everything belongs to one user and stays so
    __syscall_fchown32: kernel.call((fd: number) => void kernel.descriptors.get(fd)),
    __syscall_fchownat: kernel.call((directory: number, at: number) => void checkThere(directory, at)),
    __syscall_faccessat: kernel.call((directory: number, at: number, mode: number) => checkAccess(directory, at, mode)),
    __syscall_statfs64: kernel.call((at: number, size: number, buffer: number) => void statFileSystem(at, size, buffer)),
    __syscall_fdatasync: () => 0,
    fd_sync: () => 0,
    // One request runs at a time on its own copy: every lock is free.
    js_flock: () => 0,
    js_release_file_locks: () => 0,
  }
}
