import { fail } from '../errno.js'
import type { Overlay } from '../overlay.js'
import type { OverlayDirectory, OverlayFile } from '../overlay-node.js'

export type Device = 'null' | 'random' | 'output' | 'log' | 'headers'
interface OpenFile {
  readonly kind: 'file'
  readonly path: string
  readonly node: OverlayFile
  readonly flags: number
  offset: number
}
interface OpenDirectory {
  readonly kind: 'directory'
  readonly path: string
  readonly node: OverlayDirectory
  readonly flags: number
  offset: number
  /** The names as they were when reading began. */
  names: readonly string[] | undefined
}
export interface OpenDevice {
  readonly kind: 'device'
  readonly path: string
  readonly device: Device
  readonly flags: number
}
export type Descriptor = OpenFile | OpenDirectory | OpenDevice

export const DESCRIPTORS_MAX = 1024

const devices: Readonly<Record<string, Device>> = {
  '/dev/null': 'null',
  '/dev/random': 'random',
  '/dev/urandom': 'random',
  '/request/stdout': 'output',
  '/request/stderr': 'log',
  '/request/headers': 'headers',
}

export function deviceAt(path: string): Device | undefined {
  // most paths lead elsewhere, and to look for one in a table costs more than this
  if (!path.startsWith('/dev/') && !path.startsWith('/request/')) return undefined
  return Object.hasOwn(devices, path) ? devices[path] : undefined
}

/** What leads to the visitor and to the log: PHP before 8.5 takes every character device for a terminal. */
export function isPipe(devicePath: string): boolean {
  return devicePath.startsWith('/request/')
}

/** File descriptors of one instance. dup() shares the offset, as POSIX wants. */
export class DescriptorTable {
  readonly #open: (Descriptor | undefined)[]
  #files: Overlay | undefined

  constructor(open: readonly (Descriptor | undefined)[]) {
    this.#open = [...open]
  }

  /** From now on `files` hears what is opened and closed: a file without a name goes with its last descriptor. */
  countIn(files: Overlay): void {
    this.#files = files
  }

  isOpen(fd: number): boolean {
    return this.#open[fd] !== undefined
  }

  get(fd: number): Descriptor {
    return this.#open[fd] ?? fail('BADF')
  }

  add(descriptor: Descriptor, from = 0): number {
    if (from < 0 || from >= DESCRIPTORS_MAX) fail('INVAL')
    let fd = from
    while (this.#open[fd]) fd++
    if (fd >= DESCRIPTORS_MAX) fail('MFILE')
    this.#put(fd, descriptor)
    return fd
  }

  replace(fd: number, descriptor: Descriptor): number {
    if (fd < 0 || fd >= DESCRIPTORS_MAX) fail('BADF')
    if (this.#open[fd] === descriptor) return fd
    if (this.#open[fd]) this.close(fd)
    this.#put(fd, descriptor)
    return fd
  }

  close(fd: number): void {
    const descriptor = this.get(fd)
    this.#open[fd] = undefined
    if (descriptor.kind === 'file') this.#files?.closed(descriptor.node)
  }

  /**
   * What is open, for a snapshot: devices, which PHP keeps from request to request. A file that stays open is one of PHP's own, opcache's lock: it has
   * no name any more, nothing in it, and no other process wants it.
   */
  list(): (OpenDevice | undefined)[] {
    return this.#open.map((descriptor) => {
      if (descriptor?.kind !== 'file') return descriptor?.kind === 'device' ? descriptor : undefined
      return { kind: 'device', path: '/dev/null', device: 'null', flags: descriptor.flags }
    })
  }

  /** Whether files or directories are open. */
  get holdsFiles(): boolean {
    return this.#open.some((descriptor) => descriptor !== undefined && descriptor.kind !== 'device')
  }

  #put(fd: number, descriptor: Descriptor): void {
    this.#open[fd] = descriptor
    if (descriptor.kind === 'file') this.#files?.opened(descriptor.node)
  }
}

export const standardDescriptors: readonly OpenDevice[] = [
  { kind: 'device', path: '/request/stdin', device: 'null', flags: 0 },
  { kind: 'device', path: '/request/stdout', device: 'output', flags: 1 },
  { kind: 'device', path: '/request/stderr', device: 'log', flags: 1 },
]
