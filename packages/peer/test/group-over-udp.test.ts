import { randomBytes } from 'node:crypto'
import { bytesOfContentId, signMessage } from '@interpeer/crypto-ids'
import { siteRequest } from '@interpeer/peer-group'
import { afterEach, expect, test } from 'vitest'
import { openAnswer } from './opened-answer.js'
import { asking, clientOf, closeMembers, isReady, job, type Member, network, readAt, startGroup } from './udp-group.js'

afterEach(closeMembers)

test.each([1, 2, 3, 5])('a group of %i: a read is answered by one member, a write is run by all, once', async (size) => {
  const { group, asker, view } = await startGroup(size)
  await isReady(group)
  const client = clientOf(asker, () => view)
  let asks = 0
  const { request } = asker.overlay
  const counted: typeof request = (...given) => {
    asks++
    return request.apply(asker.overlay, given)
  }
  const read = async () => {
    Object.assign(asker.overlay, { request: counted })
    const answer = await client.ask('log', asking('GET', '/'))
    Object.assign(asker.overlay, { request })
    return answer
  }
  expect((await read()).ran).toBe('read')
  const written = await client.ask('log', asking('POST', '/', 'one'))
  expect(written.ran).toBe('write')
  expect(written.certificate).toMatch(/^[0-9a-f]{64}$/)
  await client.ask('log', asking('POST', '/', 'two'))
  expect(new TextDecoder().decode((await read()).body)).toMatch(/^one@\d+#\d+;two@\d+#\d+;$/)
  const runsOf = (method: string) => group.map(({ runtime }) => runtime.runs.filter((run) => run.startsWith(method)).length)
  // one a read, unless one was so slow that the next was asked beside it
  const reads = runsOf('GET').reduce((sum, runs) => sum + runs, 0)
  expect(reads).toBeGreaterThanOrEqual(2)
  expect(reads).toBeLessThanOrEqual(asks)
  // the last to hear of it, too; a batch that came to nothing at its first rank is run at the next
  await expect.poll(() => Math.min(...runsOf('POST'))).toBeGreaterThanOrEqual(2)
  for (const member of group) expect(await readAt(client, member)).toMatch(/^one@\d+#\d+;two@\d+#\d+;$/)
})

test('a write that is sent to every member at once, again and again, is run once and answered alike', async () => {
  const { group, asker, view } = await startGroup(5)
  await isReady(group)
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
  const client = clientOf(asker, () => view)
  for (const member of group) expect(await readAt(client, member)).toBe(bodies[0])
  for (const { runtime } of group) expect(new Set(runtime.runs)).toEqual(new Set(['POST /', 'GET /']))
})

test('a GET that writes is promoted to an agreed write', async () => {
  const { asker, view } = await startGroup(3)
  const client = clientOf(asker, () => view)
  expect((await client.ask('log', asking('GET', '/touch'))).ran).toBe('write')
})

test('a member that computes something else is outvoted, marked, and nobody else is', async () => {
  const { group, asker, view } = await startGroup(5)
  const traitor = group[2] as Member
  traitor.runtime.lie = 'LIE'
  const client = clientOf(asker, () => view)
  for (const text of ['a', 'b', 'c']) expect((await client.ask('log', asking('POST', '/', text))).ran).toBe('write')
  const shown = await readAt(client, group[0] as Member)
  for (const text of ['a@', 'b@', 'c@']) expect(shown).toContain(text)
  expect(shown).not.toContain('LIE')
})

test('a write goes through with one of five members gone', async () => {
  const { group, asker, view } = await startGroup(5)
  const client = clientOf(asker, () => view)
  await client.ask('log', asking('POST', '/', 'before'))
  for (const gone of group.slice(1, 2)) await gone.close()
  for (const text of ['x', 'y', 'z']) expect((await client.ask('log', asking('POST', '/', text))).ran, text).toBe('write')
})

test('the group moves: a newcomer takes a seat with the whole state, and the leaver leaves', async () => {
  const { group, asker, spare, view } = await startGroup(5)
  let now = view
  const client = clientOf(asker, () => now)
  await client.ask('log', asking('POST', '/', 'early'))
  const next = [spare, ...group.slice(1)]
  const ids = next.map(({ signer }) => signer.peerId)
  now = { ...view, next: { members: ids, chainSeed: new Uint8Array(32).fill(9), atMs: Date.now() + 1_500, jurors: 0, mayPay: 0n } }
  for (const member of [...group, spare]) member.hosts.onViews([now])
  await expect.poll(() => group[1]?.closed.length).toBe(1)
  await expect.poll(() => spare.hosts.hosted()[0]?.epoch).toBe(1)
  expect((await client.ask('log', asking('POST', '/', 'late'))).ran).toBe('write')
  expect(await readAt(client, spare)).toMatch(/^early.*late/)
})

test('an epoch that the chain opened otherwise than the closing certificate did is sat out, not signed twice', async () => {
  const { group, view } = await startGroup(3)
  const { members } = view
  const next = { members, chainSeed: new Uint8Array(32).fill(9), atMs: Date.now() + 500, jurors: 0, mayPay: 0n }
  for (const member of group) member.hosts.onViews([{ ...view, next }])
  await expect.poll(() => group.every(({ hosts }) => hosts.hosted()[0]?.epoch === 1)).toBe(true)
  const recovered = { ...view, epoch: 1, chainSeed: new Uint8Array(32).fill(8), next: null }
  for (const member of group) member.hosts.onViews([recovered])
  await expect.poll(() => group.map(({ counts }) => counts.get('EPOCH_SAT_OUT'))).toEqual([1, 1, 1])
})
