import { bool, bytes, bytesMax, type Infer, list, message, struct, text, uint32, uint53 } from '@interpeer/wire-codec'

/** One HTTP header. Names are lower case. */
export const httpHeader = struct({ name: text(256), value: text(8192) })
export type HttpHeader = Infer<typeof httpHeader>

/** A request's body is carried whole; larger uploads are refused with 413. */
export const REQUEST_BODY_MAX_BYTES = 896 * 1024

/**
 * One visitor's HTTP request to a site, signed by the visitor's side: for a vanilla browser that is its gateway (WP §2.3).
 * `ms` is network time: the time that a read runs at, rounded down to seconds, and the age of a write. `seenEpoch` and `seenStep` name
 * the last step that the asker saw, so that a member that is behind catches up first.
 */
export const siteRequest = message('site-request', 1, {
  from: bytes(32),
  job: bytes(36),
  id: bytes(16),
  ms: uint53,
  seenEpoch: uint32,
  seenStep: uint32,
  method: text(16),
  target: text(8192),
  host: text(255),
  https: bool,
  headers: list(httpHeader, 100),
  body: bytesMax(REQUEST_BODY_MAX_BYTES),
})
export type SiteRequest = Infer<typeof siteRequest>
