export { networkApplication } from './application.js'
export type { NetworkState } from './network-state.js'
export { type JobStatus, type NetworkStatus, networkStatusOf, type PeerStatus } from './status.js'
export { epochCloseTransaction, presentTransaction } from './transactions.js'
