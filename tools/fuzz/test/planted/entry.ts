import { main } from '../../src/child.ts'
import type { Target } from '../../src/target.ts'
import { type Imports, kernelTarget } from '../../targets/php-kernel.ts'
import { decodePlanted, fatal, greedy, hanging, hoarding, slow, uncoded, waiting } from './decoder.ts'

const file = 'tools/fuzz/test/planted/decoder.ts'
const errors = ['PlantedError']
/** A kernel that forgets a look at a descriptor: the tenth has none, and only writing at a place falls over it. */
const planted = (imports: Imports): Imports => ({
  ...imports,
  wasi_snapshot_preview1: {
    ...imports.wasi_snapshot_preview1,
    fd_pwrite: (...args) =>
      args[0] === 9 ? (undefined as unknown as { call: () => number }).call() : imports.wasi_snapshot_preview1?.fd_pwrite?.(...args),
  },
})
const targets: readonly Target[] = [
  { name: 'planted/sound', file, errors, run: (bytes) => void decodePlanted(bytes) },
  { name: 'planted/uncoded', file, errors, run: (bytes) => void uncoded(bytes) },
  { name: 'planted/other-error', file, errors: ['WireError'], run: (bytes) => void decodePlanted(bytes) },
  { name: 'planted/hang', file, errors, run: hanging },
  { name: 'planted/memory', file, errors, run: (bytes) => void greedy(bytes) },
  { name: 'planted/hoard', file, errors, run: (bytes) => void hoarding(bytes) },
  { name: 'planted/slow', file, errors, run: (bytes) => void slow(bytes), maxMs: 3 },
  { name: 'planted/waiting', file, errors, run: waiting },
  { name: 'planted/crash', file, errors, run: fatal },
  kernelTarget('planted/kernel', planted),
]
void main(targets, process.argv[2] as string)
