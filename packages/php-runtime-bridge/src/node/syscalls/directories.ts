import { fail } from '../../errno.js'
import { childOf, namesIn } from '../../overlay-walk.js'
import { utf8Length } from '../../path.js'
import { type Kernel, UMASK } from '../kernel.js'
import { LISTED_NAME_FUEL } from './costs.js'

// Emscripten's readdir expects records of this one size: 8 inode, 8 next offset, 2 length, 1 kind, 256 name, padding.
const RECORD_BYTES = 280
const kinds = { directory: 4, file: 8, symlink: 10 } as const

/** Making, listing and entering directories. Lists are sorted. */
export function directoryCalls(kernel: Kernel) {
  function list(fd: number, buffer: number, room: number): number {
    const directory = kernel.descriptors.get(fd)
    if (directory.kind !== 'directory') fail('NOTDIR')
    if (!directory.names) {
      directory.names = ['.', '..', ...namesIn(directory.node)]
      kernel.fuel.charge(directory.names.length * LISTED_NAME_FUEL)
    }
    const { memory } = kernel
    let at = 0
    let index = Math.floor(directory.offset / RECORD_BYTES)
    for (; index < directory.names.length && at + RECORD_BYTES <= room; index++) {
      const name = directory.names[index] as string
      const child = index < 2 ? directory.node : childOf(directory.node, name)
      if (child === undefined) continue // deleted since
      const record = buffer + at
      memory.put64(record, child.inode)
      memory.put64(record + 8, (index + 1) * RECORD_BYTES)
      memory.put16(record + 16, RECORD_BYTES)
      memory.put8(record + 18, kinds[child.kind])
      memory.putText(name, record + 19, 256)
      at += RECORD_BYTES
    }
    directory.offset = index * RECORD_BYTES
    return at
  }

  return {
    __syscall_getdents64: kernel.call(list),
    __syscall_mkdirat: kernel.call((directory: number, at: number, mode: number) => {
      kernel.world.files.makeDirectory(kernel.pathAt(directory, at), mode & ~UMASK, kernel.world.clock.seconds)
      return 0
    }),
    __syscall_rmdir: kernel.call((at: number) => {
      kernel.world.files.removeDirectory(kernel.path(at), kernel.world.clock.seconds)
      return 0
    }),
    __syscall_getcwd: kernel.call((buffer: number, room: number) => {
      if (utf8Length(kernel.workingDirectory) >= room) fail(room === 0 ? 'INVAL' : 'RANGE')
      return kernel.memory.putText(kernel.workingDirectory, buffer, room) + 1
    }),
    __syscall_chdir: kernel.call((at: number) => {
      const { path, node } = kernel.world.files.place(kernel.path(at))
      if (node === undefined) fail('NOENT')
      if (node.kind !== 'directory') fail('NOTDIR')
      kernel.workingDirectory = path
      return 0
    }),
  }
}
