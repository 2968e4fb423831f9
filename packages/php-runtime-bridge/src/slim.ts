const MAGIC_BYTES = 8
const EXPORTS = 7
const DATA = 11
const DATA_COUNT = 12
const I32_CONST = 0x41
const END = 0x0b
/** PHP's data ends at 12.9 MiB. */
const DATA_BYTES_MAX = 256 * 1024 * 1024

export interface Slim {
  readonly bytes: Uint8Array
  /** What the module's data makes of memory, from address 0 on: to be written there before anything of it runs. undefined: the module does it itself. */
  readonly memory: Uint8Array | undefined
}

/**
 * The same WebAssembly module, quicker to make instances of, where most of them get their memory from an image: without its data, and with those exports only
 * that are wanted (each costs every instance an object). Function and global numbers stay. The module must be valid; what is not understood stays.
 */
export function slim(module: Uint8Array, wanted: (name: string) => boolean): Slim {
  const memory = dataOf(module)
  const parts: Uint8Array[] = [module.subarray(0, MAGIC_BYTES)]
  for (const { id, start, from, end } of sectionsOf(module)) {
    if (id === EXPORTS) parts.push(section(EXPORTS, fewer(new Reader(module, from), wanted)))
    else if (memory === undefined || (id !== DATA && id !== DATA_COUNT)) parts.push(module.subarray(start, end))
  }
  return { bytes: joined(parts), memory }
}

/** undefined where a segment's place is not plain, or too far up for a copy of all below it, or code copies segments itself. */
function dataOf(module: Uint8Array): Uint8Array | undefined {
  const place = sectionsOf(module).find(({ id }) => id === DATA)
  if (!place) return undefined
  const reader = new Reader(module, place.from)
  const segments: { at: number; bytes: Uint8Array }[] = []
  let top = 0
  for (let left = reader.uint(); left > 0; left--) {
    if (reader.uint() !== 0 || reader.byte() !== I32_CONST) return undefined
    // an address is unsigned, however it is written
    const at = reader.int() >>> 0
    if (reader.byte() !== END) return undefined
    const bytes = reader.take(reader.uint())
    if (at + bytes.length > DATA_BYTES_MAX) return undefined
    segments.push({ at, bytes })
    top = Math.max(top, at + bytes.length)
  }
  const memory = new Uint8Array(top)
  for (const { at, bytes } of segments) memory.set(bytes, at)
  return memory
}

function fewer(reader: Reader, wanted: (name: string) => boolean): Uint8Array {
  const kept: Uint8Array[] = []
  for (let left = reader.uint(); left > 0; left--) {
    const from = reader.at
    const name = reader.take(reader.uint())
    reader.byte()
    reader.uint()
    if (wanted(String.fromCharCode(...name))) kept.push(reader.since(from))
  }
  return joined([uintOf(kept.length), ...kept])
}

interface Section {
  readonly id: number
  readonly start: number
  readonly from: number
  readonly end: number
}
function sectionsOf(module: Uint8Array): Section[] {
  const reader = new Reader(module, MAGIC_BYTES)
  const sections: Section[] = []
  while (reader.at < module.length) {
    const start = reader.at
    const id = reader.byte()
    const length = reader.uint()
    sections.push({ id, start, from: reader.at, end: reader.at + length })
    reader.take(length)
  }
  return sections
}

class Reader {
  readonly #bytes: Uint8Array
  at: number

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes
    this.at = at
  }

  byte(): number {
    return this.#bytes[this.at++] as number
  }

  /** LEB128, 32 bits. */
  uint(): number {
    return this.#leb(false) >>> 0
  }

  /** LEB128, 32 bits, signed. */
  int(): number {
    return this.#leb(true)
  }

  #leb(signed: boolean): number {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte()
      value |= (byte & 0x7f) << shift
      if (byte >= 0x80) continue
      return signed && (byte & 0x40) !== 0 && shift + 7 < 32 ? value | (-1 << (shift + 7)) : value
    }
  }

  take(length: number): Uint8Array {
    this.at += length
    return this.#bytes.subarray(this.at - length, this.at)
  }

  since(from: number): Uint8Array {
    return this.#bytes.subarray(from, this.at)
  }
}

function section(id: number, content: Uint8Array): Uint8Array {
  return joined([Uint8Array.of(id), uintOf(content.length), content])
}

function uintOf(value: number): Uint8Array {
  const bytes: number[] = []
  for (let left = value; ; left >>>= 7) {
    bytes.push(left > 0x7f ? (left & 0x7f) | 0x80 : left)
    if (left <= 0x7f) return Uint8Array.from(bytes)
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((total, part) => total + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
