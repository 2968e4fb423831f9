import { isIP } from 'node:net'
import { type PeerId, parsePeerId } from '@interpeer/crypto-ids'

export interface PeerEndpoint {
  readonly peer: PeerId
  readonly host: string
  readonly port: number
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
