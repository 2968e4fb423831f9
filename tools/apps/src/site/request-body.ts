/** One file of a multipart form. */
export interface FormFile {
  readonly field: string
  readonly name: string
  readonly type: string
  readonly bytes: Uint8Array
}
export interface FormBody {
  readonly type: string
  readonly bytes: Uint8Array
}
const BOUNDARY = '----interpeer-apps-7d2f1b'

/** What a browser sends for a form: multipart/form-data where it has files. */
export function formBody(fields: Readonly<Record<string, string>>, files: readonly FormFile[] = []): FormBody {
  if (files.length === 0) return { type: 'application/x-www-form-urlencoded', bytes: Buffer.from(new URLSearchParams(fields).toString()) }
  const head = (more: string) => Buffer.from(`--${BOUNDARY}\r\nContent-Disposition: form-data; ${more}\r\n\r\n`)
  const end = Buffer.from('\r\n')
  const parts = [
    ...Object.entries(fields).flatMap(([name, value]) => [head(`name="${name}"`), Buffer.from(value), end]),
    ...files.flatMap(({ field, name, type, bytes }) => [head(`name="${field}"; filename="${name}"\r\nContent-Type: ${type}`), bytes, end]),
    Buffer.from(`--${BOUNDARY}--\r\n`),
  ]
  return { type: `multipart/form-data; boundary=${BOUNDARY}`, bytes: Buffer.concat(parts) }
}
