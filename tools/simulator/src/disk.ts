import type { ProcessorWorld } from './processor.js'
import type { Random } from './random.js'

export interface DiskSettings {
  readonly syncMsMin: number
  readonly syncMsMax: number
  /** Of all that is written; what would pass it is not. */
  readonly bytesMax: number
}
/** What a crash does to the writes that no sync has acknowledged: so many of 1,000 are on disk all the same, oldest first; the next may be torn. */
export interface Harm {
  readonly keptPerMille: number
  readonly torn: boolean
}
export const NO_HARM: Harm = { keptPerMille: 1_000, torn: false }
export type SyncFailure = 'full'

interface Slot {
  readonly bytes: Uint8Array
  /** The checksum that was written with it: taken once the bytes are altered, since until then it holds. */
  readonly sum?: string
  readonly isTorn?: boolean
}

/**
 * One node's disk: named blocks and records. What is written is read back at once, but is safe only when a `sync` that began later has been
 * acknowledged. A record is written beside its last version and with a checksum, so one that a crash tore is found out and the version before it stays;
 * a torn or spoiled block is as if it were not there.
 */
export class Disk {
  readonly #world: ProcessorWorld
  readonly #random: Random
  readonly #settings: DiskSettings
  /** The last two versions, newest last. */
  readonly #safe = new Map<string, readonly Slot[]>()
  readonly #records = new Set<string>()
  #waiting: { readonly name: string; readonly bytes: Uint8Array }[] = []
  /** How many writes came before those that wait. */
  #before = 0
  /** Of each sync that failed: how many writes came before those it lost. */
  #failures: number[] = []
  #life = 0
  #bytes = 0
  isFull = false
  syncs = 0
  lost = 0
  torn = 0

  constructor(world: ProcessorWorld, random: Random, { syncMsMin = 0, syncMsMax = 0, bytesMax = 2 ** 40 }: Partial<DiskSettings> = {}) {
    this.#world = world
    this.#random = random
    this.#settings = { syncMsMin, syncMsMax, bytesMax }
  }

  /** A block: it may rot later, and then whoever reads it finds out. */
  write(name: string, bytes: Uint8Array): void {
    this.#waiting.push({ name, bytes })
  }

  /** A record, in place of its last version. It does not rot: who lost what it had written for good could not go on at all. */
  writeRecord(name: string, bytes: Uint8Array): void {
    this.#records.add(name)
    this.write(name, bytes)
  }

  /** All that was written before is safe when `then` is called, or could not be written: then it is gone. A crash meanwhile: never called. */
  sync(then: (failure?: SyncFailure) => void): void {
    const [life, mark, failures] = [this.#life, this.#before + this.#waiting.length, this.#failures.length]
    this.syncs++
    const { syncMsMin, syncMsMax } = this.#settings
    this.#world.after(this.#random.between(syncMsMin, syncMsMax), () => {
      if (this.#life !== life) return
      // another sync that ended first may have lost what this one was to make safe
      const lostFrom = this.#failures[failures]
      if (lostFrom !== undefined && lostFrom < mark) return then('full')
      const writes = this.#waiting.splice(0, Math.max(0, mark - this.#before))
      const size = writes.reduce((sum, { bytes }) => sum + bytes.length, 0)
      const isLost = writes.length > 0 && (this.isFull || this.#bytes + size > this.#settings.bytesMax)
      if (isLost) this.#failures.push(this.#before)
      this.#before += writes.length
      if (isLost) return then('full')
      for (const { name, bytes } of writes) this.#keep(name, { bytes })
      then()
    })
  }

  /** What a process reads: also what is not safe yet. Undefined: nothing, or nothing that its checksum fits. */
  read(name: string): Uint8Array | undefined {
    const cached = this.#waiting.findLast((one) => one.name === name)
    if (cached !== undefined) return cached.bytes
    return this.#safe.get(name)?.findLast(holds)?.bytes
  }

  /** Puts there what was written and synced long ago. */
  hold(name: string, bytes: Uint8Array): void {
    this.#keep(name, { bytes })
  }

  /** Whether a crash leaves it: some version is on the disk, though it may have been spoiled since. */
  isSafe(name: string): boolean {
    return this.#safe.get(name)?.some(({ isTorn }) => isTorn !== true) === true
  }

  has(name: string): boolean {
    return this.read(name) !== undefined
  }

  /** Names of blocks that are safe, spoiled or not, in the order in which they were first written. */
  blocks(): readonly string[] {
    return [...this.#safe.keys()].filter((name) => !this.#records.has(name))
  }

  crash({ keptPerMille, torn }: Harm): void {
    this.#life++
    const kept = Math.floor((this.#waiting.length * keptPerMille) / 1_000)
    this.#waiting.forEach(({ name, bytes }, i) => {
      if (i < kept) this.#keep(name, { bytes })
      else if (i === kept && torn) {
        this.torn++
        this.#keep(name, { ...altered(bytes, Math.floor(bytes.length / 2)), isTorn: true })
      } else this.lost++
    })
    this.#before += this.#waiting.length
    this.#waiting = []
    this.#failures = []
  }

  /** A block rots where it lies. */
  spoil(name: string): boolean {
    const slots = this.#records.has(name) ? undefined : this.#safe.get(name)
    const last = slots?.findLast(holds)
    if (slots === undefined || last === undefined) return false
    this.#safe.set(
      name,
      slots.map((slot) => (slot === last ? altered(slot.bytes, Math.max(0, slot.bytes.length - 1)) : slot)),
    )
    return true
  }

  #keep(name: string, slot: Slot): void {
    const earlier = this.#safe.get(name)?.findLast(holds)
    this.#bytes += slot.bytes.length - (earlier?.bytes.length ?? 0)
    this.#safe.set(name, earlier === undefined ? [slot] : [earlier, slot])
  }
}

const holds = ({ bytes, sum }: Slot): boolean => sum === undefined || sum === checksumOf(bytes)

/** What was on disk when only the first bytes had been written: the rest is as it was, here all ones. */
function altered(bytes: Uint8Array, from: number): Slot {
  const torn = bytes.map((byte, i) => (i < from ? byte : ~byte & 0xff))
  return { bytes: torn.length === 0 ? Uint8Array.of(0) : torn, sum: checksumOf(bytes) }
}

/** 64 bits: FNV-1a in two lanes. Against accidents, not against attackers. */
export function checksumOf(bytes: Uint8Array): string {
  let [a, b] = [0x811c9dc5, 0x9747b28c]
  for (const byte of bytes) {
    a = Math.imul(a ^ byte, 0x01000193)
    b = Math.imul(b ^ byte, 0x5bd1e995) ^ (b >>> 13)
  }
  return `${bytes.length}.${(a >>> 0).toString(16)}.${(b >>> 0).toString(16)}`
}
