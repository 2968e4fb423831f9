import { PeerError } from './errors.js'

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  ...{ kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 },
  ...{ KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 },
}
/** A chain, locks and a small site need about this much. */
export const STORE_MIN_BYTES = 64e6

/** A size as people write it: `64GB`, `1.5 TiB`, `200000000`. kB, MB, GB, TB are powers of 1,000. @throws {PeerError} SIZE_SYNTAX */
export function parseStorageSize(text: string): number {
  const [, number = '', unit = ''] = /^(\d{1,15}(?:\.\d{1,6})?) ?([A-Za-z]{0,3})$/.exec(text.trim()) ?? []
  const bytes = Math.floor(Number(number) * (Object.hasOwn(UNITS, unit) ? (UNITS[unit] as number) : Number.NaN))
  if (number === '' || !Number.isSafeInteger(bytes) || bytes < STORE_MIN_BYTES) {
    throw new PeerError({ code: 'SIZE_SYNTAX', text, minBytes: STORE_MIN_BYTES })
  }
  return bytes
}
