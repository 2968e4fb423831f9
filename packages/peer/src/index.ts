export { PeerError, type PeerFailure } from './errors.js'
export { isComplaint } from './job-log/logged-run.js'
export { type JobLogEntry, jobLogEntry } from './job-log/messages.js'
export type { LogCursor } from './job-log/request.js'
export {
  type AccusationCase,
  type ChainProof,
  type ChangeStatus,
  chainProofOf,
  checkSeatProof,
  type DataEntries,
  type DataMaps,
  type JobStatus,
  momentOf,
  type NetworkState,
  type NetworkStatus,
  networkStatusOf,
  type PeerStatus,
  type Provable,
  seatProofOf,
  seatsOfTickets,
  type TicketSeat,
} from './network/index.js'
export type {
  JobFacts,
  OutboxAnswer,
  OutboxRequest,
  ScriptChange,
  ScriptEffect,
  ScriptEvent,
  ScriptOutcome,
  ScriptRequest,
  ScriptRuntime,
} from './script-runtime.js'
export type { ServedState } from './served-state.js'
export type { SiteView } from './site-view.js'
export { parseStorageSize, STORE_MIN_BYTES } from './storage-size.js'
