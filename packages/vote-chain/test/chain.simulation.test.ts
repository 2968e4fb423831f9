import { peekMessageNumber, peerIdOfKey } from '@interpeer/crypto-ids'
import { seeds } from '@interpeer/simulator'
import { expect, test } from 'vitest'
import type { CertifiedBlock } from '../src/block.js'
import { electorateOf, hashOfHeader, headerMessage, openVote, proposalMessage, verifyChainCertificate, voteMessage } from '../src/index.js'
import { Chains } from './chains.js'

/** Never two certified blocks at one height, and every certificate holds for anyone. */
function expectOneChain(chains: Chains): void {
  for (const [height, blocks] of chains.certified) {
    expect([height, blocks.size]).toEqual([height, 1])
    const { header, certificate } = [...blocks.values()][0] as CertifiedBlock
    const { genesis, verification } = chains
    const [before] = [...(chains.certified.get(height - 1)?.values() ?? [])]
    const group = {
      height,
      seed: before?.header.seed ?? genesis.seed,
      electorate: electorateOf(genesis.peers, genesis.settings.rootGroupSize),
    }
    verifyChainCertificate(certificate, { height, hash: hashOfHeader(header) }, group, verification)
    expect(headerMessage.encode(header).length).toBeLessThanOrEqual(500)
    expect(header.timeMs).toBeGreaterThanOrEqual(genesis.startMs + height * genesis.settings.cycleMs)
  }
}

test('a block a cycle, while all is well', () => {
  const chains = new Chains({ seed: 1, electors: 7, observers: 1 })
  chains.world.run({ untilMs: 1_000_000 + 10_500 })
  expectOneChain(chains)
  expect(chains.heights()).toEqual(chains.nodes.map(() => 10))
  expect(Object.fromEntries(chains.counts)).toEqual({})
})

test('who votes late is in the certificate all the same, that of the next block: it is paid, and counts as active', () => {
  const chains = new Chains({ seed: 1, electors: 7 })
  chains.world.run({ untilMs: 1_000_000 + 8_500 })
  for (const [height, blocks] of chains.certified) {
    const { body, certificate } = [...blocks.values()][0] as CertifiedBlock
    expect(certificate.votes.length).toBeGreaterThanOrEqual(5)
    if (height > 1) expect([height, body.certifiers.length]).toEqual([height, 7])
  }
})

test('who left the electorate votes no more after lookBack heights, and is not missed', () => {
  const lookBack = 3
  const chains = new Chains({ seed: 4, electors: 5, settings: { lookBack } })
  chains.world.after(2_200, () => chains.submit(1, Uint8Array.of(9, 0)))
  chains.world.run({ untilMs: 1_000_000 + 9_500 })
  const [gone] = chains.genesis.peers
  const voters = [...chains.certified].map(([height, blocks]) => {
    const { certificate } = [...blocks.values()][0] as CertifiedBlock
    return { height, isIn: certificate.votes.some((vote) => peerIdOfKey(openVote(vote, chains.verification.opener).voter) === gone) }
  })
  const [taken] = [...chains.certified].find(([, blocks]) => ([...blocks.values()][0] as CertifiedBlock).body.transactions.length > 0) ?? [
    0,
  ]
  expect(taken).toBeGreaterThan(1)
  for (const { height, isIn } of voters) if (height >= taken + lookBack) expect([height, isIn]).toEqual([height, false])
  const { electorate } = chains.nodes[1]?.state?.tip.group ?? {}
  expect([electorate?.electors.length, electorate?.quorum]).toEqual([4, 3])
  // of five, two that are gone would stop it; of the four it is one
  const left = chains.nodes.map(({ signer }, i) => ({ peer: signer.peerId, i })).filter(({ peer }) => peer !== gone)
  chains.nodes.forEach(({ signer }, i) => {
    if (signer.peerId === gone) chains.kill(i)
  })
  chains.kill(left[0]?.i as number)
  const before = Math.max(...chains.heights())
  chains.world.run({ untilMs: 1_000_000 + 16_000 })
  expect(Math.max(...chains.heights())).toBeGreaterThan(before + 3)
  for (const [height, blocks] of chains.certified) expect([height, blocks.size]).toEqual([height, 1])
})

test('one peer alone is a quorum of one', () => {
  const chains = new Chains({ seed: 1, electors: 1 })
  chains.world.run({ untilMs: 1_000_000 + 5_500 })
  expect(chains.heights()).toEqual([5])
})

test.each(seeds(3))('one chain under loss, delay, crashes between persist and send; all catch up after (seed %i)', (seed) => {
  const chains = new Chains({ seed, electors: 7, observers: 1, lossPerMille: 120, repeatPerMille: 40, delayMsMax: 500, crashPerMille: 3 })
  const sent = Array.from({ length: 10 }, (_, i) => Uint8Array.of(7, i))
  sent.forEach((transaction, i) => {
    chains.world.after(i * 700, () => chains.submit(i % 8, transaction))
  })
  chains.world.run({ untilMs: 1_000_000 + 10_000 })
  expectOneChain(chains)
  chains.calm()
  chains.world.run({ untilMs: 1_000_000 + 24_000 })
  expectOneChain(chains)
  expect(Math.min(...chains.heights())).toBeGreaterThanOrEqual(20)
  expect(new Set(chains.heights()).size).toBeLessThanOrEqual(2)
})

test.each(seeds(2))(
  'two of seven that are silent stop nothing; a third one halts the chain, which goes on when it is back (seed %i)',
  (seed) => {
    const chains = new Chains({ seed, electors: 7 })
    chains.kill(0)
    chains.kill(1)
    chains.world.run({ untilMs: 1_000_000 + 8_000 })
    expect(Math.max(...chains.heights())).toBeGreaterThan(4)
    chains.kill(2)
    const halted = Math.max(...chains.heights())
    chains.world.run({ untilMs: 1_000_000 + 14_000 })
    expect(Math.max(...chains.heights())).toBeLessThanOrEqual(halted + 1)
    for (const i of [0, 1, 2]) chains.start(i)
    chains.world.run({ untilMs: 1_000_000 + 26_000 })
    expectOneChain(chains)
    expect(Math.min(...chains.heights())).toBeGreaterThan(18)
  },
)

test.each(seeds(3))('two traitors of seven who show one half this and the other half that split nothing (seed %i)', (seed) => {
  const chains = new Chains({ seed, electors: 7, lossPerMille: 50, delayMsMax: 100 })
  const { network } = chains.genesis
  // What each traitor said before, of each kind: half of the peers are told old news, or nothing, instead of the present.
  const said = new Map<string, Uint8Array>()
  chains.tamper = (from, to, envelope) => {
    if (from > 1 || to % 2 === 0) return envelope
    const kind = peekMessageNumber(envelope)
    const key = `${from}/${kind}`
    const before = said.get(key)
    said.set(key, envelope)
    if (kind === voteMessage.number) return chains.world.random.chance(500) ? before : undefined
    return kind === proposalMessage.number ? undefined : envelope
  }
  expect(network).toBeDefined()
  chains.world.run({ untilMs: 1_000_000 + 8_000 })
  expectOneChain(chains)
  chains.tamper = (_, __, envelope) => envelope
  chains.calm()
  chains.world.run({ untilMs: 1_000_000 + 20_000 })
  expectOneChain(chains)
  expect(Math.min(...chains.heights())).toBeGreaterThan(14)
})

test.each(seeds(2))('a partition halts or leaves one side; after it there is one chain (seed %i)', (seed) => {
  const chains = new Chains({ seed, electors: 7, delayMsMax: 60 })
  chains.world.run({ untilMs: 1_000_000 + 4_300 + seed * 37 })
  chains.world.partition(new Map(chains.nodes.map((_, i) => [i, i < 3 ? 0 : 1])))
  chains.world.run({ untilMs: 1_000_000 + 9_000 })
  chains.world.heal(20)
  chains.world.run({ untilMs: 1_000_000 + 20_000 })
  expectOneChain(chains)
  expect(Math.min(...chains.heights())).toBeGreaterThan(14)
})
