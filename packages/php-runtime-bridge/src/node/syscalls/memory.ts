import { fail } from '../../errno.js'
import { PAGE_BYTES } from '../guest-memory.js'
import type { Kernel } from '../kernel.js'
import { GROWN_PAGE_FUEL } from './costs.js'

const GROW_PAGES = 64
const PROT_WRITE = 2
const MAP_SHARED = 1
const ALIGNMENT = 65_536

/** The size of linear memory, and files mapped into it. */
export function memoryCalls(kernel: Kernel) {
  /** The limit is ours, the same on every machine: beyond it malloc fails. That the host has no memory within it is the host's trouble. */
  function resizeHeap(wanted: number): number {
    const bytes = wanted >>> 0
    const pages = Math.ceil(bytes / PAGE_BYTES)
    const current = kernel.memory.pages
    if (pages > kernel.pagesMax) {
      kernel.memoryRefused = true
      return 0
    }
    const target = Math.max(pages, Math.min(kernel.pagesMax, current + GROW_PAGES))
    kernel.fuel.charge((target - current) * GROWN_PAGE_FUEL)
    try {
      kernel.memory.grow(target - current)
    } catch {
      // within what PHP may have, so that it is this machine that has no more
      kernel.halt({ type: 'abstain', reason: 'HOST_MEMORY' })
    }
    return 1
  }

  function map(length: number, fd: number, offset: bigint, allocated: number, address: number): void {
    const descriptor = kernel.file(fd)
    const at = kernel.guest.alignedAlloc(ALIGNMENT, length)
    if (at === 0) fail('NOMEM')
    const { node } = descriptor
    const from = Number(offset)
    const target = kernel.memory.writable(at, length)
    target.fill(0)
    node.content.read(from, target)
    kernel.memory.put32(allocated, 1)
    kernel.memory.put32(address, at)
  }

  function unmap(address: number, length: number, protection: number, flags: number, fd: number, offset: bigint): void {
    if ((protection & PROT_WRITE) === 0 || (flags & MAP_SHARED) === 0) return
    const { node } = kernel.file(fd)
    const room = Math.max(0, Math.min(length, node.content.size - Number(offset)))
    const bytes = kernel.memory.bytes.subarray(address, address + room)
    kernel.world.files.write(node, bytes, Number(offset), kernel.world.clock.seconds)
  }

  return {
    emscripten_resize_heap: resizeHeap,
    emscripten_get_heap_max: () => kernel.pagesMax * PAGE_BYTES,
    _mmap_js: kernel.call(
      (length: number, _protection: number, _flags: number, fd: number, offset: bigint, allocated: number, address: number) =>
        void map(length, fd, offset, allocated, address),
    ),
    _munmap_js: kernel.call(
      (address: number, length: number, protection: number, flags: number, fd: number, offset: bigint) =>
        void unmap(address, length, protection, flags, fd, offset),
    ),
  }
}
