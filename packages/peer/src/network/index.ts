export { networkApplication } from './application.js'
export { NetworkError, type NetworkFailure } from './errors.js'
export type { NetworkState } from './network-state.js'
export { epochPrice } from './pay.js'
export { type JobStatus, type NetworkStatus, networkStatusOf, type PeerStatus } from './status.js'
export {
  epochCloseTransaction,
  epochShowTransaction,
  kindOfTransaction,
  presentTransaction,
  type TransactionKind,
} from './transactions.js'
