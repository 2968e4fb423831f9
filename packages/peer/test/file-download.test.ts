import { createHash } from 'node:crypto'
import type { PeerId } from '@interpeer/crypto-ids'
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { downloadOf } from '../src/node/file-download.js'
import type { SiteAnswer, VisitorRequest } from '../src/node/site-answer.js'
import { type PiecedAnswer, piecedAnswerOf } from '../src/pieced-answer.js'

const PIECE = 4096
const file = Uint8Array.from({ length: 3 * PIECE + 100 }, (_, i) => (i * 7 + (i >> 8)) & 255)
const sha256 = (bytes: Uint8Array) => Uint8Array.from(createHash('sha256').update(bytes).digest())
const visitor: VisitorRequest = {
  method: 'GET',
  target: '/film.webm?x',
  host: 'h',
  https: false,
  headers: [
    { name: 'cookie', value: 'a=1' },
    { name: 'if-none-match', value: '"old"' },
    { name: 'range', value: 'bytes=5-' },
  ],
  body: new Uint8Array(),
}

/** What a member signs of a part of the file. */
function promised(start: number, length: number): { headers: SiteAnswer['headers']; body: Uint8Array } {
  const [first, last] = [Math.floor(start / PIECE), Math.floor((start + length - 1) / PIECE)]
  const digests: Uint8Array[] = []
  for (let i = first; i <= last; i++) digests.push(sha256(file.subarray(i * PIECE, (i + 1) * PIECE)))
  const headers = [
    { name: 'etag', value: '"e"' },
    { name: 'Interpeer-Pieces', value: `${PIECE};${start};${length};${file.length}` },
  ]
  return { headers, body: Uint8Array.from(Buffer.concat(digests)) }
}

/** A member that gives out pieces of a file. */
function member(content: Uint8Array = file, peer = 'p' as PeerId, etag = '"e"') {
  const asked: VisitorRequest[] = []
  const others: { peer: PeerId; what: string; atByte: number }[] = []
  const onOther = (peer: PeerId, what: string, atByte: number) => void others.push({ peer, what, atByte })
  const ask = async (request: VisitorRequest, _?: ReadonlySet<PeerId>): Promise<SiteAnswer> => {
    asked.push(request)
    const [, from = '', to = ''] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.find(({ name }) => name === 'range')?.value ?? '') ?? []
    const body = content.slice(Number(from), Number(to) + 1)
    return {
      ...{ ran: 'read', code: '', peer, epoch: 1, step: 1, state: 's' as SiteAnswer['state'] },
      ...{ stale: false, provisional: false, unjudged: false, certificate: undefined, status: 206, body },
      headers: [
        { name: 'content-range', value: `bytes ${from}-${to}/${content.length}` },
        { name: 'etag', value: etag },
      ],
    }
  }
  return { site: 'films', asked, ask, others, onOther }
}
function piecedOf(start: number, length: number): PiecedAnswer {
  const { headers, body } = promised(start, length)
  const pieced = piecedAnswerOf(headers, body)
  if (pieced === undefined || pieced === 'malformed') throw new Error(String(pieced))
  return pieced
}
async function taken(pieces: AsyncGenerator<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const part of pieces) parts.push(part)
  return Uint8Array.from(Buffer.concat(parts))
}

test('whatever part of a file is asked for, the pieces give that part', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(file.length - 1), fc.nat(file.length), async (start, more) => {
      const length = Math.max(1, Math.min(more, file.length - start))
      const one = member()
      const got = await taken(downloadOf(visitor, promised(start, length), piecedOf(start, length), one))
      expect(Buffer.compare(got, file.subarray(start, start + length))).toBe(0)
      for (const { headers } of one.asked) expect(headers.map(({ name }) => name)).toEqual(['cookie', 'range', 'if-range'])
    }),
    { numRuns: 100, seed: 8 },
  )
})

test('no more pieces are asked for than can be taken soon', async () => {
  const one = member()
  const pieces = downloadOf(visitor, promised(0, file.length), piecedOf(0, file.length), one)
  await pieces.next()
  expect(one.asked.length).toBe(3)
  await pieces.next()
  expect(one.asked.length).toBe(4)
  await pieces.return()
})

const altered = file.slice()
altered[2 * PIECE + 5] = (altered[2 * PIECE + 5] as number) ^ 1

/** Members in the order in which they are asked, without those that are not to be asked. */
function group(...members: ReturnType<typeof member>[]) {
  const others: { peer: PeerId; what: string; atByte: number }[] = []
  const names = members.map((_, i) => `m${i}` as PeerId)
  return {
    site: 'films',
    others,
    onOther: (peer: PeerId, what: string, atByte: number) => void others.push({ peer, what, atByte }),
    ask: async (request: VisitorRequest, not: ReadonlySet<PeerId>): Promise<SiteAnswer> => {
      const next = names.findIndex((name) => !not.has(name))
      const one = members[next]
      if (one === undefined) throw new Error('nobody else')
      return { ...(await one.ask(request)), peer: names[next] as PeerId }
    },
  }
}

test('a false piece is had of another member: the file comes whole, and who lied is told, and not asked again', async () => {
  const [liar, honest] = [member(altered), member()]
  const members = group(liar, honest)
  const got = await taken(downloadOf(visitor, promised(0, file.length), piecedOf(0, file.length), members))
  expect(Buffer.compare(got, file)).toBe(0)
  expect(members.others).toEqual([{ peer: 'm0', what: 'false', atByte: 2 * PIECE }])
  expect([liar.asked.length, honest.asked.length]).toEqual([3, 2])
})

test('two lies at once are told once of each; whom all but one contradict loses nothing but that', async () => {
  const noise = new Uint8Array(file.length)
  const members = group(member(noise), member(noise), member(noise, 'x' as PeerId, '"other"'), member())
  const got = await taken(downloadOf(visitor, promised(0, file.length), piecedOf(0, file.length), members))
  expect(Buffer.compare(got, file)).toBe(0)
  expect(members.others.map(({ peer, what }) => [peer, what])).toEqual([
    ['m0', 'false'],
    ['m1', 'false'],
    ['m2', 'other'],
  ])
})

test('a piece that nobody has ends the download before a byte of it is given on', async () => {
  const members = group(member(altered), member(altered))
  const pieces = downloadOf(visitor, promised(0, file.length), piecedOf(0, file.length), members)
  expect([(await pieces.next()).value?.length, (await pieces.next()).value?.length]).toEqual([PIECE, PIECE])
  await expect(pieces.next()).rejects.toThrow(expect.objectContaining({ code: 'REPLY_FALSE' }))
  expect((await pieces.next()).done).toBe(true)
  expect(members.others).toHaveLength(2)
})

/** A download whose pauses take no time. */
async function atOnce<T>(answer: Promise<T>): Promise<T> {
  vi.useFakeTimers({ toFake: ['setTimeout'] })
  let isOver = false
  const settled = answer.finally(() => {
    isOver = true
  })
  settled.catch(() => {})
  try {
    while (!isOver) await vi.advanceTimersByTimeAsync(1_000)
    return await settled
  } finally {
    vi.useRealTimers()
  }
}

test('members that refuse a piece are asked for it again, a few times, and are not those who gave a false one', async () => {
  let refusals = 0
  const busy = (isBusy: (one: ReturnType<typeof member>) => boolean) => {
    const one = member()
    const ask = async (request: VisitorRequest, not: ReadonlySet<PeerId>): Promise<SiteAnswer> => {
      if (not.size > 0) throw new Error('nobody else')
      const given = await one.ask(request)
      if (!isBusy(one)) return given
      refusals++
      return { ...given, ran: 'refused', code: 'GROUP_BUSY', status: 503 }
    }
    return { ...one, ask }
  }
  // all there is has a bad moment
  const once = busy(({ asked }) => asked.length <= 3)
  const got = await atOnce(taken(downloadOf(visitor, promised(0, file.length), piecedOf(0, file.length), once)))
  expect(Buffer.compare(got, file)).toBe(0)
  expect([once.asked.length, once.others]).toEqual([4 + 3, []])
  refusals = 0
  const never = busy(() => true)
  const pieces = downloadOf(visitor, promised(0, PIECE), piecedOf(0, PIECE), never)
  await expect(atOnce(taken(pieces))).rejects.toMatchObject({ code: 'SITE_UNREACHABLE', failure: { name: 'films', last: 'GROUP_BUSY' } })
  expect(refusals).toBe(6)
})

test('so does a file that has changed meanwhile, and a member that answers otherwise', async () => {
  const changed = member(file.slice(0, PIECE + 1))
  await expect(taken(downloadOf(visitor, promised(0, file.length), piecedOf(0, file.length), changed))).rejects.toThrow(
    expect.objectContaining({ code: 'REPLY_FALSE' }),
  )
  const gone = { ...member(), ask: async (request: VisitorRequest) => ({ ...(await member().ask(request)), status: 404 }) }
  await expect(taken(downloadOf(visitor, promised(0, file.length), piecedOf(0, file.length), gone))).rejects.toThrow(
    expect.objectContaining({ code: 'REPLY_FALSE' }),
  )
})

test.each([
  ['4096;0;100;100', 32, 'fits'],
  ['4096;0;100;100', 31, 'malformed'],
  ['4096;0;100;100', 64, 'malformed'],
  ['4096;4095;2;9999', 64, 'fits'],
  ['4096;0;0;100', 0, 'malformed'],
  ['4096;50;51;100', 32, 'malformed'],
  ['1;0;100;100', 3200, 'malformed'],
  ['99999999;0;100;100', 32, 'malformed'],
  ['4096;0;100', 32, 'malformed'],
  ['4096;-1;100;100', 32, 'malformed'],
  ['4096;0;999999999999999;999999999999999', 32, 'malformed'],
])('pieces of %s in %i bytes: %s', (value, bytes, outcome) => {
  const read = piecedAnswerOf([{ name: 'interpeer-pieces', value }], new Uint8Array(bytes))
  expect(read === 'malformed' ? 'malformed' : 'fits').toBe(outcome)
  expect(piecedAnswerOf([{ name: 'etag', value }], new Uint8Array(bytes))).toBeUndefined()
})
