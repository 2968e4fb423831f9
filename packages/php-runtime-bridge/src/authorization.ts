import { base64Bytes } from './base64.js'
import { utf8Text } from './configuration/utf8-text.js'

/** What PHP makes of an Authorization header (RFC 7617, 7616): variables of $_SERVER, none where it is neither Basic nor Digest. */
export function authorizationVariables(header: string | undefined): readonly (readonly [name: string, value: string])[] {
  const [, scheme = '', rest = ''] = /^([A-Za-z]+) +(.*)$/.exec(header ?? '') ?? []
  if (scheme.toLowerCase() === 'digest') return [['PHP_AUTH_DIGEST', rest]]
  if (scheme.toLowerCase() !== 'basic') return []
  const bytes = base64Bytes(rest.trim())
  const pair = bytes && utf8Text(bytes)
  const colon = typeof pair === 'string' ? pair.indexOf(':') : -1
  if (typeof pair !== 'string' || colon < 0 || pair.includes('\0')) return []
  return [
    ['PHP_AUTH_USER', pair.slice(0, colon)],
    ['PHP_AUTH_PW', pair.slice(colon + 1)],
  ]
}
