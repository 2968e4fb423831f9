/** A decoder with a bug of each kind behind a few bytes that have to be right: what the fuzzer has to find by itself. */
export class PlantedError extends Error {
  override readonly name = 'PlantedError'
  readonly code = 'PLANTED_MALFORMED'
}

const LENGTH_BYTES = 4

/** After a mark of three bytes, a kind and what that kind does wrong. */
export function decodePlanted(bytes: Uint8Array): number {
  if (bytes[0] !== 0x49) throw new PlantedError()
  if (bytes[1] !== 0x50) throw new PlantedError()
  if (bytes[2] !== 0x21) throw new PlantedError()
  return 3
}
/** A value of another type than the code thinks. */
export function uncoded(bytes: Uint8Array): unknown {
  const text = [['a', 'b'], ['c']][decodePlanted(bytes) - (bytes[3] === 7 ? 0 : 3)]
  return (text as string[]).length
}
/** Waits for a byte that does not come. */
export function hanging(bytes: Uint8Array): void {
  let at = decodePlanted(bytes)
  while (at < bytes.length) if (bytes[at] !== 7) at++
}
/** Believes a length before the bytes are there. */
export function greedy(bytes: Uint8Array): Uint8Array {
  const at = decodePlanted(bytes)
  const length = bytes.slice(at, at + LENGTH_BYTES).reduce((sum, byte) => sum * 256 + byte, 0)
  if (length > 2 ** 28) throw new PlantedError()
  return new Uint8Array(length)
}
/** Makes something of each byte before it looks at any. */
export function hoarding(bytes: Uint8Array): number {
  const all = Array.from(bytes, (byte) => ({ byte }))
  return decodePlanted(Uint8Array.from(all, ({ byte }) => byte))
}
/** Compares each with each. */
export function slow(bytes: Uint8Array): number {
  let sum = decodePlanted(bytes)
  if (bytes[3] === 7) for (let i = 0; i < 5_000_000; i++) sum = (sum * 31 + i) | 0
  return sum
}
/** Waits for what never comes. */
export async function waiting(bytes: Uint8Array): Promise<void> {
  decodePlanted(bytes)
  if (bytes[3] === 7) await new Promise(() => undefined)
}
/** Ends the process. */
export function fatal(bytes: Uint8Array): void {
  decodePlanted(bytes)
  if (bytes[3] === 7) process.exit(3)
}
