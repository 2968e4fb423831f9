import { accountOfPeer, createSigner, type JobId, type PeerId, type Signer, sha256 } from '@interpeer/crypto-ids'
import { accountOf, balanceOf, signTransfer } from '@interpeer/intercoin-ledger'
import { PeerGroupError } from '@interpeer/peer-group'
import { expect, test } from 'vitest'
import { epochCloseTransaction } from '../src/network/index.js'
import { closingOf, Ledgerless, publication, showOf, signers, uploader } from './network-world.js'

function published() {
  const world = new Ledgerless({ blockReward: 0 })
  const { job, transaction } = publication(world.genesis)
  expect(world.block(transaction)).toEqual([])
  world.block() // its seed draws the group
  return { world, job }
}
const stackFault = () => new RangeError('Maximum call stack size exceeded')

test('of an unknown job, from no member, or spent for good: nothing of that waits in a pool', () => {
  const { world, job } = published()
  const { application, genesis, state } = world
  const entry = world.job(job)
  const unknown = { ...entry, job: publication(genesis, { name: 'never' }).job }
  const closing = closingOf(genesis, unknown)
  expect(application.check(state, epochCloseTransaction(unknown.job, closing.certificate, closing.batch))).toBe('JOB_UNKNOWN')
  const [member] = entry.epoch.members as [PeerId]
  const outside = signers.map(({ peerId }) => peerId).find((peer) => !entry.epoch.members.includes(peer)) as PeerId
  expect(application.check(state, showOf(genesis, unknown, member))).toBe('JOB_UNKNOWN')
  expect(application.check(state, showOf(genesis, entry, outside))).toBe('SHOW_STRANGER')
  expect(application.check(state, showOf(genesis, { ...entry, epoch: { ...entry.epoch, number: 2 } }, member))).toBe('EPOCH_OTHER')
  expect(application.check(state, showOf(genesis, entry, member))).toEqual({ later: 'SHOW_NOT_WANTED' })
  const { nonce } = accountOf(state.ledger, accountOfPeer(uploader.peerId))
  const transfer = (given: number, amount = 10_000_000n) =>
    signTransfer({ to: accountOfPeer(outside), amount, nonce: given }, uploader, genesis.network)
  expect(nonce).toBe(0)
  expect(application.check(state, transfer(256))).toEqual({ later: 'LEDGER_NONCE' })
  expect(application.check(state, transfer(257))).toBe('LEDGER_NONCE')
  expect(application.check(state, transfer(0, 1_000_000_000_000n))).toEqual({ later: 'LEDGER_FUNDS' })
  expect(world.block(transfer(0))).toEqual([])
  expect(application.check(world.state, transfer(0))).toBe('LEDGER_NONCE')
})

test('after a week’s standstill a group that closes is paid until its recovery was due, not for the week', () => {
  const { world, job } = published()
  const entry = world.job(job)
  const { epoch, next } = entry
  world.blocksUntil(() => world.timeMs >= (next?.atMs ?? 0) - 1_000)
  const before = epoch.members.map((peer) => balanceOf(world.state.ledger, accountOfPeer(peer)))
  world.height += 7 * 24 * 3_600
  const closing = closingOf(world.genesis, entry, { timeMs: world.timeMs })
  expect(world.block(epochCloseTransaction(job, closing.certificate, closing.batch))).toEqual([])
  const { recoveryCycles, seatPricePerCycle } = world.genesis.settings
  const paid = epoch.members.map((peer, seat) => balanceOf(world.state.ledger, accountOfPeer(peer)) - (before[seat] as bigint))
  // three cycles by the timetable, and those in which a late close is still no standstill
  expect(paid).toEqual(epoch.members.map(() => seatPricePerCycle * BigInt(3 + recoveryCycles)))
  expect(world.job(job).epoch).toMatchObject({ number: 2, openedMs: world.timeMs - 1_000 })
})

test.each<[string, () => Error, boolean]>([
  ['the host’s stack ends', stackFault, true],
  ['the host’s memory ends', () => new RangeError('Array buffer allocation failed'), true],
  ['the host’s stack ends inside what takes it for false bytes', () => falseShow({ cause: stackFault() }), true],
  ['bytes are false', () => falseShow(), false],
  ['a number is out of range', () => new RangeError('Invalid array length'), false],
  ['something has no code', () => new TypeError('undefined is not a function'), false],
])('where %s, the transaction is refused only if that is so for every peer', (_, make, thrown) => {
  const { world, job } = published()
  const entry = world.job(job)
  class Faulty extends Map<JobId, typeof entry> {
    override get(): never {
      throw make()
    }
  }
  const { application, genesis } = world
  const state = { ...world.state, jobs: new Faulty() }
  const closing = closingOf(genesis, entry)
  const transaction = epochCloseTransaction(job, closing.certificate, closing.batch)
  const info = { height: 2, timeMs: world.timeMs + 1_000, seed: sha256(), leader: genesis.peers[0] as PeerId, certifiers: [] }
  const apply = () => application.apply(state, [transaction], info).refused.length
  if (thrown) {
    expect(apply).toThrow()
    expect(() => application.check(state, transaction)).toThrow()
  } else expect(apply()).toBe(1)
})
const falseShow = (options?: ErrorOptions) => new PeerGroupError({ code: 'SHOWS_INVALID', reason: 'false' }, options)

test('no account is made for nothing: by a transfer of nothing, or of next to nothing', () => {
  const world = new Ledgerless()
  const { network, settings } = world.genesis
  const [empty, fresh] = [81, 82].map((n) => createSigner(sha256(Uint8Array.of(n)))) as [Signer, Signer]
  const least = settings.newAccountMin
  const order = (amount: bigint, from: Signer, nonce = 0) => signTransfer({ to: accountOfPeer(fresh.peerId), amount, nonce }, from, network)
  const { accounts } = world.state.ledger
  for (const [transaction, code] of [
    [order(0n, empty), 'LEDGER_AMOUNT'],
    [order(0n, uploader), 'LEDGER_AMOUNT'],
    [order(1n, uploader), 'LEDGER_ACCOUNT_SMALL'],
    [order(least - 1n, uploader), 'LEDGER_ACCOUNT_SMALL'],
  ] as const) {
    expect(world.application.check(world.state, transaction)).toBe(code)
    expect(world.block(transaction)).toEqual([{ index: 0, code }])
  }
  for (const { peerId } of [empty, fresh]) expect(world.state.ledger.accounts.has(accountOfPeer(peerId))).toBe(false)
  expect(accounts.has(accountOfPeer(fresh.peerId))).toBe(false)
  expect(world.block(order(least, uploader), order(1n, uploader, 1))).toEqual([])
  expect(accountOf(world.state.ledger, accountOfPeer(fresh.peerId)).balance).toBe(least + 1n)
})

test('no transaction that fits a message brings the host to its end', () => {
  const { world } = published()
  const { application, state } = world
  const nested = new Uint8Array(131_072).fill(0x81) // arrays in arrays, to the end
  const wide = new Uint8Array(131_072).fill(0x80).fill(0x9a, 0, 1).fill(0xff, 1, 5) // four billion items, it says
  const long = new Uint8Array(131_072).fill(0xff).fill(0x5b, 0, 1) // a string of 2^64 bytes, it says
  const tagged = new Uint8Array(131_072).fill(0xd2)
  for (const bytes of [nested, wide, long, tagged]) expect(typeof application.check(state, bytes)).toBe('string')
  expect(world.block(nested, wide, long, tagged)).toHaveLength(4)
  expect(
    typeof application.check(
      state,
      signTransfer({ to: accountOfPeer(createSigner(sha256()).peerId), amount: 1n, nonce: 2 ** 53 - 1 }, uploader, world.genesis.network),
    ),
  ).toBe('string')
})
