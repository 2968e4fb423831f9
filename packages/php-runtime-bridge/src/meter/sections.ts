import { ByteReader } from './byte-reader.js'
import { ByteWriter } from './byte-writer.js'
import { malformed, unsupported } from './fault.js'
import { Kind, type ModuleShape, Section, type SectionPlace } from './module-shape.js'
import { copyConstant, type Renumbering, skipValueType, Type } from './types.js'

/** A section's contents with things put behind those that it has. `place`: where the module has none of its kind. */
export function longer(shape: ModuleShape, place: SectionPlace | undefined, added: number, write: (to: ByteWriter) => void): ByteWriter {
  const reader = new ByteReader(shape.bytes, place?.from ?? 0, place?.end ?? 0)
  const to = new ByteWriter(reader.end - reader.at + 64)
  to.u32((place ? reader.u32() : 0) + added)
  to.copy(shape.bytes, reader.at, reader.end)
  write(to)
  return to
}

export function writeGlobalType(to: ByteWriter, type: number): void {
  to.byte(type)
  to.byte(1)
}

export function renumberGlobals(shape: ModuleShape, place: SectionPlace, renumbering: Renumbering): ByteWriter {
  const reader = new ByteReader(shape.bytes, place.from, place.end)
  const to = new ByteWriter(place.end - place.from + 64)
  const count = reader.count(4)
  to.u32(count)
  for (let i = 0; i < count; i++) {
    const from = reader.at
    skipValueType(reader)
    reader.byte()
    to.copy(shape.bytes, from, reader.at)
    copyConstant(reader, shape.functions, shape.importedGlobals + i, to, renumbering)
  }
  return to
}

export function renumberExports(shape: ModuleShape, place: SectionPlace, renumbering: Renumbering): ByteWriter {
  const to = new ByteWriter(place.end - place.from + 64)
  to.u32(shape.exports.size)
  for (const [name, { kind, index }] of shape.exports) writeExport(to, name, kind, renumberedExport(kind, index, renumbering))
  return to
}

export function writeExport(to: ByteWriter, name: string, kind: number, index: number): void {
  to.name(name)
  to.byte(kind)
  to.u32(index)
}

function renumberedExport(kind: number, index: number, renumbering: Renumbering): number {
  if (kind === Kind.function) return renumbering.function(index)
  return kind === Kind.global ? renumbering.global(index) : index
}

export function renumberStart(shape: ModuleShape, place: SectionPlace, renumbering: Renumbering): ByteWriter {
  const reader = new ByteReader(shape.bytes, place.from, place.end)
  const to = new ByteWriter()
  to.u32(renumbering.function(functionIndex(reader, shape)))
  reader.expectEnd()
  return to
}

export function renumberTables(shape: ModuleShape, place: SectionPlace, renumbering: Renumbering): ByteWriter {
  const reader = new ByteReader(shape.bytes, place.from, place.end)
  const to = new ByteWriter(place.end - place.from + 64)
  const count = reader.count(3)
  to.u32(count)
  for (let i = 0; i < count; i++) {
    const from = reader.at
    const withValue = reader.bytes[from] === 0x40
    if (withValue) reader.skip(2)
    skipValueType(reader)
    if (reader.byte() === 1) reader.u32()
    reader.u32()
    to.copy(shape.bytes, from, reader.at)
    if (withValue) copyConstant(reader, shape.functions, shape.importedGlobals, to, renumbering)
  }
  return to
}

/** Element segments in all their eight forms. */
export function renumberElements(shape: ModuleShape, place: SectionPlace, renumbering: Renumbering): ByteWriter {
  const reader = new ByteReader(shape.bytes, place.from, place.end)
  const to = new ByteWriter(place.end - place.from + 64)
  const constant = () => void copyConstant(reader, shape.functions, shape.globals.length, to, renumbering)
  const count = reader.count(2)
  to.u32(count)
  for (let i = 0; i < count; i++) {
    const flags = reader.u32()
    if (flags > 7) unsupported(`an element segment with flags ${flags}`, reader.at)
    to.u32(flags)
    const passive = (flags & 1) === 1
    if (!passive && (flags & 2) !== 0) to.u32(reader.u32())
    if (!passive) constant()
    const expressions = (flags & 4) !== 0
    if ((flags & 3) !== 0) {
      const from = reader.at
      if (expressions) skipValueType(reader)
      else reader.byte()
      to.copy(shape.bytes, from, reader.at)
    }
    const items = reader.count()
    to.u32(items)
    for (let item = 0; item < items; item++) {
      if (expressions) constant()
      else to.u32(renumbering.function(functionIndex(reader, shape)))
    }
  }
  reader.expectEnd()
  return to
}

export function renumberData(shape: ModuleShape, place: SectionPlace, renumbering: Renumbering): ByteWriter {
  const reader = new ByteReader(shape.bytes, place.from, place.end)
  const to = new ByteWriter(place.end - place.from + 64)
  const count = reader.count(2)
  to.u32(count)
  for (let i = 0; i < count; i++) {
    const flags = reader.u32()
    if (flags > 2) unsupported(`a data segment with flags ${flags}`, reader.at)
    to.u32(flags)
    if (flags === 2 && reader.u32() !== 0) unsupported('more than one memory', reader.at)
    if (flags === 2) to.u32(0)
    if (flags !== 1) copyConstant(reader, shape.functions, shape.globals.length, to, renumbering)
    const from = reader.at
    const length = reader.count()
    reader.skip(length)
    to.copy(shape.bytes, from, reader.at)
  }
  reader.expectEnd()
  return to
}

function functionIndex(reader: ByteReader, shape: ModuleShape): number {
  const index = reader.u32()
  if (index >= shape.functions) malformed('a function that is not there', reader.at)
  return index
}

/** Number of the type of a function without parameters and results; that of the next type, where the module has none. */
export function plainFunctionType(shape: ModuleShape): number {
  const index = shape.types.findIndex(({ params, results }) => params === 0 && results === 0)
  return index < 0 ? shape.types.length : index
}

export function writePlainFunctionType(to: ByteWriter): void {
  to.put([Type.function, 0, 0])
}

/**
 * Custom sections that stay: what a linker and a reader want. Others go: they speak of places in code, which are no longer theirs (names of
 * functions by number, debugging, branch hints, relocations), and PHP's names alone are 1.7 MB.
 */
export function staysAsItIs(place: SectionPlace): boolean {
  return place.id !== Section.custom || ['dylink.0', 'target_features', 'producers'].includes(place.name)
}
