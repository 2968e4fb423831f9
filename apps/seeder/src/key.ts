import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { loadOrCreateKey } from '@interpeer/crypto-ids/node'

export interface KeyOptions {
  readonly data: string
  readonly json?: boolean
}

export function createKey({ data, json = false }: KeyOptions): void {
  mkdirSync(data, { recursive: true, mode: 0o700 })
  print(loadOrCreateKey(join(data, 'peer.key')).peerId, json)
}

export function showKey({ data, json = false }: KeyOptions): void {
  const path = join(data, 'peer.key')
  if (!existsSync(path)) throw new Error(`${data} has no key: make one with "interpeer key create --data ${data}"`)
  print(loadOrCreateKey(path).peerId, json)
}

const print = (peerId: string, json: boolean): boolean => process.stdout.write(json ? `${JSON.stringify({ peerId })}\n` : `${peerId}\n`)
