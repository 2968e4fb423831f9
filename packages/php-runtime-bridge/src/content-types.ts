const text = (type: string) => `${type}; charset=utf-8`

const byExtension: Readonly<Record<string, string>> = {
  avif: 'image/avif',
  bmp: 'image/bmp',
  css: text('text/css'),
  csv: text('text/csv'),
  gif: 'image/gif',
  gz: 'application/gzip',
  htm: text('text/html'),
  html: text('text/html'),
  ico: 'image/vnd.microsoft.icon',
  jpeg: 'image/jpeg',
  jpg: 'image/jpeg',
  js: text('text/javascript'),
  json: 'application/json',
  md: text('text/markdown'),
  mjs: text('text/javascript'),
  mp3: 'audio/mpeg',
  mp4: 'video/mp4',
  ogg: 'audio/ogg',
  otf: 'font/otf',
  pdf: 'application/pdf',
  png: 'image/png',
  svg: 'image/svg+xml',
  ttf: 'font/ttf',
  txt: text('text/plain'),
  wasm: 'application/wasm',
  webm: 'video/webm',
  webmanifest: 'application/manifest+json',
  webp: 'image/webp',
  woff: 'font/woff',
  woff2: 'font/woff2',
  xml: text('application/xml'),
  zip: 'application/zip',
}

/** Media type by the file name's extension; bytes of no known type are never called text. */
export function contentTypeOf(path: string): string {
  const extension = path.slice(path.lastIndexOf('.') + 1).toLowerCase()
  return Object.hasOwn(byExtension, extension) ? (byExtension[extension] as string) : 'application/octet-stream'
}
