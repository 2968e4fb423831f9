import { randomBytes, randomInt } from 'node:crypto'
import { openTree } from '@interpeer/content-store'
import { bytesOfContentId, type PeerId, peekPayload, signMessage } from '@interpeer/crypto-ids'
import {
  createVerification,
  judgeRead,
  type ReadContradiction,
  type ReadOutcome,
  readCheck,
  readChecked,
  readStateBlock,
  siteReply,
  siteRequest,
  verifyReadContradiction,
} from '@interpeer/peer-group'
import { afterEach, expect, test } from 'vitest'
import { ReadSharing } from '../src/node/read-sharing.js'
import { scriptRequestOf } from '../src/node/run-batch.js'
import { readContextOf } from '../src/read-context.js'
import { responseOf } from '../src/site-response-block.js'
import { CounterRuntime } from './counter-runtime.js'
import { FalseReader } from './false-reader.js'
import { asking, clientOf, closeMembers, job, type Member, network, readAt, startGroup } from './udp-group.js'

afterEach(closeMembers)

/** All of its reads are looked at again. */
function sharingOf({ signer, overlay, evidence }: Member, perMille = 1_000) {
  const counts = new Map<string, number>()
  const count = (code: string) => void counts.set(code, (counts.get(code) ?? 0) + 1)
  const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
  const sharing = new ReadSharing({
    ...{ self: signer.peerId, network, overlay, readEvidence: evidence, now: () => Date.now(), count, log },
    verification: createVerification(network),
    habits: { perMille, below: randomInt },
  })
  return { sharing, counts }
}

/** Someone who has nothing but the evidence, the chain's word on the site, and the blocks of its state. */
async function ownRun({ pair, rerun }: ReadContradiction, { store }: Member): Promise<ReadOutcome> {
  const { files } = readStateBlock(store.blocks.get(rerun.state) as Uint8Array)
  const tree = openTree(store.blocks.get, files)
  if ('missing' in tree) throw new Error('missing')
  const runtime = new CounterRuntime()
  await runtime.load(files, tree.files)
  const outcome = await runtime.run(files, scriptRequestOf(pair.request), rerun)
  if (outcome.type !== 'answered') throw new Error('abstained')
  return { ...responseOf(outcome), writes: outcome.changes.length > 0 }
}

const idOf = ({ signer }: Member): PeerId => signer.peerId
const evidenceAt = (members: readonly Member[]) => members.flatMap(({ evidence }) => evidence.all)

test('a member that answers reads falsely is found by those who run them again, and anyone can see that it lied', async () => {
  const { group, asker, view } = await startGroup(5, (i) => (i === 1 ? { runtime: new FalseReader() } : {}))
  const liar = group[1] as Member
  const { sharing, counts } = sharingOf(asker)
  const client = clientOf(asker, () => view, { sharing })
  await client.ask('log', asking('POST', '/', 'one'))
  for (const member of group) await readAt(client, member, '/warm') // each has its files at hand
  await expect.poll(() => asker.evidence.all.length).toBe(1)
  expect(counts.get('READ_CONTRADICTED')).toBe(1)
  await expect.poll(() => evidenceAt(group.filter((one) => one !== liar)).length).toBe(4)
  // the liar may accuse others: it convinces nobody who asks the rest, or runs it
  expect(
    new Set([asker, ...group.filter((one) => one !== liar)].flatMap(({ evidence }) => evidence.all.map((one) => one.answerer))),
  ).toEqual(new Set([idOf(liar)]))
  const thirdParty = group[4] as Member
  for (const { evidence, job: of, state } of evidenceAt([asker, ...group])) {
    expect(of).toBe(job)
    const contradiction = verifyReadContradiction(evidence, readContextOf(view, network))
    expect(contradiction.rerun.state).toBe(state)
    expect(judgeRead(contradiction, await ownRun(contradiction, thirdParty))).toEqual([idOf(liar)])
  }
  expect(
    group.some(({ warnings }) => warnings.some(({ about, sentence }) => about.peer === idOf(liar) && sentence.includes('falsely'))),
  ).toBe(true)
})

test('under writes and reads at once, with every read run again, nobody who is honest is accused', async () => {
  const { group, asker, spare, view } = await startGroup(3)
  const looked = [asker, spare].map((one) => ({ one, ...sharingOf(one) }))
  const clients = looked.map(({ one, sharing }) => clientOf(one, () => view, { sharing }))
  await clients[0]?.ask('log', asking('POST', '/', 'first'))
  await Promise.all(
    Array.from({ length: 60 }, async (_, i) => {
      const client = clients[i % 2] as (typeof clients)[number]
      const member = idOf(group[i % 3] as Member)
      if (i % 5 === 0) return client.ask('log', asking('POST', '/', `${i}`))
      return client.ask('log', asking(i % 7 === 0 ? 'HEAD' : 'GET', i % 11 === 0 ? '/touch' : '/'), { member }).catch(() => undefined)
    }),
  )
  const sum = (code: string) => looked.reduce((all, { counts }) => all + (counts.get(code) ?? 0), 0)
  await expect.poll(() => sum('READ_SHARED_SAME') + sum('READ_SHARED_ABSTAINED')).toBeGreaterThan(10)
  expect(sum('READ_SHARED_SAME')).toBeGreaterThan(0)
  expect(sum('READ_SHARED_CONTRADICTED')).toBe(0)
  expect(evidenceAt([asker, spare, ...group])).toEqual([])
  for (const { counts } of group) expect(counts.get('READ_CONTRADICTED') ?? 0).toBe(0)
})

test('one member that calls true answers false is not believed, and its evidence falls back on it', async () => {
  const { group, asker, view } = await startGroup(4, (i) => (i === 2 ? { runtime: new FalseReader() } : {}))
  const slanderer = group[2] as Member
  const { sharing, counts } = sharingOf(asker)
  const client = clientOf(asker, () => view, { sharing })
  await client.ask('log', asking('POST', '/', 'one'))
  for (const member of group) if (member !== slanderer) await readAt(client, member)
  const others = group.filter((one) => one !== slanderer)
  // it is drawn for one of three
  for (let i = 0; i < 60 && (counts.get('READ_ACCUSATION_ALONE') ?? 0) === 0; i++) {
    await readAt(client, others[i % 3] as Member)
    await expect.poll(() => [...counts.values()].reduce((a, b) => a + b, 0)).toBeGreaterThan(i)
  }
  await expect.poll(() => counts.get('READ_ACCUSATION_ALONE')).toBeGreaterThan(0)
  expect(evidenceAt([asker, ...others])).toEqual([])
  const [told] = slanderer.evidence.all
  const contradiction = verifyReadContradiction(told?.evidence ?? new Uint8Array(), readContextOf(view, network))
  expect(judgeRead(contradiction, await ownRun(contradiction, others[0] as Member))).toEqual([idOf(slanderer)])
})

const haveWritten = (group: readonly Member[]) =>
  expect.poll(() => Math.min(...group.map(({ hosts }) => hosts.hosted()[0]?.step ?? 0))).toBeGreaterThan(0)

/** A read as `member` answers it, and the message that has another run it again. */
async function pairFrom(member: Member, asker: Member, more: { target?: string; method?: string } = {}) {
  const value = { from: asker.signer.publicKey, job: bytesOfContentId(job), id: new Uint8Array(randomBytes(16)), ms: Date.now() }
  const post = { ...asking('GET', '/'), headers: [], ...more }
  const request = signMessage(siteRequest, { ...value, seenEpoch: 0, seenStep: 0, parts: [], ...post }, asker.signer, network)
  const reply = await asker.overlay.request(idOf(member), request, { timeoutMs: 10_000 })
  return { request, reply }
}
const checkAt = async (checker: Member, asker: Member, pair: { request: Uint8Array; reply: Uint8Array }) =>
  readChecked.decode(await asker.overlay.request(idOf(checker), readCheck.encode(pair), { timeoutMs: 10_000 })).verdict

test('a checker says nothing of what it can not judge', async () => {
  const { group, asker, spare, view } = await startGroup(3)
  const [answerer, checker] = group as [Member, Member]
  await clientOf(asker, () => view).ask('log', asking('POST', '/', 'one'))
  await haveWritten(group)
  const pair = await pairFrom(answerer, asker)
  expect(await checkAt(checker, asker, pair)).toBe('same')
  expect(await checkAt(checker, spare, pair)).toBe('abstained') // not who asked
  expect(await checkAt(answerer, asker, pair)).toBe('abstained') // its own
  expect(await checkAt(checker, asker, await pairFrom(answerer, asker, { method: 'POST' }))).toBe('abstained') // agreed by all
  expect(await checkAt(checker, asker, await pairFrom(answerer, asker, { target: '/touch' }))).toBe('abstained') // promoted to a write
  expect(await checkAt(checker, asker, await pairFrom(answerer, asker, { target: '/asks' }))).toBe('abstained') // so is who asks for a timer
  expect(await checkAt(checker, asker, await pairFrom(answerer, asker, { target: '/slow' }))).toBe('abstained') // refused
  const reply = siteReply.decode(peekPayload(pair.reply) as Uint8Array)
  const signed = (changes: Partial<typeof reply>, by = answerer) =>
    signMessage(siteReply, { ...reply, from: by.signer.publicKey, ...changes }, by.signer, network)
  const lie = { body: new TextEncoder().encode('false') }
  expect(await checkAt(checker, asker, { ...pair, reply: signed({ ...lie, stale: true }) })).toBe('abstained')
  expect(await checkAt(checker, asker, { ...pair, reply: signed(lie, spare) })).toBe('abstained') // no member
  expect(await checkAt(checker, asker, { ...pair, reply: signed({ ...lie, certificate: null }) })).toBe('abstained') // a state without proof
  expect(checker.evidence.all).toEqual([])
  expect(await checkAt(checker, asker, { ...pair, reply: signed(lie) })).toBe('contradicted')
  expect(checker.evidence.all).toHaveLength(1)
})

test('a state whose files the runtime has let go of is not judged: a check brings nothing back', async () => {
  const { group, asker, view } = await startGroup(2)
  const [answerer, checker] = group as [Member, Member]
  const client = clientOf(asker, () => view)
  await client.ask('log', asking('POST', '/', 'one'))
  await haveWritten(group)
  const pair = await pairFrom(answerer, asker)
  for (let i = 0; i < 7; i++) await client.ask('log', asking('POST', '/', `${i}`))
  await expect.poll(async () => checkAt(checker, asker, pair)).toBe('abstained')
})

test('a flood of checks is dropped beyond its bound, and takes no other asker’s turn', async () => {
  const { group, asker, spare, view } = await startGroup(2)
  const [answerer, checker] = group as [Member, Member]
  await clientOf(asker, () => view).ask('log', asking('POST', '/', 'one'))
  await haveWritten(group)
  const [flood, fair] = [await pairFrom(answerer, asker), await pairFrom(answerer, spare)]
  const all = Array.from({ length: 100 }, () => checkAt(checker, asker, flood))
  expect(await checkAt(checker, spare, fair)).toBe('same')
  const verdicts = await Promise.all(all)
  expect(verdicts.filter((one) => one === 'same').length).toBeGreaterThan(0)
  expect(checker.counts.get('READ_CHECK_DROPPED')).toBeGreaterThan(0)
  expect(verdicts).not.toContain('contradicted')
})
