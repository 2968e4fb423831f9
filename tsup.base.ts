import type { Options } from 'tsup'

export const library: Options = {
  entry: ['src/index.ts'],
  format: ['esm'],
  target: 'es2023',
  platform: 'neutral',
  dts: true,
  clean: true,
  sourcemap: true,
  // An import that is left over, of another chunk or package, is dropped: none of ours is there for what it does when it loads.
  treeshake: { moduleSideEffects: (_id, isExternal) => !isExternal },
}
