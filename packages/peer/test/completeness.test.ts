import { createSigner, type PeerId, sha256 } from '@interpeer/crypto-ids'
import type { MemberOutcome } from '@interpeer/peer-group'
import { checkPeer, recoveryOf, signRecovery, signRevocation, signRotation } from '@interpeer/vote-chain'
import { expect, test } from 'vitest'
import { chainProofOf, epochCloseTransaction } from '../src/network/index.js'
import { AGREED, closingOf, codes, Ledgerless, publication, showOf, signerOf } from './network-world.js'

const WRONG: MemberOutcome = { agreed: 1, late: 0, absent: 0, contradicted: 2, unresolved: 0 }
const ABSENT: MemberOutcome = { agreed: 0, late: 0, absent: 3, contradicted: 0, unresolved: 0 }

/** A job in its first epoch, and a receipt of it: member 3 was contradicted, member 4 was not there. */
function received() {
  const world = new Ledgerless()
  const { job, transaction } = publication(world.genesis)
  world.block(transaction)
  world.blocksUntil(() => world.job(job)?.next !== null && world.job(job)?.state === 'running')
  const entry = world.job(job)
  const outcomes = entry.epoch.members.map((_, seat) => (seat === 3 ? WRONG : seat === 4 ? ABSENT : AGREED))
  return { world, job, entry, outcomes, closing: closingOf(world.genesis, entry, { outcomes }) }
}
const standingOf = (world: Ledgerless, peer: PeerId) => {
  const { agreed, absent, contradicted, connection, agreement } = world.state.registry.get(peer) ?? {}
  return { agreed, absent, contradicted, bad: [connection?.bad, agreement?.bad] }
}

test('a group’s receipt is taken whole: none of it can be left out, and no other takes its place', () => {
  const { world, job, entry, outcomes, closing } = received()
  const { members } = entry.epoch
  world.blocksUntil(() => world.timeMs >= (entry.next?.atMs ?? 0))
  // the same certificate with a batch in which nothing speaks against anybody
  const clean = closingOf(world.genesis, entry, { outcomes: outcomes.map(() => AGREED) })
  expect(codes(world.block(epochCloseTransaction(job, closing.certificate, clean.batch)))).toEqual(['CERTIFICATE_INVALID'])
  // three who lie for each other are no quorum
  const by = members.slice(2)
  const bought = closingOf(world.genesis, entry, { outcomes: outcomes.map(() => AGREED), by })
  expect(codes(world.block(epochCloseTransaction(job, bought.certificate, bought.batch)))).toEqual(['CERTIFICATE_INVALID'])
  expect(world.block(epochCloseTransaction(job, closing.certificate, closing.batch))).toEqual([])
  expect(standingOf(world, members[3] as PeerId)).toEqual({ agreed: 1, absent: 0, contradicted: 2, bad: [0, 1_000] })
  expect(standingOf(world, members[4] as PeerId)).toEqual({ agreed: 0, absent: 3, contradicted: 0, bad: [1_000, 0] })
  // a better one, afterwards: the epoch is over, and another's members would have to sign
  expect(codes(world.block(epochCloseTransaction(job, clean.certificate, clean.batch)))).toEqual(['CERTIFICATE_INVALID'])
})

test('who keeps the receipt back is marked for the seat all the same: one without outcome counts against it', () => {
  const { world, job, entry } = received()
  world.blocksUntil(() => world.job(job).recovering !== null)
  const silent = entry.epoch.members[3] as PeerId
  world.block(...entry.epoch.members.filter((peer) => peer !== silent).map((peer) => showOf(world.genesis, world.job(job), peer)))
  world.blocksUntil(() => world.job(job).epoch.number === 2)
  expect(standingOf(world, silent)).toMatchObject({ bad: [1_000, 0] })
  expect(world.state.registry.get(silent)?.awaySinceHeight).toBe(world.height)
})

test('what speaks against a key goes with it, whoever takes its place; and a key that left keeps it', () => {
  const { world, job, entry, closing } = received()
  const { network } = world.genesis
  const [wrong, absent] = entry.epoch.members.slice(3) as [PeerId, PeerId]
  const heir = createSigner(sha256(Uint8Array.of(77)))
  const flee = [
    signRecovery(0, recoveryOf(heir.publicKey), signerOf(wrong), network),
    signRotation(signerOf(wrong).publicKey, null, heir, network),
    signRevocation(signerOf(absent).publicKey, 0, signerOf(absent), network),
  ]
  expect(world.block(...flee)).toEqual([])
  world.blocksUntil(() => world.timeMs >= (entry.next?.atMs ?? 0))
  expect(world.block(epochCloseTransaction(job, closing.certificate, closing.batch))).toEqual([])
  expect(standingOf(world, heir.peerId)).toMatchObject({ contradicted: 2, bad: [0, 1_000] })
  expect(standingOf(world, absent)).toMatchObject({ absent: 3, bad: [1_000, 0] })
  // and what is shown of an account is all of it, as of a block: an entry is one record, and proven whole
  const header = { ...HEADER, height: world.height, timeMs: world.timeMs, ...world.application.dataSets(world.state) }
  const proof = chainProofOf(
    { height: world.height, hash: new Uint8Array(32), header, state: world.state },
    { type: 'peer', peer: heir.peerId },
  )
  expect(checkPeer(header.peers, heir.peerId, (proof as { readonly proof: Uint8Array }).proof)?.entry).toEqual(
    world.state.registry.get(heir.peerId),
  )
})
const zeros = new Uint8Array(32)
const HEADER = {
  ...{ previous: zeros, leader: zeros, proof: new Uint8Array(80), seed: zeros, electorate: zeros, certificate: zeros, body: zeros },
}
