// The built package, as a peer has it: a worker thread can't be started from TypeScript.
const built: typeof import('../src/node/index.js') = await import(new URL('../dist/node/index.js', import.meta.url).href)
const core: typeof import('../src/index.js') = await import(new URL('../dist/index.js', import.meta.url).href)
export const { memoryBlockStore: builtMemoryBlockStore } = core
export const {
  exportFolder: exportBuiltFolder,
  importFolder: importBuiltFolder,
  openDiskStore: openBuiltDiskStore,
  openLmdbStore: openBuiltLmdbStore,
  openSqliteStore: openBuiltSqliteStore,
} = built

/** A module of the built package, as a script for a process of its own imports it. */
export const childUrl = (name: string): string => JSON.stringify(new URL(`../dist/${name}`, import.meta.url).href)
/** The start of a script for a process of its own: a store in the folder that it is given, and blocks of 20,000 bytes by number. */
export const childScript = (open: 'openLmdbStore' | 'openSqliteStore'): string => `
  import { blockOf } from ${childUrl('index.js')}
  import { ${open} } from ${childUrl('node/index.js')}
  const blockAt = (i) => blockOf(new Uint8Array(20_000).fill(i).fill(i >> 8, 0, 9), 'raw')
  const store = ${open}(process.argv[1])
`
