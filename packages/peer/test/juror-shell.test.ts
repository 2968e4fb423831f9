import { ContentStoreError, memoryStore } from '@interpeer/content-store'
import { bytesOfContentId, contentIdOf, createSigner, jobIdOf, networkIdOf, type Signer, sha256, signMessage } from '@interpeer/crypto-ids'
import { disputeMessage, revealMessage, verifyDispute } from '@interpeer/peer-group'
import { afterEach, expect, test, vi } from 'vitest'
import { JurorShell, type JurorSurroundings } from '../src/node/juror-shell.js'

const network = networkIdOf(Uint8Array.of(1))
const job = jobIdOf(contentIdOf(Uint8Array.of(0x80), 'dag-cbor'))
const [start, right, wrong] = [1, 2, 3].map((n) => contentIdOf(Uint8Array.of(0x80 + n), 'dag-cbor')) as [Cid, Cid, Cid]
type Cid = ReturnType<typeof contentIdOf>
const [juror, ...members] = [1, 2, 3, 4].map((n) => createSigner(sha256(Uint8Array.of(65, n)))) as [Signer, ...Signer[]]
const none = new Uint8Array(32)
const context = { network, job, epoch: 1, members: members.map(({ peerId }) => peerId), start }
/** Three members, of which one says something else: nothing can be certified. */
function split() {
  const place = { job: bytesOfContentId(job), epoch: 1, step: 1, batch: sha256(Uint8Array.of(7)) }
  const reveals = members.map((by, i) => {
    const answer = {
      root: bytesOfContentId(i === 0 ? wrong : right),
      responses: none,
      effects: none,
      fuel: 0,
      final: 0,
      disputed: 0,
      own: none,
    }
    const value = { ...place, rank: 0, from: by.publicKey, start: bytesOfContentId(start), salt: none, answer }
    return signMessage(revealMessage, value, by, network)
  })
  return verifyDispute(disputeMessage.encode({ ...place, base: null, steps: [], evidence: { type: 'split', rank: 0, reveals } }), context)
}

const undo: (() => unknown)[] = []
afterEach(async () => {
  for (const step of undo.splice(0)) await step()
})
/** A juror whose fetches come to these failures, one after another, the last again and again. */
function jurorWith(...failures: readonly string[]) {
  let nowMs = 0
  const tries = new Map<string, number>()
  const [counted, submitted]: [string[], Uint8Array[]] = [[], []]
  const fetch = (name: string) => {
    const n = tries.get(name) ?? 0
    tries.set(name, n + 1)
    return Promise.reject(new ContentStoreError({ code: failures[Math.min(n, failures.length - 1)] } as never))
  }
  const around = {
    ...{ signer: juror, self: juror.peerId, store: memoryStore().blocks, now: () => nowMs, holdBlocks: () => () => {} },
    exchange: { fetchBlocks: () => fetch('batch'), fetchDag: () => fetch('state') },
    log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
    count: (code: string) => void counted.push(code),
    submit: (verdict: Uint8Array) => void submitted.push(verdict),
    fail: () => {},
  }
  const setup = { context, dispute: split(), jury: [juror.peerId], rerun: [], fetchUntilMs: 10, answerUntilMs: 1_000_000 }
  const record = { read: () => undefined, write: async () => {} }
  const shell = new JurorShell(setup, around as unknown as JurorSurroundings, record)
  undo.push(() => shell.end())
  const timeIsOver = () => {
    nowMs = 10
    shell.give({ type: 'time' })
  }
  return { counted, submitted, shell, timeIsOver }
}
const until = (check: () => void) => vi.waitFor(check, { timeout: 60_000, interval: 10 })
const times = (codes: readonly string[], code: string) => codes.filter((one) => one === code).length

test('what others do not give is unfetchable when the time to fetch is over', async () => {
  const { counted, submitted, timeIsOver } = jurorWith('FETCH_FAILED')
  await until(() => expect(times(counted, 'FETCH_FAILED')).toBeGreaterThanOrEqual(2))
  timeIsOver()
  await until(() => expect(submitted.length).toBeGreaterThan(0))
})

test('what this peer could not ask for, since it fetches too much else, is not: it waits, asks again, and says nothing where that is never over', async () => {
  const { counted, submitted, timeIsOver } = jurorWith('FETCH_CROWDED')
  await until(() => expect(times(counted, 'FETCH_CROWDED')).toBeGreaterThanOrEqual(2))
  timeIsOver()
  await new Promise(setImmediate)
  expect([submitted, times(counted, 'FETCH_FAILED')]).toEqual([[], 0])
})

test('once it could ask, what others do not give is unfetchable all the same', async () => {
  const { counted, submitted, timeIsOver } = jurorWith('FETCH_CROWDED', 'FETCH_FAILED')
  await until(() => expect(times(counted, 'FETCH_FAILED')).toBeGreaterThanOrEqual(2))
  timeIsOver()
  await until(() => expect(submitted.length).toBeGreaterThan(0))
})
