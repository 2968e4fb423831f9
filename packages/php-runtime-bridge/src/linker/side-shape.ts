import { ByteReader } from '../meter/byte-reader.js'
import { Kind, Section, shapeOf } from '../meter/module-shape.js'
import { skipValueType } from '../meter/types.js'
import { linkFailed } from './fault.js'
import { TABLE } from './trampolines.js'

/** What a side module wants to be given: its section `dylink.0` (tool-conventions, DynamicLinking.md). */
export interface SideNeeds {
  readonly memoryBytes: number
  /** Bytes, a power of two. */
  readonly memoryAlignment: number
  readonly tableSlots: number
  readonly tableAlignment: number
}
export interface SideShape {
  readonly needs: SideNeeds
  /** Functions that it imports though it has them: any module linked earlier could have another of that name. Sorted as they are imported. */
  readonly ownImports: readonly OwnImport[]
  /** Names of all that it imports, each once. */
  readonly importNames: readonly string[]
}
export interface OwnImport {
  readonly name: string
  readonly params: number
  /** Parameters and results as the type section has them. */
  readonly signature: Uint8Array
}

const MEMORY_INFO = 1
const NEEDED = 2
const ALIGNMENT_MAX = 16

/** @throws {PhpRuntimeError} LINK_FAILED, METER_MALFORMED, METER_UNSUPPORTED */
export function sideShapeOf(bytes: Uint8Array, side: string): SideShape {
  const shape = shapeOf(bytes)
  const place = shape.sections.find(({ id, name }) => id === Section.custom && name === 'dylink.0')
  if (!place) return linkFailed(side, 'no section dylink.0')
  const typePlace = shape.sections.find(({ id }) => id === Section.type)
  const signatures = typePlace ? signaturesOf(new ByteReader(bytes, typePlace.from, typePlace.end)) : []
  const ownImports = shape.importedFunctions
    .filter(({ module, name }) => module === 'env' && shape.exports.get(name)?.kind === Kind.function)
    .map(({ name, type }) => ({ name, ...(signatures[type] as Omit<OwnImport, 'name'>) }))
  const globals = shape.globals.flatMap(({ importedAs }) => importedAs?.replace(/^(env|GOT\.mem|GOT\.func)\./, '') ?? [])
  const importNames = [...new Set([...shape.importedFunctions.map(({ name }) => name), ...globals, 'memory', TABLE])]
  return { needs: needsOf(new ByteReader(bytes, place.from, place.end), side), ownImports, importNames }
}

function needsOf(reader: ByteReader, side: string): SideNeeds {
  reader.name()
  let found: SideNeeds | undefined
  while (!reader.done) {
    const kind = reader.byte()
    const length = reader.count()
    const part = new ByteReader(reader.bytes, reader.at, reader.at + length)
    reader.skip(length)
    if (kind === NEEDED && part.u32() > 0) linkFailed(side, 'needs another side module')
    if (kind !== MEMORY_INFO) continue
    const memoryBytes = part.u32()
    const memoryAlignment = alignment(part, side)
    const tableSlots = part.u32()
    found = { memoryBytes, memoryAlignment, tableSlots, tableAlignment: alignment(part, side) }
    part.expectEnd()
  }
  return found ?? linkFailed(side, 'no memory info in dylink.0')
}

function alignment(reader: ByteReader, side: string): number {
  const power = reader.u32()
  return power > ALIGNMENT_MAX ? linkFailed(side, `an alignment of 2^${power}`) : 2 ** power
}

function signaturesOf(reader: ByteReader): Omit<OwnImport, 'name'>[] {
  const signatures: Omit<OwnImport, 'name'>[] = []
  for (let left = reader.count(3); left > 0; left--) {
    reader.byte()
    const from = reader.at
    const params = reader.count()
    for (let i = 0; i < params; i++) skipValueType(reader)
    for (let results = reader.count(); results > 0; results--) skipValueType(reader)
    signatures.push({ params, signature: reader.bytes.subarray(from, reader.at) })
  }
  return signatures
}
