import { lookup } from 'mrmime'

/** What browsers need otherwise, or the list does not have. */
const ours: Readonly<Record<string, string>> = {
  cjs: 'text/javascript',
  gz: 'application/gzip',
  ico: 'image/vnd.microsoft.icon',
  js: 'text/javascript',
  mjs: 'text/javascript',
  xml: 'application/xml',
}
/** Text whose letters a browser would otherwise guess: sites on Interpeer are UTF-8 unless their pages say something else. */
const isText = (type: string) => type.startsWith('text/') || type === 'application/xml' || type === 'application/xhtml+xml'

/** Media type by the file name's extension; bytes of no known type are never called text. */
export function contentTypeOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1)
  const dot = name.lastIndexOf('.')
  const extension = dot < 0 ? '' : name.slice(dot + 1).toLowerCase()
  const type =
    (Object.hasOwn(ours, extension) ? ours[extension] : extension === '' ? undefined : lookup(`.${extension}`)) ??
    'application/octet-stream'
  return isText(type) ? `${type}; charset=utf-8` : type
}
