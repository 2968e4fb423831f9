import { ByteReader } from './byte-reader.js'
import { Section, shapeOf } from './module-shape.js'

const DATA_NAMES = 9
const I32_CONST = 0x41
const CONSTANT = /^\.rodata(\.|$)/

/**
 * Up to where a module's memory holds nothing but what its compiler calls constant (its name section says which segments are): no right program writes
 * there. 0 where there are no names, or constant data is not the lowest.
 */
export function constantDataEnd(bytes: Uint8Array): number {
  const { sections } = shapeOf(bytes)
  const place = sections.find(({ id }) => id === Section.data)
  const named = sections.find(({ id, name }) => id === Section.custom && name === 'name')
  if (!place || !named) return 0
  const names = dataNames(new ByteReader(bytes, named.from, named.end))
  const reader = new ByteReader(bytes, place.from, place.end)
  let [end, others] = [0, Number.POSITIVE_INFINITY]
  const count = reader.count()
  for (let i = 0; i < count; i++) {
    // active, in the one memory, at a place that is a number
    if (reader.u32() !== 0 || reader.byte() !== I32_CONST) return 0
    const at = reader.s32()
    reader.byte()
    const length = reader.count()
    reader.skip(length)
    if (CONSTANT.test(names.get(i) ?? '')) end = Math.max(end, at + length)
    else others = Math.min(others, at)
  }
  return end <= others ? end : 0
}

function dataNames(reader: ByteReader): ReadonlyMap<number, string> {
  const names = new Map<number, string>()
  reader.name()
  while (reader.at < reader.end) {
    const kind = reader.byte()
    const end = reader.count() + reader.at
    for (let left = kind === DATA_NAMES ? reader.count(2) : 0; left > 0; left--) names.set(reader.u32(), reader.name())
    reader.skip(end - reader.at)
  }
  return names
}
