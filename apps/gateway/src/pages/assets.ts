import { BAR_PATH, barScript } from './bar.js'
import { ASSET_FOLDER, markSvg } from './document.js'
import { networkScript } from './network-script.js'
import { pagesCss } from './style.js'

export interface Asset {
  readonly type: string
  readonly body: string
}

const ASSETS: ReadonlyMap<string, Asset> = new Map([
  [`${ASSET_FOLDER}pages.css`, { type: 'text/css; charset=utf-8', body: pagesCss }],
  [`${ASSET_FOLDER}network.js`, { type: 'text/javascript; charset=utf-8', body: networkScript }],
  [`${ASSET_FOLDER}mark.svg`, { type: 'image/svg+xml', body: markSvg }],
  [BAR_PATH, { type: 'text/javascript; charset=utf-8', body: barScript }],
])

/** The asset served at this path, on the gateway's own origin and on every site's: error pages appear on both. */
export function assetAt(pathname: string): Asset | undefined {
  return ASSETS.get(pathname)
}
