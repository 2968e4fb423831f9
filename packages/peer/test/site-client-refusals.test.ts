import type { PeerId } from '@interpeer/crypto-ids'
import { collatorOrder, type SiteReply } from '@interpeer/peer-group'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { MemberChoice } from '../src/node/member-choice.js'
import { ObservedSites } from '../src/node/observed-sites.js'
import { chainView, clientOf, get, job, members, page, post, refusalOf, written } from './site-client-world.js'

const idOf = ({ id }: { readonly id: Uint8Array }) => Buffer.from(id).toString('hex')
/** What members say of their own queue, clock and count of failures; the last one nobody knows. */
const OWN = ['GROUP_BUSY', 'GROUP_FROZEN', 'JOB_TOO_SLOW', 'REQUEST_TOO_NEW', 'REQUEST_TOO_OLD', 'REQUEST_MISMATCH', 'MADE_UP']

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

/** The answer, with all the time that it takes. */
async function given<T>(answer: Promise<T>): Promise<T> {
  const settled = answer.finally(() => {
    isOver = true
  })
  settled.catch(() => {})
  let isOver = false
  while (!isOver) {
    await new Promise(setImmediate)
    await vi.advanceTimersByTimeAsync(50)
  }
  return settled
}

test.each(OWN)('a write that one member has is waited for, though all others say %s', async (code) => {
  let answerFirst = (_: Partial<SiteReply>) => {}
  const { client, asked } = clientOf((_, envelope) => {
    if (asked.length > 1) {
      if (asked.length === members.length) setImmediate(() => answerFirst(written(envelope, page)))
      return refusalOf(code)
    }
    return new Promise((resolve) => {
      answerFirst = resolve
    })
  })
  expect(await given(client.ask('log', post))).toMatchObject({ ran: 'write', status: 200 })
  expect(new Set(asked).size).toBe(members.length)
})

test.each(['', 'GROUP_SLOW', 'MEMBER_BEHIND', ...OWN])(
  'a write that ended so: "%s", is the same when it is sent again, whatever others say',
  async (first) => {
    for (const second of ['MEMBER_BEHIND', ...OWN]) {
      const ids: string[] = []
      let isBack = false
      const { client } = clientOf((request, envelope) => {
        ids.push(idOf(request))
        if (ids.length === 1 && first === '') throw new Error('gone')
        return isBack ? written(envelope, page) : refusalOf(ids.length === 1 ? first : second)
      })
      const sent = (member: number) =>
        given(client.ask('log', post, { asker: 'a browser', member: members[member] as PeerId })).catch(() => undefined)
      await sent(0)
      await sent(1)
      isBack = true
      expect(await sent(0)).toMatchObject({ ran: 'write' })
      expect(ids).toEqual([ids[0], ids[0], ids[0]])
      await sent(0)
      expect(ids[3]).not.toBe(ids[0])
    }
  },
)

test('what is wrong with a request for ever settles it once more say so than may lie, and then it is not kept', async () => {
  const ids: string[] = []
  const { client, asked } = clientOf((request) => {
    ids.push(idOf(request))
    return refusalOf('REQUEST_MALFORMED')
  })
  const answer = await given(client.ask('log', post, { asker: 'a browser' }))
  expect([answer.code, asked.length]).toEqual(['REQUEST_MALFORMED', 2])
  await given(client.ask('log', post, { asker: 'a browser' }))
  expect(ids[2]).not.toBe(ids[0])
  const { client: other, asked: others } = clientOf((_, envelope) =>
    others.length === 1 ? refusalOf('REQUEST_MALFORMED') : written(envelope, page),
  )
  expect(await given(other.ask('log', post))).toMatchObject({ ran: 'write' })
})

test('where all decline each is asked once, and what most say is told; that a write is with its group comes before all else', async () => {
  const says = (...codes: string[]) => clientOf(() => refusalOf(codes[asked.length - 1] as string))
  let asked: readonly PeerId[] = []
  const toldOf = async (...codes: string[]) => {
    const { client, asked: now } = says(...codes)
    asked = now
    return (await given(client.ask('log', post))).code
  }
  expect(await toldOf('GROUP_BUSY', 'GROUP_BUSY', 'GROUP_BUSY', 'MADE_UP')).toBe('GROUP_BUSY')
  expect(new Set(asked).size).toBe(members.length)
  expect(asked).toHaveLength(members.length)
  expect(await toldOf('GROUP_SLOW', 'GROUP_BUSY', 'GROUP_BUSY', 'GROUP_BUSY')).toBe('GROUP_SLOW')
})

test.each([...OWN, 'HOST_FAILED'])('a read that one member refuses with %s is answered by another', async (code) => {
  const { client, asked } = clientOf(() => (asked.length === 1 ? refusalOf(code) : {}))
  expect(await given(client.ask('log', get))).toMatchObject({ ran: 'read', status: 200 })
  expect(asked).toHaveLength(2)
})

test('a read that is too slow is not run by more members than it takes to believe that', async () => {
  for (const code of ['JOB_TOO_SLOW', 'HOST_FAILED', 'REQUEST_TOO_NEW']) {
    const { client, asked } = clientOf(() => refusalOf(code))
    expect((await given(client.ask('log', get))).code).toBe(code)
    expect(asked).toHaveLength(2)
  }
})

test('who refused what another answered is not asked first for a while', async () => {
  let nowMs = 1_500
  let isBusy = false
  const collator = members[collatorOrder(chainView.chainSeed, 5, 4)[0] as number]
  const { client, asked } = clientOf(
    (_, envelope) => (isBusy && asked.at(-1) === collator ? refusalOf('GROUP_BUSY') : written(envelope, page)),
    { now: () => nowMs },
  )
  await given(client.ask('log', post)) // from now on it knows whose turn it is
  isBusy = true
  const from = asked.length
  for (let i = 0; i < 9; i++) await given(client.ask('log', post))
  expect(asked[from]).toBe(collator)
  expect(asked.slice(from + 1)).not.toContain(collator)
  nowMs += 30_000
  await given(client.ask('log', post))
  expect(asked.slice(from + 1)).toContain(collator)
})

test('those who did not answer lately are drawn last, and to refuse mends nothing', () => {
  let nowMs = 0
  const choice = new MemberChoice(new ObservedSites(), () => nowMs)
  const silent = members[2] as PeerId
  const last = () => new Set(Array.from({ length: 40 }, () => choice.candidates(chainView).at(-1)))
  choice.failed(job, silent, true)
  choice.answered(job, silent, true)
  expect(last()).toEqual(new Set([silent]))
  nowMs = 30_000
  expect(last().size).toBeGreaterThan(1)
  choice.failed(job, silent, true)
  choice.answered(job, silent, false)
  expect(choice.candidates(chainView)[0]).toBe(silent)
})

test.each<[string, Partial<SiteReply>]>([
  ['a status of no error', { ...refusalOf('GROUP_BUSY'), status: 204 }],
  ['no code', refusalOf('')],
  ['a line break in it', refusalOf('GROUP_BUSY\r\nX-Y: 1')],
  ['a code that has no end', refusalOf('A'.repeat(5_000))],
])('a refusal with %s is none', async (_, refusal) => {
  const { client, asked } = clientOf(() => (asked.length === 1 ? refusal : {}))
  expect(await given(client.ask('log', get))).toMatchObject({ ran: 'read' })
  const { client: alone } = clientOf(() => refusal)
  await expect(given(alone.ask('log', get, { member: members[1] as PeerId }))).rejects.toMatchObject({ code: 'REPLY_FALSE' })
})

test('nobody is asked for who has left; what it wanted to be saved is remembered', async () => {
  const ids: string[] = []
  let isSilent = true
  const { client } = clientOf((request, envelope) => {
    ids.push(idOf(request))
    return isSilent ? new Promise(() => {}) : written(envelope, page)
  })
  const left = new AbortController()
  const answers = [get, post].map((visitor) => client.ask('log', visitor, { asker: 'a browser', signal: left.signal }))
  const ended = Promise.all(answers.map((answer) => expect(answer).rejects.toMatchObject({ code: 'SITE_UNREACHABLE' })))
  while (ids.length < 2) await new Promise(setImmediate)
  left.abort()
  await ended
  expect(vi.getTimerCount()).toBeLessThanOrEqual(1) // of who signs
  await expect(client.ask('log', get, { signal: left.signal })).rejects.toThrow()
  isSilent = false
  expect(await given(client.ask('log', post, { asker: 'a browser' }))).toMatchObject({ ran: 'write' })
  expect(ids.at(-1)).toBe(ids[1])
})
