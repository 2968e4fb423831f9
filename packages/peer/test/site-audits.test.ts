import { wantBlocks } from '@interpeer/content-store'
import { bytesOfContentId, type ContentId } from '@interpeer/crypto-ids'
import { afterEach, expect, test } from 'vitest'
import { asking, clientOf, closeMembers, heldBy, type Member, readAt, startGroup } from './udp-group.js'

afterEach(closeMembers)

const countOf = ({ counts }: Member, code: string): number => counts.get(code) ?? 0
const textOf = ({ body }: { readonly body: Uint8Array }): string => new TextDecoder().decode(body)
const OFTEN_MS = 40
/** Never in this test by itself, only when an audit has shown that something is missing. */
const WHEN_TOLD_MS = 1e9

type Loss = 'deleted' | 'spoiled'

/** Loses what the site's state links to, on disk and in the runtime. */
async function lose(member: Member, loss: Loss = 'deleted', which: (cid: ContentId, i: number) => boolean = () => true) {
  const held = heldBy(member).slice(1)
  for (const cid of held) member.runtime.forget(cid)
  const lost = held.filter(which)
  if (loss === 'deleted') await member.store.blocks.delete(lost)
  else for (const cid of lost) member.spoiled.add(cid)
  expect(lost.length).toBeGreaterThan(0)
  return lost
}
const isWhole = ({ store }: Member, cids: readonly ContentId[]): boolean => cids.every((cid) => store.blocks.get(cid) !== undefined)
async function writtenGroup(...given: Parameters<typeof startGroup>) {
  const { group, asker, view } = await startGroup(...given)
  const client = clientOf(asker, () => view)
  expect((await client.ask('log', asking('POST', '/', 'one'))).ran).toBe('write')
  await expect.poll(() => new Set(group.map(({ hosts }) => hosts.hosted()[0]?.state)).size).toBe(1)
  return { group, client, first: group[0] as Member, last: group.at(-1) as Member }
}

test.each(['deleted', 'spoiled'] as const)(
  'a read that runs into %s blocks fetches them from other members, and is answered',
  async (loss) => {
    const { client, last } = await writtenGroup(3)
    const lost = await lose(last, loss)
    const read = await client.ask('log', asking('GET', '/'), { member: last.signer.peerId })
    expect([read.ran, textOf(read)]).toEqual(['read', expect.stringMatching(/^one@/)])
    expect(countOf(last, 'BLOCKS_LOST')).toBeGreaterThan(0)
    expect(countOf(last, 'BLOCKS_REPAIRED')).toBeGreaterThan(0)
    expect(lost.some((cid) => last.store.blocks.get(cid) !== undefined)).toBe(true)
  },
)

test.each(['deleted', 'spoiled'] as const)('a write goes on where a member that it needs has its files %s', async (loss) => {
  const { client, group, last } = await writtenGroup(3) // all three have to agree
  await lose(last, loss)
  expect((await client.ask('log', asking('POST', '/', 'two'))).ran).toBe('write')
  expect(countOf(last, 'BLOCKS_REPAIRED')).toBeGreaterThan(0)
  for (const { runtime } of group) expect(runtime.runs.filter((run) => run.startsWith('POST')).length).toBeGreaterThanOrEqual(2)
  expect(await readAt(client, last)).toMatch(/^one@[^;]*;two@[^;]*;$/)
})

test('what nobody has is told: the visitor is sent to another member, and the peer goes on', async () => {
  const { client, last } = await writtenGroup(1)
  await lose(last)
  const read = await client.ask('log', asking('GET', '/'), { member: last.signer.peerId })
  expect([read.ran, read.code]).toEqual(['refused', 'MEMBER_BEHIND'])
  expect(countOf(last, 'REPAIR_FAILED')).toBe(1)
})

test('a member notices by itself what it has lost, and makes it again before anyone asks for it', async () => {
  const { group, last } = await writtenGroup(3, () => ({ auditEveryMs: WHEN_TOLD_MS }))
  const { group: watchful } = await writtenGroup(3, () => ({ auditEveryMs: OFTEN_MS }))
  const careful = watchful.at(-1) as Member
  const [lost, unseen] = [await lose(careful, 'spoiled', (_, i) => i % 2 === 0), await lose(last, 'spoiled', (_, i) => i % 2 === 0)]
  await expect.poll(() => isWhole(careful, lost)).toBe(true)
  expect(countOf(careful, 'BLOCKS_LOST')).toBeGreaterThan(0)
  expect(countOf(careful, 'BLOCKS_REPAIRED')).toBeGreaterThanOrEqual(lost.length)
  expect(isWhole(last, unseen)).toBe(false)
  expect(group.every((member) => countOf(member, 'BLOCKS_LOST') === 0)).toBe(true)
})

test('members audit each other: what is held is counted as held, and nobody is blamed', async () => {
  const { group, client } = await writtenGroup(3, () => ({ auditEveryMs: OFTEN_MS }))
  for (const text of ['two', 'three']) await client.ask('log', asking('POST', '/', text))
  await expect.poll(() => group.every((member) => countOf(member, 'AUDIT_HELD') > 8)).toBe(true)
  for (const member of group) {
    expect(member.warnings).toEqual([])
    for (const code of ['AUDIT_WRONG', 'MEMBER_LACKS_BLOCKS', 'BLOCKS_LOST']) expect(countOf(member, code), code).toBe(0)
  }
})

test('an audit shows a member what it has lost, and it makes it again', async () => {
  const { group, first } = await writtenGroup(3, (i) => ({ auditEveryMs: i === 0 ? WHEN_TOLD_MS : OFTEN_MS }))
  await expect.poll(() => group.slice(1).every((member) => countOf(member, 'AUDIT_HELD') > 0)).toBe(true)
  const lost = await lose(first)
  await expect.poll(() => isWhole(first, lost)).toBe(true)
  expect(countOf(first, 'BLOCKS_REPAIRED')).toBeGreaterThanOrEqual(lost.length)
  expect(group.some((member) => countOf(member, 'AUDIT_LACKS') > 0)).toBe(true)
})

test('a member that is asked for a block and finds it spoiled makes all again that it has lost', async () => {
  const { first, last } = await writtenGroup(3, () => ({ auditEveryMs: WHEN_TOLD_MS }))
  const lost = await lose(last, 'spoiled')
  const cid = lost[0] as ContentId
  await first.overlay.request(last.signer.peerId, wantBlocks.encode({ cids: [bytesOfContentId(cid)] }))
  await expect.poll(() => isWhole(last, lost)).toBe(true)
})

test('a collection that is refused because needed blocks are spoiled has them made again, and the next one collects', async () => {
  const collection = { graceMs: 0, everyMs: 50 }
  const { client, last } = await writtenGroup(3, (i) => (i === 2 ? { collection } : {}))
  const lost = await lose(last, 'spoiled')
  await expect.poll(() => isWhole(last, lost)).toBe(true)
  expect(countOf(last, 'COLLECTION_REFUSED')).toBeGreaterThan(0)
  expect(countOf(last, 'BLOCKS_REPAIRED')).toBeGreaterThanOrEqual(lost.length)
  const collected = countOf(last, 'COLLECTED_BLOCKS')
  for (const text of ['two', 'three']) expect((await client.ask('log', asking('POST', '/', text))).ran).toBe('write')
  await expect.poll(() => countOf(last, 'COLLECTED_BLOCKS')).toBeGreaterThan(collected)
})

test('a member that answers audits with something else, or never has what it should, is named, and nobody else is', async () => {
  const { group, first, last } = await writtenGroup(4, () => ({ auditEveryMs: OFTEN_MS }))
  first.shown = () => new Uint8Array(100)
  last.shown = () => undefined
  const honest = group.slice(1, 3)
  const codes = ['AUDIT_WRONG', 'AUDIT_LACKS', 'MEMBER_LACKS_BLOCKS', 'AUDIT_HELD']
  await expect.poll(() => honest.every((one) => codes.every((code) => countOf(one, code) > 0))).toBe(true)
  for (const { warnings } of honest) {
    const named = new Map(warnings.map(({ about, sentence }) => [about.peer, sentence]))
    expect(new Set(named.keys())).toEqual(new Set([first.signer.peerId, last.signer.peerId]))
    expect(named.get(first.signer.peerId)).toBe('a member could not show that it holds a block')
    expect(named.get(last.signer.peerId)).toBe('a member still lacks blocks that it should hold')
  }
})

test('a member that is gone is silent, and its silence proves nothing', async () => {
  const { group, first } = await writtenGroup(2, () => ({ auditEveryMs: OFTEN_MS }))
  await group[1]?.close()
  await expect.poll(() => countOf(first, 'AUDIT_SILENT')).toBeGreaterThan(0)
  expect(first.warnings.filter(({ about }) => about.peer !== undefined)).toEqual([])
})
