import { ByteWriter } from '../meter/byte-writer.js'
import { Section } from '../meter/module-shape.js'
import { Type } from '../meter/types.js'
import type { OwnImport } from './side-shape.js'

export const TABLE = '__indirect_function_table'
export const FIRST_SLOT = 'first_slot'

const GLOBAL_GET = 0x23
const LOCAL_GET = 0x20
const I32_CONST = 0x41
const I32_ADD = 0x6a
const CALL_INDIRECT = 0x11
const END = 0x0b
const FUNCTION_REFERENCE = 0x70

/**
 * A module that has each of these functions under its name and calls what lies in the table, at `env.first_slot` and the places after it, in this
 * order. A side module imports functions that only exist once it is there itself: it is given these, and then its own are put into the table.
 * No JavaScript stands in between: no host frames, and no fuel but the callers' and the callees'.
 */
export function trampolinesOf(functions: readonly OwnImport[]): Uint8Array {
  const types = new Map<string, number>()
  const typeOf = functions.map(({ signature }) => {
    const key = signature.join()
    const known = types.get(key)
    if (known === undefined) types.set(key, types.size)
    return known ?? types.size - 1
  })
  const out = new ByteWriter(functions.length * 64 + 256)
  out.put([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0])
  section(out, Section.type, types.size, (to) => {
    for (const key of types.keys()) to.put([Type.function, ...key.split(',').map(Number)])
  })
  section(out, Section.import, 2, (to) => {
    to.name('env')
    to.name(TABLE)
    to.put([1, FUNCTION_REFERENCE, 0, 0])
    to.name('env')
    to.name(FIRST_SLOT)
    to.put([3, Type.i32, 0])
  })
  section(out, Section.function, functions.length, (to) => {
    for (const type of typeOf) to.u32(type)
  })
  section(out, Section.export, functions.length, (to) => {
    for (const [index, { name }] of functions.entries()) {
      to.name(name)
      to.byte(0)
      to.u32(index)
    }
  })
  section(out, Section.code, functions.length, (to) => {
    const body = new ByteWriter()
    for (const [index, { params }] of functions.entries()) {
      body.clear()
      body.byte(0)
      for (let param = 0; param < params; param++) {
        body.byte(LOCAL_GET)
        body.u32(param)
      }
      body.put([GLOBAL_GET, 0, I32_CONST])
      body.s32(index)
      body.put([I32_ADD, CALL_INDIRECT])
      body.u32(typeOf[index] as number)
      body.put([0, END])
      to.u32(body.length)
      to.append(body)
    }
  })
  return out.view().slice()
}

function section(out: ByteWriter, id: number, count: number, write: (to: ByteWriter) => void): void {
  const contents = new ByteWriter(count * 24 + 16)
  contents.u32(count)
  write(contents)
  out.byte(id)
  out.u32(contents.length)
  out.append(contents)
}
