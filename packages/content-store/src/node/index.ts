export { exportFolder } from './export-folder.js'
export { type ImportLimits, importFolder } from './import-folder.js'
export { openLmdbStore } from './lmdb-store.js'
export { openSqliteStore } from './sqlite-store.js'
