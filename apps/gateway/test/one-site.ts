import { connect } from 'node:net'
import type { PeerId } from '@interpeer/crypto-ids'
import type { AskOptions, Peer, SiteAnswer, VisitorRequest } from '@interpeer/peer/node'
import { pino } from 'pino'
import { afterEach } from 'vitest'
import { type Listening, listen } from '../src/listen.js'
import { gatewayApp } from '../src/server.js'

export const utf8 = (text: string) => new TextEncoder().encode(text)
export const plain: SiteAnswer = {
  ...{ ran: 'read', code: '', peer: 'zPeer' as PeerId, epoch: 1, step: 2, state: 'state' as SiteAnswer['state'], stale: false },
  ...{ provisional: false, unjudged: false, certificate: undefined, status: 200, headers: [], body: new Uint8Array() },
}
const BODY_MAX_BYTES = 1000

let http: Listening | undefined
afterEach(() => http?.close())

/** A gateway of a network whose one site answers so. */
export async function gatewayOf(
  answer: (visitor: VisitorRequest) => Partial<SiteAnswer> | Promise<Partial<SiteAnswer>>,
  hostName = 'localhost',
) {
  const asked: VisitorRequest[] = []
  const askers: (string | undefined)[] = []
  const signals: (AbortSignal | undefined)[] = []
  const askSite = async (_: string, visitor: VisitorRequest, { asker, signal }: AskOptions = {}) => {
    asked.push(visitor)
    askers.push(asker)
    signals.push(signal)
    return { ...plain, ...(await answer(visitor)) }
  }
  const peer = { askSite, isDisputed: () => false } as unknown as Peer
  const app = (port: number) => gatewayApp({ peer, hostName, port, log: pino({ level: 'silent' }) })
  http = await listen({ host: '127.0.0.1', port: 0, bodyMaxBytes: BODY_MAX_BYTES, app })
  return { port: http.port, asked, askers, signals }
}

/** What comes back, byte by byte, until the connection is closed. */
export function raw(port: number, ...parts: (string | Uint8Array)[]): Promise<{ head: string; body: Buffer; isBroken: boolean }> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const chunks: Buffer[] = []
    let isBroken = false
    socket.on('data', (chunk) => chunks.push(chunk))
    socket.on('error', () => {
      isBroken = true
    })
    socket.on('close', () => {
      const all = Buffer.concat(chunks)
      const end = all.indexOf('\r\n\r\n')
      resolve({ head: all.subarray(0, end).toString('latin1').toLowerCase(), body: all.subarray(end + 4), isBroken })
    })
    for (const part of parts) socket.write(part)
  })
}
export const ask = (port: number, lines: readonly string[] = [], { method = 'GET', target = '/', host = 'site.localhost' } = {}) =>
  raw(port, [`${method} ${target} HTTP/1.1`, `Host: ${host}`, 'Connection: close', ...lines, '', ''].join('\r\n'))
export const header = (head: string, name: string): string | undefined => new RegExp(`^${name}: (.*)$`, 'm').exec(head)?.[1]?.trim()

export const html = { name: 'content-type', value: 'text/html; charset=utf-8' }
