import {
  accountOfPeer,
  bytesOfContentId,
  createSigner,
  keyOfPeerId,
  type PeerId,
  type Signer,
  sha256,
  signMessage,
} from '@interpeer/crypto-ids'
import { accountOf, balanceOf, signTransfer, supplyOf } from '@interpeer/intercoin-ledger'
import { revealMessage } from '@interpeer/peer-group'
import { evidenceMessage, recoveryOf, signJoin, signRecovery, signRotation, voteMessage } from '@interpeer/vote-chain'
import { describe, expect, test } from 'vitest'
import { codes, Ledgerless, publication, signerOf, signers, uploader } from './network-world.js'

const [newcomer, spare] = [71, 72].map((n) => createSigner(sha256(Uint8Array.of(n)))) as [Signer, Signer]
const entryOf = (world: Ledgerless, { peerId }: Signer) => world.state.registry.get(peerId)
function paid(world: Ledgerless, to: Signer, amount: bigint): Uint8Array {
  const { nonce } = accountOf(world.state.ledger, accountOfPeer(uploader.peerId))
  return signTransfer({ to: accountOfPeer(to.peerId), amount, nonce }, uploader, world.genesis.network)
}
const votes = (world: Ledgerless, by: Signer, blocks: readonly (Uint8Array | null)[]) =>
  blocks.map((block) =>
    signMessage(
      voteMessage,
      { height: 3, round: 0, kind: 'certify', attempt: 0, block, voter: by.publicKey, proof: null },
      by,
      world.genesis.network,
    ),
  )
const accused = (peer: PeerId, envelopes: readonly Uint8Array[], more: object = {}) =>
  evidenceMessage.encode({ job: null, epoch: 0, peer: keyOfPeerId(peer), envelopes, ...more } as never)

describe('"they must go through the joining process again paying the joining cost" (§6.5.1, §6.6)', () => {
  test('a new peer joins a network that runs: it pays, matures, and is drawn like any other', () => {
    const world = new Ledgerless({ matureCycles: 3 })
    const { network, settings } = world.genesis
    const join = signJoin({ slots: 8 }, newcomer, network)
    expect(codes(world.block(join))).toEqual(['LEDGER_FUNDS'])
    expect(world.application.check(world.state, join)).toEqual({ later: 'LEDGER_FUNDS' })
    world.block(paid(world, newcomer, settings.joiningFee + 5n))
    const { burned } = supplyOf(world.state.ledger)
    expect(codes(world.block(join, join))).toEqual(['PEER_STANDING'])
    expect(supplyOf(world.state.ledger).burned - burned).toBe(settings.joiningFee)
    expect(balanceOf(world.state.ledger, accountOfPeer(newcomer.peerId))).toBe(5n)
    expect(entryOf(world, newcomer)).toMatchObject({ standing: 'joined', joinedHeight: 3, tickets: 16, slots: 8 })
    // eight seats need all eight peers: it can be drawn only when it is mature
    const { job, transaction } = publication(world.genesis, { seats: 8 })
    expect(codes(world.block(transaction))).toEqual(['JOB_GROUP_SIZE'])
    world.block()
    expect(world.block(transaction)).toEqual([])
    world.block()
    expect(world.job(job).epoch.members).toContain(newcomer.peerId)
    expect(entryOf(world, newcomer)?.seats).toBe(1)
  })
})

describe('"For certain malicious actions, the peer account gets terminated, any accrued funds are lost" (§6.6)', () => {
  test('two votes for one round end an account: funds burned, tickets and seats to come gone; once', () => {
    const world = new Ledgerless()
    const [liar, other] = signers as [Signer, Signer]
    world.block(paid(world, liar, 10_000_077n))
    world.block()
    const held = balanceOf(world.state.ledger, accountOfPeer(liar.peerId))
    const { burned } = supplyOf(world.state.ledger)
    const two = votes(world, liar, [sha256(Uint8Array.of(1)), null])
    const [one] = two as [Uint8Array]
    const nothing = [accused(other.peerId, two), accused(liar.peerId, [one, one]), accused(liar.peerId, [one])]
    expect(codes(world.block(...nothing))).toEqual(nothing.map(() => 'EVIDENCE_NOTHING'))
    const before = balanceOf(world.state.ledger, accountOfPeer(liar.peerId))
    expect(before).toBeGreaterThanOrEqual(held)
    expect(codes(world.block(accused(liar.peerId, two), accused(liar.peerId, two)))).toEqual(['EVIDENCE_KNOWN'])
    expect(entryOf(world, liar)).toMatchObject({ standing: 'terminated', tickets: 0 })
    expect(balanceOf(world.state.ledger, accountOfPeer(liar.peerId))).toBe(0n)
    expect(supplyOf(world.state.ledger).burned).toBeGreaterThan(burned + 10_000_076n)
    const { job, transaction } = publication(world.genesis, { seats: 6 })
    expect(world.block(transaction)).toEqual([])
    world.block()
    expect(world.job(job).epoch.members).not.toContain(liar.peerId)
    // it signs no transfer, and is paid nothing from then on
    world.block(paid(world, liar, 50_000_000n))
    const spend = signTransfer({ to: accountOfPeer(other.peerId), amount: 1n, nonce: 0 }, liar, world.genesis.network)
    expect(codes(world.block(spend))).toEqual(['ACCOUNT_ENDED'])
  })

  test('two reveals of one place in a group, whether its epoch is still open or long over', () => {
    const world = new Ledgerless()
    const { job, transaction } = publication(world.genesis)
    world.block(transaction)
    world.block()
    const root = bytesOfContentId(world.job(job).epoch.start)
    const reveals = (by: Signer, epoch: number) =>
      [1, 2].map((n) => {
        const place = { job: bytesOfContentId(job), epoch, step: 1, rank: 0, batch: sha256(Uint8Array.of(9)) }
        const none = new Uint8Array(32)
        const answer = { root, responses: none, effects: none, fuel: n, final: 0, disputed: 0, own: none }
        const value = { ...place, from: by.publicKey, start: root, salt: none, answer }
        return signMessage(revealMessage, value, by, world.genesis.network)
      })
    const [inside, former] = signers.filter(({ peerId }) => world.job(job).epoch.members.includes(peerId)) as [Signer, Signer]
    const group = (by: Signer, epoch: number) => accused(by.peerId, reveals(by, epoch), { job: bytesOfContentId(job), epoch })
    expect(world.block(group(inside, 1))).toEqual([])
    expect(world.block(group(former, 7))).toEqual([])
    for (const liar of [inside, former]) expect(entryOf(world, liar)?.standing).toBe('terminated')
    const wrongEpoch = accused(uploader.peerId, reveals(uploader, 2), { job: bytesOfContentId(job), epoch: 3 })
    expect(codes(world.block(wrongEpoch))).toEqual(['EVIDENCE_NOTHING'])
  })

  test('two own parts of one member for one batch; one alone, which only a run would show to be wrong, ends nobody', () => {
    const world = new Ledgerless()
    const { job, transaction } = publication(world.genesis)
    world.block(transaction)
    world.block()
    const root = bytesOfContentId(world.job(job).epoch.start)
    const liar = signerOf(world.job(job).epoch.members[0] as PeerId)
    const reveal = (rank: number) => {
      const place = { job: bytesOfContentId(job), epoch: 1, step: 1, rank, batch: sha256(Uint8Array.of(9)) }
      const none = new Uint8Array(32)
      const answer = { root, responses: none, effects: none, fuel: 1, final: 0, disputed: 0, own: sha256(Uint8Array.of(rank)) }
      return signMessage(revealMessage, { ...place, from: liar.publicKey, start: root, salt: none, answer }, liar, world.genesis.network)
    }
    const evidence = (...envelopes: Uint8Array[]) => accused(liar.peerId, envelopes, { job: bytesOfContentId(job), epoch: 1 })
    expect(codes(world.block(evidence(reveal(0)), evidence(reveal(0), reveal(0))))).toEqual(['EVIDENCE_NOTHING', 'EVIDENCE_NOTHING'])
    expect(world.block(evidence(reveal(0), reveal(1)))).toEqual([])
    expect(entryOf(world, liar)?.standing).toBe('terminated')
  })
})

test('an account that was ended publishes no job: what it is given later would leave it that way', () => {
  const world = new Ledgerless()
  const [ann] = signers as [Signer]
  expect(world.block(accused(ann.peerId, votes(world, ann, [null, sha256(Uint8Array.of(5))])))).toEqual([])
  world.block(paid(world, ann, 3_000_000_000n))
  const { transaction } = publication(world.genesis, { by: ann })
  expect(codes(world.block(transaction))).toEqual(['ACCOUNT_ENDED'])
})

describe('rotation', () => {
  test('coins go along, later ones follow, and who rotates away from two votes is ended with its heir', () => {
    const world = new Ledgerless()
    const { network } = world.genesis
    const [ann] = signers as [Signer]
    world.block(paid(world, ann, 90_000_000n), signRecovery(0, recoveryOf(spare.publicKey), ann, network))
    const stolen = signRotation(ann.publicKey, null, newcomer, network)
    expect(codes(world.block(stolen))).toEqual(['RECOVERY_KEY_WRONG'])
    const held = balanceOf(world.state.ledger, accountOfPeer(ann.peerId))
    expect(world.block(signRotation(ann.publicKey, null, spare, network))).toEqual([])
    expect(balanceOf(world.state.ledger, accountOfPeer(ann.peerId))).toBe(0n)
    expect(balanceOf(world.state.ledger, accountOfPeer(spare.peerId))).toBeGreaterThanOrEqual(held)
    expect(world.state.registry.get(ann.peerId)).toMatchObject({ standing: 'rotated', heir: spare.peerId })
    const before = balanceOf(world.state.ledger, accountOfPeer(spare.peerId))
    world.block(paid(world, ann, 40n))
    expect(balanceOf(world.state.ledger, accountOfPeer(spare.peerId))).toBeGreaterThanOrEqual(before + 40n)
    const spend = signTransfer({ to: accountOfPeer(newcomer.peerId), amount: 0n, nonce: 1 }, ann, network)
    expect(codes(world.block(spend))).toEqual(['ACCOUNT_ENDED'])
    expect(world.block(accused(ann.peerId, votes(world, ann, [null, sha256(Uint8Array.of(5))])))).toEqual([])
    for (const peer of [ann, spare]) expect(entryOf(world, peer)?.standing).toBe('terminated')
    expect(balanceOf(world.state.ledger, accountOfPeer(spare.peerId))).toBe(0n)
  })
})
