import { ContentStoreError, memoryStore } from '@interpeer/content-store'
import { contentIdOf, createSigner, type JobId, jobIdOf, sha256 } from '@interpeer/crypto-ids'
import { expect, test } from 'vitest'
import { JurySeats, type SeatTaking, type VerdictRecord } from '../src/node/jury-seats.js'

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
const signer = createSigner(sha256(Uint8Array.of(64)))
const jobs = Array.from({ length: 6 }, (_, i) => jobIdOf(contentIdOf(Uint8Array.of(0x80 + i), 'dag-cbor')))
const caseOf = (id: string, more = {}, n = 0) => ({ id, job: jobs[n] as JobId, jury: [signer.peerId], deadlineMs: 100, ...more })
type Case = ReturnType<typeof caseOf>
const casesOf = (...cases: readonly Case[]) => new Map(cases.map((one) => [one.id, one]))
interface Seat {
  readonly of: string
  readonly record: VerdictRecord
  isBusy: boolean
}
function deskOf(store = memoryStore(), runtimeId = 'php') {
  const counted: string[] = []
  const seats = new JurySeats<Seat>({
    ...{ signer, scripts: { runtimeId }, records: store.records('juries'), log: quiet },
    count: (code) => void counted.push(code),
  })
  const taking: SeatTaking<Case, Seat> = {
    isOpen: () => true,
    isBusy: ({ isBusy }) => isBusy,
    open: ({ id }, record) => ({ of: id, record, isBusy: true }),
  }
  const take = (cases: ReadonlyMap<string, Case>, timeMs = 0, more: Partial<SeatTaking<Case, Seat>> = {}) =>
    seats.take(
      cases,
      { jobs: new Map(jobs.map((job) => [job, { manifest: { runtime: 'php' } }])) as never, timeMs },
      { ...taking, ...more },
    )
  return { store, seats, counted, take, keys: () => store.records('juries').keys('') }
}

test('a peer judges cases of four jobs at once; that of a fifth waits until all of one job are judged', () => {
  const { seats, take, counted } = deskOf()
  const five = casesOf(...['a', 'b', 'c', 'd', 'e'].map((id, i) => caseOf(id, {}, i)), caseOf('other', { jury: [] }))
  take(five)
  take(five)
  expect([...seats.all.keys()]).toEqual(['a', 'b', 'c', 'd'])
  expect(counted).toEqual([...Array(4).fill('JURY_DRAWN'), 'JURY_MANY'])
  ;(seats.all.get('b') as Seat).isBusy = false
  take(five)
  expect([...seats.all.keys()]).toEqual(['a', 'b', 'c', 'd', 'e'])
  seats.leave('a')
  take(five)
  expect(seats.all.has('a')).toBe(false)
})

test('it judges all cases of one job, so that accomplices can’t keep it from one of them by others; 64 in all', () => {
  const { seats, take, counted } = deskOf()
  take(casesOf(...Array.from({ length: 70 }, (_, i) => caseOf(`${i}`))))
  expect(seats.all.size).toBe(64)
  expect(counted.filter((code) => code === 'JURY_MANY')).toHaveLength(6)
})

test('it has no opinion where it runs something else, or can’t read what it said before', () => {
  const [other, spoiled] = [deskOf(memoryStore(), 'lua'), deskOf()]
  const corrupt = () => {
    throw new ContentStoreError({ code: 'RECORD_CORRUPT', key: 'a' })
  }
  for (let i = 0; i < 2; i++) {
    other.take(casesOf(caseOf('a')))
    spoiled.take(casesOf(caseOf('a')), 0, i === 0 ? { open: corrupt } : {})
  }
  expect([other.counted, spoiled.counted]).toEqual([['RUNTIME_OTHER'], ['JURY_LEFT']])
  expect([other.seats.all.size, spoiled.seats.all.size]).toEqual([0, 0])
})

test('what it said is known over restarts until the deadline of the case, also where the chain knows nothing of it (yet), and forgotten then', async () => {
  const first = deskOf()
  first.take(casesOf(caseOf('a'), caseOf('b', { deadlineMs: 200 })))
  for (const { record } of first.seats.all.values()) await record.write(Uint8Array.of(7))
  const again = deskOf(first.store)
  again.take(casesOf(), 100)
  expect(again.keys()).toHaveLength(2)
  again.take(casesOf(caseOf('a')), 100)
  expect(again.seats.all.get('a')?.record.read()).toEqual(Uint8Array.of(7))
  again.take(casesOf(), 101) // no verdict of `a` counts any more
  expect(again.keys()).toEqual(['b-200'])
  first.take(casesOf(), 201) // as it goes without a restart
  expect(first.keys()).toEqual([])
})
