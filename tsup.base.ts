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

/**
 * A library that browsers load: a file for each source, so that whoever imports one function gets what it needs and no more.
 * @param entry the sources that package.json's "exports" name: only they have types
 */
export const shakeable = (entry: Readonly<Record<string, string>>): Options => ({
  ...library,
  entry: ['src/**/*.ts'],
  bundle: false,
  dts: { entry: { ...entry } },
})
