import { bytesOfContentId, openMessage, type PeerId, peerIdOfKey, type Signer, sha256, signMessage } from '@interpeer/crypto-ids'
import type { Overlay } from '@interpeer/overlay/node'
import {
  collatorOrder,
  proofOfResponse,
  responseTree,
  type SiteReply,
  type SiteRequest,
  siteReply,
  siteRequest,
} from '@interpeer/peer-group'
import { sameBytes } from '@interpeer/wire-codec'
import { expect, test, vi } from 'vitest'
import { LATE_MS, LateWrites } from '../src/node/late-writes.js'
import type { VisitorRequest } from '../src/node/site-answer.js'
import { blocksOfResponse } from '../src/site-response-block.js'
import {
  type Around,
  certified,
  chainView,
  clientOf,
  get,
  group,
  job,
  members,
  network,
  ofQuorum,
  otherCid,
  page,
  post,
  redirect,
  refusalOf,
  start,
  written,
} from './site-client-world.js'

test('a write that its step’s certificate commits to is passed on', async () => {
  const { client } = clientOf((_, envelope) => written(envelope, page))
  expect(await client.ask('log', post)).toMatchObject({ ran: 'write', status: 200, step: 4 })
  const { client: promoted } = clientOf((_, envelope) => written(envelope, page))
  expect(await promoted.ask('log', get)).toMatchObject({ ran: 'write' })
})

test('a member names a certificate that it has sent: who has it not asks for it, once for all answers that wait', async () => {
  const named = ofQuorum(6).certificate
  const write = (_: SiteRequest, envelope: Uint8Array): Partial<SiteReply> => {
    const responses = [blocksOfResponse({ request: sha256(envelope), ...page }).cid]
    return {
      ran: 'write',
      certificate: ofQuorum(4, responses).certificate,
      named,
      proof: proofOfResponse(responseTree(responses), 0),
      ...page,
    }
  }
  const certificateOf = async (digest: Uint8Array) => (sameBytes(digest, sha256(named)) ? named : new Uint8Array())
  const wasShown = (one: Uint8Array) => sameBytes(one, named)
  const { client, lacked } = clientOf(write, { wasShown, certificateOf })
  const member = { member: members[2] as PeerId }
  expect(await Promise.all([0, 1, 2].map(() => client.ask('log', post, member)))).toMatchObject(Array(3).fill({ ran: 'write', step: 4 }))
  expect(lacked).toEqual([members[2]])
  expect(await client.ask('log', post, member)).toMatchObject({ ran: 'write', certificate: expect.stringMatching(/^[0-9a-f]{64}$/) })
  expect(lacked).toHaveLength(1)
  // what came with an answer is known to those behind it, in the same turn
  let sent = 0
  const { client: other, lacked: none } = clientOf(write, { wasShown: (one) => wasShown(one) && sent++ > 0, certificateOf })
  await Promise.all([0, 1, 2].map(() => other.ask('log', post, member)))
  expect([sent, none]).toEqual([3, []])
})

test.each<[string, Around]>([
  ['gives none', { certificateOf: async () => new Uint8Array() }],
  ['gives another', { certificateOf: async () => certified.certificate }],
  ['is silent', { certificateOf: () => Promise.reject(new Error('unreachable')) }],
  ['answers nothing that can be read', { sent: (reply) => reply.subarray(0, -1) }],
])('a member that names a certificate and %s is passed over', async (_, around) => {
  let isLying = true
  const given = { ...around, wasShown: () => isLying, sent: (bytes: Uint8Array) => (isLying ? (around.sent?.(bytes) ?? bytes) : bytes) }
  const { client, asked } = clientOf((_request, envelope) => {
    isLying = asked.length === 1
    return written(envelope, page)
  }, given)
  expect(await client.ask('log', post)).toMatchObject({ ran: 'write', status: 200 })
  expect(asked).toHaveLength(2)
})

test('what a write answers is proven by its certificate, whoever signed the reply; a refusal or a read only by the member', async () => {
  const spoiled = (reply: Uint8Array) => reply.with(-1, (reply.at(-1) as number) ^ 1)
  const { client } = clientOf((_, envelope) => written(envelope, page), { sent: spoiled, signsWrites: true })
  expect(await client.ask('log', post)).toMatchObject({ ran: 'write', status: 200 })
  const refusal = refusalOf('GROUP_FROZEN')
  for (const [visitor, reply] of [
    [post, refusal],
    [get, refusal],
    [get, {}],
    [post, {}],
  ] as const) {
    const { client: other } = clientOf(() => reply, { sent: spoiled })
    await expect(other.ask('log', visitor, { member: members[1] as PeerId })).rejects.toMatchObject({ code: 'REPLY_FALSE' })
  }
})

test('who sends a write again that was late sends the same request, for a time; once it is decided the next is another', async () => {
  let nowMs = 1_500
  let isLate = true
  const ids: string[] = []
  const late = refusalOf('GROUP_SLOW')
  const { client } = clientOf(
    ({ id }, envelope) => {
      ids.push(Buffer.from(id).toString('hex'))
      return isLate ? late : written(envelope, page)
    },
    { now: () => nowMs },
  )
  const asked = async (visitor: VisitorRequest, asker: string | null = 'a browser') => {
    const from = ids.length
    const { ran, code } = await client.ask('log', visitor, { member: members[0] as PeerId, ...(asker === null ? {} : { asker }) })
    expect(ids.length).toBe(from + 1)
    return { id: ids.at(-1), ran, code }
  }
  const form = { ...post, body: new TextEncoder().encode('text=a'), headers: [{ name: 'cookie', value: 's=1' }] }
  const first = await asked(form)
  expect(first).toMatchObject({ ran: 'refused', code: 'GROUP_SLOW' })
  // a browser that reloads says so
  const reloaded = { ...form, headers: [...form.headers, { name: 'cache-control', value: 'max-age=0' }] }
  expect((await asked(reloaded)).id).toBe(first.id)
  const others = [
    { ...form, body: new TextEncoder().encode('text=b') },
    { ...form, target: '/other' },
    { ...form, headers: [{ name: 'Cookie', value: 's=2' }] },
    { ...form, headers: [...form.headers, { name: 'idempotency-key', value: 'x' }] },
  ]
  for (const other of others) expect((await asked(other)).id).not.toBe(first.id)
  expect((await asked(get)).id).not.toBe((await asked(get)).id)
  // somebody else, who says the same of itself, and nobody in particular
  for (const asker of ['another browser', null]) expect((await asked(form, asker)).id).not.toBe(first.id)
  expect((await asked(form, null)).id).not.toBe((await asked(form, null)).id)
  expect((await asked({ ...form, https: true })).id).not.toBe(first.id)
  const program = { ...form, headers: [{ name: 'idempotency-key', value: 'y' }] }
  expect((await asked(program, null)).id).toBe((await asked(program, 'whoever')).id)
  nowMs += LATE_MS - 1
  isLate = false
  expect(await asked(form)).toEqual({ id: first.id, ran: 'write', code: '' })
  const second = await asked(form)
  expect(second.id).not.toBe(first.id)
  isLate = true
  const third = await asked(form)
  nowMs += LATE_MS
  expect((await asked(form)).id).not.toBe(third.id)
})

test('late writes are few, and no large ones', () => {
  const late = new LateWrites()
  for (let i = 0; i < 300; i++) late.keep(`${i}`, new Uint8Array(10), 1_000)
  expect([late.get('43', 1_000), late.get('44', 1_000)?.length, late.get('299', 1_000)?.length]).toEqual([undefined, 10, 10])
  late.keep('large', new Uint8Array(32 * 1024 * 1024), 1_000)
  expect([late.get('299', 1_000), late.get('large', 1_000)?.length]).toEqual([undefined, 32 * 1024 * 1024])
  late.keep('larger', new Uint8Array(32 * 1024 * 1024 + 1), 1_000)
  expect(late.get('larger', 1_000)).toBe(undefined)
  // the first time counts
  late.keep('large', new Uint8Array(1), 1_000 + LATE_MS - 1)
  expect(late.get('large', 1_000 + LATE_MS)).toBe(undefined)
})

test('where many wait, those that every member said it had no room for are forgotten first', () => {
  const late = new LateWrites()
  for (let i = 0; i < 256; i++) late.keep(`${i}`, new Uint8Array(10), 1_000, { isUnlikely: i % 2 === 0 })
  late.keep('2', new Uint8Array(10), 1_000) // a member was silent the next time
  late.keep('2', new Uint8Array(10), 1_000, { isUnlikely: true })
  for (let i = 256; i < 383; i++) late.keep(`${i}`, new Uint8Array(10), 1_000, { isUnlikely: i < 300 })
  const has = (i: number) => late.get(`${i}`, 1_000) !== undefined
  const all = Array.from({ length: 383 }, (_, i) => i)
  expect(all.filter(has)).toEqual(all.filter((i) => i % 2 === 1 || i === 2 || i >= 256))
  late.keep('last', new Uint8Array(10), 1_000, { isUnlikely: true })
  expect([has(1), has(256), late.get('last', 1_000)?.length]).toEqual([true, false, 10])
})

test('a write goes to who collates the next step, unless that one did not answer lately', async () => {
  let isSilent = false
  const { client, asked } = clientOf((_, envelope) =>
    isSilent && asked.length === 2 ? { request: new Uint8Array(32) } : written(envelope, page),
  )
  await client.ask('log', post)
  const collator = members[collatorOrder(chainView.chainSeed, 5, 4)[0] as number]
  isSilent = true
  await client.ask('log', post)
  expect(asked[1]).toBe(collator)
  expect(asked[2]).not.toBe(collator)
  for (let i = 0; i < 8; i++) await client.ask('log', post)
  expect(asked.slice(3)).not.toContain(collator)
})

test('a member that was asked beside slow ones, and given up as one of them answered, is not taken to be silent', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
  vi.spyOn(Math, 'random').mockReturnValue(0.5) // members are asked in the order of their seats
  try {
    const asked: PeerId[] = []
    let answerFirst = () => {}
    const request = (peer: PeerId, envelope: Uint8Array, { signal }: { signal: AbortSignal }): Promise<Uint8Array> => {
      asked.push(peer)
      const { method } = openMessage(siteRequest, envelope, network, ({ from }) => peerIdOfKey(from))
      const signer = group.find(({ peerId }) => peerId === peer) as Signer
      const reply: SiteReply = {
        ...{ from: signer.publicKey, job: bytesOfContentId(job), request: sha256(envelope), ran: 'read' as const, epoch: 1, step: 4 },
        ...{ state: bytesOfContentId(certified.root), stale: false, certificate: certified.certificate, named: null, proof: null },
        ...{ status: 200, headers: [], body: new Uint8Array(), ...(method === 'POST' ? written(envelope, page) : {}) },
      }
      const bytes = signMessage(siteReply, reply, signer, network)
      if (method === 'POST') return Promise.resolve(bytes)
      return new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('given up')))
        if (asked.length === 2) answerFirst = () => resolve(bytes)
      })
    }
    const { client } = clientOf(() => ({}), { now: Date.now, overlay: { request } as unknown as Overlay })
    await client.ask('log', post)
    const read = client.ask('log', get)
    await new Promise(setImmediate) // it is signed at the end of this turn
    await vi.advanceTimersByTimeAsync(2_000)
    answerFirst()
    await read
    expect(asked).toEqual([members[0], members[0], members[1], members[2]])
    expect(collatorOrder(chainView.chainSeed, 5, 4)[0]).toBe(2)
    await client.ask('log', post)
    expect(asked.at(-1)).toBe(members[2])
  } finally {
    vi.restoreAllMocks()
    vi.useRealTimers()
  }
})

const oldWrite = written(new Uint8Array([1]), redirect)
test.each<[string, (request: SiteRequest, envelope: Uint8Array) => Partial<SiteReply>]>([
  ['a forged redirect with an old certificate', () => ({ ran: 'write', ...redirect })],
  ['the certified redirect of an earlier request', () => oldWrite],
  ['a response that is not in the step', (_, envelope) => ({ ...written(envelope, page), ...redirect })],
  ['another body under the certified one', (_, envelope) => ({ ...written(envelope, page), body: new Uint8Array([1]) })],
  [
    'a response put beside those of an old step',
    (_, envelope) => {
      const own = blocksOfResponse({ request: sha256(envelope), ...redirect }).cid
      return { ...oldWrite, proof: proofOfResponse(responseTree([otherCid, own]), 1) }
    },
  ],
  ['a write that nobody certified', (_, envelope) => ({ ...written(envelope, page), certificate: null, state: bytesOfContentId(start) })],
  ['a write that one member answered alone', () => ({ ran: 'read', ...redirect })],
])('a write is not acknowledged by %s, and another member is asked', async (_, forged) => {
  for (const signsWrites of [false, true]) {
    const reply = (request: SiteRequest, envelope: Uint8Array) => (asked.length === 1 ? forged(request, envelope) : written(envelope, page))
    const { client, asked } = clientOf(reply, { signsWrites })
    expect(await client.ask('log', post)).toMatchObject({ ran: 'write', status: 200 })
    expect(asked).toHaveLength(2)
    const { client: alone } = clientOf(forged, { signsWrites })
    await expect(alone.ask('log', post, { member: members[1] as PeerId })).rejects.toMatchObject({ code: 'REPLY_FALSE' })
  }
})

test('the next write goes to who collates after the certificate that names the last step', async () => {
  const { client, asked } = clientOf((_, envelope) => {
    const responses = [blocksOfResponse({ request: sha256(envelope), ...page }).cid]
    const proof = proofOfResponse(responseTree(responses), 0)
    return { ran: 'write', certificate: ofQuorum(4, responses).certificate, named: ofQuorum(6).certificate, proof, ...page }
  })
  await client.ask('log', post)
  await client.ask('log', post)
  expect(asked[1]).toBe(members[collatorOrder(chainView.chainSeed, 7, 4)[0] as number])
  expect(client.observed(job)?.certificates).toMatchObject([
    { step: 6, agreed: 3 },
    { step: 4, agreed: 3 },
  ])
})

test('a write that is not final yet is an answer only where the job wants it, and marked', async () => {
  const early = (_: SiteRequest, envelope: Uint8Array): Partial<SiteReply> => {
    const responses = [blocksOfResponse({ request: sha256(envelope), ...page }).cid]
    return { ran: 'write', certificate: ofQuorum(4, responses).certificate, proof: proofOfResponse(responseTree(responses), 0), ...page }
  }
  await expect(clientOf(early).client.ask('log', post, { member: members[1] as PeerId })).rejects.toMatchObject({ code: 'REPLY_FALSE' })
  const { client } = clientOf(early, { view: { ...chainView, answersProvisional: true } })
  expect(await client.ask('log', post)).toMatchObject({ ran: 'write', step: 4, provisional: true })
  const read = clientOf(() => ({ certificate: ofQuorum(4).certificate }), { view: { ...chainView, answersProvisional: true } }).client
  await expect(read.ask('log', get, { member: members[1] as PeerId })).rejects.toMatchObject({ code: 'REPLY_FALSE' })
})
