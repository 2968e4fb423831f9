export { type Overlay, type OverlayOptions, openOverlay, type RequestOptions } from './open-overlay.js'
