import { bytesOfContentId, contentIdOf } from '@interpeer/crypto-ids'
import { Random } from '@interpeer/simulator'
import { describe, expect, test } from 'vitest'
import {
  AUDIT_DEADLINE_MS,
  AuditProver,
  auditBlocks,
  auditDigests,
  type Block,
  blockOf,
  buildTree,
  contentBusy,
  Inspection,
  judgeAudit,
  openAudit,
} from '../src/index.js'
import { peerAt } from './exchanges.js'
import { bytesOf, coded, fileAt, getFrom, holding, noise } from './trees.js'

const blocks = Array.from({ length: 20 }, (_, i) => blockOf(noise(1_000, i + 1), 'raw'))
const [auditor, prover, friend] = [peerAt(0), peerAt(1), peerAt(2)]
const nonce = (seed: number): Uint8Array => noise(32, seed)
const outcomes = (audited: readonly { readonly outcome: string }[]): string[] => audited.map(({ outcome }) => outcome)
const some = blocks.slice(0, 3)

describe('an audit', () => {
  test('shows what is held, and says what is not', async () => {
    const { get } = await holding({ blocks: some.slice(1) })
    const audit = openAudit(prover, some, nonce(1))
    const { reply, lacked } = new AuditProver(prover).answer(auditor, audit.request, get, 0)
    expect(outcomes(judgeAudit(audit, reply, 10))).toEqual(['lacks', 'held', 'held'])
    expect(lacked).toEqual([some[0]?.cid])
    expect(judgeAudit(audit, reply, 10).map(({ cid }) => cid)).toEqual(some.map(({ cid }) => cid))
  })

  test('is not passed with another prover’s answer, an answer from before, or too late', async () => {
    const { get } = await holding({ blocks: some })
    const [audit, toFriend, earlier] = [
      openAudit(prover, some, nonce(1)),
      openAudit(friend, some, nonce(1)),
      openAudit(prover, some, nonce(2)),
    ]
    const answer = (peer: typeof prover, { request }: { request: Uint8Array }) =>
      new AuditProver(peer).answer(auditor, request, get, 0).reply
    expect(outcomes(judgeAudit(audit, answer(friend, toFriend), 10))).toEqual(['wrong', 'wrong', 'wrong'])
    expect(outcomes(judgeAudit(audit, answer(prover, earlier), 10))).toEqual(['wrong', 'wrong', 'wrong'])
    expect(outcomes(judgeAudit(audit, answer(prover, audit), AUDIT_DEADLINE_MS))).toEqual(['held', 'held', 'held'])
    expect(outcomes(judgeAudit(audit, answer(prover, audit), AUDIT_DEADLINE_MS + 1))).toEqual(['silent', 'silent', 'silent'])
    expect(outcomes(judgeAudit(audit, undefined, 10))).toEqual(['silent', 'silent', 'silent'])
  })

  test('asks for 16 blocks at most, and what is no audit is an error of its asker', async () => {
    const { get } = await holding({ blocks })
    const audit = openAudit(prover, blocks, nonce(1))
    expect(audit.cids).toHaveLength(16)
    const server = new AuditProver(prover)
    expect(outcomes(judgeAudit(audit, server.answer(auditor, audit.request, get, 0).reply, 1))).toEqual(Array(16).fill('held'))
    const ask = (request: Uint8Array) => () => server.answer(auditor, request, get, 0)
    expect(ask(noise(50))).toThrow(expect.objectContaining({ name: 'WireError' }))
    expect(ask(auditBlocks.encode({ nonce: nonce(1), cids: [new Uint8Array(36)] }))).toThrow(coded('CONTENT_ID_BYTES'))
    const cids = blocks.slice(0, 17).map(({ cid }) => bytesOfContentId(cid))
    expect(() => auditBlocks.encode({ nonce: nonce(1), cids })).toThrow(coded('WIRE_SHAPE'))
  })

  test('makes a peer hash 16 MiB a minute for one auditor and 64 MiB for all, and a block more', () => {
    const megabyte = noise(1024 * 1024)
    const cid = contentIdOf(megabyte, 'raw')
    const request = openAudit(prover, Array(16).fill({ cid, bytes: megabyte } satisfies Block), nonce(1)).request
    const server = new AuditProver(prover)
    let readBytes = 0
    const get = () => {
      readBytes += megabyte.length
      return megabyte
    }
    const MiB = 1024 * 1024
    const flood = (peer: number, nowMs: number): string[] =>
      Array.from({ length: 5 }, () => {
        const { reply } = server.answer(peerAt(peer), request, get, nowMs)
        try {
          return `${auditDigests.decode(reply).digests.length}`
        } catch {
          return contentBusy.decode(reply).reason
        }
      })
    expect(flood(0, 0)).toEqual(['16', 'rate', 'rate', 'rate', 'rate'])
    expect(readBytes).toBe(16 * MiB)
    for (let peer = 1; peer < 20; peer++) flood(peer, 0)
    expect(readBytes).toBeLessThanOrEqual(65 * MiB)
    readBytes = 0
    expect(flood(0, 30_000)[0]).toBe('8') // half a minute: half of it
    for (let peer = 1; peer < 20; peer++) flood(peer, 30_000)
    expect(readBytes).toBeLessThanOrEqual(33 * MiB)
  })

  test('a thousand auditors are remembered, no more; those who have not asked for a minute make room', () => {
    const server = new AuditProver(prover)
    const get = () => bytesOf('x')
    const { request } = openAudit(prover, some.slice(0, 1), nonce(1))
    const isAnswered = (peer: number, nowMs: number): boolean => {
      const { reply } = server.answer(`peer ${peer}` as never, request, get, nowMs)
      return reply.length > 30
    }
    const answered = Array.from({ length: 1_100 }, (_, peer) => isAnswered(peer, 0))
    expect(answered.filter(Boolean)).toHaveLength(1_024)
    expect(isAnswered(1_100, 100)).toBe(true) // 4 KiB are filled up again in 15 ms
  })
})

describe('an inspection', () => {
  const tree = buildTree([
    fileAt('a', noise(300_000)),
    ...Array.from({ length: 200 }, (_, i) => fileAt(`d${i % 7}/${i}`, noise(50, i + 1))),
  ])
  const random = (seed: number) => {
    const dice = new Random(seed)
    return (limit: number) => dice.below(limit)
  }

  test('reads every block below its roots once, in slices, and finds what is missing', () => {
    const reads = new Map<string, number>()
    const lost = tree.blocks.slice(1, 4).map(({ cid }) => cid)
    const get = (cid: (typeof lost)[0]) => {
      reads.set(cid, (reads.get(cid) ?? 0) + 1)
      return lost.includes(cid) ? undefined : getFrom(tree)(cid)
    }
    const inspection = new Inspection([tree.root, tree.root], 0, random(1))
    const found: string[] = []
    let slices = 0
    for (; !inspection.isDone; slices++) found.push(...inspection.step(get, 10))
    expect(new Set(found)).toEqual(new Set(lost.filter((cid) => reads.has(cid))))
    expect(Math.max(...reads.values())).toBe(1)
    expect(slices).toBe(Math.ceil(reads.size / 10))
    expect(inspection.readBlocks).toBe(reads.size - found.length)
    expect(inspection.met(found[0] as never)).toBe(true)
    expect(inspection.met(contentIdOf(bytesOf('stranger'), 'raw'))).toBe(false)
  })

  test('draws every block with the same chance', () => {
    const times = new Map<string, number>()
    const [runs, draws] = [400, 20]
    for (let seed = 1; seed <= runs; seed++) {
      const inspection = new Inspection([tree.root], draws, random(seed))
      while (!inspection.isDone) inspection.step(getFrom(tree), 1_000)
      expect(new Set(inspection.drawn).size).toBe(draws)
      for (const cid of inspection.drawn) times.set(cid, (times.get(cid) ?? 0) + 1)
    }
    const expected = (runs * draws) / tree.blocks.length
    expect(times.size).toBe(tree.blocks.length)
    for (const count of times.values()) expect(Math.abs(count - expected)).toBeLessThan(5 * Math.sqrt(expected))
  })

  test('a block that is no CBOR of ours is read and has nothing below it', () => {
    const nonsense = blockOf(bytesOf('nonsense'), 'dag-cbor')
    const inspection = new Inspection([nonsense.cid], 1, random(1))
    expect(inspection.step(() => nonsense.bytes, 5)).toEqual([])
    expect([inspection.isDone, inspection.drawn]).toEqual([true, [nonsense.cid]])
  })
})
