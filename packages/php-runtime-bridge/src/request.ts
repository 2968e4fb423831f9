/**
 * What the group itself has a site do, in no visitor's name: `$_SERVER['INTERPEER_EVENT']` says which. `cron`: a line of the site's configuration is due, and the
 * request is its target. The others run a script of the site, wherever it lies, and give it `$args`: `timer` what `Interpeer\after` was given, `answer` how a
 * request of `Interpeer\outbox` ended.
 */
export type ScriptEvent =
  | { readonly type: 'cron' }
  /** `script`: path in the site. `args`: as the effect had them. */
  | { readonly type: 'timer'; readonly script: string; readonly args: Uint8Array }
  /**
   * `key`: 64 hexadecimal digits. `error` undefined: it was sent, and `answer` is what came back. Else a code in capitals that says why not, and `answer` is what was
   * said of it, if anything.
   */
  | {
      readonly type: 'answer'
      readonly script: string
      readonly key: string
      readonly answer: OutboxAnswer | undefined
      readonly error?: string | undefined
    }
export interface OutboxAnswer {
  /** HTTP's; 250 of mail that was handed over. */
  readonly status: number
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Uint8Array
}
/** One visitor's request, as it was signed. `target` is '/path?query'; header names may come in any case. */
export interface ScriptRequest {
  readonly method: string
  readonly target: string
  /** Host and optional port, as in the Host header; becomes HTTP_HOST whatever the headers say. */
  readonly host: string
  readonly https: boolean
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Uint8Array
  /** Not a visitor's. Its caller must know that: no visitor may say so. */
  readonly event?: ScriptEvent
}

export interface RequestLimits {
  readonly targetUnitsMax: number
  readonly headersMax: number
  readonly headerUnitsMax: number
  readonly bodyBytesMax: number
}
export const requestLimits: RequestLimits = {
  targetUnitsMax: 8192,
  headersMax: 100,
  headerUnitsMax: 65_536,
  bodyBytesMax: 16 * 1024 * 1024,
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const HOST = /^[A-Za-z0-9.\-_[\]:]{1,255}$/
// Header values go to PHP as C strings: no control characters, and a lone surrogate has no bytes.
const VALUE = /^[^\p{Cc}\p{Surrogate}]*$/u

/** @returns what is wrong with the request, in words for its sender; undefined if nothing is. */
export function faultOf(request: ScriptRequest, limits: RequestLimits = requestLimits): string | undefined {
  const { method, target, host, headers, body } = request
  if (method.length > 32 || !TOKEN.test(method)) return 'the method is not a token'
  if (!/^\/[\x21-\x7e]*$/.test(target)) return 'the target is not an absolute path in printable ASCII'
  if (target.length > limits.targetUnitsMax) return 'the target is too long'
  if (!HOST.test(host)) return 'the host is not a host'
  if (body.length > limits.bodyBytesMax) return 'the body is too large'
  if (headers.length > limits.headersMax) return 'there are too many headers'
  let units = 0
  for (const [name, value] of headers) {
    units += name.length + value.length
    if (!TOKEN.test(name) || !VALUE.test(value.replaceAll('\t', ' '))) return 'a header is malformed'
  }
  return units > limits.headerUnitsMax ? 'the headers are too large' : undefined
}
