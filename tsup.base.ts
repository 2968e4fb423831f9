import type { Options } from 'tsup'

export const library: Options = {
  entry: ['src/index.ts'],
  format: ['esm'],
  target: 'es2023',
  platform: 'neutral',
  dts: true,
  clean: true,
  sourcemap: true,
  treeshake: true,
}
