export { bindDatagrams } from './bind.js'
export { DgramError, type DgramFailure } from './errors.js'
export type {
  BindOptions,
  DatagramCounters,
  DatagramSocket,
  OutgoingDatagram,
  ReceivedDatagram,
  ReliableStream,
  SocketAddress,
  StreamOptions,
} from './types.js'
