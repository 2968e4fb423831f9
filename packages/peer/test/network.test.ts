import { accountOfJob, accountOfPeer, type PeerId } from '@interpeer/crypto-ids'
import { accountOf, balanceOf, COMMONS, escrowOf, signTransfer, supplyOf } from '@interpeer/intercoin-ledger'
import { jobNamed } from '@interpeer/job-scheduler'
import { firstStateBlock } from '@interpeer/peer-group'
import { expect, test } from 'vitest'
import { epochCloseTransaction, networkStatusOf, presentTransaction } from '../src/network/index.js'
import { AGREED, closingOf, filesRoot, Ledgerless, publication, showOf, signerOf, signers, uploader } from './network-world.js'

function published(options: Parameters<typeof publication>[1] = {}, settings: Record<string, number> = {}) {
  const world = new Ledgerless(settings)
  const { job, transaction } = publication(world.genesis, options)
  expect(world.block(transaction)).toEqual([])
  world.block() // its seed draws the group
  return { world, job, transaction }
}
function close(world: Ledgerless, job: ReturnType<typeof published>['job'], options: Parameters<typeof closingOf>[2] = {}) {
  const entry = world.job(job)
  world.blocksUntil(() => world.timeMs >= (entry.next?.atMs ?? 0))
  const closing = closingOf(world.genesis, entry, options)
  return { ...closing, refused: world.block(epochCloseTransaction(job, closing.certificate, closing.batch)) }
}

test('a bundle is published: a group of five is drawn, begins a cycle later, and its next epoch is named', () => {
  const { world, job } = published()
  const { epoch, next, manifest } = world.job(job)
  expect(manifest.name).toBe('wiki')
  expect(new Set(epoch.members).size).toBe(5)
  expect(epoch.openedMs).toBe(world.timeMs + 1_000)
  expect(epoch.start).toBe(firstStateBlock(filesRoot, true).cid)
  expect(next?.atMs).toBe(epoch.openedMs + 3_000)
  expect(next?.members.filter((peer) => !epoch.members.includes(peer))).toHaveLength(1)
  expect(escrowOf(world.state.ledger, accountOfJob(job))).toBe(1_000_000_000n)
  expect(supplyOf(world.state.ledger).burned).toBe(100_000_000n)
})

test('what cannot be published is refused and changes nothing', () => {
  const { world, transaction } = published()
  const again = publication(world.genesis, { createdMs: 2 })
  const large = publication(world.genesis, { name: 'large', seats: 8 })
  const poor = publication(world.genesis, { name: 'poor', by: signers[0] as never })
  const small = publication(world.genesis, { name: 'small', escrow: 1n })
  const codes = world.block(transaction, again.transaction, large.transaction, poor.transaction, small.transaction, new Uint8Array(9))
  expect(codes.map(({ code }) => code)).toEqual([
    'JOB_EXISTS',
    'JOB_NAME_TAKEN',
    'JOB_GROUP_SIZE',
    'LEDGER_FUNDS',
    'ESCROW_SMALL',
    'WIRE_MALFORMED',
  ])
})

test('a closing certificate opens the next epoch from its root and pays by its outcomes, once', () => {
  const { world, job } = published()
  const before = world.job(job)
  const members = before.epoch.members
  const outcomes = members.map((_, i) =>
    i === 0 ? { ...AGREED, agreed: 1, absent: 2 } : { ...AGREED, agreed: i === 1 ? 0 : 3, contradicted: i === 1 ? 3 : 0 },
  )
  world.blocksUntil(() => world.timeMs >= (before.next?.atMs ?? 0))
  const held = members.map((peer) => balanceOf(world.state.ledger, accountOfPeer(peer)))
  const closing = closingOf(world.genesis, before, { outcomes, timeMs: before.next?.atMs ?? 0 })
  const transaction = epochCloseTransaction(job, closing.certificate, closing.batch)
  expect(world.block(transaction)).toEqual([])
  const after = world.job(job)
  expect(after.epoch).toMatchObject({ number: 2, members: before.next?.members, start: closing.root, openedMs: before.next?.atMs })
  expect(after.epoch.seed).toEqual(before.next?.seed)
  // 3 cycles, 1,000,000 units each; the block reward comes on top for those who certify.
  const reward = world.genesis.settings.blockReward / 5n
  const earned = members.map((peer, i) => {
    const certifies = world.genesis.peers.slice(0, 5).includes(peer)
    return balanceOf(world.state.ledger, accountOfPeer(peer)) - (held[i] as bigint) - (certifies ? reward : 0n)
  })
  expect(earned).toEqual([1_000_000n, 0n, 3_000_000n, 3_000_000n, 3_000_000n])
  expect(escrowOf(world.state.ledger, accountOfJob(job))).toBe(990_000_000n)
  expect(world.state.registry.get(members[1] as PeerId)).toMatchObject({ contradicted: 3, agreed: 0 })
  expect(world.block(transaction).map(({ code }) => code)).toEqual(['CERTIFICATE_INVALID'])
})

test('a certificate that is early, of too few, or of others opens nothing', () => {
  const { world, job } = published()
  const entry = world.job(job)
  const early = closingOf(world.genesis, entry)
  expect(world.block(epochCloseTransaction(job, early.certificate, early.batch))[0]?.code).toBe('EPOCH_TOO_EARLY')
  const few = closingOf(world.genesis, entry, { by: entry.epoch.members.slice(0, 3) })
  expect(world.block(epochCloseTransaction(job, few.certificate, few.batch))[0]?.code).toBe('CERTIFICATE_INVALID')
  expect(world.job(job).epoch.number).toBe(1)
})

test('three full rotations: every seat changes once a tenure, one at a time, and the state goes from root to root', () => {
  const { world, job } = published()
  const changed: number[] = []
  for (let turn = 0; turn < 15; turn++) {
    const { next, epoch } = world.job(job)
    changed.push(next?.seat ?? -1)
    const { root, refused } = close(world, job, { timeMs: next?.atMs ?? 0 })
    expect(refused).toEqual([])
    const after = world.job(job).epoch
    expect(after.start).toBe(root)
    expect(after.members.filter((peer) => !epoch.members.includes(peer))).toHaveLength(1)
    expect(after.openedMs).toBe(epoch.openedMs + 3_000)
  }
  expect(changed).toEqual([1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0])
})

test('recovery: no closing certificate, shows of a quorum, and the epoch goes on where it was; who is gone is replaced', () => {
  const { world, job } = published()
  const { epoch } = world.job(job)
  world.blocksUntil(() => world.job(job).recovering !== null)
  expect(world.timeMs).toBeGreaterThanOrEqual((world.job(job).next?.atMs ?? 0) + 5_000)
  const shown = epoch.members.slice(0, 4)
  const transactions = shown.map((peer) => showOf(world.genesis, world.job(job), peer))
  expect(world.block(...transactions, transactions[0] as Uint8Array).map(({ code }) => code)).toEqual(['SHOW_KNOWN'])
  world.blocksUntil(() => world.job(job).epoch.number === 2)
  const after = world.job(job)
  expect(after.epoch).toMatchObject({ start: epoch.start, writesMayBeLost: false, certificate: null })
  expect(after.epoch.members.slice(0, 4)).toEqual(shown)
  const gone = epoch.members[4] as PeerId
  expect(after.epoch.members).not.toContain(gone)
  expect(world.state.registry.get(gone)?.awaySinceHeight).toBe(world.height)
  expect(after.next).not.toBeNull()
  // Away until it says otherwise: then once.
  const present = presentTransaction(world.state, signerOf(gone)) as Uint8Array
  expect(world.block(present, present).map(({ code }) => code)).toEqual(['NOT_AWAY'])
  expect(world.state.registry.get(gone)?.awaySinceHeight).toBeNull()
  expect(presentTransaction(world.state, signerOf(gone))).toBeUndefined()
})

test.each([
  ['at once, where all who showed have seen it', 2, 0],
  ['four cycles after the last show, where one has not', 1, 4],
])('a recovery goes on from a final step %s', (_, seen, cycles) => {
  const { world, job } = published({ seats: 3 })
  world.blocksUntil(() => world.job(job).recovering !== null)
  const entry = world.job(job)
  const { members, jurors } = entry.epoch
  expect(jurors).toBeGreaterThanOrEqual(members.length)
  const final = closingOf(world.genesis, entry, { by: members, step: 2, timeMs: 5, closing: false })
  world.block(...members.map((peer, seat) => showOf(world.genesis, entry, peer, final, seat === 0 ? seen : 2)))
  const shownMs = world.timeMs
  world.blocksUntil(() => world.job(job).epoch.number === 2)
  expect(world.timeMs - shownMs).toBe(cycles * world.genesis.settings.cycleMs)
  expect(world.job(job).epoch.start).toBe(final.root)
})

test('two of five gone at once: after a second, longer deadline fewer shows suffice, and the record says so', () => {
  const { world, job } = published()
  const { epoch } = world.job(job)
  world.blocksUntil(() => world.job(job).recovering !== null)
  const since = world.timeMs
  const shown = epoch.members.slice(2)
  world.block(...shown.map((peer) => showOf(world.genesis, world.job(job), peer)))
  world.blocksUntil(() => world.job(job).epoch.number === 3)
  expect(world.timeMs).toBe(since + 11_000) // ten cycles after the last show
  const after = world.job(job).epoch
  expect(after.writesMayBeLost).toBe(true)
  expect(after.members.slice(2)).toEqual(shown)
  expect(after.members).not.toContain(epoch.members[0])
  expect(after.members).not.toContain(epoch.members[1])
})

test('four of five gone for good: an interval after the second deadline the site ends, and nothing waits for it any more', () => {
  const world = new Ledgerless({ intervalCycles: 20 })
  const { job, transaction } = publication(world.genesis)
  world.block(transaction)
  world.blocksUntil(() => world.job(job).recovering !== null)
  const [there, ...gone] = world.job(job).epoch.members as [PeerId, ...PeerId[]]
  const since = world.height
  world.block(showOf(world.genesis, world.job(job), there))
  const before = balanceOf(world.state.ledger, accountOfPeer(uploader.peerId))
  const seats = () => [there, ...gone].map((peer) => world.state.registry.get(peer)?.seats)
  while (world.height < since + 29) world.block()
  expect([world.job(job).state, seats()]).toEqual(['running', [1, 1, 1, 1, 1]])
  world.block()
  expect([world.job(job).state, world.job(job).recovering, seats()]).toEqual(['ended', null, [0, 0, 0, 0, 0]])
  expect(balanceOf(world.state.ledger, accountOfPeer(uploader.peerId))).toBeGreaterThan(before)
  expect(escrowOf(world.state.ledger, accountOfJob(job)) ?? 0n).toBe(0n)
  const away = (peer: PeerId) => world.state.registry.get(peer)?.awaySinceHeight
  expect([away(there), ...gone.map(away)]).toEqual([null, ...gone.map(() => world.height)])
  expect(world.block(showOf(world.genesis, world.job(job), gone[0] as PeerId)).map(({ code }) => code)).toEqual(['JOB_ENDED'])
  expect(jobNamed(world.state.jobs, 'wiki')).toBeUndefined()
})

test('a show that holds the closing certificate closes the epoch, and is paid', () => {
  const { world, job } = published()
  world.blocksUntil(() => world.job(job).recovering !== null)
  const entry = world.job(job)
  const closing = closingOf(world.genesis, entry)
  expect(world.block(showOf(world.genesis, entry, entry.epoch.members[3] as PeerId, closing))).toEqual([])
  expect(world.job(job).epoch).toMatchObject({ number: 2, start: closing.root })
  expect(escrowOf(world.state.ledger, accountOfJob(job))).toBeLessThan(1_000_000_000n)
})

test('a show of a stranger, of another epoch, or unasked is refused; a false one spoils nothing', () => {
  const { world, job } = published()
  const entry = world.job(job)
  const member = entry.epoch.members[0] as PeerId
  const stranger = signers.map(({ peerId }) => peerId).find((peer) => !entry.epoch.members.includes(peer)) as PeerId
  expect(world.block(showOf(world.genesis, entry, member))[0]?.code).toBe('SHOW_NOT_WANTED')
  world.blocksUntil(() => world.job(job).recovering !== null)
  const few = closingOf(world.genesis, entry, { by: entry.epoch.members.slice(0, 2) })
  const codes = world.block(
    showOf(world.genesis, entry, stranger),
    showOf(world.genesis, { ...entry, epoch: { ...entry.epoch, number: 7 } }, member),
    showOf(world.genesis, entry, member, few),
  )
  expect(codes.map(({ code }) => code)).toEqual(['SHOW_STRANGER', 'EPOCH_OTHER', 'SHOWS_INVALID'])
})

test('a job whose escrow runs dry ends cleanly: its name is free, and what is left goes back', () => {
  const { world, job } = published({ escrow: 40_000_000n })
  let paid = 0
  while (world.job(job).state === 'running') {
    expect(close(world, job, { timeMs: 0 }).refused).toEqual([])
    paid++
  }
  expect(paid).toBe(2)
  expect(escrowOf(world.state.ledger, accountOfJob(job))).toBeUndefined()
  expect(world.job(job)).toMatchObject({ state: 'ended', next: null })
  const again = publication(world.genesis, { createdMs: 77 })
  expect(world.block(again.transaction)).toEqual([])
})

test('a transfer is taxed, counts once, and to a job that runs it is a donation', () => {
  const { world, job } = published()
  const [{ network }, to] = [world.genesis, accountOfPeer((signers[3] as never as { peerId: PeerId }).peerId)]
  const nonce = accountOf(world.state.ledger, accountOfPeer(uploader.peerId)).nonce
  const transfer = signTransfer({ to, amount: 1_000n, nonce }, uploader, network)
  expect(world.block(transfer, transfer).map(({ code }) => code)).toEqual(['LEDGER_NONCE'])
  expect(balanceOf(world.state.ledger, COMMONS)).toBe(5n)
  const donation = signTransfer({ to: accountOfJob(job), amount: 500n, nonce: nonce + 1 }, uploader, network)
  expect(world.block(donation)).toEqual([])
  expect(escrowOf(world.state.ledger, accountOfJob(job))).toBe(1_000_000_500n)
})

test('the status is plain data, and its coins add up', () => {
  const { world, job } = published()
  close(world, job)
  const status = networkStatusOf(world.state)
  expect(JSON.parse(JSON.stringify(status))).toEqual(status)
  const { minted, burned, inAccounts, inEscrow } = status.supply
  expect(BigInt(inAccounts) + BigInt(inEscrow) + BigInt(burned)).toBe(BigInt(minted))
  expect(status.jobs[0]?.seats).toHaveLength(5)
  for (const { sinceMs, untilMs } of status.jobs[0]?.seats ?? []) {
    expect(untilMs).toBeGreaterThan(status.timeMs)
    expect(untilMs - sinceMs).toBeLessThanOrEqual(15_000 + 12_000)
  }
  expect(status.peers).toHaveLength(7)
})

test('a transaction that can never be carried out does not wait; one that may come to its time does', () => {
  const { world, job, transaction } = published()
  const { application } = world
  const closing = closingOf(world.genesis, world.job(job))
  expect(application.check(world.state, transaction)).toBe('JOB_EXISTS')
  expect(application.check(world.state, epochCloseTransaction(job, closing.certificate, closing.batch))).toEqual({
    later: 'EPOCH_TOO_EARLY',
  })
  expect(application.check(world.state, Uint8Array.of(1, 2, 3))).toBe('WIRE_MALFORMED')
})
