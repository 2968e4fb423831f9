/** As much of an assembler as the meter's tests need: modules by hand, byte for byte. */
export const i32 = 0x7f
export const i64 = 0x7e
export const f32 = 0x7d
export const f64 = 0x7c
export const v128 = 0x7b

export type Code = readonly number[]

export function u(value: number | bigint): number[] {
  const bytes: number[] = []
  let rest = BigInt(value)
  do {
    const low = Number(rest & 0x7fn)
    rest >>= 7n
    bytes.push(rest === 0n ? low : low | 0x80)
  } while (rest !== 0n)
  return bytes
}

export function s(value: number | bigint): number[] {
  const bytes: number[] = []
  let rest = BigInt(value)
  for (;;) {
    const low = Number(rest & 0x7fn)
    rest >>= 7n
    if ((rest === 0n && (low & 0x40) === 0) || (rest === -1n && (low & 0x40) !== 0)) return [...bytes, low]
    bytes.push(low | 0x80)
  }
}

export const text = (value: string): number[] => [...u(value.length), ...Buffer.from(value, 'latin1')]
export const vec = (items: readonly Code[]): number[] => [...u(items.length), ...items.flat()]
const section = (id: number, items: readonly Code[]): number[] => {
  if (items.length === 0) return []
  const body = vec(items)
  return [id, ...u(body.length), ...body]
}
export const custom = (name: string, body: Code = []): number[] => {
  const whole = [...text(name), ...body]
  return [0, ...u(whole.length), ...whole]
}

export const type = (params: Code, results: Code): number[] => [
  0x60,
  ...vec(params.map((one) => [one])),
  ...vec(results.map((one) => [one])),
]
/** A function's locals, each in a group of its own, and its instructions without the last `end`. */
export const body = (locals: Code, code: Code): number[] => {
  const whole = [...vec(locals.map((one) => [1, one])), ...code, 0x0b]
  return [...u(whole.length), ...whole]
}
export const importOf = {
  function: (module: string, name: string, typeIndex: number) => [...text(module), ...text(name), 0, ...u(typeIndex)],
  table: (module: string, name: string) => [...text(module), ...text(name), 1, 0x70, 0, 0],
  memory: (module: string, name: string) => [...text(module), ...text(name), 2, 0, 1],
  global: (module: string, name: string, valueType: number, mutable = 1) => [...text(module), ...text(name), 3, valueType, mutable],
}
export const exportOf = (name: string, kind: 'function' | 'table' | 'memory' | 'global' | 'tag', index: number): number[] => [
  ...text(name),
  ['function', 'table', 'memory', 'global', 'tag'].indexOf(kind),
  ...u(index),
]
export const global = (valueType: number, mutable: boolean, init: Code): number[] => [valueType, mutable ? 1 : 0, ...init, 0x0b]

export interface Parts {
  readonly types?: readonly Code[]
  readonly imports?: readonly Code[]
  /** Type numbers. */
  readonly functions?: readonly number[]
  readonly tables?: readonly Code[]
  readonly memories?: readonly Code[]
  readonly tags?: readonly Code[]
  readonly globals?: readonly Code[]
  readonly exports?: readonly Code[]
  readonly start?: number
  readonly elements?: readonly Code[]
  readonly dataCount?: number
  readonly bodies?: readonly Code[]
  readonly data?: readonly Code[]
  /** Whole custom sections. */
  readonly before?: Code
  readonly after?: Code
}

export function assemble(parts: Parts): Uint8Array {
  const start = parts.start === undefined ? [] : [8, ...u(u(parts.start).length), ...u(parts.start)]
  const count = parts.dataCount === undefined ? [] : [12, ...u(u(parts.dataCount).length), ...u(parts.dataCount)]
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...(parts.before ?? []),
    ...section(1, parts.types ?? []),
    ...section(2, parts.imports ?? []),
    ...section(
      3,
      (parts.functions ?? []).map((one) => u(one)),
    ),
    ...section(4, parts.tables ?? []),
    ...section(5, parts.memories ?? []),
    ...section(13, parts.tags ?? []),
    ...section(6, parts.globals ?? []),
    ...section(7, parts.exports ?? []),
    ...start,
    ...section(9, parts.elements ?? []),
    ...count,
    ...section(10, parts.bodies ?? []),
    ...section(11, parts.data ?? []),
    ...(parts.after ?? []),
  ])
}

/** One function, exported as `run`, with a page of memory. */
export function oneFunction(params: Code, results: Code, locals: Code, code: Code, more: Parts = {}): Uint8Array {
  return assemble({
    memories: [[0, 1]],
    ...more,
    types: [type(params, results), ...(more.types ?? [])],
    functions: [0, ...(more.functions ?? [])],
    exports: [exportOf('run', 'function', 0), exportOf('memory', 'memory', 0), ...(more.exports ?? [])],
    bodies: [body(locals, code), ...(more.bodies ?? [])],
  })
}

// Instructions that tests write often.
export const get = (local: number): number[] => [0x20, ...u(local)]
export const set = (local: number): number[] => [0x21, ...u(local)]
export const tee = (local: number): number[] => [0x22, ...u(local)]
export const int = (value: number): number[] => [0x41, ...s(value)]
export const block = (code: Code, result = 0x40): number[] => [0x02, result, ...code, 0x0b]
export const loop = (code: Code, result = 0x40): number[] => [0x03, result, ...code, 0x0b]
export const when = (then: Code, otherwise?: Code, result = 0x40): number[] => [
  0x04,
  result,
  ...then,
  ...(otherwise === undefined ? [] : [0x05, ...otherwise]),
  0x0b,
]
export const br = (label: number): number[] => [0x0c, ...u(label)]
export const brIf = (label: number): number[] => [0x0d, ...u(label)]
export const call = (index: number): number[] => [0x10, ...u(index)]
export const float64 = (value: number): number[] => [0x44, ...new Uint8Array(Float64Array.of(value).buffer)]
export const float32 = (value: number): number[] => [0x43, ...new Uint8Array(Float32Array.of(value).buffer)]
