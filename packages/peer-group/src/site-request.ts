import { bool, bytes, bytesMax, type Infer, link, list, message, struct, text, uint32, uint53 } from '@interpeer/wire-codec'

/** One HTTP header. Names are lower case. */
export const httpHeader = struct({ name: text(256), value: text(8192) })
export type HttpHeader = Infer<typeof httpHeader>

/** A body up to this size travels inside its request. */
export const REQUEST_WHOLE_BODY_MAX_BYTES = 896 * 1024
/** A longer one is cut into blocks of this size, but for the last: whoever is to run it fetches them. */
export const REQUEST_PART_BYTES = 256 * 1024
const REQUEST_PARTS_MAX = 64
/** The longest body of a request. */
export const REQUEST_BODY_MAX_BYTES = REQUEST_PARTS_MAX * REQUEST_PART_BYTES
/** The blocks of a body that does not travel inside its request, as binary CIDs, in order. */
export const requestParts = list(link, REQUEST_PARTS_MAX)

/**
 * One visitor's HTTP request to a site, signed by the visitor's side: for a vanilla browser that is its gateway (WP §2.3).
 * `ms` is network time: the time that a read runs at, rounded down to seconds, and the age of a write. `seenEpoch` and `seenStep` name
 * the last step that the asker saw, so that a member that is behind catches up first.
 * `body` is empty where the request has `parts`: raw blocks that, one after another, are the body.
 */
export const siteRequest = message('site-request', 70, 1, {
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
  body: bytesMax(REQUEST_WHOLE_BODY_MAX_BYTES),
  parts: requestParts,
})
export type SiteRequest = Infer<typeof siteRequest>
