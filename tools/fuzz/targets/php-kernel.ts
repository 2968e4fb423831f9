import { treeOf } from '@interpeer/php-runtime-bridge'
import { changesBelow } from '../../../packages/php-runtime-bridge/src/changes.js'
import { usualConfiguration } from '../../../packages/php-runtime-bridge/src/configuration/site-configuration.js'
import { CARD_BYTES, cardTableAbove } from '../../../packages/php-runtime-bridge/src/meter/cards.js'
import { DescriptorTable, standardDescriptors } from '../../../packages/php-runtime-bridge/src/node/descriptors.js'
import { FuelGauge } from '../../../packages/php-runtime-bridge/src/node/fuel-gauge.js'
import { GuestMemory, PAGE_BYTES } from '../../../packages/php-runtime-bridge/src/node/guest-memory.js'
import { ScriptHalt } from '../../../packages/php-runtime-bridge/src/node/halt.js'
import { Kernel } from '../../../packages/php-runtime-bridge/src/node/kernel.js'
import { RequestOutput } from '../../../packages/php-runtime-bridge/src/node/output.js'
import { SeededRandom } from '../../../packages/php-runtime-bridge/src/node/seeded-random.js'
import { importsOf } from '../../../packages/php-runtime-bridge/src/node/syscalls/imports.js'
import { type WasmMemory, type WasmModule, wasm } from '../../../packages/php-runtime-bridge/src/node/wasm-api.js'
import { Overlay } from '../../../packages/php-runtime-bridge/src/overlay.js'
import { SITE_FOLDER } from '../../../packages/php-runtime-bridge/src/php-ini.js'
import { mountSite, writabilityOf } from '../../../packages/php-runtime-bridge/src/system-tree.js'
import { VirtualClock } from '../../../packages/php-runtime-bridge/src/virtual-clock.js'
import { Broken, bytesOfText, type Target } from '../src/target.ts'
import { importingModule, phpImports } from './php-imports.ts'

type Call = (...args: (number | bigint)[]) => unknown
export type Imports = Record<string, Record<string, Call>>

/** What PHP has is below, the table of cards above, as in its binary the heap lies above it. */
const TABLE_FROM = 4 * PAGE_BYTES
const CARDS = cardTableAbove(TABLE_FROM)
const MEMORY_BYTES = Math.ceil(CARDS.end / PAGE_BYTES) * PAGE_BYTES
const PAGES_MAX = MEMORY_BYTES / PAGE_BYTES + 4
const OVERLAY_LIMITS = { ownedBytesMax: 1024 * 1024, madeNodesMax: 200 }
/** Where texts lie that are paths, and where there is room for what a call writes. */
const PATHS_AT = 4096
const PATH_ROOM = 64
/** What nobody writes to, from and to: below all of PHP's own, and on both sides of the table. */
const UNWRITTEN = [
  [0, 1024],
  [CARDS.at - CARD_BYTES, CARDS.at],
  [CARDS.end - CARD_BYTES, CARDS.end],
] as const
const ROOM_AT = 65_536
const paths = [
  '',
  '.',
  '..',
  '/',
  '/site/a.txt',
  '/site/d',
  '/site/new',
  'a.txt',
  '/tmp',
  '/tmp/x',
  '/dev/urandom',
  '/dev/null',
  '/request/stdout',
]
  .concat([
    '/request/headers',
    '/request/stderr',
    '/internal/shared/php.ini',
    '/site/../../etc/passwd',
    '/site/d/..',
    '/site/a.txt/b',
    '/proc/self',
  ])
  .concat(['/site/.interpeer/sessions', '/site/\u{202e}', '/site/a\\b', `/site/${'n'.repeat(50)}`, '/site/l', '/dev'])
const extremes = [
  0,
  -1,
  1,
  2,
  -100,
  0x7fffffff,
  -0x80000000,
  0x10000,
  CARDS.at,
  CARDS.at - 1,
  CARDS.end - 1,
  MEMORY_BYTES,
  MEMORY_BYTES - 1,
  MEMORY_BYTES - 4,
  0o644,
  0o100,
  0o1102,
  0o200000,
  0x3ffffffe,
]
const extremes64 = [0n, -1n, 1n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n), 4096n, 1_000_000_000n]

/** A guest that is all hostility: it calls imports with any numbers over memory that holds anything. */
class HostileGuest {
  readonly kernel: Kernel
  readonly imports: Imports
  readonly #memory = new FakeMemory()
  readonly #script: Uint8Array
  #at = 0

  constructor(script: Uint8Array, tamper: (imports: Imports) => Imports) {
    this.#script = script
    this.kernel = new Kernel()
    this.kernel.memory = new GuestMemory(this.#memory, CARDS)
    let top = TABLE_FROM - PAGE_BYTES
    const allocate = (bytes: number) => {
      if (!(bytes >= 0 && bytes < top - ROOM_AT)) return 0
      top -= bytes
      return top
    }
    this.kernel.guest = {
      malloc: allocate,
      alignedAlloc: (_, bytes) => allocate(bytes),
      stackPointer: () => TABLE_FROM,
      forgetLibrary: () => undefined,
    }
    const file = (path: string, text: string) => ({ path, mode: 0o644, mtimeS: 1, bytes: bytesOfText(text) })
    const site = treeOf([file('a.txt', 'hello'), file('d/b.txt', 'x'.repeat(9000))], [])
    const world = {
      files: new Overlay(mountSite(site), writabilityOf(usualConfiguration), OVERLAY_LIMITS),
      clock: new VirtualClock(1_790_000_000_000),
      random: new SeededRandom(Uint8Array.of(1)),
      processId: 7,
      output: new RequestOutput(),
      log: undefined,
      // host calls have a target of their own
      host: undefined,
    }
    this.kernel.fuel = new FuelGauge({ value: 0n }, () => undefined)
    this.kernel.begin(world, new DescriptorTable(standardDescriptors), {
      fuel: 1e9,
      graceFuel: 0,
      memoryMiB: (PAGES_MAX * PAGE_BYTES) / 2 ** 20,
    })
    this.imports = tamper(importsOf(moduleOf(), this.kernel) as unknown as Imports)
    for (const [i, path] of paths.entries()) this.kernel.memory.putText(path, PATHS_AT + i * PATH_ROOM, PATH_ROOM)
  }

  /** Calls until the input ends or PHP would. */
  run(): void {
    while (this.#at < this.#script.length) {
      const called = phpImports[this.#byte() % phpImports.length] as (typeof phpImports)[number]
      const args = [...called.parameters].map((type) => (type === 'I' ? this.#integer64() : this.#integer32()))
      try {
        const call = this.imports[called.module]?.[called.name] as Call
        const result = call(...args)
        const kind = { i: 'number', I: 'bigint', d: 'number' }[called.result]
        if (kind !== undefined && typeof result !== kind) throw new Broken(`${called.name} answers ${String(result)}`)
      } catch (error) {
        if (!(error instanceof ScriptHalt)) throw error
        if (this.kernel.halted === undefined) throw new Broken(`${called.name} halts, and the kernel does not know`)
        break
      }
      const { buffer } = this.#memory
      if (UNWRITTEN.some(([from, to]) => new Uint8Array(buffer, from, to - from).some((byte) => byte !== 0)))
        throw new Broken(`${called.name} writes where nobody may`)
      if (this.kernel.memory.pages > PAGES_MAX) throw new Broken('more memory than there may be')
    }
    const top = this.kernel.world.files.get(SITE_FOLDER)
    if (top.kind !== 'directory') throw new Broken('the site is no folder any more')
    const held = (changesBelow(top) ?? []).reduce((sum, change) => sum + (change.type === 'write' ? change.bytes.length : 0), 0)
    if (held > OVERLAY_LIMITS.ownedBytesMax + 9005) throw new Broken('more changed bytes than there may be')
  }

  #byte(): number {
    return this.#script[this.#at++] ?? 0
  }

  #integer32(): number {
    const how = this.#byte()
    switch (how % 8) {
      case 0:
        return how >> 4
      case 1:
      case 2:
        return PATHS_AT + (this.#byte() % paths.length) * PATH_ROOM
      case 3:
        return extremes[this.#byte() % extremes.length] as number
      case 4:
        return ROOM_AT + this.#byte() * 8
      case 5:
        return this.#byte()
      case 6:
        return this.#scattered()
      default:
        return (this.#byte() << 24) | (this.#byte() << 16) | (this.#byte() << 8) | this.#byte()
    }
  }

  #integer64(): bigint {
    const how = this.#byte()
    return how % 2 === 0 ? BigInt(this.#byte()) : (extremes64[this.#byte() % extremes64.length] as bigint)
  }

  /** Two pairs of address and length, as reading and writing take them. */
  #scattered(): number {
    const at = ROOM_AT + 4096 + (this.#at % 64) * 16
    for (let i = 0; i < 4; i++) this.kernel.memory.put32(at + i * 4, i % 2 === 0 ? ROOM_AT + this.#byte() * 16 : this.#integer32())
    return at
  }
}

class FakeMemory implements WasmMemory {
  buffer: ArrayBuffer = new ArrayBuffer(MEMORY_BYTES)
  grow(pages: number): number {
    const old = this.buffer
    const before = old.byteLength / PAGE_BYTES
    if (before + pages > PAGES_MAX) throw new Broken('the kernel grows memory beyond its bound')
    const grown = new Uint8Array((before + pages) * PAGE_BYTES)
    grown.set(new Uint8Array(this.buffer))
    this.buffer = grown.buffer
    structuredClone(old, { transfer: [old] }) // the old views are of no use any more, as with real memory
    return before
  }
}

let made: WasmModule | undefined
function moduleOf(): WasmModule {
  const { Module } = wasm as unknown as { Module: new (bytes: Uint8Array) => WasmModule }
  made ??= new Module(importingModule(phpImports))
  return made
}

/** Every import of PHP, called with anything. `tamper` is for planting a bug. */
export function kernelTarget(name: string, tamper: (imports: Imports) => Imports = (imports) => imports): Target {
  return {
    name,
    file: 'packages/php-runtime-bridge/src/node/kernel.ts',
    errors: [],
    run: (script) => new HostileGuest(script, tamper).run(),
    seeds: () => phpImports.flatMap((_, i) => [0, 1, 4, 6].map((how) => seedOf(i, how))),
    maxMiB: 64,
    maxBytes: 4096,
  }
}

/** Opens a file and a folder, then calls one import in several ways. */
function seedOf(index: number, how: number): Uint8Array {
  const openat = phpImports.findIndex(({ name }) => name === '__syscall_openat')
  const open = (path: number, flags: number) => [openat, 3, 4, 1, path, 3, flags, 4, 0]
  const call = [index, 0x30, how, 4, how, 9, how, 2, how, 1, how, 0]
  return Uint8Array.from([...open(4, 13), ...open(5, 14), ...call, ...call.reverse()])
}
