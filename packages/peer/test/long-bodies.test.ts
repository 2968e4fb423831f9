import { randomBytes } from 'node:crypto'
import { blockOf } from '@interpeer/content-store'
import { bytesOfContentId, sha256, signMessage } from '@interpeer/crypto-ids'
import {
  GROUP_DEFAULTS,
  MEMBERS_MAX,
  REQUEST_BODY_MAX_BYTES,
  REQUEST_PART_BYTES,
  REQUEST_WHOLE_BODY_MAX_BYTES,
  siteRequest,
} from '@interpeer/peer-group'
import { hexOf } from '@interpeer/wire-codec'
import { afterEach, expect, test } from 'vitest'
import type { PeerError } from '../src/errors.js'
import { BodyDesk } from '../src/node/body-desk.js'
import { BodyRoom } from '../src/node/body-room.js'
import { piecedAtOnce } from '../src/node/group-fetches.js'
import { cutBody, SentBodies } from '../src/node/sent-bodies.js'
import type { ScriptOutcome, ScriptRequest } from '../src/script-runtime.js'
import { CounterRuntime } from './counter-runtime.js'
import { openAnswer } from './opened-answer.js'
import { asking, clientOf, closeMembers, isReady, job, type Member, network, readAt, startGroup } from './udp-group.js'

const MIB = 1024 * 1024
/** Appends the digest of each body in its place. */
class DigestRuntime extends CounterRuntime {
  override run(root: string, request: ScriptRequest, at: { timeMs: number; seed: Uint8Array }): Promise<ScriptOutcome> {
    const digest = new TextEncoder().encode(`${request.body.length}:${hexOf(sha256(request.body))}`)
    return super.run(root, request.method === 'POST' ? { ...request, body: digest } : request, at)
  }
}
const digestOf = (body: Uint8Array) => `${body.length}:${hexOf(sha256(body))}`
const groupOf = (size: number) => startGroup(size, () => ({ runtime: new DigestRuntime() }))
const posting = (body: Uint8Array) => ({ ...asking('POST', '/'), body })
const said = ({ body }: { body: Uint8Array }) => new TextDecoder().decode(body)

afterEach(closeMembers)

test.each([
  ['one byte more than travels inside', REQUEST_WHOLE_BODY_MAX_BYTES + 1],
  ['a photograph of 8 MiB', 8 * MIB],
  ['the longest', REQUEST_BODY_MAX_BYTES],
])('every member runs a request on the same body: %s', async (_, length) => {
  const { group, asker, view } = await groupOf(5)
  await isReady(group)
  const client = clientOf(asker, () => view)
  const body = new Uint8Array(randomBytes(length))
  const written = await client.ask('log', posting(body))
  expect([written.ran, said(written)]).toEqual(['write', expect.stringMatching(new RegExp(`^${digestOf(body)}@\\d+#\\d+;$`))])
  // each ran it itself, at one rank or another: it took nobody's word
  await expect.poll(() => group.map(({ runtime }) => runtime.runs.includes('POST /'))).toEqual([true, true, true, true, true])
  const states = () => new Set(group.map(({ hosts }) => hosts.hosted()[0]?.state))
  await expect.poll(() => states().size).toBe(1)
  expect(asker.bodies.has(blockOf(body.subarray(0, REQUEST_PART_BYTES), 'raw').cid)).toBe(false) // it is over: let go of
  for (const { counts } of group) expect([counts.get('MEMBER_UNRESOLVED'), counts.get('REQUEST_MISMATCH')]).toEqual([undefined, undefined])
})

test('a body is let go of when its batch is final and nothing names it', async () => {
  const { group, asker, view } = await startGroup(3, () => ({
    runtime: new DigestRuntime(),
    collection: { graceMs: 0, everyMs: 3_600_000 },
  }))
  await isReady(group)
  const client = clientOf(asker, () => view)
  const body = new Uint8Array(randomBytes(2 * MIB))
  const parts = cutBody(body).blocks.map(({ cid }) => cid)
  await client.ask('log', posting(body))
  const held = () => group.map(({ store }) => parts.filter((cid) => store.blocks.has(cid)).length)
  expect(held()).toEqual([8, 8, 8])
  await expect
    .poll(
      async () => {
        await client.ask('log', asking('POST', '/', 'later')) // what is remembered of the step that ran it goes
        for (const { keeper } of group) await keeper.collect()
        return held()
      },
      { interval: 500 },
    )
    .toEqual([0, 0, 0])
})

/** Sends a signed request with a body that is served as `blocks`, to one member. */
async function ask(
  asker: Member,
  member: Member,
  { parts, blocks, method = 'POST' }: { parts: Uint8Array[]; blocks: Parameters<SentBodies['open']>[0]; method?: string },
) {
  const place = { from: asker.signer.publicKey, job: bytesOfContentId(job), id: new Uint8Array(randomBytes(16)), ms: Date.now() }
  const http = { ...asking(method, '/'), headers: [], parts }
  const envelope = signMessage(siteRequest, { ...place, seenEpoch: 0, seenStep: 0, ...http }, asker.signer, network)
  const sent = asker.bodies.open(blocks, () => false)
  sent?.to(member.signer.peerId)
  const reply = await asker.overlay.request(member.signer.peerId, envelope, { timeoutMs: 60_000 })
  sent?.end()
  const { ran, status, body } = openAnswer(reply, network)
  return ran === 'refused' ? `${status} ${said({ body })}` : ran
}
const cut = (bytes: number) => {
  const { parts, blocks } = cutBody(new Uint8Array(randomBytes(bytes)))
  return { parts: [...parts], blocks }
}

test('a body that never comes holds nobody up: the group has not heard of its request', async () => {
  const { group, asker, view } = await groupOf(3)
  await isReady(group)
  const client = clientOf(asker, () => view)
  const member = group[0] as Member
  const never = ask(asker, member, { parts: cut(2 * MIB).parts, blocks: [] })
  for (const text of ['a', 'b', 'c']) expect((await client.ask('log', asking('POST', '/', text))).ran).toBe('write')
  expect(await never).toBe('503 REQUEST_BODY_MISSING')
  for (const member of group) expect(await readAt(client, member)).toMatch(/^(1:[0-9a-f]{64}@\d+#\d+;){3}$/)
})

test('other bytes than those that were signed are refused and counted; so is a body that is cut otherwise, or beside a read', async () => {
  const { group, asker } = await groupOf(3)
  await isReady(group)
  const member = group[0] as Member
  const { parts, blocks } = cut(MIB)
  const liar = { get: asker.bodies.get }
  Object.assign(asker.bodies, {
    get: (...which: Parameters<SentBodies['get']>) =>
      liar
        .get(...which)
        ?.slice()
        .fill(1),
  })
  expect(await ask(asker, member, { parts, blocks })).toBe('503 REQUEST_BODY_MISSING')
  expect(member.warnings.some(({ about }) => about.peer === asker.signer.peerId)).toBe(true)
  Object.assign(asker.bodies, liar)
  const short = [blockOf(new Uint8Array(1000), 'raw'), blockOf(new Uint8Array(REQUEST_PART_BYTES), 'raw')]
  expect(await ask(asker, member, { parts: short.map(({ cid }) => bytesOfContentId(cid)), blocks: short })).toBe('400 REQUEST_MALFORMED')
  expect(await ask(asker, member, { parts, blocks, method: 'GET' })).toBe('400 REQUEST_MALFORMED')
  for (const { runtime } of group) expect(runtime.runs).toEqual([])
})

test('with one member gone a long body is still run, and short writes beside it do not wait for it', async () => {
  const { group, asker, view } = await groupOf(5)
  await isReady(group)
  const client = clientOf(asker, () => view)
  await group[4]?.close()
  const body = new Uint8Array(randomBytes(2 * MIB))
  const long = client.ask('log', posting(body))
  expect((await client.ask('log', asking('POST', '/', 'short'))).ran).toBe('write')
  expect((await long).ran).toBe('write')
})

test('a long body of a read is refused before it is sent, and so is one for which there is no room', async () => {
  const { asker, view } = await groupOf(1)
  const client = clientOf(asker, () => view)
  const body = new Uint8Array(MIB)
  const failure = (error: PeerError) => error.code
  expect(await client.ask('log', { ...posting(body), method: 'GET' }).catch(failure)).toBe('REQUEST_MALFORMED')
  Object.assign(asker.bodies, { open: () => undefined })
  expect(await client.ask('log', posting(body)).catch(failure)).toBe('UPLOADS_BUSY')
  expect(new SentBodies(MIB - 1).open(cutBody(body).blocks, () => true)).toBeUndefined()
})

test('bodies have room for each visitor, each site, and all', () => {
  const room = new BodyRoom({ visitorBytes: 2, siteBytes: 3, allBytes: 4 })
  const [ada, bob, eve] = ['ada', 'bob', 'eve'].map((visitor) => ({ visitor, site: 'a' })) as [never, never, never]
  expect([room.take(ada, 2), room.take(ada, 1)]).toEqual([true, false])
  expect([room.take(bob, 1), room.take(eve, 1)]).toEqual([true, false])
  expect([room.take({ visitor: 'eve', site: 'b' }, 1), room.take({ visitor: 'mal', site: 'b' }, 1)]).toEqual([true, false])
  room.give(ada, 2)
  expect([room.take(ada, 2), room.take(ada, 1)]).toEqual([true, false])
})

test('blocks that two requests share stay until both are over; and who is asked may fetch, nobody else', () => {
  const bodies = new SentBodies()
  const { blocks } = cutBody(new Uint8Array(MIB)) // four times the same block
  const [one, two] = [bodies.open(blocks, () => false), bodies.open(blocks, () => false)]
  const [peer, other] = ['a', 'b'] as never[]
  one?.to(peer as never)
  two?.to(peer as never)
  const cid = blocks[0]?.cid as never
  const seen = () => [bodies.has(cid), bodies.mayAsk(peer as never), bodies.mayAsk(other as never)]
  expect(seen()).toEqual([true, true, false])
  one?.end()
  one?.end()
  expect(seen()).toEqual([true, true, false])
  two?.end()
  expect(seen()).toEqual([false, false, false])
})

test('who was asked one thing gets the body of that alone, and the rest of a group that of what its group was asked', () => {
  const bodies = new SentBodies()
  const bodyOf = (byte: number) => cutBody(new Uint8Array(MIB).fill(byte)).blocks
  const [secret, other, shared] = [bodyOf(1), bodyOf(2), bodyOf(3)]
  const [asked, member, stranger] = ['asked', 'member', 'stranger'] as never[]
  const one = bodies.open([...secret, ...shared], (peer) => peer === member)
  const two = bodies.open([...other, ...shared], () => false)
  two?.to(asked as never)
  const seen = (blocks: typeof secret) =>
    [asked, member, stranger].map((peer) => bodies.get(blocks[0]?.cid as never, peer as never) !== undefined)
  expect(seen(secret)).toEqual([false, true, false])
  expect(seen(other)).toEqual([true, false, false])
  expect(seen(shared)).toEqual([true, true, false])
  one?.end()
  expect(seen(shared)).toEqual([true, false, false])
  two?.end()
  expect(seen(shared)).toEqual([false, false, false])
})

test('a member fetches no more at a time for one asker than its share, and gives the room back whatever came of it', async () => {
  const counts: string[] = []
  const ended: string[] = []
  const places = {
    store: { get: () => undefined } as never,
    self: 'self' as never,
    count: (code: string) => void counts.push(code),
    holdBlocks: () => () => void ended.push('unheld'),
    exchange: {
      fetchBlocks: (_: unknown, { signal }: { signal: AbortSignal }) =>
        new Promise((_resolve, reject) => {
          const end = () => reject(new Error('over'))
          signal.addEventListener('abort', end)
          if (signal.aborted) end()
        }),
    } as never,
  }
  const desk = new BodyDesk(places, { visitorBytes: 4 * REQUEST_PART_BYTES, siteBytes: 6 * REQUEST_PART_BYTES, allBytes: 99 * MIB })
  const request = (from: number, parts: number) =>
    desk.hold({
      ...{ from: new Uint8Array(32).fill(from), job: bytesOfContentId(job), id: new Uint8Array(16), ms: 0, seenEpoch: 0, seenStep: 0 },
      ...asking('POST', '/'),
      parts: Array.from({ length: parts }, () => bytesOfContentId(job)),
    })
  const first = request(1, 3)
  expect(await request(1, 2)).toEqual({ refusal: 'GROUP_BUSY' })
  const second = request(2, 3)
  expect(await request(3, 1)).toEqual({ refusal: 'GROUP_BUSY' }) // the site's share
  desk.close()
  expect(await Promise.all([first, second])).toEqual([{ refusal: 'REQUEST_BODY_MISSING' }, { refusal: 'REQUEST_BODY_MISSING' }])
  expect([counts, ended.length]).toEqual([['BODIES_BUSY', 'BODIES_BUSY', 'FETCH_FAILED', 'FETCH_FAILED'], 2])
  expect(await request(1, 4)).toEqual({ refusal: 'REQUEST_BODY_MISSING' }) // there was room
})

test('bodies are fetched for all members of any group at a time, each with what it may offer, and for the batch', () => {
  for (let members = 2; members <= MEMBERS_MAX; members++) {
    const others = members - 1
    const offered = others * Math.max(1, Math.floor(GROUP_DEFAULTS.poolPiecedMax / others))
    expect(piecedAtOnce(members)).toBeGreaterThan(offered)
  }
})
