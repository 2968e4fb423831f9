import type { ContentStore, StoreOptions } from '../src/index.js'

// The built package, as a peer has it: a worker thread can't be started from TypeScript.
const built: { openSqliteStore: (folder: string, options?: StoreOptions) => ContentStore } = await import(
  new URL('../dist/node/index.js', import.meta.url).href
)
export const openBuiltSqliteStore = built.openSqliteStore
