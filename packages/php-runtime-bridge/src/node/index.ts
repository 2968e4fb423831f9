export type { RunKind } from '../run-queue.js'
export type { AgreedPoint } from './execute.js'
export {
  type ImageFacts,
  type PhpRuntime,
  type PhpRuntimeOptions,
  type RunOptions,
  type SiteOrigin,
  startPhpRuntime,
} from './runtime.js'
