import { isIP, SocketAddress } from 'node:net'
import { type PeerId, parsePeerId } from '@interpeer/crypto-ids'

export interface PeerEndpoint {
  readonly peer: PeerId
  readonly host: string
  readonly port: number
}

/** `HOST:PORT` where others can send to: a literal address, IPv6 in brackets, not one that stands for all (`0.0.0.0`, `::`); undefined where it is not that. */
export function parseReachable(text: string): { readonly host: string; readonly port: number } | undefined {
  const [, host = '', port = ''] = /^\[?([0-9a-fA-F.:]+?)\]?:(\d{1,5})$/.exec(text) ?? []
  const address = { host, port: Number(port) }
  return isReachable(address) ? address : undefined
}

/** Whether one can send there: no address that stands for all of a machine's own, and none with a zone, which each machine names as it likes. */
export const isReachable = ({ host, port }: { readonly host: string; readonly port: number }): boolean =>
  isIP(host) !== 0 && !/%|^[0:]*(ffff:)?[0:.]+$/i.test(host) && Number.isInteger(port) && port >= 1 && port <= 65_535

/** The same text for all ways to write an address, also that of an IPv4 address on a socket for both. */
export function placeName({ host, port }: { readonly host: string; readonly port: number }): string {
  const { address } = new SocketAddress({ address: host, port, family: isIP(host) === 6 ? 'ipv6' : 'ipv4' })
  return `${address.replace(/^::ffff:(?=.*\.)/, '')} ${port}`
}

/** `PEER@HOST:PORT` with a literal address, IPv6 in brackets; undefined where it is not that. */
export function parseEndpoint(text: string): PeerEndpoint | undefined {
  const [, peer = '', host = '', port = ''] = /^([^@]+)@\[?([0-9a-fA-F.:]+?)\]?:(\d{1,5})$/.exec(text) ?? []
  if (isIP(host) === 0 || Number(port) < 1 || Number(port) > 65_535) return undefined
  try {
    return { peer: parsePeerId(peer), host, port: Number(port) }
  } catch {
    return undefined
  }
}
