export type { AgreedPoint } from './execute.js'
export { type PhpRuntime, type PhpRuntimeOptions, startPhpRuntime } from './runtime.js'
