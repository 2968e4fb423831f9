import * as fs from 'node:fs'
import { join } from 'node:path'
import { Errno } from '../src/errno.js'
import { emptyTree, type TreeDirectory } from '../src/file-tree.js'
import { SLOT } from '../src/limits.js'
import { cardTableAbove } from '../src/meter/cards.js'
import { DescriptorTable } from '../src/node/descriptors.js'
import { FuelGauge } from '../src/node/fuel-gauge.js'
import { GuestMemory } from '../src/node/guest-memory.js'
import { Kernel } from '../src/node/kernel.js'
import { RequestOutput } from '../src/node/output.js'
import { SeededRandom } from '../src/node/seeded-random.js'
import { directoryCalls } from '../src/node/syscalls/directories.js'
import { fileCalls } from '../src/node/syscalls/files.js'
import { streamCalls } from '../src/node/syscalls/streams.js'
import { Overlay, type Writability } from '../src/overlay.js'
import { VirtualClock } from '../src/virtual-clock.js'

/** One system call and its arguments. Descriptors are named by the number of the `open` that gave them. */
export type Call =
  | { readonly call: 'open'; readonly path: string; readonly flags: number }
  | { readonly call: 'close' | 'fstat'; readonly file: number }
  | { readonly call: 'read'; readonly file: number; readonly length: number }
  | { readonly call: 'write'; readonly file: number; readonly text: string }
  | { readonly call: 'seek-write'; readonly file: number; readonly at: number; readonly text: string }
  | { readonly call: 'seek-read'; readonly file: number; readonly at: number; readonly length: number }
  | { readonly call: 'truncate'; readonly file: number; readonly size: number }
  | { readonly call: 'stat' | 'lstat' | 'readlink' | 'list' | 'unlink' | 'rmdir' | 'mkdir'; readonly path: string }
  | { readonly call: 'rename'; readonly path: string; readonly to: string }
  | { readonly call: 'symlink'; readonly path: string; readonly target: string }
  | { readonly call: 'chmod'; readonly path: string; readonly mode: number }
  | { readonly call: 'utimes'; readonly path: string; readonly mtimeS: number }

/** What it gave: an error's name, or what there is to see. */
export type Result = string | number | readonly string[]

export const FLAGS = { read: 0, write: 1, both: 2, create: 0o100, exclusive: 0o200, truncate: 0o1000, append: 0o2000, directory: 0o200000 }
const [PATH_AT, OTHER_AT, VECTOR_AT, RESULT_AT, BYTES_AT] = [1024, 10_240, 20_480, 20_496, 24_576]
const BYTES_MAX = 200_000
const AT_FDCWD = -100
const namesOfErrors = new Map(Object.entries(Errno).map(([name, number]) => [number as number, `E${name}`]))

/** The system calls that PHP's binary makes, over a tree; nothing of PHP runs. */
export class OverlayFiles {
  readonly overlay: Overlay
  readonly #kernel = new Kernel()
  readonly #calls
  readonly #fds: number[] = []

  constructor(tree: TreeDirectory, writability: Writability) {
    this.overlay = new Overlay(tree, writability)
    const kernel = this.#kernel
    const cards = cardTableAbove(BYTES_AT + BYTES_MAX)
    kernel.memory = new GuestMemory({ buffer: new ArrayBuffer(cards.end), grow: () => 0 }, cards)
    kernel.guest = { malloc: () => 0, alignedAlloc: () => 0, stackPointer: () => 0, forgetLibrary: () => undefined }
    kernel.fuel = new FuelGauge({ value: 0n }, () => undefined)
    kernel.fuel.begin(SLOT)
    const seed = new Uint8Array()
    const random = new SeededRandom(seed)
    const clock = new VirtualClock(1_000)
    kernel.begin(
      { files: this.overlay, clock, random, processId: 1, output: new RequestOutput(), log: undefined, host: undefined },
      new DescriptorTable([]),
      SLOT,
    )
    this.#calls = { ...fileCalls(kernel), ...directoryCalls(kernel), ...streamCalls(kernel) }
  }

  perform(given: Call, prefix: string): Result {
    const calls = this.#calls
    const { memory } = this.#kernel
    if ('path' in given) memory.putText(prefix + given.path, PATH_AT, 8000)
    const fd = 'file' in given ? (this.#fds[given.file] ?? 999) : 0
    switch (given.call) {
      case 'open': {
        memory.put32(VECTOR_AT, 0o644)
        const opened = calls.__syscall_openat(AT_FDCWD, PATH_AT, given.flags, VECTOR_AT)
        if (opened >= 0) this.#fds.push(opened)
        return outcomeOf(Math.min(0, opened))
      }
      case 'close':
        return outcomeOf(-calls.fd_close(fd))
      case 'read':
        return this.#read(fd, given.length)
      case 'write':
        return this.#write(fd, given.text)
      case 'seek-read': {
        const failed = calls.fd_seek(fd, BigInt(given.at), 0, RESULT_AT)
        return failed === 0 ? this.#read(fd, given.length) : outcomeOf(-failed)
      }
      case 'seek-write': {
        const failed = calls.fd_seek(fd, BigInt(given.at), 0, RESULT_AT)
        return failed === 0 ? this.#write(fd, given.text) : outcomeOf(-failed)
      }
      case 'truncate':
        return outcomeOf(calls.__syscall_ftruncate64(fd, BigInt(given.size)))
      case 'fstat':
        return this.#stat(calls.__syscall_fstat64(fd, BYTES_AT))
      case 'stat':
        return this.#stat(calls.__syscall_stat64(PATH_AT, BYTES_AT))
      case 'lstat':
        return this.#stat(calls.__syscall_lstat64(PATH_AT, BYTES_AT))
      case 'readlink': {
        const length = calls.__syscall_readlinkat(AT_FDCWD, PATH_AT, BYTES_AT, 4096)
        return length < 0 ? outcomeOf(length) : Buffer.from(memory.bytes.subarray(BYTES_AT, BYTES_AT + length)).toString()
      }
      case 'list':
        return this.#list()
      case 'unlink':
        return outcomeOf(calls.__syscall_unlinkat(AT_FDCWD, PATH_AT, 0))
      case 'rmdir':
        return outcomeOf(calls.__syscall_rmdir(PATH_AT))
      case 'mkdir':
        return outcomeOf(calls.__syscall_mkdirat(AT_FDCWD, PATH_AT, 0o777))
      case 'rename':
        memory.putText(prefix + given.to, OTHER_AT, 8000)
        return outcomeOf(calls.__syscall_renameat(AT_FDCWD, PATH_AT, AT_FDCWD, OTHER_AT))
      case 'symlink':
        memory.putText(given.target, OTHER_AT, 8000)
        return outcomeOf(calls.__syscall_symlinkat(OTHER_AT, AT_FDCWD, PATH_AT))
      case 'chmod':
        return outcomeOf(calls.__syscall_chmod(PATH_AT, given.mode))
      case 'utimes':
        for (const offset of [0, 16]) {
          memory.put64(OTHER_AT + offset, given.mtimeS)
          memory.put64(OTHER_AT + offset + 8, 0)
        }
        return outcomeOf(calls.__syscall_utimensat(AT_FDCWD, PATH_AT, OTHER_AT, 0))
    }
  }

  #read(fd: number, length: number): Result {
    const { memory } = this.#kernel
    memory.put32(VECTOR_AT, BYTES_AT)
    memory.put32(VECTOR_AT + 4, length)
    const failed = this.#calls.fd_read(fd, VECTOR_AT, 1, RESULT_AT)
    return failed === 0
      ? Buffer.from(memory.bytes.subarray(BYTES_AT, BYTES_AT + memory.u32(RESULT_AT))).toString('latin1')
      : outcomeOf(-failed)
  }

  #write(fd: number, text: string): Result {
    const { memory } = this.#kernel
    memory.bytes.set(Buffer.from(text, 'latin1'), BYTES_AT)
    memory.put32(VECTOR_AT, BYTES_AT)
    memory.put32(VECTOR_AT + 4, text.length)
    const failed = this.#calls.fd_write(fd, VECTOR_AT, 1, RESULT_AT)
    return failed === 0 ? memory.u32(RESULT_AT) : outcomeOf(-failed)
  }

  #stat(failed: number): Result {
    if (failed < 0) return outcomeOf(failed)
    const { memory } = this.#kernel
    return statOf(memory.u32(BYTES_AT + 4), Number(memory.i64(BYTES_AT + 24)))
  }

  #list(): Result {
    const { memory } = this.#kernel
    const fd = this.#calls.__syscall_openat(AT_FDCWD, PATH_AT, FLAGS.directory, 0)
    if (fd < 0) return outcomeOf(fd)
    const names: string[] = []
    for (;;) {
      const length = this.#calls.__syscall_getdents64(fd, BYTES_AT, 1000)
      for (let at = BYTES_AT; at < BYTES_AT + length; at += 280) names.push(memory.text(at + 19))
      if (length <= 0) break
    }
    this.#calls.fd_close(fd)
    return names.slice(2)
  }
}

/** The same calls to the host's own file system, in a folder of its own. */
export class NativeFiles {
  readonly #top: string
  readonly #fds: { fd: number; at: number; append: boolean }[] = []
  readonly #open = new Set<number>()

  constructor(top: string) {
    this.#top = top
  }

  perform(given: Call, prefix: string): Result {
    try {
      return this.#perform(given, this.#top + prefix)
    } catch (error) {
      return (error as NodeJS.ErrnoException).code ?? String(error)
    }
  }

  end(): void {
    for (const fd of this.#open) fs.closeSync(fd)
  }

  #perform(given: Call, prefix: string): Result {
    const path = 'path' in given ? prefix + given.path : ''
    const file = 'file' in given ? this.#fds[given.file] : undefined
    if ('file' in given && (file === undefined || !this.#open.has(file.fd))) return 'EBADF'
    const { fd = -1, append = false } = file ?? {}
    switch (given.call) {
      case 'open': {
        const opened = fs.openSync(path, given.flags, 0o644)
        this.#fds.push({ fd: opened, at: 0, append: (given.flags & FLAGS.append) !== 0 })
        this.#open.add(opened)
        return 0
      }
      case 'close':
        fs.closeSync(fd)
        this.#open.delete(fd)
        return 0
      case 'seek-read':
      case 'seek-write':
        if (file) file.at = given.at
        return given.call === 'seek-read' ? this.#read(file, given.length) : this.#write(file, given.text, append)
      case 'read':
        return this.#read(file, given.length)
      case 'write':
        return this.#write(file, given.text, append)
      case 'truncate':
        fs.ftruncateSync(fd, given.size)
        return 0
      case 'fstat':
        return statOfNative(fs.fstatSync(fd))
      case 'stat':
        return statOfNative(fs.statSync(path))
      case 'lstat':
        return statOfNative(fs.lstatSync(path))
      case 'readlink':
        return fs.readlinkSync(path)
      case 'list':
        return fs.readdirSync(path).sort()
      case 'unlink':
        fs.unlinkSync(path)
        return 0
      case 'rmdir':
        fs.rmdirSync(path)
        return 0
      case 'mkdir':
        fs.mkdirSync(path)
        return 0
      case 'rename':
        fs.renameSync(path, prefix + given.to)
        return 0
      case 'symlink':
        fs.symlinkSync(given.target, path)
        return 0
      case 'chmod':
        fs.chmodSync(path, given.mode)
        return 0
      case 'utimes':
        fs.utimesSync(path, given.mtimeS, given.mtimeS)
        return 0
    }
  }

  #read(file: { fd: number; at: number } | undefined, length: number): Result {
    const bytes = Buffer.alloc(length)
    const count = file ? fs.readSync(file.fd, bytes, 0, length, file.at) : 0
    if (file) file.at += count
    return bytes.subarray(0, count).toString('latin1')
  }

  #write(file: { fd: number; at: number } | undefined, text: string, append: boolean): Result {
    if (!file) return 0
    const count = fs.writeSync(file.fd, Buffer.from(text, 'latin1'), 0, text.length, append ? null : file.at)
    file.at = append ? fs.fstatSync(file.fd).size : file.at + count
    return count
  }
}

/** 'path kind mode content', of all that is below a folder of the host. */
export function listNative(folder: string, prefix = ''): string[] {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isSymbolicLink()) return [`${prefix}${entry.name} -> ${fs.readlinkSync(path)}`]
    const mode = fs.statSync(path).mode & 0o7777
    if (entry.isFile()) return [`${prefix}${entry.name} ${mode} ${fs.readFileSync(path, 'latin1')}`]
    return [`${prefix}${entry.name}/ ${mode}`, ...listNative(path, `${prefix}${entry.name}/`)]
  })
}

/** A tree of nothing but folders within folders. */
export function nestedTree(path: string): TreeDirectory {
  const slash = path.indexOf('/', 1)
  const name = path.slice(1, slash < 0 ? undefined : slash)
  return name === '' ? emptyTree : { ...emptyTree, entries: new Map([[name, slash < 0 ? emptyTree : nestedTree(path.slice(slash))]]) }
}

function outcomeOf(result: number): Result {
  return result < 0 ? (namesOfErrors.get(-result) ?? `E${-result}`) : Math.abs(result)
}
function statOf(mode: number, size: number): Result {
  const kind = mode & 0o170000
  return `${kind.toString(8)} ${kind === 0o120000 ? '' : (mode & 0o7777).toString(8)} ${kind === 0o040000 ? '' : size}`
}
const statOfNative = ({ mode, size }: fs.Stats): Result => statOf(mode, size)
