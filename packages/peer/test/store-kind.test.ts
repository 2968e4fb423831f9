import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSigner, sha256 } from '@interpeer/crypto-ids'
import { SETTINGS } from '@interpeer/vote-chain'
import { afterEach, expect, test } from 'vitest'
import { openPeer } from '../src/node/open-peer.js'
import type { PeerOptions } from '../src/node/peer-api.js'
import { CounterRuntime } from './counter-runtime.js'

const folder = mkdtempSync(join(tmpdir(), 'interpeer-peer-'))
afterEach(() => rmSync(folder, { recursive: true }))

const signer = createSigner(sha256(new Uint8Array([1])))
const settings = Object.fromEntries(Object.entries(SETTINGS).map(([name, { usual }]) => [name, usual]))
const genesis = JSON.stringify({ protocol: 1, settings, peers: [signer.peerId], balances: [], seed: 'a5'.repeat(32), startMs: Date.now() })
const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
const open = (store?: PeerOptions['store']) =>
  openPeer({ data: folder, store, signer, genesis, host: '127.0.0.1', port: 0, bootstrap: [], runtime: new CounterRuntime(), log })

const kept = () => readdirSync(join(folder, 'store')).filter((name) => name !== 'ballast')

test('a peer keeps its store in what it is told at first, and never in another afterwards', async () => {
  await (await open('sqlite')).close()
  expect(kept()).toEqual(['store.sqlite'])
  await (await open()).close()
  expect(kept()).toEqual(['store.sqlite'])
  await expect(open('lmdb')).rejects.toMatchObject({ code: 'STORE_OTHER_KIND', failure: { found: 'sqlite', asked: 'lmdb' } })
})
