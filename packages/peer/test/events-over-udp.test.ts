import { readTree } from '@interpeer/content-store'
import type { ContentId } from '@interpeer/crypto-ids'
import { readStateBlock } from '@interpeer/peer-group'
import { afterEach, expect, test } from 'vitest'
import { asking, clientOf, closeMembers, type Member, startGroup } from './udp-group.js'

afterEach(closeMembers)

function logAt({ hosts, store }: Member): string {
  const block = store.blocks.get(hosts.hosted()[0]?.state as ContentId)
  const tree = block === undefined ? { missing: [] } : readTree(store.blocks.get, readStateBlock(block).files)
  return 'missing' in tree ? '' : new TextDecoder().decode(tree.files[0]?.bytes)
}
const times = (log: string, word: string): number => log.split(';').filter((line) => line.startsWith(word)).length

test('an idle group wakes for a timer, and it runs once in every member’s state', async () => {
  const { group, asker, view } = await startGroup(4)
  await clientOf(asker, () => ({ ...view, cycleMs: 60_000 })).ask('log', asking('POST', '/after', 'set'))
  for (const member of group) await expect.poll(() => times(logAt(member), 'timer later.php')).toBe(1)
  await clientOf(asker, () => view).ask('log', asking('POST', '/', 'end'))
  for (const member of group) {
    await expect.poll(() => times(logAt(member), 'end')).toBe(1)
    expect(times(logAt(member), 'timer')).toBe(1)
  }
})

test('a mail is sent by one member, after the step is final, and its script is told what came back', async () => {
  const sent: { readonly by: number; readonly key: string; readonly to: string; readonly bytes: number }[] = []
  const { group, asker, view } = await startGroup(4, (i) => ({
    outbox: async (request, key) => {
      if (request.type !== 'mail') return { outcome: 'declined' }
      // it was not sent for what might still be taken back
      expect(times(logAt(group[i] as Member), 'please')).toBe(1)
      sent.push({ by: i, key, to: request.to, bytes: request.body.length })
      return { outcome: 'sent', answer: { status: 250, headers: [['server', 'test']], body: new Uint8Array() } }
    },
  }))
  await clientOf(asker, () => view).ask('log', asking('POST', '/mail', 'please'))
  for (const member of group) await expect.poll(() => times(logAt(member), 'answer sent.php 250')).toBe(1)
  expect(sent).toMatchObject([{ to: 'ada@a.test', bytes: 300_000 }])
})

test('who can not send says so, and the next one that was drawn does it', async () => {
  const sent: number[] = []
  const asked: number[] = []
  const { group, asker, view } = await startGroup(4, (i) => ({
    outbox: async () => {
      asked.push(i)
      if (i !== 2) return { outcome: 'declined' }
      sent.push(i)
      return { outcome: 'sent', answer: { status: 250, headers: [], body: new Uint8Array() } }
    },
  }))
  for (const body of ['one', 'two', 'three']) await clientOf(asker, () => view).ask('log', asking('POST', '/mail', body))
  for (const member of group) await expect.poll(() => times(logAt(member), 'answer sent.php 250')).toBe(3)
  expect(sent).toEqual([2, 2, 2])
  expect(asked.length).toBeLessThanOrEqual(12) // nobody was asked twice for one
})
