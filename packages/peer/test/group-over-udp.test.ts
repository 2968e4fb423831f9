import { randomBytes } from 'node:crypto'
import { bytesOfContentId, type PeerId, signMessage } from '@interpeer/crypto-ids'
import { siteRequest } from '@interpeer/peer-group'
import { afterEach, expect, test } from 'vitest'
import { openAnswer } from './opened-answer.js'
import { asking, clientOf, closeMembers, job, type Member, network, startGroup } from './udp-group.js'

afterEach(closeMembers)

test.each([1, 2, 3, 5])(
  'a group of %i: a read is answered by one member, a write is run by all, once',
  async (size) => {
    const { group, asker, view } = await startGroup(size)
    const client = clientOf(asker, () => view)
    expect((await client.ask('log', asking('GET', '/'))).ran).toBe('read')
    const written = await client.ask('log', asking('POST', '/', 'one'))
    expect(written.ran).toBe('write')
    expect(written.certificate).toMatch(/^[0-9a-f]{64}$/)
    await client.ask('log', asking('POST', '/', 'two'))
    const read = await client.ask('log', asking('GET', '/'))
    expect(new TextDecoder().decode(read.body)).toMatch(/^one@\d+#\d+;two@\d+#\d+;$/)
    for (const { runtime } of group) expect(runtime.runs.filter((run) => run.startsWith('POST')).length).toBe(2)
    const reads = group.reduce((sum, { runtime }) => sum + runtime.runs.filter((run) => run.startsWith('GET')).length, 0)
    expect(reads).toBe(2)
  },
  20_000,
)

test('a write that is sent to every member at once, again and again, is run once and answered alike', async () => {
  const { group, asker } = await startGroup(5)
  await expect.poll(() => group.every(({ hosts }) => hosts.hosted().length === 1)).toBe(true) // before that they say SITE_STARTING
  const value = {
    from: asker.signer.publicKey,
    job: bytesOfContentId(job),
    id: new Uint8Array(randomBytes(16)),
    ms: Date.now(),
    seenEpoch: 0,
    seenStep: 0,
    parts: [],
  }
  const post = { ...asking('POST', '/', 'once'), headers: [] }
  const envelope = signMessage(siteRequest, { ...value, ...post }, asker.signer, network)
  const send = ({ signer }: Member) => asker.overlay.request(signer.peerId, envelope, { timeoutMs: 10_000 })
  const replies = [...(await Promise.all([...group, ...group].map(send))), ...(await Promise.all(group.map(send)))]
  const bodies = replies.map((reply) => new TextDecoder().decode(openAnswer(reply, network).body))
  expect(new Set(bodies).size).toBe(1)
  expect(bodies[0]).toMatch(/^once@\d+#\d+;$/)
  for (const { runtime } of group) expect(runtime.runs).toEqual(['POST /'])
}, 20_000)

test('a GET that writes is promoted to an agreed write', async () => {
  const { asker, view } = await startGroup(3)
  const client = clientOf(asker, () => view)
  expect((await client.ask('log', asking('GET', '/touch'))).ran).toBe('write')
}, 20_000)

test('a member that computes something else is outvoted, marked, and nobody else is', async () => {
  const { group, asker, view } = await startGroup(5)
  const traitor = group[2] as Member
  traitor.runtime.lie = 'LIE'
  const client = clientOf(asker, () => view)
  for (const text of ['a', 'b', 'c']) expect((await client.ask('log', asking('POST', '/', text))).ran).toBe('write')
  const read = await client.ask('log', asking('GET', '/'), { member: group[0]?.signer.peerId as PeerId })
  expect(new TextDecoder().decode(read.body)).not.toContain('LIE')
}, 20_000)

test('a write goes through with one of five members gone', async () => {
  const { group, asker, view } = await startGroup(5)
  const client = clientOf(asker, () => view)
  await client.ask('log', asking('POST', '/', 'before'))
  for (const gone of group.slice(1, 2)) await gone.close()
  for (const text of ['x', 'y', 'z']) expect((await client.ask('log', asking('POST', '/', text))).ran, text).toBe('write')
}, 40_000)

test('the group moves: a newcomer takes a seat with the whole state, and the leaver leaves', async () => {
  const { group, asker, spare, view } = await startGroup(5)
  let now = view
  const client = clientOf(asker, () => now)
  await client.ask('log', asking('POST', '/', 'early'))
  const next = [spare, ...group.slice(1)]
  const ids = next.map(({ signer }) => signer.peerId)
  now = { ...view, next: { members: ids, chainSeed: new Uint8Array(32).fill(9), atMs: Date.now() + 1_500, jurors: 0, mayPay: 0n } }
  for (const member of [...group, spare]) member.hosts.onViews([now])
  await expect.poll(() => group[1]?.closed.length, { timeout: 10_000 }).toBe(1)
  await expect.poll(() => spare.hosts.hosted()[0]?.epoch, { timeout: 10_000 }).toBe(1)
  expect((await client.ask('log', asking('POST', '/', 'late'))).ran).toBe('write')
  const read = await client.ask('log', asking('GET', '/'), { member: spare.signer.peerId })
  expect(new TextDecoder().decode(read.body)).toMatch(/^early.*late/)
}, 40_000)

test('an epoch that the chain opened otherwise than the closing certificate did is sat out, not signed twice', async () => {
  const { group, view } = await startGroup(3)
  const { members } = view
  const next = { members, chainSeed: new Uint8Array(32).fill(9), atMs: Date.now() + 500, jurors: 0, mayPay: 0n }
  for (const member of group) member.hosts.onViews([{ ...view, next }])
  await expect.poll(() => group.every(({ hosts }) => hosts.hosted()[0]?.epoch === 1), { timeout: 10_000 }).toBe(true)
  const recovered = { ...view, epoch: 1, chainSeed: new Uint8Array(32).fill(8), next: null }
  for (const member of group) member.hosts.onViews([recovered])
  for (const { counts } of group) expect(counts.get('EPOCH_SAT_OUT')).toBe(1)
}, 20_000)
