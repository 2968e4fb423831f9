import { createSigner, openMessage, type PeerId, peerIdOfKey, type Signer, sha256 } from '@interpeer/crypto-ids'
import { expect, test } from 'vitest'
import { addShow, addShowPart, advanceJobs, type Job, type ShowPart, showPartBytes, showPartMessage, signShowParts } from '../src/index.js'
import { drawn, files, moment, network } from './jobs.js'

const keys: readonly Signer[] = Array.from({ length: 7 }, (_, i) => createSigner(sha256(Uint8Array.of(3, i))))
const tickets = keys.map(({ peerId }) => peerId)
const blockBytesMax = 16_384
const most = showPartBytes(blockBytesMax)
const nothing = () => ({ state: files, timeMs: 5, rerun: [], closes: false })

/** A job whose recovery began at height 17. */
function recovering(): Job {
  const { jobs, job } = drawn(new Map(), tickets, 10)
  const planned = advanceJobs(jobs, nothing, moment(tickets, 10, jobs)).jobs
  return advanceJobs(planned, nothing, moment(tickets, 17, jobs)).jobs.get(job.job) as Job
}
const showOf = (bytes: number, fill = 7): Uint8Array => new Uint8Array(bytes).fill(fill)
function partsOf(entry: Job, member: PeerId, show: Uint8Array): readonly ShowPart[] {
  const signer = keys.find(({ peerId }) => peerId === member) as Signer
  const envelopes = signShowParts(show, { job: entry.job, epoch: entry.epoch.number, blockBytesMax }, signer, network)
  return envelopes.map((envelope) => openMessage(showPartMessage, envelope, network, ({ from }) => peerIdOfKey(from)))
}
const take = (entry: Job, part: ShowPart, height = 18) => addShowPart(entry, part, { timeMs: height * 1_000, blockBytesMax })
const codeOf = (run: () => unknown): string | undefined => {
  try {
    run()
    return undefined
  } catch (error) {
    return (error as { code: string }).code
  }
}

test('a show in parts is whole with its last one, and is then recorded by the one who knows what it says', () => {
  const entry = recovering()
  const [member] = entry.epoch.members as [PeerId]
  const show = showOf(3 * most + 1)
  const parts = partsOf(entry, member, show)
  expect(parts.map(({ bytes }) => bytes.length)).toEqual([most, most, most, 1])
  let at: ReturnType<typeof addShowPart> = { job: entry, member, whole: undefined }
  for (const [i, part] of parts.entries()) {
    expect(at.whole).toBeUndefined()
    at = take(at.job, part, 18 + i)
    expect(at.job.recovering).toMatchObject({ sinceMs: 17_000, waitsSinceMs: (18 + i) * 1_000, shows: [] })
  }
  expect([at.member, at.whole]).toEqual([member, show])
  const shown = addShow(at.job, { epoch: 1, member, show, atMs: 21_000 })
  expect(shown.recovering).toMatchObject({ parts: [], shows: [{ member, show }] })
})

test('parts come in order, each once, of one show for each member, all of one size but the last, and no more of them than a show may have bytes', () => {
  const entry = recovering()
  const [member, other] = entry.epoch.members as [PeerId, PeerId]
  const [first, second, third] = partsOf(entry, member, showOf(2 * most + 9)) as [ShowPart, ShowPart, ShowPart]
  expect(codeOf(() => take(entry, second))).toBe('SHOW_PART_EARLY')
  const begun = take(entry, first).job
  expect(codeOf(() => take(begun, first))).toBe('SHOW_KNOWN')
  expect(codeOf(() => take(begun, third))).toBe('SHOW_PART_EARLY')
  const [, anotherShow] = partsOf(entry, member, showOf(2 * most + 9, 8)) as [ShowPart, ShowPart]
  expect(codeOf(() => take(begun, anotherShow))).toBe('SHOW_KNOWN')
  expect(codeOf(() => take(begun, { ...second, bytes: second.bytes.subarray(1) }))).toBe('SHOW_PART_WRONG')
  expect(codeOf(() => take(begun, { ...second, bytes: new Uint8Array() }))).toBe('SHOW_PART_WRONG')
  expect(codeOf(() => take(entry, { ...first, size: 10_000_000 }))).toBe('SHOW_PART_WRONG')
  // a last part that does not make the show that the first one named changes nothing
  const nearly = take(begun, second).job
  expect(codeOf(() => take(nearly, { ...third, bytes: showOf(9, 1) }))).toBe('SHOW_PART_WRONG')
  expect(codeOf(() => take(nearly, { ...third, size: first.size + 1 }))).toBe('SHOW_PART_WRONG')
  expect(take(nearly, third).whole).toEqual(showOf(2 * most + 9))
  // another member's are its own
  const [theirs] = partsOf(entry, other, showOf(2 * most + 9)) as [ShowPart]
  expect(take(nearly, theirs).job.recovering?.parts.map((one) => [one.member, one.bytes.length])).toEqual([
    [member, 2 * most],
    [other, most],
  ])
  // nor are they wanted unasked, of strangers, of another epoch, or after the show
  const outside = tickets.find((peer) => !entry.epoch.members.includes(peer)) as PeerId
  expect(codeOf(() => take({ ...entry, recovering: null }, first))).toBe('SHOW_NOT_WANTED')
  expect(codeOf(() => take(entry, partsOf(entry, outside, showOf(2 * most))[0] as ShowPart))).toBe('SHOW_STRANGER')
  expect(codeOf(() => take(entry, { ...first, epoch: 9 }))).toBe('EPOCH_OTHER')
  expect(codeOf(() => take(addShow(begun, { epoch: 1, member, show: showOf(1), atMs: 1 }), second))).toBe('SHOW_KNOWN')
})

test('a recovery waits for parts as it waits for shows: grace and the second deadline count from the last part', () => {
  let entry = recovering()
  const members = entry.epoch.members
  const parts = members.slice(0, 4).map((member) => partsOf(entry, member, showOf(3 * most)))
  const heightOf = (at: number) => advanceJobs(new Map([[entry.job, entry]]), nothing, moment(tickets, at)).jobs.get(entry.job) as Job
  let height = 17
  // one part a block: long past the second deadline, of six cycles, nothing is lost
  for (const round of [0, 1, 2]) {
    for (const own of parts) {
      height++
      const taken = take(entry, own[round] as ShowPart, height)
      entry =
        taken.whole === undefined
          ? taken.job
          : addShow(taken.job, { epoch: 1, member: taken.member, show: taken.whole, atMs: height * 1_000 })
      expect(heightOf(height).epoch.number).toBe(1)
    }
  }
  expect(height).toBe(29)
  expect(heightOf(30).epoch.number).toBe(1)
  expect(heightOf(31).epoch).toMatchObject({ number: 2, writesMayBeLost: false })
})

test('in every block there is room for a part, however small blocks are', () => {
  for (const size of [16_384, 262_144, 524_288]) {
    expect(showPartBytes(size)).toBeGreaterThan(size / 5)
    expect(showPartBytes(size)).toBeLessThan(size / 4)
  }
})
