import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { accountOfJob, accountOfPeer, parseJobId, parsePeerId, peerIdOfKey } from '@interpeer/crypto-ids'
import { loadOrCreateKey } from '@interpeer/crypto-ids/node'
import { COMMONS } from '@interpeer/intercoin-ledger'
import type { Job } from '@interpeer/job-scheduler'
import { openPeer, type Peer } from '@interpeer/peer/node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { namedAccount } from '../src/account-commands.js'
import { verifyChain } from '../src/chain-commands.js'
import { coinsText, unitsOf } from '../src/coins.js'
import { type Ended, interpeer } from './interpeer.js'

const data = mkdtempSync(join(tmpdir(), 'interpeer-account-'))
const folder = (name: string): string => join(data, name)
const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
const NEWCOMER = peerIdOfKey(new Uint8Array(Buffer.from('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a', 'hex')))

let alone: Peer
let rich: string
let common: readonly string[]
/** Runs a command that follows the network of one peer. */
const run = (...words: readonly string[]): Promise<Ended> => interpeer([...words, ...common])
const facts = async (...words: readonly string[]) => {
  const { stdout, stderr } = await run(...words, '--json')
  return stderr === '' ? JSON.parse(stdout) : { stderr }
}

beforeAll(async () => {
  const signer = await loadOrCreateKey(join(folder('peer'), 'peer.key'), {})
  rich = (await interpeer(['key', 'create', '--data', folder('rich')])).stdout.trim()
  const genesis = join(data, 'genesis.json')
  const shape = ['--peer', signer.peerId, '--balance', `${rich}=100`, '--cycle-ms', '300', '--out', genesis]
  expect((await interpeer(['network', 'create', ...shape])).stderr).toBe('')
  const options = { data: folder('peer'), signer, genesis: readFileSync(genesis, 'utf8'), host: '127.0.0.1', port: 0 }
  alone = await openPeer({ ...options, bootstrap: [], runtime: null, log })
  const bootstrap = `${alone.peerId}@${alone.address.host}:${alone.address.port}`
  common = ['--genesis', genesis, '--data', folder('follower'), '--bootstrap', bootstrap]
})
afterAll(async () => {
  await alone?.close()
  rmSync(data, { recursive: true, force: true })
})

test('coins are paid with the tax on top, in a block that is named; the accounts say so', async () => {
  const signing = ['--peer-data', folder('rich')]
  const paid = await facts('account', 'pay', NEWCOMER, '10.5', ...signing)
  expect(paid).toMatchObject({
    from: accountOfPeer(parsePeerId(rich)),
    to: accountOfPeer(NEWCOMER),
    amount: '10500000000',
    tax: '52500000',
  })
  expect(paid.balance).toBe('89447500000')
  expect(alone.chain().height).toBeGreaterThanOrEqual(paid.height)
  const { accounts } = alone.chain().state.ledger
  expect(accounts.get(accountOfPeer(NEWCOMER))).toEqual({ balance: 10_500_000_000n, nonce: 0 })
  expect(accounts.get(COMMONS)?.balance).toBe(52_500_000n)
  expect(await facts('account', 'show', ...signing)).toMatchObject({ account: paid.from, balance: '89447500000', escrow: null })
  expect((await run('account', 'show', NEWCOMER)).stdout).toMatch(/: 10\.5 coins, at height \d+\n$/)
  // what has all but the tax is not enough, and says so before anything is signed
  const short = await run('account', 'pay', NEWCOMER, '89.4475', ...signing)
  expect(short).toMatchObject({ code: 1, stdout: '' })
  expect(short.stderr).toContain(`too little: ${rich} has 89.4475 coins, and 89.4475 coins and a tax of 0.4472375 are 89.8947375`)
  expect(accounts.get(accountOfPeer(NEWCOMER))?.nonce).toBe(0)
  const nobody = await run('account', 'pay', 'ee'.repeat(32), '0.009', ...signing)
  expect(nobody.stderr).toContain('too little: that account has nothing yet, and the first payment to it is 0.01 coins at least')
})

test('an account that is none, of nobody, or the payer’s own is refused before anything is signed', async () => {
  const pay = async (...words: readonly string[]) => (await run('account', 'pay', ...words, '--peer-data', folder('rich'))).stderr
  expect(await pay(rich, '1')).toContain('that is the account that would pay')
  expect(await pay('no-such-site', '1')).toContain('no site of the name "no-such-site" runs, and it is no PeerId, JobId or account')
  const job = `bafyrei${'a'.repeat(52)}`
  expect(await pay(job, '1')).toContain("no such job runs: coins of its account would be nobody's")
  expect(await pay(NEWCOMER, '0')).toContain('an amount in coins')
  expect(alone.chain().state.ledger.accounts.get(accountOfPeer(parsePeerId(rich)))?.nonce).toBeLessThanOrEqual(1)
})

test('two orders of one account with the same number: one is carried out, and the other says that it was not', async () => {
  const before = alone.chain().state.ledger.accounts.get(accountOfPeer(NEWCOMER))?.balance ?? 0n
  const order = (i: number) =>
    interpeer(['account', 'pay', NEWCOMER, `${i}`, '--peer-data', folder('rich'), ...common.with(3, folder(`payer-${i}`))])
  const ended = await Promise.all([order(1), order(2)])
  const paid = ended.flatMap(({ code }, i) => (code === 0 ? [BigInt(i + 1) * 1_000_000_000n] : []))
  const after = alone.chain().state.ledger.accounts.get(accountOfPeer(NEWCOMER))?.balance ?? 0n
  expect(after - before).toBe(paid.reduce((sum, amount) => sum + amount, 0n))
  for (const { code, stderr } of ended) if (code !== 0) expect(stderr).toMatch(/another order of this account came first|LEDGER_NONCE/)
})

test('chain verify says what holds, and fails where that is not all that the network has', async () => {
  const { stdout, code } = await run('chain', 'verify', '--json')
  const { height } = JSON.parse(stdout)
  expect([code, height > 0]).toEqual([0, true])
  await setTimeout(1_000) // more than three cycles: what the folder has is old
  const options = { genesis: join(data, 'genesis.json'), data: folder('follower'), bootstrap: [], host: '127.0.0.1', json: true }
  await expect(verifyChain(options, -1)).rejects.toThrow(/^\d+ blocks hold; the last one is [0-9a-f]{64}\. No newer one came/)
})

test('coins are written as people write them, and exactly', () => {
  expect(['2', '0.5', '0.000000001', '18446744073.709551615'].map(unitsOf)).toEqual([2_000_000_000n, 500_000_000n, 1n, 2n ** 64n - 1n])
  expect([0n, 1n, 1_500_000_000n, 2n ** 64n - 1n].map(coinsText)).toEqual(['0', '0.000000001', '1.5', '18446744073.709551615'])
  for (const text of [
    '',
    '0',
    '0.0',
    '.5',
    '1.',
    '1,5',
    '18446744073.709551616',
    '-1',
    '1e3',
    'NaN',
    'Infinity',
    '0x10',
    '1_000',
    ' 1',
    '1\n',
    '٣',
    '9'.repeat(400),
  ])
    expect(() => unitsOf(text)).toThrow()
})

test('a JobId is that job, whatever sites are named', () => {
  const id = parseJobId(`bafyrei${'a'.repeat(52)}`)
  const named = { job: parseJobId(`bafyrei${'b'.repeat(51)}a`), state: 'running', manifest: { name: id } } as unknown as Job
  expect(namedAccount({ jobs: new Map([[named.job, named]]) }, id)).toBe(accountOfJob(id))
})
