import { html, type SafeHtml } from './html.js'

/** Where the assets of our own pages are served, on the gateway's origin and on every site's. */
export const ASSET_FOLDER = '/.interpeer/'

/** The Content-Security-Policy our own pages are sent with: nothing inline, nothing from elsewhere. Each page says it too, but for the framing. */
export const PAGE_CSP =
  "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** Five peers in a ring, one of them changing. No style sheet inside: it would count as inline. */
export const markSvg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
  <g fill="none" stroke="#2f8f78" stroke-width="1.6"><path d="M16 5.5 26 12.8 22.2 24.5H9.8L6 12.8z"/></g>
  <g fill="#2f8f78"><circle cx="16" cy="5.5" r="4.2"/><circle cx="26" cy="12.8" r="4.2"/><circle cx="22.2" cy="24.5" r="4.2"/><circle cx="9.8" cy="24.5" r="4.2"/></g>
  <circle cx="6" cy="12.8" r="3.4" fill="#fff" stroke="#2f8f78" stroke-width="1.8"/>
</svg>
`

export interface DocumentParts {
  readonly title: string
  readonly body: SafeHtml
  /** File names in ASSET_FOLDER. */
  readonly scripts?: readonly string[]
}

export function documentOf({ title, body, scripts = [] }: DocumentParts): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${PAGE_CSP.replace(/; frame-ancestors.*/, '')}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${title}</title>
<link rel="icon" href="${ASSET_FOLDER}mark.svg" type="image/svg+xml">
<link rel="stylesheet" href="${ASSET_FOLDER}pages.css">
${scripts.map((name) => html`<script src="${ASSET_FOLDER}${name}" defer></script>`)}
</head>
<body>
${body}
</body>
</html>
`.text
}
