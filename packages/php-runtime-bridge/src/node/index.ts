export type { FoundContent } from '../host-calls/host-calls.js'
export type { RunKind } from '../run-queue.js'
export type { ContentSource } from './content-channel.js'
export type { AgreedPoint } from './execute.js'
export {
  type HostCallOptions,
  type ImageFacts,
  type PhpRuntime,
  type PhpRuntimeOptions,
  type RunOptions,
  type SiteOrigin,
  startPhpRuntime,
} from './runtime.js'
