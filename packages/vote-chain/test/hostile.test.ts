import { createSigner, networkIdOf, peekPayload, sha256, signMessage } from '@interpeer/crypto-ids'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type CertifiedBlock, encodeBody } from '../src/block.js'
import {
  type Block,
  blocksMessage,
  type ChainEvent,
  createVerification,
  decodeBlock,
  electorateOf,
  encodeBlock,
  hashOfHeader,
  openChain,
  parseGenesis,
  stepChain,
  transactionMessage,
  type Verification,
  verifyChainCertificate,
  verifyVoteFault,
  voteMessage,
  wantBlocksMessage,
} from '../src/index.js'
import { Chains, genesisJson, signers, toy } from './chains.js'

const all = signers(4)
const genesis = parseGenesis(genesisJson(all))
const stranger = createSigner(sha256(Uint8Array.of(99)))
const { network } = genesis
const START_MS = 1_000_000
const begin = () => openChain({ genesis, application: toy, signer: all[0] as never, blocks: [], record: undefined, nowMs: START_MS }).state
const from = (all[1] as (typeof all)[number]).peerId
const give = (state: ReturnType<typeof begin>, envelope: Uint8Array, nowMs = START_MS) =>
  stepChain(state, { type: 'message', from, envelope, nowMs } satisfies ChainEvent)
const countsOf = ({ effects }: ReturnType<typeof give>) => effects.flatMap((effect) => (effect.type === 'count' ? [effect.code] : []))

test('random and cut-off bytes are counted and change nothing', () => {
  const state = begin()
  const vote = {
    height: 1,
    round: 0,
    kind: 'soft' as const,
    attempt: 0,
    proof: null,
    block: new Uint8Array(32),
    voter: (all[1] as (typeof all)[number]).publicKey,
  }
  const envelope = signMessage(voteMessage, vote, all[1] as never, network)
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array({ maxLength: 300 }),
        fc.nat(envelope.length - 1).map((end) => envelope.slice(0, end)),
      ),
      (bytes) => {
        const step = give(state, bytes)
        expect(countsOf(step)).toHaveLength(1)
        expect(step.state.votes.size).toBe(0)
      },
    ),
    { numRuns: 60 },
  )
})

test.each([
  [
    'a vote of a stranger',
    'VOTE_STRANGER',
    () =>
      signMessage(
        voteMessage,
        { height: 1, round: 0, kind: 'soft', attempt: 0, proof: null, block: new Uint8Array(32), voter: stranger.publicKey },
        stranger,
        network,
      ),
  ],
  [
    'a vote of another network',
    'SIGNATURE_WRONG',
    () =>
      signMessage(
        voteMessage,
        { height: 1, round: 0, kind: 'soft', attempt: 0, proof: null, block: new Uint8Array(32), voter: all[1]?.publicKey as Uint8Array },
        all[1] as never,
        networkIdOf(Uint8Array.of(5)),
      ),
  ],
  [
    'a vote signed by somebody else',
    'SIGNATURE_WRONG',
    () =>
      signMessage(
        voteMessage,
        { height: 1, round: 0, kind: 'soft', attempt: 0, proof: null, block: new Uint8Array(32), voter: all[1]?.publicKey as Uint8Array },
        all[2] as never,
        network,
      ),
  ],
  [
    'a wish in another’s name',
    'SIGNER_UNKNOWN',
    () => signMessage(wantBlocksMessage, { fromHeight: 1, sender: all[2]?.publicKey as Uint8Array }, all[2] as never, network),
  ],
  [
    'a transaction that cannot be',
    'TOY_EMPTY',
    () =>
      signMessage(transactionMessage, { transaction: new Uint8Array(), sender: all[1]?.publicKey as Uint8Array }, all[1] as never, network),
  ],
] as const)('%s is counted: %s', (_, code, make) => {
  expect(countsOf(give(begin(), make()))).toEqual([code])
})

test('a vote that no step of this height has is counted', () => {
  const sign = (fields: { kind: 'soft' | 'certify' | 'next'; block: Uint8Array | null; attempt?: number; proof?: Uint8Array }) => {
    const value = { height: 1, round: 0, attempt: 0, proof: null, voter: all[1]?.publicKey as Uint8Array, ...fields }
    return countsOf(give(begin(), signMessage(voteMessage, value, all[1] as never, network)))
  }
  const block = new Uint8Array(32)
  expect(sign({ kind: 'soft', block: null })).toEqual(['VOTE_WRONG'])
  expect(sign({ kind: 'certify', block: null })).toEqual(['VOTE_WRONG'])
  expect(sign({ kind: 'soft', block, attempt: 1 })).toEqual(['VOTE_WRONG'])
  expect(sign({ kind: 'next', block, attempt: 1 })).toEqual(['VOTE_WRONG'])
  expect(sign({ kind: 'next', block, proof: new Uint8Array(80) })).toEqual(['VOTE_WRONG'])
  expect(sign({ kind: 'next', block: null })).toEqual([])
})

test('two votes of one peer: the first counts', () => {
  const of = (byte: number) => {
    const value = {
      height: 1,
      round: 0,
      kind: 'soft' as const,
      attempt: 0,
      proof: null,
      block: new Uint8Array(32).fill(byte),
      voter: all[1]?.publicKey as Uint8Array,
    }
    return signMessage(voteMessage, value, all[1] as never, network)
  }
  const first = give(begin(), of(1))
  const second = give(first.state, of(2))
  expect(countsOf(second)).toEqual(['VOTE_TWO'])
  // both together are what anyone can check, and the chain ends an account for
  const faults = second.effects.filter((effect) => effect.type === 'fault')
  expect(faults.map(({ peer, evidence }) => [peer, verifyVoteFault(evidence, network)])).toEqual([[from, from]])
  expect(second.state.votes.get(0)?.soft.get(from)?.block).toBe('01'.repeat(32))
})

test('one peer can fill neither the memory for votes nor the pool', () => {
  let state = begin()
  for (let round = 1; round < 60; round++) {
    const value = { height: 1, round, kind: 'next' as const, attempt: 0, proof: null, block: null, voter: all[1]?.publicKey as Uint8Array }
    state = give(state, signMessage(voteMessage, value, all[1] as never, network)).state
  }
  expect(state.votes.size).toBe(1)
  for (let i = 0; i < 600; i++) {
    const value = { transaction: Uint8Array.of(1, i & 0xff, i >> 8), sender: all[1]?.publicKey as Uint8Array }
    state = give(state, signMessage(transactionMessage, value, all[1] as never, network)).state
  }
  expect(state.pool.size).toBe(500)
})

test('a made-up block with a true leader’s proof costs no one its application: its certificate is looked at first', () => {
  const chains = new Chains({ seed: 3, electors: 4 })
  chains.world.run({ untilMs: START_MS + 1_500 })
  const [first] = [...(chains.certified.get(1)?.values() ?? [])] as [CertifiedBlock]
  let applied = 0
  const counting: typeof toy = {
    ...toy,
    apply: (...given) => {
      applied++
      return toy.apply(...given)
    },
  }
  const given = { genesis: chains.genesis, signer: stranger, verification: chains.verification, blocks: [], record: undefined }
  const { state } = openChain({ ...given, application: counting, nowMs: START_MS })
  const sent = (block: Block) => {
    const value = { blocks: [encodeBlock(block)], sender: stranger.publicKey }
    const envelope = signMessage(blocksMessage, value, stranger, chains.genesis.network)
    return stepChain(state, { type: 'message', from: stranger.peerId, envelope, nowMs: START_MS + 1_500 })
  }
  const body = { certifiers: [], transactions: Array.from({ length: 50 }, (_, i) => Uint8Array.of(1, i)) }
  const header = { ...first.header, body: sha256(encodeBody(body)) }
  const forged = { header, body, certificate: { ...first.certificate, block: hashOfHeader(header) } }
  expect(countsOf(sent(forged))).toEqual(['CERTIFICATE_WRONG'])
  expect(applied).toBe(0)
  expect(sent(first).state.tip.height).toBe(1)
})

test('a certificate holds only for its block, with a quorum, each voter once', () => {
  const chains = new Chains({ seed: 3, electors: 4 })
  chains.world.run({ untilMs: START_MS + 3_500 })
  const { genesis: founded, verification } = chains
  const [first, second] = [1, 2].map((height) => [...(chains.certified.get(height)?.values() ?? [])][0] as CertifiedBlock) as [
    CertifiedBlock,
    CertifiedBlock,
  ]
  const { rootGroupSize } = founded.settings
  const group = { height: 1, seed: founded.seed, electorate: electorateOf(founded.peers, rootGroupSize) }
  const about = { height: 1, hash: hashOfHeader(first.header) }
  expect(verifyChainCertificate(first.certificate, about, group, verification).length).toBeGreaterThanOrEqual(3)
  const wrongs: [string, CertifiedBlock['certificate']][] = [
    ['block', second.certificate],
    ['quorum', { ...first.certificate, votes: first.certificate.votes.slice(0, 2) }],
    ['twice', { ...first.certificate, votes: [...first.certificate.votes.slice(0, 2), first.certificate.votes[0] as Uint8Array] }],
    ['vote', { ...first.certificate, votes: [...first.certificate.votes.slice(0, 2), second.certificate.votes[0] as Uint8Array] }],
    ['vote', { ...first.certificate, votes: [...first.certificate.votes.slice(0, 2), new Uint8Array(9)] }],
  ]
  for (const [reason, certificate] of wrongs) {
    const failure = expect.objectContaining({ code: 'CERTIFICATE_WRONG', reason })
    expect(() => verifyChainCertificate(certificate, about, group, createVerification(founded.network))).toThrow(
      expect.objectContaining({ failure }),
    )
  }
  const others = signers(8)
    .slice(4)
    .map(({ peerId }) => peerId)
    .sort()
  const strangers = { ...group, electorate: electorateOf(others, rootGroupSize) }
  const wrong = expect.objectContaining({ code: 'CERTIFICATE_WRONG' })
  expect(() => verifyChainCertificate(first.certificate, about, strangers, verification)).toThrow(wrong)
})

test('of a list of votes all are read before one is checked: what can be seen without a signature costs none', () => {
  const chains = new Chains({ seed: 3, electors: 4 })
  chains.world.run({ untilMs: START_MS + 1_500 })
  const { genesis: founded } = chains
  const [{ certificate, header }] = [...(chains.certified.get(1)?.values() ?? [])] as [CertifiedBlock]
  const group = { height: 1, seed: founded.seed, electorate: electorateOf(founded.peers, founded.settings.rootGroupSize) }
  let checked = 0
  const known = createVerification(founded.network)
  const verification: Verification = {
    ...known,
    opener: {
      open: (...given: Parameters<typeof known.opener.open>) => {
        checked++
        return known.opener.open(...given)
      },
    } as never,
  }
  const [first, second, third] = certificate.votes as [Uint8Array, Uint8Array, Uint8Array]
  const byStranger = signMessage(
    voteMessage,
    { ...voteMessage.decode(peekPayload(first) as Uint8Array), voter: stranger.publicKey },
    stranger,
    founded.network,
  )
  for (const [reason, votes] of [
    ['twice', [first, second, first]],
    ['voter', [first, second, byStranger]],
    ['vote', [first, second, new Uint8Array(9)]],
  ] as const) {
    const failure = expect.objectContaining({ reason })
    expect(() =>
      verifyChainCertificate({ ...certificate, votes: [...votes] }, { height: 1, hash: hashOfHeader(header) }, group, verification),
    ).toThrow(expect.objectContaining({ failure }))
  }
  expect(checked).toBe(0)
  verifyChainCertificate({ ...certificate, votes: [first, second, third] }, { height: 1, hash: hashOfHeader(header) }, group, verification)
  expect(checked).toBe(3)
})

test('who sends blocks that do not hold is read a few times at once, then at a pace, and others are', () => {
  const chains = new Chains({ seed: 3, electors: 4 })
  chains.world.run({ untilMs: START_MS + 1_500 })
  const [first] = [...(chains.certified.get(1)?.values() ?? [])] as [CertifiedBlock]
  const given = { genesis: chains.genesis, signer: stranger, verification: chains.verification, blocks: [], record: undefined }
  let { state } = openChain({ ...given, application: toy, nowMs: START_MS })
  const sent = (block: Block, afterMs = 0, by = stranger) => {
    const envelope = signMessage(blocksMessage, { blocks: [encodeBlock(block)], sender: by.publicKey }, by, chains.genesis.network)
    const step = stepChain(state, { type: 'message', from: by.peerId, envelope, nowMs: START_MS + 1_500 + afterMs })
    state = step.state
    return countsOf(step)
  }
  const votes = first.certificate.votes.map((vote) => Uint8Array.from(vote).fill(0, -1))
  const forged = { ...first, certificate: { ...first.certificate, votes } }
  const codes = Array.from({ length: 30 }, () => sent(forged)).flat()
  expect([codes.filter((code) => code === 'CERTIFICATE_WRONG').length, codes.filter((code) => code === 'BLOCKS_OFTEN').length]).toEqual([
    8, 22,
  ])
  expect([sent(forged, 100), sent(forged, 100)]).toEqual([['CERTIFICATE_WRONG'], ['BLOCKS_OFTEN']])
  expect([sent(first, 100), state.tip.height]).toEqual([['BLOCKS_OFTEN'], 0])
  expect([sent(first, 100, all[1]), state.tip.height]).toEqual([[], 1])
})

test('a stored block or record that was damaged stops the start, with a code', () => {
  const chains = new Chains({ seed: 3, electors: 4 })
  chains.world.run({ untilMs: START_MS + 4_500 })
  const [node] = chains.nodes
  const blocks = node?.blocks as Uint8Array[]
  const options = { genesis: chains.genesis, application: toy, signer: all[0] as never, nowMs: START_MS + 5_000 }
  expect(openChain({ ...options, blocks, record: node?.record }).state.tip.height).toBe(blocks.length)
  const code = (value: string) => expect.objectContaining({ code: value })
  expect(() => openChain({ ...options, blocks: blocks.slice(1), record: undefined })).toThrow(code('STORED_BLOCK_WRONG'))
  expect(() => openChain({ ...options, blocks: [new Uint8Array(5)], record: undefined })).toThrow(code('STORED_BLOCK_WRONG'))
  const { header, body, certificate } = decodeBlock(blocks[1] as Uint8Array)
  const forged = encodeBlock({ header: { ...header, ledger: new Uint8Array(32) }, body, certificate })
  expect(() => openChain({ ...options, blocks: [blocks[0] as Uint8Array, forged], record: undefined })).toThrow(code('STORED_BLOCK_WRONG'))
  expect(() => openChain({ ...options, blocks, record: new Uint8Array(3) })).toThrow(code('STORED_RECORD_WRONG'))
})

test('who lost its blocks but not its record stays silent until it has them again', () => {
  const chains = new Chains({ seed: 5, electors: 4 })
  chains.world.run({ untilMs: START_MS + 4_500 })
  const node = chains.nodes[0] as (typeof chains.nodes)[number]
  expect(node.blocks.length).toBe(4)
  chains.kill(0)
  node.blocks.splice(0)
  node.checkpoint = undefined
  chains.start(0)
  expect(node.state?.silentBelow).toBeGreaterThanOrEqual(4)
  chains.world.run({ untilMs: START_MS + 9_500 })
  expect(node.blocks.length).toBe(9)
})
