import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { LINES, Lines } from './lines-site.js'
import { isConserved, type Running, startNetwork, until } from './running-network.js'

// Eight real seeders, of which four run a site: the other four are its jury (docs/protocol/jury.md). And what people ask of the chain, from the command line.
const FALSIFYING = fileURLToPath(new URL('../falsifying-member.mjs', import.meta.url))
const data = mkdtempSync(join(tmpdir(), 'interpeer-e2e-'))
const lieOf = (name: string): string => join(data, name, 'lie')

let running: Running
let lines: Lines
beforeAll(async () => {
  // a tenure that outlasts the tests: who leaves its seat leaves it for what it did
  const shape = {
    seeders: 8,
    group: 4,
    cycleMs: 1_000,
    tenureMs: 1_200_000,
    settings: { changeCyclesMin: 4, changeFee: 1_000, disputeFetchCycles: 120, disputeAnswerCycles: 120 },
  }
  running = await startNetwork({ ...shape, site: LINES, name: 'lines', data, launch })
  lines = new Lines(running)
})
afterAll(async () => {
  await running?.stop()
  rmSync(data, { recursive: true, force: true })
})

function launch(program: string, words: readonly string[], name: string): readonly [string, readonly string[]] {
  return ['env', [`FALSIFY_IF=${lieOf(name)}`, program, '--import', FALSIFYING, ...words]]
}
const site = async () => {
  const [job] = (await running.status()).jobs
  if (job === undefined) throw new Error('no site')
  return job
}
const membersNow = async () => (await site()).members.map(({ peerId }) => peerId)

test('a member that falsifies a result freezes its group; a jury finds against it, it loses its seat and its good name, and the site goes on', async () => {
  const before = await lines.addUntilAcknowledged('before')
  const members = await membersNow()
  const liar = running.network.seeders.find(({ peerId }) => peerId === members[1])
  if (liar === undefined) throw new Error('no member')
  writeFileSync(lieOf(liar.name), '')

  const isDisputed = until('a jury is asked', async () => (await site()).state === 'disputed')
  const written = lines.addUntilAcknowledged('disputed')
  await isDisputed
  // meanwhile visitors read what was final before, and are told
  const headers = { 'sec-fetch-dest': 'document' }
  const page = await running.network.fetch('/', { headers })
  expect([page.status, page.body.toString().split('\n')]).toEqual([200, expect.arrayContaining([before])])
  await written
  await until('the liar has lost its seat', async () => !(await membersNow()).includes(liar.peerId))

  const { peers, jobs } = await running.status()
  const marked = peers.filter(({ ratings }) => ratings.agreement < 1_000).map(({ peerId }) => peerId)
  expect(marked).toEqual([liar.peerId])
  expect(peers.filter(({ standing }) => standing !== 'joined')).toEqual([])
  expect(jobs[0]?.members).toHaveLength(4)
  await lines.addUntilAcknowledged('after')
  await lines.expectWholeAt(await membersNow())
  expect(isConserved(await running.status())).toBe(true)
})

/** What a command says as JSON. Whom it asks may be a block behind those who were asked before: it is asked until what it says `isSo`. */
async function untilSaid<T>(
  what: string,
  words: readonly [folder: string, ...string[]],
  isSo: (said: T) => boolean = () => true,
): Promise<T> {
  let said: T | undefined
  await until(what, async () => {
    said = JSON.parse(await running.network.command(...words, '--json')) as T
    return isSo(said)
  })
  return said as T
}
const signing = (name: string) => ['--peer-data', join(data, name)]

test('the command line says where the chain is, checks all of it, and proves an entry', async () => {
  const { height } = await running.status()
  const status = await untilSaid<{ height: number }>('it is there', ['visitor', 'chain', 'status'], (said) => said.height >= height)
  expect(status).toMatchObject({ peers: { joined: 8, joining: 0, away: 0 }, openChanges: 0 })
  expect(await running.network.command('visitor', 'chain', 'status')).toMatch(/^height \d+, .*\n8 peers joined/)
  const verified = JSON.parse(await running.network.command('visitor', 'chain', 'verify', '--json'))
  expect(verified.block).toMatch(/^[0-9a-f]{64}$/)
  const [member = ''] = await membersNow()
  const isLater = (said: { height: number }) => said.height >= verified.height
  const proof = await untilSaid('an entry of it', ['visitor', 'chain', 'proof', 'peer', member], isLater)
  expect(proof).toMatchObject({ what: 'peer', name: member, header: expect.stringMatching(/^[0-9a-f]+$/) })
  // a new folder, so that it begins with the first block: the liar's seat fell to somebody else
  const seat = JSON.parse(await running.network.command('prover', 'chain', 'proof', 'seat', 'lines/1', '--json'))
  expect(seat).toMatchObject({ what: 'seat', of: expect.stringMatching(/^(epoch|next)$/), block: expect.stringMatching(/^[0-9a-f]{64}$/) })
  expect((await running.status()).peers.map(({ peerId }) => peerId)).toContain(seat.peer)
})

/** A change that is voted on here, and applied some tests later. */
let change: { readonly id: string; readonly validHeight: number }

test('who has coins joins; peers propose a change and vote, and everyone can see how it stands', async () => {
  const joined = JSON.parse(await running.network.command('visitor', 'peer', 'join', ...signing('uploader'), '--json'))
  await until('it is registered', async () => (await running.status()).peers.some(({ peerId }) => peerId === joined.peer))

  const wish = ['--set', 'publishFee=5', '--reason', 'Sites should cost less.', '--in-cycles', '30']
  change = JSON.parse(await running.network.command('visitor', 'change', 'propose', ...wish, ...signing('seeder-1'), '--json'))
  const { id, validHeight } = change
  const vote = async (folder: string, name: string, says: string): Promise<string> => {
    await untilSaid<{ changes: readonly { id: string }[] }>('a voter sees it', [folder, 'change', 'list'], ({ changes }) =>
      changes.some((one) => one.id === id),
    )
    return running.network.command(folder, 'change', 'vote', id, says, ...signing(name))
  }
  const votes = [vote('visitor-2', 'seeder-2', 'yes'), vote('visitor-3', 'seeder-3', 'no')]
  expect((await Promise.all(votes)).map((said) => said.trim().split(' ').slice(-2).join(' '))).toEqual(['votes yes', 'votes no'])
  type Listed = { changes: readonly { tally: { yes: number; no: number } }[] }
  const { changes } = await untilSaid<Listed>('a third person sees both votes', ['visitor', 'change', 'list'], ({ changes: [one] }) => {
    return one?.tally.yes === 1 && one.tally.no === 1
  })
  expect(changes).toMatchObject([{ id, validHeight, outcome: 'open', passes: true }])
  await until('the network page shows it', async () => {
    const page = (await running.network.fetch('/', { host: 'localhost' })).body.toString()
    return page.includes('Sites should cost less.') && page.includes('interpeer change vote')
  })
  const unknown = running.network.command('visitor', 'change', 'vote', '00'.repeat(32), 'yes', ...signing('seeder-2'))
  await expect(unknown).rejects.toThrow('no open change request has this id')
  await expect(running.network.command('visitor', 'change', 'propose', '--set', 'cycleMs=5000', ...signing('seeder-2'))).rejects.toThrow(
    'cycleMs is the genesis’s for ever: the time of every block is counted from the genesis',
  )
})

test('coins go from one person to another: a newcomer is paid, and pays the joining cost with that; a site is given some', async () => {
  const from = signing('uploader')
  const newcomer = (await running.network.command('newcomer', 'account', 'show', '--json').then(JSON.parse)) as { account: string }
  const poor = running.network.command('newcomer', 'peer', 'join')
  await expect(poor).rejects.toThrow('somebody has to send it the rest')
  const paid = JSON.parse(await running.network.command('visitor', 'account', 'pay', newcomer.account, '20', ...from, '--json'))
  expect(paid).toMatchObject({ to: newcomer.account, amount: '20000000000', tax: '100000000' })
  await untilSaid<{ balance: string }>('the newcomer has it', ['newcomer', 'account', 'show'], ({ balance }) => BigInt(balance) > 0n)
  const joined = JSON.parse(await running.network.command('newcomer', 'peer', 'join', '--json'))
  await until('it is registered', async () => (await running.status()).peers.some(({ peerId }) => peerId === joined.peer))
  const show = ['visitor', 'account', 'show', 'lines'] as const
  const before = BigInt((await untilSaid<{ escrow: string }>('its escrow', show)).escrow)
  await running.network.command('visitor', 'account', 'pay', 'lines', '1.5', ...from)
  const { escrow } = await untilSaid<{ escrow: string }>('it has more', show, (said) => BigInt(said.escrow) !== before)
  expect(BigInt(escrow) - before).toBe(1_500_000_000n)
  const own = running.network.command('newcomer', 'account', 'pay', newcomer.account, '1')
  await expect(own).rejects.toThrow('that is the account that would pay')
  expect(isConserved(await running.status())).toBe(true)
})

test('the change is applied at its height', async () => {
  await until('it is applied', async () => (await running.status()).settings.find(({ name }) => name === 'publishFee')?.value === '5')
  expect((await running.status()).changes).toMatchObject([{ id: change.id, outcome: 'applied' }])
})
