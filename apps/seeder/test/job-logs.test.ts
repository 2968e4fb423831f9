import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSigner } from '@interpeer/crypto-ids'
import { loadOrCreateKey } from '@interpeer/crypto-ids/node'
import type { ScriptRuntime } from '@interpeer/peer'
import { openPeer, type Peer } from '@interpeer/peer/node'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { INTERPEER, interpeer } from './interpeer.js'

const data = mkdtempSync(join(tmpdir(), 'interpeer-job-logs-'))
const folder = (name: string): string => join(data, name)
const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
const trees = new Set<string>()
/** Says what it was asked, as PHP would in its error log, but of what is quiet. */
const talking: ScriptRuntime = {
  runtimeId: 'talking',
  has: (root) => trees.has(root),
  load: async (root) => void trees.add(root),
  derive: async (root) => void trees.add(root),
  forget: (root) => void trees.delete(root),
  run: async (_, { target }) => ({
    ...{ type: 'answered', status: 200, headers: [], body: new Uint8Array(), changes: [], transcript: new Uint8Array(32) },
    ...{ log: target === '/quiet' ? '' : `asked for ${target}\n`, fuel: 7, memoryBytes: 1 << 20 },
  }),
  cron: () => [],
  close: async () => {},
}

let host: Peer
let visitor: Peer
/** The network of one peer, for a command. */
let network: readonly string[]
let following: ChildProcess | undefined
const ask = (target: string) =>
  visitor.askSite('log', { method: 'GET', target, host: 'log', https: false, headers: [], body: new Uint8Array() })

beforeAll(async () => {
  const signer = await loadOrCreateKey(join(folder('host'), 'peer.key'), {})
  const uploader = await loadOrCreateKey(join(folder('uploader'), 'peer.key'), {})
  const genesis = join(data, 'genesis.json')
  const shape = ['--peer', signer.peerId, '--balance', `${uploader.peerId}=1000`, '--cycle-ms', '300', '--out', genesis]
  expect((await interpeer(['network', 'create', ...shape])).stderr).toBe('')
  const common = { genesis: readFileSync(genesis, 'utf8'), host: '127.0.0.1', port: 0, log }
  host = await openPeer({ ...common, data: folder('host'), signer, bootstrap: [], runtime: talking })
  const bootstrap = [{ peer: host.peerId, ...host.address }]
  visitor = await openPeer({
    ...common,
    data: folder('visitor'),
    signer: createSigner(new Uint8Array(32).fill(9)),
    bootstrap,
    runtime: null,
  })
  const publisher = await openPeer({ ...common, data: folder('publisher'), signer: uploader, bootstrap, runtime: null })
  mkdirSync(folder('site'))
  writeFileSync(join(folder('site'), 'index.php'), '')
  const site = { folder: folder('site'), name: 'log', groupSize: 1, escrow: 500_000_000_000n, runtimeId: 'talking' }
  await publisher.publish({ ...site, progress: () => {} })
  await publisher.close()
  // it learns of the site by the chain
  await vi.waitFor(() => ask('/quiet'), { timeout: 60_000, interval: 200 })
  network = ['--genesis', genesis, '--bootstrap', `${host.peerId}@${host.address.host}:${host.address.port}`]
})
afterAll(async () => {
  following?.kill('SIGKILL')
  await visitor?.close()
  await host?.close()
  rmSync(data, { recursive: true, force: true })
})

test('the uploader follows what runs leave, from what there was to what comes, until it is stopped', async () => {
  await ask('/before')
  const words = ['job', 'logs', 'log', '--follow', '--json', '--data', folder('uploader'), ...network]
  following = spawn(process.execPath, [INTERPEER, ...words], { env: { PATH: process.env.PATH } })
  const ended = new Promise((resolve) => following?.once('close', resolve))
  let told = ''
  following.stdout?.on('data', (chunk) => {
    told += chunk
  })
  const lines = () =>
    told
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line)) // the last one may not be whole
  // who waits long for an answer asks again; what a member could not tell has none
  const targets = () => [...new Set(lines().flatMap(({ target }) => target ?? []))]
  await expect.poll(targets).toEqual(['/quiet', '/before'])
  await ask('/later')
  await expect.poll(targets).toEqual(['/quiet', '/before', '/later'])
  const members = [host.peerId]
  expect(lines().find(({ target }) => target === '/before')).toMatchObject({
    ran: 'read',
    status: 200,
    fuel: 7,
    memoryBytes: 1 << 20,
    said: 'asked for /before\n',
    members,
  })
  following.kill('SIGINT')
  expect(await ended).toBe(0)
})

test('without --follow it tells what there is, with --errors only complaints', async () => {
  await ask('/once')
  const { stdout } = await interpeer(['job', 'logs', 'log', '--errors', '--data', folder('uploader'), ...network])
  expect(stdout).toMatch(/GET \/once {2}200 {2}7 fuel {2}1\.0 MiB {2}\S+\n {4}asked for \/once\n/)
  expect(stdout).not.toContain('/quiet')
})
