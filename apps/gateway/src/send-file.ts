import type { ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import type { Download } from '@interpeer/peer/node'

/**
 * Sends a long file as the browser takes it. Where a piece is false the connection breaks off before what was promised is there, so that nobody takes what
 * came for the file: not a byte is written in its place.
 * @returns why it broke off
 */
export async function sendFile(outgoing: ServerResponse, status: number, headers: Headers, { read }: Download): Promise<unknown> {
  outgoing.writeHead(status, [...headers].flat())
  try {
    await pipeline(read(), outgoing)
    return undefined
  } catch (error) {
    return error
  }
}
