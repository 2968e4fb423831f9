import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { accountOfPeer, createSigner, type Signer, sha256 } from '@interpeer/crypto-ids'
import { SETTINGS } from '@interpeer/vote-chain'
import { afterEach, expect, test } from 'vitest'
import { openPeer } from '../src/node/open-peer.js'
import type { Peer } from '../src/node/peer-api.js'
import type { ScriptOutcome, ScriptRequest } from '../src/script-runtime.js'
import { CounterRuntime } from './counter-runtime.js'

/** Says what it was asked, as PHP would in its error log. */
class TalkingRuntime extends CounterRuntime {
  override async run(root: string, request: ScriptRequest, at: { timeMs: number; seed: Uint8Array }): Promise<ScriptOutcome> {
    const outcome = await super.run(root, request, at)
    return outcome.type === 'abstained' ? outcome : { ...outcome, log: `asked for ${request.target}`, fuel: 7, memoryBytes: 1 << 20 }
  }
}
const [seeder, uploader, stranger] = [1, 2, 3].map((seed) => createSigner(sha256(Uint8Array.of(seed)))) as [Signer, Signer, Signer]
const usual = Object.fromEntries(Object.entries(SETTINGS).map(([name, { usual }]) => [name, usual]))
const genesis = JSON.stringify({
  ...{ protocol: 1, settings: { ...usual, cycleMs: 200, tenureMs: 60_000, roundMs: 150 }, peers: [seeder.peerId], seed: 'a5'.repeat(32) },
  ...{ balances: [{ account: accountOfPeer(uploader.peerId), amount: '10000000000' }], startMs: Date.now() },
})
const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
const undo: (() => unknown)[] = []
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step()
})
function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'interpeer-logs-'))
  undo.push(() => rmSync(folder, { recursive: true }))
  return folder
}
async function open(signer: Signer, host?: Peer): Promise<Peer> {
  const bootstrap = host === undefined ? [] : [{ peer: host.peerId, ...host.address }]
  const runtime = host === undefined ? new TalkingRuntime() : null
  const peer = await openPeer({ data: newFolder(), signer, genesis, host: '127.0.0.1', port: 0, bootstrap, runtime, log })
  undo.push(() => peer.close())
  return peer
}

test('who published a site reads what its runs left at the members, and reads on from there; nobody else does', async () => {
  const host = await open(seeder)
  const publisher = await open(uploader, host)
  const folder = newFolder()
  writeFileSync(join(folder, 'log'), '')
  await publisher.publish({ folder, name: 'log', groupSize: 1, escrow: 5_000_000_000n, runtimeId: 'counter', progress: () => {} })
  const ask = (method: string, target: string) =>
    publisher.askSite('log', { method, target, host: 'log', https: false, headers: [], body: new Uint8Array() })
  await ask('GET', '/page?a=b')
  await ask('POST', '/save')
  await ask('GET', '/touch')
  await ask('GET', '/slow').catch(() => {})

  const [first] = await publisher.jobLogs('log')
  expect(first).toMatchObject({ peer: seeder.peerId, isMember: true, dropped: 0, failure: undefined })
  const told = { fuel: 7, memoryBytes: 1 << 20, status: 200, cutBytes: 0 }
  expect(first?.entries.map(({ id, number, epoch, step, timeMs, ...entry }) => entry)).toEqual([
    { ...told, ran: 'read', method: 'GET', target: '/page?a=b', said: 'asked for /page?a=b' },
    { ...told, ran: 'write', method: 'POST', target: '/save', said: 'asked for /save' },
    { ...told, ran: 'promoted', method: 'GET', target: '/touch', said: 'asked for /touch' },
    { ...told, ran: 'write', method: 'GET', target: '/touch', said: 'asked for /touch' },
    { ran: 'read', method: 'GET', target: '/slow', status: 0, fuel: null, memoryBytes: null, said: 'GUARD_TIME', cutBytes: 0 },
  ])
  await ask('GET', '/later')
  const since = new Map(first?.cursor === undefined ? [] : [[seeder.peerId, first.cursor]])
  const [next] = await publisher.jobLogs('log', since)
  expect(next?.entries).toMatchObject([{ number: 6, target: '/later' }])

  await expect(publisher.jobLogs('nosuch')).rejects.toMatchObject({ code: 'SITE_UNKNOWN' })
  const other = await open(stranger, host)
  await expect.poll(() => other.chain().height).toBeGreaterThan(0)
  await expect.poll(() => other.jobLogs('log').catch(({ code }) => code)).toBe('JOB_LOGS_REFUSED')
  expect(host.counters().JOB_LOGS_REFUSED ?? 0).toBe(0) // it did not even ask
})
