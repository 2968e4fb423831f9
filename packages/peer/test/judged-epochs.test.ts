import type { PeerId } from '@interpeer/crypto-ids'
import { readBatch } from '@interpeer/peer-group'
import { afterEach, expect, test } from 'vitest'
import type { SiteView } from '../src/site-view.js'
import { asking, clientOf, closeMembers, isReady, startGroup } from './udp-group.js'

afterEach(closeMembers)

test('what a closing certificate opened is served until a verdict undoes it, and then neither written to nor believed, but is where it was let stand', async () => {
  const { group, asker, view } = await startGroup(4, () => ({}), { jurors: 4, cycleMs: 60_000 })
  await isReady(group)
  let now: SiteView = view
  const client = clientOf(asker, () => now)
  const member = group[0]?.signer.peerId as PeerId
  const write = (text: string) => client.ask('log', asking('POST', '/', text), { member })
  const read = () => client.ask('log', asking('GET', '/'), { member })
  await write('one')
  const show = (changes: Partial<SiteView>): void => {
    now = { ...now, ...changes }
    for (const { hosts } of group) hosts.onViews([now])
  }
  show({ next: { members: view.members, chainSeed: view.chainSeed, atMs: Date.now(), jurors: 4, mayPay: 0n } })
  await expect.poll(() => group.every(({ closed }) => closed.length > 0), { timeout: 20_000 }).toBe(true)
  const answer = await write('two')
  expect([answer.ran, answer.epoch]).toEqual(['write', view.epoch + 1])
  expect((await read()).epoch).toBe(view.epoch + 1)
  show({ judged: true })
  expect(await write('three')).toMatchObject({ ran: 'refused', code: 'GROUP_CLOSED' })
  await expect(read()).rejects.toMatchObject({ code: expect.stringMatching(/^[A-Z_]+$/) })
  // the verdict let the step stand, and the chain got the closing only after it: what was acknowledged is there, and it goes on
  const { value, from } = readBatch(group[0]?.closed[0]?.batch as Uint8Array)
  const { epoch, members } = view
  const opened = { start: from, startTimeMs: value.timeMs, opensMs: value.timeMs, openedByClosing: true, next: null }
  show({ ...opened, judged: false, epoch: epoch + 1, previousEpoch: epoch, previousMembers: members })
  await expect.poll(async () => (await write('four')).ran, { timeout: 20_000 }).toBe('write')
  const after = await read()
  expect(after.epoch).toBe(epoch + 1)
  expect(new TextDecoder().decode(after.body)).toMatch(/one.*two.*four/s)
}, 60_000)
