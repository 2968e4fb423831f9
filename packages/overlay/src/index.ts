export { type CoreOptions, OverlayCore } from './core.js'
export type { Address, CoreEffect, CoreEvent } from './core-events.js'
export { OverlayError, type OverlayFailure } from './errors.js'
export {
  bulkFrame,
  bulkOpen,
  bulkOpened,
  bulkWanted,
  cellPart,
  cellPing,
  cellPong,
  overlayHello,
  overlayWelcome,
  sessionEnd,
} from './messages.js'
export { NoiseHandshake, type NoiseKeys, type NoiseOptions, type NoisePattern } from './noise.js'
