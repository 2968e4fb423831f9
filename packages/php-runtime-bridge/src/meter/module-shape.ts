import { ByteReader } from './byte-reader.js'
import { malformed, unsupported } from './fault.js'
import { skipConstant, skipValueType, Type } from './types.js'

export const Section = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  element: 9,
  code: 10,
  data: 11,
  dataCount: 12,
  tag: 13,
} as const

export const Kind = { function: 0, table: 1, memory: 2, global: 3, tag: 4 } as const

/** Sections come in this order, custom ones anywhere. */
export const sectionOrder = [
  Section.type,
  Section.import,
  Section.function,
  Section.table,
  Section.memory,
  Section.tag,
  Section.global,
  Section.export,
  Section.start,
  Section.element,
  Section.dataCount,
  Section.code,
  Section.data,
] as const

export interface SectionPlace {
  readonly id: number
  /** Of a custom section; else empty. */
  readonly name: string
  /** Where its contents begin and end, bytes. */
  readonly from: number
  readonly end: number
}

export interface FunctionType {
  readonly params: number
  readonly results: number
  /** The results as they are written, without their number. */
  readonly resultBytes: Uint8Array
}

export interface GlobalShape {
  readonly type: number
  readonly mutable: boolean
  /** Of an imported one. */
  readonly importedAs: string | undefined
  /** What its initial value is, where that is one i32.const. */
  readonly constant: number | undefined
}

/** What the meter knows of a module before it looks at code. Names have one character for each byte. */
export interface ModuleShape {
  readonly bytes: Uint8Array
  readonly sections: readonly SectionPlace[]
  readonly types: readonly FunctionType[]
  readonly importedFunctions: readonly { readonly name: string; readonly module: string; readonly type: number }[]
  readonly importedGlobals: number
  /** Imported ones first. */
  readonly globals: readonly GlobalShape[]
  /** Type of each function that has code. */
  readonly functionTypes: Uint32Array
  readonly exports: ReadonlyMap<string, { readonly kind: number; readonly index: number }>
  readonly functions: number
}

/** Most bytes of a module. */
export const MODULE_BYTES_MAX = 256 * 1024 * 1024

export function shapeOf(bytes: Uint8Array): ModuleShape {
  const sections = sectionsOf(bytes)
  const section = (id: number) => {
    const place = sections.find((one) => one.id === id)
    return new ByteReader(bytes, place?.from ?? 0, place?.end ?? 0)
  }
  const types = readTypes(section(Section.type))
  const imports = readImports(section(Section.import), types.length)
  const functionTypes = readFunctionTypes(section(Section.function), types.length)
  const functions = imports.functions.length + functionTypes.length
  checkMemories(section(Section.memory), imports.memories)
  checkTables(section(Section.table), functions, imports.globals.length)
  const globals = [...imports.globals, ...readGlobals(section(Section.global), functions, imports.globals.length)]
  return {
    bytes,
    sections,
    types,
    importedFunctions: imports.functions,
    importedGlobals: imports.globals.length,
    globals,
    functionTypes,
    exports: readExports(section(Section.export), functions, globals.length),
    functions,
  }
}

function sectionsOf(bytes: Uint8Array): SectionPlace[] {
  if (bytes.length > MODULE_BYTES_MAX) unsupported('a module of more than 256 MiB', 0)
  const reader = new ByteReader(bytes)
  const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]
  for (const [at, byte] of header.entries()) if (reader.byte() !== byte) malformed('not a WebAssembly module of version 1', at)
  const sections: SectionPlace[] = []
  let last = -1
  while (!reader.done) {
    const id = reader.byte()
    const length = reader.count()
    const from = reader.skip(length)
    const name = id === Section.custom ? new ByteReader(bytes, from, from + length).name() : ''
    const order = (sectionOrder as readonly number[]).indexOf(id)
    if (id !== Section.custom) {
      if (order < 0) unsupported(`section ${id}`, from)
      if (order <= last) malformed('sections out of order', from)
      last = order
    }
    sections.push({ id, name, from, end: from + length })
  }
  return sections
}

function readTypes(reader: ByteReader): FunctionType[] {
  const types: FunctionType[] = []
  if (reader.done) return types
  for (let left = reader.count(3); left > 0; left--) {
    const form = reader.byte()
    if (form !== Type.function) unsupported(`a type of form ${form}`, reader.at)
    const params = skipValueTypes(reader)
    const from = reader.at
    const results = skipValueTypes(reader)
    const after = new ByteReader(reader.bytes, from, reader.at)
    after.u32()
    types.push({ params, results, resultBytes: reader.bytes.subarray(after.at, reader.at) })
  }
  reader.expectEnd()
  return types
}

function skipValueTypes(reader: ByteReader): number {
  const count = reader.count()
  for (let i = 0; i < count; i++) skipValueType(reader)
  return count
}

function readImports(reader: ByteReader, types: number) {
  const functions: { name: string; module: string; type: number }[] = []
  const globals: GlobalShape[] = []
  let memories = 0
  if (reader.done) return { functions, globals, memories }
  for (let left = reader.count(4); left > 0; left--) {
    const module = reader.name()
    const name = reader.name()
    const kind = reader.byte()
    if (kind === Kind.function) functions.push({ module, name, type: typeIndex(reader, types) })
    else if (kind === Kind.table) skipTableType(reader)
    else if (kind === Kind.memory) {
      memories++
      skipMemoryType(reader)
    } else if (kind === Kind.global) globals.push({ ...globalType(reader), importedAs: `${module}.${name}`, constant: undefined })
    else if (kind === Kind.tag) skipTag(reader, types)
    else unsupported(`an import of kind ${kind}`, reader.at)
  }
  reader.expectEnd()
  return { functions, globals, memories }
}

function readFunctionTypes(reader: ByteReader, types: number): Uint32Array {
  if (reader.done) return new Uint32Array(0)
  const functionTypes = new Uint32Array(reader.count())
  for (let i = 0; i < functionTypes.length; i++) functionTypes[i] = typeIndex(reader, types)
  reader.expectEnd()
  return functionTypes
}

function typeIndex(reader: ByteReader, types: number): number {
  const index = reader.u32()
  if (index >= types) malformed('a type that is not there', reader.at)
  return index
}

function checkMemories(reader: ByteReader, imported: number): void {
  let memories = imported
  if (!reader.done) {
    const count = reader.count(2)
    for (let i = 0; i < count; i++) skipMemoryType(reader)
    memories += count
    reader.expectEnd()
  }
  if (memories > 1) unsupported('more than one memory', reader.at)
}

function skipMemoryType(reader: ByteReader): void {
  const flags = reader.byte()
  // 2: shared between threads, 4: of 64-bit addresses, 8: with pages of another size
  if (flags > 1) unsupported(`a memory with flags ${flags}`, reader.at)
  reader.u32()
  if (flags === 1) reader.u32()
}

function checkTables(reader: ByteReader, functions: number, importedGlobals: number): void {
  if (reader.done) return
  for (let left = reader.count(3); left > 0; left--) {
    // 0x40 0x00: a table with an initial value
    const withValue = reader.bytes[reader.at] === 0x40
    if (withValue) {
      reader.byte()
      if (reader.byte() !== 0) malformed('a table type', reader.at)
    }
    skipTableType(reader)
    if (withValue) skipConstant(reader, functions, importedGlobals)
  }
  reader.expectEnd()
}

function skipTableType(reader: ByteReader): void {
  skipValueType(reader)
  const flags = reader.byte()
  if (flags > 1) unsupported(`a table with flags ${flags}`, reader.at)
  reader.u32()
  if (flags === 1) reader.u32()
}

function skipTag(reader: ByteReader, types: number): void {
  if (reader.byte() !== 0) unsupported('a tag of another kind', reader.at)
  typeIndex(reader, types)
}

function globalType(reader: ByteReader): { type: number; mutable: boolean } {
  const type = skipValueType(reader)
  const flags = reader.byte()
  if (flags > 1) unsupported(`a global with flags ${flags}`, reader.at)
  return { type, mutable: flags === 1 }
}

function readGlobals(reader: ByteReader, functions: number, imported: number): GlobalShape[] {
  const globals: GlobalShape[] = []
  if (reader.done) return globals
  for (let left = reader.count(4); left > 0; left--) {
    const type = globalType(reader)
    const constant = skipConstant(reader, functions, imported + globals.length)
    globals.push({ ...type, importedAs: undefined, constant })
  }
  reader.expectEnd()
  return globals
}

function readExports(reader: ByteReader, functions: number, globals: number) {
  const exports = new Map<string, { kind: number; index: number }>()
  if (reader.done) return exports
  for (let left = reader.count(3); left > 0; left--) {
    const name = reader.name()
    const kind = reader.byte()
    const index = reader.u32()
    if (kind > Kind.tag) unsupported(`an export of kind ${kind}`, reader.at)
    if ((kind === Kind.function && index >= functions) || (kind === Kind.global && index >= globals))
      malformed('an export of what is not there', reader.at)
    if (exports.has(name)) malformed('two exports of one name', reader.at)
    exports.set(name, { kind, index })
  }
  reader.expectEnd()
  return exports
}
