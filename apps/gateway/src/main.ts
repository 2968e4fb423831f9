#!/usr/bin/env node
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadOrCreateKey, takePassphrase } from '@interpeer/crypto-ids/node'
import { openPeer, REQUEST_BODY_MAX_BYTES } from '@interpeer/peer/node'
import { CommanderError } from 'commander'
import { readConfig } from './config.js'
import { explain } from './explain.js'
import { type Listening, listen } from './listen.js'
import { openLog } from './log.js'
import { neighboursWarning } from './neighbours.js'
import { watchSites } from './network-status.js'
import { gatewayApp } from './server.js'

const WATCH_MS = 1_000
const CLOSE_MS = 8_000

async function main(): Promise<void> {
  const config = readConfig(process.argv)
  mkdirSync(config.data, { recursive: true, mode: 0o700 })
  const log = openLog(join(config.data, 'log'), config.logLevel)
  const passphrase = takePassphrase({ file: config.passphraseFile, variable: 'INTERPEER_PASSPHRASE' })
  const peer = await openPeer({
    data: config.data,
    signer: loadOrCreateKey(join(config.data, 'peer.key'), { passphrase }),
    genesis: readFileSync(config.genesis, 'utf8'),
    host: config.host,
    port: 0,
    bootstrap: config.bootstrap,
    checkpoint: config.checkpoint,
    runtime: null,
    log,
    readChecksPerMille: config.readChecks,
  })
  let http: Listening | undefined
  let stopWatching = () => {}
  const close = async () => {
    stopWatching()
    await http?.close()
    await peer.close()
  }
  try {
    const { host, hostName } = config
    const cacheBytes = config.cache * 1024 * 1024
    http = await listen({
      host,
      port: config.port,
      bodyMaxBytes: REQUEST_BODY_MAX_BYTES,
      app: (port) => gatewayApp({ peer, hostName, port, log, cacheBytes }),
    })
    const warning = neighboursWarning(hostName)
    if (warning !== undefined) {
      log.warn({ hostName }, warning)
      process.stderr.write(`interpeer-gateway: ${warning}\n`)
    }
    stopWatching = watchSites({ peer }, WATCH_MS)
    const stopped = new Promise<void>((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
    })
    process.stdout.write(`${JSON.stringify({ ready: { peerId: peer.peerId, host, port: http.port } })}\n`)
    await Promise.race([stopped, peer.failed])
  } finally {
    // a disk that fails may hang whoever closes a file on it
    await Promise.race([close(), new Promise<void>((resolve) => setTimeout(resolve, CLOSE_MS).unref())])
  }
}

try {
  await main()
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode
  else {
    process.stderr.write(`interpeer-gateway: ${explain(error)}\n`)
    process.exit(1) // whatever a failure left open would keep the process alive, and look like a gateway
  }
}
