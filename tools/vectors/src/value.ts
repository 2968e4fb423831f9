/** A value as vectors write it: see `vectors/README.md` of any package. */
export type Value =
  | null
  | boolean
  | number
  | string
  | readonly Value[]
  | { readonly times: number; readonly of: string | readonly Value[] }
  | { readonly [field: string]: Value }
/** Bytes as vectors write them: hexadecimal, and `[times, hexadecimal]`. */
export type Pieces = readonly (string | readonly [times: number, hex: string])[]

export function repeatOf(value: Value): { readonly times: number; readonly of: string | readonly Value[] } | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const { times, of } = value as { times?: Value; of?: Value }
  if (typeof times !== 'number' || (typeof of !== 'string' && !Array.isArray(of))) return undefined
  return { times, of: of as string | readonly Value[] }
}

/** One string of hexadecimal where nothing is repeated; neighbours put together. */
export function tidy(pieces: Pieces): string | Pieces {
  const joined: (string | readonly [number, string])[] = []
  for (const piece of pieces) {
    const [last, next] = [joined.at(-1), typeof piece === 'string' || piece[0] > 8 ? piece : piece[1].repeat(piece[0])]
    if (typeof next === 'string' && typeof last === 'string') joined[joined.length - 1] = last + next
    else if (next !== '') joined.push(next)
  }
  if (joined.length === 0) return ''
  return joined.length === 1 && typeof joined[0] === 'string' ? joined[0] : joined
}
export const sizeOf = (pieces: Pieces): number =>
  pieces.reduce((sum, piece) => sum + (typeof piece === 'string' ? piece.length : piece[0] * piece[1].length), 0) / 2

export const hexOfPieces = (pieces: string | Pieces): string =>
  typeof pieces === 'string' ? pieces : pieces.map((piece) => (typeof piece === 'string' ? piece : piece[1].repeat(piece[0]))).join('')
