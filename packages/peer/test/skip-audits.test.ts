import { ContentStoreError, memoryStore } from '@interpeer/content-store'
import { type ContentId, contentIdOf, createSigner, jobIdOf, networkIdOf, type Signer, sha256 } from '@interpeer/crypto-ids'
import { batchBlockId, type Dispute, type GroupSetup } from '@interpeer/peer-group'
import { afterEach, expect, test, vi } from 'vitest'
import type { Surroundings } from '../src/node/group-shell.js'
import { SkipAudits } from '../src/node/skip-audits.js'

const network = networkIdOf(Uint8Array.of(1))
const job = jobIdOf(contentIdOf(Uint8Array.of(0x80), 'dag-cbor'))
const start = contentIdOf(Uint8Array.of(0x81), 'dag-cbor')
const [self, ...others] = [1, 2, 3, 4].map((n) => createSigner(sha256(Uint8Array.of(66, n)))) as [Signer, ...Signer[]]
const batch = sha256(Uint8Array.of(7))
/** Step 3 is known, and step 2 is not. */
const dispute = {
  ...{ id: sha256(Uint8Array.of(8)), kind: 'objection', epoch: 1, step: 3, batch, start, gap: 1, stretch: undefined },
  ...{ base: { step: 1, batch: sha256(Uint8Array.of(6)), state: start }, path: [], certified: undefined, later: [], statements: [] },
} as const satisfies Dispute

/** A juror, who may have what members do not give. */
const also = createSigner(sha256(Uint8Array.of(67)))

const undo: (() => unknown)[] = []
afterEach(async () => {
  for (const step of undo.splice(0)) await step()
})
/** A member whose cycle is a moment, and whose fetches all come to this failure. */
function auditing(failure: string, held: readonly { readonly cid: ContentId; readonly bytes: Uint8Array }[] = []) {
  const told: unknown[] = []
  const counted: string[] = []
  const beganMs = performance.now()
  const asked = new Set<string>()
  const fail = (_: unknown, { from }: { readonly from: readonly string[] }) => {
    for (const peer of from) asked.add(peer)
    return Promise.reject(new ContentStoreError({ code: failure } as never))
  }
  const { blocks } = memoryStore()
  void blocks.put(held)
  const around = {
    ...{ signer: self, self: self.peerId, store: blocks, holdBlocks: () => () => {} },
    now: () => Math.floor(performance.now() - beganMs),
    exchange: { fetchBlocks: held.length > 0 ? () => Promise.resolve() : fail, fetchDag: fail },
    log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
    count: (code: string) => void counted.push(code),
    fail: () => {},
  }
  const members = [self, ...others].map(({ peerId }) => peerId)
  const setup = { network, job, epoch: 1, members, chainSeed: new Uint8Array(32), start, rerun: [], settings: { idleEveryMs: 10 } }
  const audits = new SkipAudits(setup as GroupSetup, around as unknown as Surroundings, {
    alsoAsk: () => [also.peerId],
    give: (event) => void told.push(event),
  })
  undo.push(() => audits.close())
  return { audits, told, counted, asked }
}

test('what nobody gives of what a member skipped it can object to', async () => {
  const { audits, told, counted, asked } = auditing('FETCH_FAILED')
  audits.begin(dispute)
  expect([...audits.references()]).toContain(start)
  await vi.waitFor(() => expect(told).toEqual([{ type: 'audited', batch, holds: false, isOver: true, lacks: true }]), {
    timeout: 10_000,
    interval: 5,
  })
  expect(counted).toContain('SKIPPED_UNFETCHABLE')
  expect([...asked].sort()).toEqual([...others.map(({ peerId }) => peerId), also.peerId].sort())
  expect([...audits.references()]).toEqual([])
})

test('once its epoch is over here nothing is said of it any more, and nothing begun', async () => {
  const { audits, told } = auditing('FETCH_FAILED')
  audits.begin(dispute)
  await audits.close()
  audits.begin(dispute)
  expect([...audits.references()]).toEqual([])
  await new Promise((resolve) => setTimeout(resolve, 60))
  expect(told).toEqual([])
})

test('a run that comes to no end in its time says nothing, and says that', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  undo.push(() => vi.useRealTimers())
  const bytes = Uint8Array.of(7)
  const { audits, told, counted } = auditing('FETCH_FAILED', [{ cid: batchBlockId(batch), bytes }])
  audits.begin({ ...dispute, gap: 0, base: { ...dispute.base, step: 2 } }) // its batch is there, the state that it runs on is not
  await vi.advanceTimersByTimeAsync(59_000)
  expect(told).toEqual([])
  await vi.advanceTimersByTimeAsync(2_000)
  expect(told).toEqual([{ type: 'audited', batch, holds: true, isOver: false, lacks: false }])
  expect(counted).toContain('SKIPPED_TOO_SLOW')
})
