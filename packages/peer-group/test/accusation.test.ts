import {
  bytesOfContentId,
  contentIdOf,
  createSigner,
  jobIdOf,
  networkIdOf,
  type PeerId,
  type Signer,
  sha256,
  signMessage,
} from '@interpeer/crypto-ids'
import { expect, test } from 'vitest'
import { type AccusationFinding, type AccusationTrial, findingOfMessages, judgeAccusation, writeTwoMessages } from '../src/index.js'
import { proposalMessage } from '../src/messages.js'

const peers = Array.from({ length: 9 }, (_, i) => createSigner(sha256(Uint8Array.of(31, i))).peerId)
const [accuser, accused, ...jury] = peers as [PeerId, PeerId, ...PeerId[]]
const trial = (said: readonly AccusationFinding[], more: Partial<AccusationTrial> = {}): AccusationTrial => ({
  ...{ accuser, accused, jury, ratings: new Map(), deadlineMs: 100, nowMs: 50 },
  verdicts: said.map((finding, i) => ({ juror: jury[i] as PeerId, finding })),
  ...more,
})

test.each([
  ['accused-lied', [accused], [accused]],
  ['accuser-lied', [accuser], [accuser]],
  ['both-lied', [accused, accuser], [accused, accuser]],
  ['unfit', [], [accuser]],
  ['not-fetched', [], [accuser]],
  ['not-ended', [], [accuser]],
] as const)('four of seven jurors find %s: that decides, and who is to blame pays those four', (finding, liars, owing) => {
  const four = Array<AccusationFinding>(4).fill(finding)
  expect(judgeAccusation(trial(four.slice(1)))).toBeUndefined()
  expect(judgeAccusation(trial(['undecided', ...four]))).toEqual({ finding, liars, pay: { owed: jury.slice(1, 5), owing } })
})

test('no finding of a minority decides, whatever else is said, nor is it paid, and none of more than half that weigh less', () => {
  const split: AccusationFinding[] = ['accused-lied', 'accused-lied', 'accused-lied', 'both-lied', 'unfit', 'accuser-lied']
  expect(judgeAccusation(trial(split))).toBeUndefined()
  const nothing = { finding: null, liars: [], pay: { owed: [], owing: [] } }
  expect(judgeAccusation(trial(split, { nowMs: 100 }))).toEqual(nothing)
  expect(judgeAccusation(trial([...split, 'undecided']))).toEqual(nothing) // all have spoken
  const ratings = new Map(jury.map((juror, i) => [juror, i < 4 ? 500 : 1_000]))
  const four = Array<AccusationFinding>(4).fill('accused-lied')
  expect(judgeAccusation(trial(four, { ratings, nowMs: 100 }))).toMatchObject({ finding: null, liars: [] })
})

test('the word of who is no juror counts for nothing, and without a jury nobody is to blame', () => {
  const strangers = Array.from({ length: 4 }, () => ({ juror: accuser, finding: 'accused-lied' as const }))
  expect(judgeAccusation(trial([], { verdicts: strangers }))).toBeUndefined()
  expect(judgeAccusation(trial([], { jury: [] }))).toEqual({ finding: null, liars: [], pay: { owed: [], owing: [] } })
})

test('two messages that one member signed are shown to jurors by their signatures, however long they are; of anybody else they show nothing', () => {
  const [liar, other] = [1, 2].map((n) => createSigner(sha256(Uint8Array.of(32, n)))) as [Signer, Signer]
  const network = networkIdOf(Uint8Array.of(1))
  const job = jobIdOf(contentIdOf(Uint8Array.of(0x80), 'dag-cbor'))
  const context = { network, job, epoch: 1, members: [liar.peerId, other.peerId] }
  const place = { job: bytesOfContentId(job), epoch: 1, step: 1, rank: 1, from: liar.publicKey }
  const shown = { tallies: [], unanimous: [] }
  const proposal = (n: number) => {
    const timeouts = Array.from({ length: 6 }, () => new Uint8Array(16_000).fill(n))
    return signMessage(proposalMessage, { ...place, batch: Uint8Array.of(n), timeouts, ...shown }, liar, network)
  }
  const evidence = writeTwoMessages([proposal(1), proposal(2)])
  expect(evidence?.length).toBeGreaterThan(190_000)
  expect(findingOfMessages(evidence as Uint8Array, { accused: liar.peerId }, context)).toBe('accused-lied')
  expect(findingOfMessages(evidence as Uint8Array, { accused: other.peerId }, context)).toBe('unfit')
  const once = writeTwoMessages([proposal(1), proposal(1)]) as Uint8Array
  expect(findingOfMessages(once, { accused: liar.peerId }, context)).toBe('unfit')
  expect(findingOfMessages(Uint8Array.of(1), { accused: liar.peerId }, context)).toBe('unfit')
  expect(writeTwoMessages([new Uint8Array(600_000), new Uint8Array(600_000)])).toBeUndefined()
})
