export { generateKey, loadOrCreateKey, saveKey } from './key-file.js'
