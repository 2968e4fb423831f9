export { REQUEST_BODY_MAX_BYTES } from '@interpeer/peer-group'
export { BodyRoom } from './body-room.js'
export { type PeerEndpoint, parseEndpoint, parseReachable } from './endpoint.js'
export { type LightProofOptions, proveLightly } from './light-proof.js'
export type { PeerLog } from './log.js'
export type { Observed, ObservedCertificate } from './observed-sites.js'
export { openPeer } from './open-peer.js'
export type { OutboxResult, OutboxSender } from './outbox-shell.js'
export type { Peer, PeerOptions } from './peer-api.js'
export { lockFolder } from './process-lock.js'
export type { Publication, Published } from './publish.js'
export type { Contradiction } from './read-evidence.js'
export type { MemberLog } from './read-job-logs.js'
export type { ShownSeat } from './show-seat.js'
export {
  type AskOptions,
  type Download,
  type SiteAnswer,
  STATE_METHOD,
  type VisitorRequest,
} from './site-client.js'
export { headersForSite, headersForVisitor, isBodiless, readBody } from './visitor-http.js'
