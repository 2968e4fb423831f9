import type { GuestFunction } from './wasm-linking.js'

/** What PHP's binary must export for it. */
export const FROM_C_LIBRARY: readonly string[] = ['malloc', 'free']

/**
 * C++'s new and delete, by their names in object files. Side modules expect them of the program that loads them, and PHP's binary has them, if at
 * all, under no name.
 * @param outOfMemory `new` may not answer 0
 */
export function cxxRuntime(malloc: GuestFunction, free: GuestFunction, outOfMemory: () => never): Readonly<Record<string, GuestFunction>> {
  const make: GuestFunction = (bytes = 0) => malloc(bytes) || outOfMemory()
  return { _Znwm: make, _Znam: make, _ZdlPv: free, _ZdaPv: free }
}
