export type { ContentSource } from './content-channel.js'
export type { AgreedPoint } from './execute.js'
export { type HostCallOptions, type PhpRuntime, type PhpRuntimeOptions, startPhpRuntime } from './runtime.js'
