import { createSigner, type PeerId, peekMessageNumber, sha256, signMessage } from '@interpeer/crypto-ids'
import { seeds } from '@interpeer/simulator'
import { expect, test } from 'vitest'
import { seedInput } from '../src/electorate.js'
import { beginGossip, GOSSIP, type Gossip, type GossipEffect, type GossipRules, nextHeight, USELESS_MAX } from '../src/gossip/gossip.js'
import { gossipMessage, haveMessage, linkMessage, numberOfNeighbours, offerMessage } from '../src/gossip/messages.js'
import { type Circle, onLink, tend } from '../src/gossip/neighbours.js'
import { charge, flush, isSpent, meets, note, passOn, passOwn } from '../src/gossip/pass-on.js'
import { heardFrom, NO_NAMES, withHeard } from '../src/gossip/seen.js'
import { voteMessage } from '../src/index.js'
import { bundleMessage } from '../src/messages.js'
import { nameOfTransaction } from '../src/pool.js'
import { Chains, signers } from './chains.js'

const peers = signers(40).map(({ peerId }) => peerId)
const [self] = peers as [PeerId]
const TIMES = { answerMs: 1_000, silentMs: 10_000, renewMs: 60_000 }
const circle: Circle = { self, electors: peers, members: new Set(peers), bout: 0, diceOf: (bout) => sha256(Uint8Array.of(bout)) }

class Host {
  gossip: Gossip = beginGossip(0)
  nowMs = 0
  effects: GossipEffect[] = []
  /** Who was sent what since the last call. */
  sent(): readonly (readonly [PeerId, number | undefined, Uint8Array])[] {
    const sent = this.effects.flatMap((one) =>
      one.type === 'send' ? [[one.to, numberOfNeighbours(one.envelope), one.envelope] as const] : [],
    )
    this.effects = []
    return sent
  }
}
/** A host whose neighbours are these. */
function linkedWith(...others: readonly PeerId[]): Host {
  const host = new Host()
  for (const peer of others) onLink(host, peer, 'ask', circle, GOSSIP)
  host.effects = []
  return host
}
const toldOf = (host: Host) => host.sent().map(([to]) => to)

test('neighbours are asked by own dice, the same ones after a restart, and guests are bounded', () => {
  const [host, again] = [new Host(), new Host()]
  for (const one of [host, again]) tend(one, circle, GOSSIP, TIMES)
  const asked = host.sent().map(([to, number]) => [to, number])
  expect(asked).toHaveLength(GOSSIP.own)
  expect(asked.every(([to, number]) => to !== self && number === linkMessage.number)).toBe(true)
  expect(again.sent().map(([to, number]) => [to, number])).toEqual(asked)
  const guests = peers.filter((peer) => peer !== self && !host.gossip.neighbours.has(peer))
  const said = guests.map((peer) => {
    onLink(host, peer, 'ask', circle, GOSSIP)
    return linkMessage.decode(host.sent()[0]?.[2] as Uint8Array).says
  })
  expect(said.filter((one) => one === 'accept')).toHaveLength(GOSSIP.guests)
  expect(said.slice(GOSSIP.guests).every((one) => one === 'end')).toBe(true)
  const [stranger] = [createSigner(sha256(Uint8Array.of(99)))]
  expect(onLink(host, stranger.peerId, 'ask', circle, GOSSIP)).toBe(false)
})

test('who does not answer, falls silent or says no makes room for others; one of the own choice is chosen anew now and then', () => {
  const host = new Host()
  tend(host, circle, GOSSIP, TIMES)
  const [first, second, third] = toldOf(host) as [PeerId, PeerId, PeerId]
  for (const peer of [first, second]) onLink(host, peer, 'accept', circle, GOSSIP)
  expect(onLink(host, second, 'end', circle, GOSSIP)).toBe(false)
  host.nowMs = TIMES.answerMs
  tend(host, circle, GOSSIP, TIMES)
  expect([...host.gossip.neighbours.keys()]).toContain(first)
  expect([...host.gossip.neighbours.keys()]).not.toContain(third)
  expect(host.gossip.neighbours.size).toBe(GOSSIP.own)
  for (const peer of host.gossip.neighbours.keys()) onLink(host, peer, 'accept', circle, GOSSIP)
  host.effects = []
  host.nowMs = TIMES.renewMs
  host.gossip = {
    ...host.gossip,
    neighbours: new Map([...host.gossip.neighbours].map(([peer, one]) => [peer, { ...one, heardMs: host.nowMs }])),
  }
  tend(host, circle, GOSSIP, TIMES)
  expect(host.gossip.neighbours.has(first)).toBe(false)
  expect(host.gossip.neighbours.size).toBe(GOSSIP.own)
  host.nowMs += TIMES.silentMs
  tend(host, circle, GOSSIP, TIMES)
  expect([...host.gossip.neighbours.values()].every(({ isLinked }) => !isLinked)).toBe(true)
})

test('a message goes once to each neighbour that did not send it, several in one; copies are dropped, repeats are charged', () => {
  const [a, b, c] = peers.slice(1, 4) as [PeerId, PeerId, PeerId]
  const host = linkedWith(a, b, c)
  const votes = [1, 2, 3].map((n) => new Uint8Array(200).fill(n))
  for (const vote of votes) {
    const name = `${vote[0]}-name-of-a-vote`
    expect(meets(host, a, name)).toBe(true)
    note(host, a, name)
    passOn(host, 'vote', vote, 20, name)
    expect(meets(host, b, name)).toBe(false) // another has it too: none of its copies is needed
  }
  flush(host, GOSSIP.fanOut, nameOfTransaction)
  expect(host.sent()).toEqual([])
  host.nowMs = 20
  flush(host, GOSSIP.fanOut, nameOfTransaction)
  const sent = host.sent()
  expect(sent.map(([to]) => to)).toEqual([c])
  expect(gossipMessage.decode(sent[0]?.[2] as Uint8Array).votes).toEqual(votes)
  expect(host.gossip.neighbours.get(b)?.useless).toBe(0)
  expect(meets(host, b, '1-name-of-a-vote')).toBe(false)
  expect(host.gossip.neighbours.get(b)?.useless).toBe(1)
  charge(host, b, USELESS_MAX)
  expect(isSpent(host.gossip.neighbours.get(b) as never)).toBe(true)
  host.gossip = nextHeight(host.gossip)
  expect(isSpent(host.gossip.neighbours.get(b) as never)).toBe(false)
  expect(meets(host, c, '1-name-of-a-vote')).toBe(false) // of the height before, too
  host.gossip = nextHeight(nextHeight(host.gossip))
  expect(meets(host, c, '1-name-of-a-vote')).toBe(true)
})

test('a vote of another is passed on to a few, each vote to others; an own one to all', () => {
  const host = linkedWith(...peers.slice(1, 13))
  const reached = [1, 40].map((n) => {
    passOn(host, 'vote', new Uint8Array(200).fill(n), 0, `${String.fromCharCode(n)}-name-of-a-vote`)
    flush(host, GOSSIP.fanOut, nameOfTransaction)
    return toldOf(host)
  })
  expect(reached.map(({ length }) => length)).toEqual([GOSSIP.fanOut, GOSSIP.fanOut])
  expect(reached[0]).not.toEqual(reached[1])
  passOwn(host, 'vote', new Uint8Array(200).fill(9))
  flush(host, GOSSIP.fanOut, nameOfTransaction)
  expect(toldOf(host)).toHaveLength(12)
})

test('what is large is offered by its hash', () => {
  const host = linkedWith(peers[1] as PeerId)
  const [small, large] = [new Uint8Array(100).fill(1), new Uint8Array(5_000).fill(2)]
  for (const one of [small, large]) passOwn(host, 'transaction', one)
  flush(host, GOSSIP.fanOut, nameOfTransaction)
  const sent = host.sent()
  expect(sent.map(([, number]) => number)).toEqual([gossipMessage.number, offerMessage.number])
  expect(offerMessage.decode(sent[1]?.[2] as Uint8Array).transactions).toEqual([sha256(large)])
})

test('what was met is bounded, whatever comes', () => {
  let seen = NO_NAMES
  for (let i = 0; i < 40_000; i++)
    seen = withHeard(seen, `name ${String.fromCharCode(i & 0xff, i >> 8)}${String.fromCharCode((i * 7) & 0xff)}`, 1)
  const held = seen.reduce((sum, names) => sum + (names?.size ?? 0), 0)
  expect(held).toBeLessThanOrEqual(16_384)
  expect(heardFrom(seen, 'another')).toBeUndefined()
})

const FEW: GossipRules = { directMax: 3, own: 3, guests: 6, fanOut: 3, gatherMs: 10 }

test('electors beyond a few pass votes and blocks on, and none sends its vote to more than its neighbours', () => {
  const chains = new Chains({ seed: 3, electors: 24, gossip: FEW, delayMsMax: 30, settings: { rootGroupSize: 12 } })
  const told = new Map<string, Set<number>>()
  chains.tamper = (from, to, envelope) => {
    const key = `${from} ${numberOfNeighbours(envelope) ?? peekMessageNumber(envelope)}`
    told.set(key, (told.get(key) ?? new Set()).add(to))
    return envelope
  }
  chains.world.run({ untilMs: 1_000_000 + 6_500 })
  expect(Math.min(...chains.heights())).toBe(6)
  for (const [height, blocks] of chains.certified) expect([height, blocks.size]).toEqual([height, 1])
  expect([...told.keys()].some((key) => key.endsWith(` ${voteMessage.number}`))).toBe(false)
  const gossiped = [...told].filter(([key]) => key.endsWith(` ${gossipMessage.number}`))
  expect(gossiped).toHaveLength(24)
  for (const [, to] of gossiped) expect(to.size).toBeLessThanOrEqual(FEW.own + FEW.guests)
  expect(chains.counts.get('GOSSIP_WRONG')).toBeUndefined()
})

test.each(seeds(4))('what is lost comes by another way, and whoever was down catches up (seed %i)', (seed) => {
  const chains = new Chains({ seed, electors: 12, gossip: FEW, lossPerMille: 200, repeatPerMille: 50, delayMsMax: 200, crashPerMille: 2 })
  chains.world.run({ untilMs: 1_000_000 + 20_000, actsMax: 3_000_000 })
  const before = Math.max(...chains.heights())
  expect(before).toBeGreaterThan(0)
  chains.calm()
  chains.world.run({ untilMs: 1_000_000 + 60_000, actsMax: 3_000_000, done: () => Math.min(...chains.heights()) >= before + 3 })
  expect(Math.min(...chains.heights())).toBeGreaterThanOrEqual(before + 3)
  expect(chains.counts.get('GOSSIP_WRONG')).toBeUndefined() // nobody lies
  for (const [height, blocks] of chains.certified) expect([height, blocks.size]).toEqual([height, 1])
})

test('transactions come into every pool, large ones by offers, and into a block', () => {
  const chains = new Chains({ seed: 5, electors: 10, observers: 1, gossip: FEW, settings: { cycleMs: 2_000 } })
  const [small, large] = [Uint8Array.of(7, 1), new Uint8Array(100_000).fill(7)]
  chains.world.at(1_000_000 + 500, () => chains.submit(1, small))
  chains.world.at(1_000_000 + 600, () => chains.submit(10, large)) // who is no elector hands it to a few
  chains.world.run({ untilMs: 1_000_000 + 1_900 })
  for (const { state } of chains.nodes.slice(0, 10))
    expect([...(state?.pool.values() ?? [])].map(({ bytes }) => bytes.length).sort()).toEqual([100_000, 2])
  chains.world.run({ untilMs: 1_000_000 + 12_500 })
  const taken = [...chains.certified.values()].flatMap((blocks) => [...blocks.values()].flatMap(({ body }) => body.transactions))
  expect(taken.map(({ length }) => length).sort()).toEqual([100_000, 2])
  expect(Math.min(...chains.heights())).toBeGreaterThanOrEqual(5) // a block that is too large to be sent unasked holds nobody up
})

test('a neighbour that passes on a forged vote is none any more; a stranger’s messages are not read', () => {
  const chains = new Chains({ seed: 6, electors: 8, gossip: FEW })
  chains.world.run({ untilMs: 1_000_000 + 1_500 })
  const victim = chains.nodes[0]
  const [liar] = [...(victim?.state?.gossip.neighbours.keys() ?? [])] as [PeerId]
  const { signer } = chains.nodes[7] as (typeof chains.nodes)[number]
  const height = (victim?.state?.tip.height ?? 0) + 1
  const said = {
    height,
    round: 0,
    kind: 'certify',
    attempt: 0,
    block: sha256(Uint8Array.of(1)),
    voter: signer.publicKey,
    proof: null,
  } as const
  const vote = signMessage(voteMessage, said, signer, chains.genesis.network)
  const forged = Uint8Array.from(vote)
  forged[forged.length - 1] = (forged[forged.length - 1] as number) ^ 1
  const envelope = gossipMessage.encode({ votes: [forged], transactions: [] })
  chains.give(0, { type: 'message', from: liar, envelope } as never)
  expect(chains.counts.get('GOSSIP_WRONG')).toBe(1)
  expect(victim?.state?.gossip.neighbours.has(liar)).toBe(false)
  const before = chains.counts.get('GOSSIP_STRANGER') ?? 0
  chains.give(0, { type: 'message', from: liar, envelope } as never)
  chains.give(0, { type: 'message', from: signer.peerId, envelope: linkMessage.encode({ says: 'ask' }) } as never)
  expect(chains.counts.get('GOSSIP_STRANGER')).toBe(before + 1)
  chains.world.run({ untilMs: 1_000_000 + 4_500 })
  expect(Math.min(...chains.heights())).toBeGreaterThanOrEqual(3)
})

test('few electors are told directly, and need no neighbours', () => {
  const chains = new Chains({ seed: 7, electors: 5 })
  const kinds = new Set<number>()
  chains.tamper = (_, __, envelope) => {
    const number = numberOfNeighbours(envelope)
    if (number !== undefined) kinds.add(number)
    return envelope
  }
  chains.world.run({ untilMs: 1_000_000 + 3_500 })
  chains.give(0, {
    type: 'message',
    from: chains.genesis.peers[1],
    envelope: haveMessage.encode({ height: 4, round: 0, reasons: 0, lot: null, votes: new Uint8Array() }),
  } as never)
  expect([...kinds]).toEqual([])
  expect(chains.counts.get('GOSSIP_STRANGER')).toBe(1)
})

/** A peer among eight that gossip, a second and a half in, and one of its neighbours. */
function amongNeighbours(seed: number, chains = new Chains({ seed, electors: 8, gossip: FEW, settings: { lookBack: 2 } })) {
  const victim = () => chains.nodes[0]?.state as NonNullable<(typeof chains.nodes)[0]['state']>
  const give = (from: PeerId, envelope: Uint8Array) => chains.give(0, { type: 'message', from, envelope } as never)
  return { chains, victim, give, neighbours: () => [...victim().gossip.neighbours.keys()] as [PeerId, PeerId] }
}

test('who passes on the vote of one that is no elector any more is no liar', () => {
  const { chains, victim, give, neighbours } = amongNeighbours(8)
  chains.world.run({ untilMs: 1_000_000 + 1_500 })
  chains.submit(1, Uint8Array.of(9, 7))
  const { signer } = chains.nodes.find((node) => node.signer.peerId === chains.genesis.peers[7]) as (typeof chains.nodes)[number]
  const isGone = () => !victim().tip.group.electorate.members.has(signer.peerId)
  chains.world.run({ untilMs: 1_000_000 + 20_000, done: isGone })
  const { height, hash, certificate, groupBefore } = victim().tip
  expect([isGone(), groupBefore?.electorate.members.has(signer.peerId)]).toEqual([true, true])
  const round = (certificate?.round ?? 0) + 1
  const said = { height, round, kind: 'certify', attempt: 0, block: hash, voter: signer.publicKey, proof: null } as const
  const [from] = neighbours().filter((peer) => peer !== signer.peerId) as [PeerId]
  give(from, gossipMessage.encode({ votes: [signMessage(voteMessage, said, signer, chains.genesis.network)], transactions: [] }))
  expect(chains.counts.get('GOSSIP_WRONG')).toBeUndefined()
  expect(neighbours()).toContain(from)
})

test('who offers a proposal and keeps it is asked once', () => {
  const { chains, victim, give, neighbours } = amongNeighbours(9)
  chains.world.run({ untilMs: 1_000_000 + 1_500 })
  const { tip } = victim()
  const height = tip.height + 1
  const [keeper, other] = neighbours()
  for (const { signer } of chains.nodes.slice(1)) {
    const { publicKey: leader } = signer
    const proof = signer.vrfProve(seedInput(tip.seed, height))
    const offer = offerMessage.encode({ proposal: { height, round: victim().round, leader, proof }, transactions: [] })
    for (const from of [keeper, keeper, keeper, other]) give(from, offer)
  }
  const pulls = [...victim().pulls.values()]
  expect(pulls.map(({ asked, others }) => [asked, others])).toEqual([[keeper, [other]]])
})

test('who ends a link and begins it again and again is not told each time what this peer has', () => {
  const { chains, give, neighbours } = amongNeighbours(10)
  chains.world.run({ untilMs: 1_000_000 + 1_500 })
  const [from] = neighbours()
  let told = 0
  chains.tamper = (_, to, envelope) => {
    if (numberOfNeighbours(envelope) === haveMessage.number && chains.nodes[to]?.signer.peerId === from) told++
    return envelope
  }
  for (let i = 0; i < 50; i++) for (const says of ['end', 'ask'] as const) give(from, linkMessage.encode({ says }))
  expect(told).toBeLessThanOrEqual(8)
  expect(chains.counts.get('HAVE_OFTEN')).toBeGreaterThan(0)
})

test('what a neighbour has is compared with what this peer has now and then, however often it says so', () => {
  const { chains, victim, give, neighbours } = amongNeighbours(11)
  chains.world.run({ untilMs: 1_000_000 + 1_500 })
  const [from] = neighbours()
  const have = { height: victim().tip.height + 1, round: 0, reasons: 0, lot: null, votes: new Uint8Array(8) }
  for (let i = 0; i < 50; i++) give(from, haveMessage.encode({ ...have, votes: new Uint8Array(8).fill(i) }))
  expect(chains.counts.get('HAVE_OFTEN')).toBeGreaterThanOrEqual(49)
  expect(neighbours()).toContain(from)
})

test('who hears gossip from one that it asked takes that for a yes, and says what it has, once', () => {
  const { chains, victim, give } = amongNeighbours(13)
  const isAsked = () => [...victim().gossip.neighbours].find(([, { isOwn, isLinked }]) => isOwn && !isLinked)
  chains.world.run({ untilMs: 1_000_000 + 1_500, done: () => isAsked() !== undefined })
  const [from] = isAsked() as [PeerId, unknown]
  let told = 0
  chains.tamper = (by, to, envelope) => {
    if (by === 0 && numberOfNeighbours(envelope) === haveMessage.number && chains.nodes[to]?.signer.peerId === from) told++
    return envelope
  }
  const nothing = gossipMessage.encode({ votes: [], transactions: [] })
  for (let i = 0; i < 3; i++) give(from, nothing)
  expect([victim().gossip.neighbours.get(from)?.isLinked, told]).toEqual([true, 1])
})

/** Soft votes of all electors for a block that nobody made: a bundle of them counts at the height that this peer is at. */
function bundleOf({ chains, victim }: ReturnType<typeof amongNeighbours>, block: Uint8Array, turned = false) {
  const { height } = victim().tip
  const votes = chains.nodes.map(({ signer }) => {
    const said = {
      height: height + 1,
      round: victim().round,
      kind: 'soft',
      attempt: 0,
      block,
      voter: signer.publicKey,
      proof: null,
    } as const
    const vote = Uint8Array.from(signMessage(voteMessage, said, signer, chains.genesis.network))
    if (turned) vote[vote.length - 1] = (vote[vote.length - 1] as number) ^ 1
    return vote
  })
  return { height: height + 1, bundle: { round: victim().round, kind: 'soft' as const, attempt: 0, block, votes } }
}

test('a bundle is read of neighbours alone, and of one only until it was of no use too often', () => {
  const among = amongNeighbours(12)
  const { chains, victim, give, neighbours } = among
  chains.world.run({ untilMs: 1_000_000 + 1_500 })
  const [from] = neighbours()
  const signerOf = (peer: PeerId) => (chains.nodes.find(({ signer }) => signer.peerId === peer) as (typeof chains.nodes)[number]).signer
  const handIn = (peer: PeerId, signer: ReturnType<typeof signerOf>, fields: object) =>
    give(peer, signMessage(bundleMessage, { ...fields, sender: signer.publicKey } as never, signer, chains.genesis.network))
  const block = sha256(Uint8Array.of(7))
  const stranger = createSigner(sha256(Uint8Array.of(99)))
  handIn(stranger.peerId, stranger, bundleOf(among, block))
  expect([victim().reasons.soft, chains.counts.get('GOSSIP_STRANGER')]).toEqual([undefined, 1])
  const old = { ...bundleOf(among, block), height: 1 }
  for (let i = 0; i < USELESS_MAX; i++) handIn(from, signerOf(from), old)
  handIn(from, signerOf(from), bundleOf(among, block))
  expect([victim().reasons.soft, chains.counts.get('GOSSIP_OFTEN')]).toEqual([undefined, 1])
  const other = neighbours().find((peer) => peer !== from) as PeerId
  handIn(other, signerOf(other), bundleOf(among, block, true))
  expect([victim().reasons.soft, neighbours().includes(other)]).toEqual([undefined, false])
  const third = neighbours().find((peer) => peer !== from) as PeerId
  handIn(third, signerOf(third), bundleOf(among, block))
  expect(victim().reasons.soft).toBeDefined()
})
