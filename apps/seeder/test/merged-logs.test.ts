import { createSigner, type PeerId, sha256 } from '@interpeer/crypto-ids'
import type { JobLogEntry } from '@interpeer/peer'
import type { MemberLog } from '@interpeer/peer/node'
import { expect, test } from 'vitest'
import { factsOfLine, linesOfRun, noticeOf } from '../src/log-text.js'
import { type LogLine, MergedLogs } from '../src/merged-logs.js'
import { harmless, jsonOf } from '../src/print.js'

const peers = [1, 2, 3].map((seed) => createSigner(sha256(Uint8Array.of(seed))).peerId) as [PeerId, PeerId, PeerId]
const entry = (n: number, more: Partial<JobLogEntry> = {}): JobLogEntry => ({
  ...{
    number: n,
    timeMs: 1_800_000_000_000 + n,
    ran: 'write',
    epoch: 1,
    step: 4,
    id: new Uint8Array(16).fill(n),
    method: 'POST',
    target: `/${n}`,
  },
  ...{ status: 200, fuel: null, memoryBytes: null, said: '', cutBytes: 0, ...more },
})
const member = (peer: PeerId, entries: readonly JobLogEntry[], more: Partial<MemberLog> = {}): MemberLog => ({
  ...{ peer, isMember: true, entries, dropped: 0, cursor: undefined, failure: undefined, ...more },
})
const shown = (lines: readonly LogLine[]) => lines.map(({ entry, members, of }) => `${entry.target} ${members.length}/${of}`)

test('a write that all members log alike is one line, whatever its place in their logs', () => {
  const merged = new MergedLogs()
  const round = peers.map((peer, i) => member(peer, [entry(2, { number: 10 * i }), entry(1, { number: 10 * i + 1 })]))
  expect(shown(merged.add(round))).toEqual(['/1 3/3', '/2 3/3'])
  expect(merged.add(round)).toEqual([])
})

test('a member that comes to something else has a line of its own', () => {
  const merged = new MergedLogs()
  const odd = entry(1, { status: 500, said: 'PHP Fatal error' })
  const round = [member(peers[0], [entry(1)]), member(peers[1], [entry(1)]), member(peers[2], [odd])]
  expect(merged.add(round)).toEqual([])
  expect(shown([...merged.rest(3)])).toEqual(['/1 2/3', '/1 1/3'])
})

test('a write waits for members that have not told it, two rounds long; those that come later are told again', () => {
  const merged = new MergedLogs()
  const round = (...entries: readonly (readonly JobLogEntry[])[]) => merged.add(peers.map((peer, i) => member(peer, entries[i] ?? [])))
  expect(shown(round([entry(1)], [], []))).toEqual([])
  expect(shown(round([], [entry(1)], []))).toEqual([])
  expect(shown(round([], [], []))).toEqual(['/1 2/3'])
  expect(shown(round([], [], [entry(1)]))).toEqual(['/1 1/3'])
  expect(shown(round([entry(1)], [entry(1)], [entry(1)]))).toEqual([])
})

test('a read is shown at once, and who does not answer is not waited for', () => {
  const merged = new MergedLogs()
  const silent = member(peers[2], [], { failure: 'PEER_UNREACHABLE' })
  const round = [member(peers[0], [entry(1, { ran: 'read' }), entry(2)]), member(peers[1], [entry(2)]), silent]
  expect(shown(merged.add(round))).toEqual(['/1 1/2', '/2 2/2'])
})

const printed = (line: LogLine) => linesOfRun(line).map(harmless).join('\n')

test('lines for people, in which strangers can not write to the terminal', () => {
  const said = 'PHP Warning: \u001b[2J x\nline two\u202e\n'
  const line = {
    entry: entry(1, { said, fuel: 1_234_567, memoryBytes: 3 * 2 ** 20, cutBytes: 9, target: '/\u0007a' }),
    members: peers,
    of: 3,
  }
  expect(printed(line)).toBe(
    [
      '2027-01-15T08:00:00.001Z  write     POST /\\u{7}a  200  1,234,567 fuel  3.0 MiB  3 of 3 members',
      '    PHP Warning: \\u{1b}[2J x',
      '    line two\\u{202e}',
      '    … and 9 bytes more',
    ].join('\n'),
  )
  const [one] = peers
  expect(printed({ entry: entry(1, { ran: 'read', status: 0, said: 'GUARD_TIME' }), members: [one], of: 3 })).toBe(
    `2027-01-15T08:00:00.001Z  read      POST /1  given up  ${one.slice(0, 10)}…${one.slice(-4)}\n    GUARD_TIME`,
  )
})

test('lines for programs', () => {
  expect(JSON.parse(JSON.stringify(factsOfLine({ entry: entry(1, { status: 0, said: 'x' }), members: [peers[0]], of: 2 })))).toEqual({
    ...{ time: '2027-01-15T08:00:00.001Z', ran: 'write', epoch: 1, step: 4, method: 'POST', target: '/1', status: null, fuel: null },
    ...{ memoryBytes: null, said: 'x', cutBytes: 0, id: '01'.repeat(16), members: [peers[0]], of: 2 },
  })
})

test('what members could not tell is said', () => {
  expect(noticeOf(member(peers[0], []))).toBeUndefined()
  expect(noticeOf(member(peers[0], [], { dropped: 3 }))?.text).toMatch(/: 3 earlier entries had to make room$/)
  expect(noticeOf(member(peers[0], [], { failure: 'BUSY' }))?.facts).toEqual({ member: peers[0], failure: 'BUSY' })
})

test('a member may say any time and any letters: nothing breaks, and nothing moves the cursor', () => {
  const line = { entry: entry(1, { timeMs: Number.MAX_SAFE_INTEGER, said: 'a\u009bb\u202ec\u{e0001}' }), members: [peers[0]], of: 2 }
  expect(printed(line)).toContain('9007199254740991')
  const json = jsonOf(factsOfLine(line))
  expect(json).not.toMatch(/[\p{Cc}\p{Cf}]/u)
  expect(JSON.parse(json)).toMatchObject({ time: '9007199254740991', said: 'a\u009bb\u202ec\u{e0001}' })
})
