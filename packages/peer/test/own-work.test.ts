import { sha256 } from '@interpeer/crypto-ids'
import { ownPart, TRANSCRIPT_MAX_BYTES } from '@interpeer/peer-group'
import { afterEach, expect, test } from 'vitest'
import { batchTranscript } from '../src/batch-transcript.js'
import type { ScriptOutcome, ScriptRequest } from '../src/script-runtime.js'
import { CounterRuntime } from './counter-runtime.js'
import { asking, clientOf, closeMembers, job, type Member, network, startGroup } from './udp-group.js'

afterEach(closeMembers)

/** Has the right answers from somewhere, and not what a run leaves on its way. */
class Parrot extends CounterRuntime {
  override async run(root: string, request: ScriptRequest, at: { timeMs: number; seed: Uint8Array }): Promise<ScriptOutcome> {
    const outcome = await super.run(root, request, at)
    return outcome.type === 'abstained' ? outcome : { ...outcome, transcript: sha256(outcome.transcript) }
  }
}

test('over real sockets, a member with others’ answers and no run of its own is found by all who ran; nobody else is', async () => {
  const { group, asker, view } = await startGroup(5, (i) => (i === 2 ? { runtime: new Parrot() } : {}))
  const client = clientOf(asker, () => view)
  expect((await client.ask('log', asking('POST', '/', 'one'))).ran).toBe('write')
  const honest = group.filter((_, i) => i !== 2)
  const blamed = ({ warnings }: Member) => warnings.filter(({ sentence }) => sentence.includes('own part')).map(({ about }) => about.peer)
  await expect.poll(() => honest.map(blamed)).toEqual(honest.map(() => [group[2]?.signer.peerId]))
  await expect.poll(() => honest.map(({ counts }) => counts.get('OWN_PART_RIGHT'))).toEqual([3, 3, 3, 3])
})

test('a batch’s transcript has each request’s in order, and is within a group’s limit whatever a runtime says', () => {
  const [a, b] = [Uint8Array.of(1, 2), Uint8Array.of(3)]
  expect([...batchTranscript([a, new Uint8Array(0), b])]).toEqual([2, 0, 0, 0, 1, 2, 0, 0, 0, 0, 1, 0, 0, 0, 3])
  expect(batchTranscript([a, b])).not.toEqual(batchTranscript([b, a]))
  const [long, other] = [new Uint8Array(1_000_000), new Uint8Array(1_000_000).fill(1)]
  const most = batchTranscript(Array.from({ length: 64 }, () => new Uint8Array(24 * 1024)))
  expect(most.length).toBeLessThan(TRANSCRIPT_MAX_BYTES)
  expect(batchTranscript([long])).toHaveLength(36)
  expect(batchTranscript([long])).not.toEqual(batchTranscript([other]))
  const place = { network, job, epoch: 0, step: 1, batch: new Uint8Array(32), key: new Uint8Array(32) }
  expect(ownPart(most, place)).toHaveLength(32)
})
