import { bytesOfContentId, contentIdOf, networkIdOf, sha256, signMessage } from '@interpeer/crypto-ids'
import { encodeCbor, encodeWith } from '@interpeer/wire-codec'
import { describe, expect, test } from 'vitest'
import { job, network, signerAt } from '../simulations/jobs.js'
import { isPieced, readRequestBlock, requestBlockOf, siteRequest } from '../src/index.js'
import { offerMessage } from '../src/messages.js'
import { pendingIn } from '../src/pool.js'
import { PIECED_MAX_BYTES, piecedRequest } from '../src/request-block.js'
import { PIECED_WAIT_MS } from '../src/settings.js'
import { Desk, NOW } from './desk.js'

const part = (n: number): Uint8Array => bytesOfContentId(contentIdOf(Uint8Array.of(n), 'raw'))
const visitor = signerAt(20)
const fields = {
  ...{ from: visitor.publicKey, job: bytesOfContentId(job), id: new Uint8Array(16).fill(7), ms: NOW, seenEpoch: 0, seenStep: 0 },
  ...{ method: 'POST', target: '/', host: 'a.test', https: false, headers: [], body: new Uint8Array() },
}
const signed = (parts: Uint8Array[], body = new Uint8Array()) => signMessage(siteRequest, { ...fields, parts, body }, visitor, network)

describe('the block of a request', () => {
  test('is the signed request itself, or names it and the blocks of its body', () => {
    const whole = requestBlockOf(signed([]), [])
    expect([isPieced(whole.cid), readRequestBlock(whole.cid, whole.bytes)]).toEqual([false, { envelope: signed([]), parts: [] }])
    const parts = [part(1), part(2)]
    const pieced = requestBlockOf(signed(parts), parts)
    const cids = [1, 2].map((n) => contentIdOf(Uint8Array.of(n), 'raw'))
    expect([isPieced(pieced.cid), readRequestBlock(pieced.cid, pieced.bytes)]).toEqual([true, { envelope: signed(parts), parts: cids }])
  })

  const block = (envelope: Uint8Array, parts: Uint8Array[]) => encodeWith(piecedRequest, { envelope, parts }, PIECED_MAX_BYTES)
  const dag = bytesOfContentId(contentIdOf(encodeCbor([]), 'dag-cbor'))
  test.each([
    ['other blocks than those of the signed request', block(signed([part(1)]), [part(2)])],
    ['more blocks', block(signed([part(1)]), [part(1), part(2)])],
    ['no blocks', block(signed([]), [])],
    ['a body beside the blocks', block(signed([part(1)], Uint8Array.of(1)), [part(1)])],
    ['blocks that link to others', block(signed([dag]), [dag])],
    ['nothing signed', block(Uint8Array.of(1), [part(1)])],
    [
      'another message',
      block(
        signMessage(
          offerMessage,
          { job: fields.job, epoch: 1, from: visitor.publicKey, requests: [] },
          visitor,
          networkIdOf(sha256(Uint8Array.of(1))),
        ),
        [part(1)],
      ),
    ],
    ['nothing', new Uint8Array()],
  ])('is none with %s', (_, bytes) => {
    expect(readRequestBlock(contentIdOf(bytes, 'dag-cbor'), bytes)).toBeUndefined()
  })
})

describe('a request in pieces', () => {
  const [id, bytes] = [new Uint8Array(16).fill(9), encodeCbor(['in pieces'])]
  const write = { type: 'write' as const, id, ms: NOW, cid: contentIdOf(bytes, 'dag-cbor'), bytes }
  const OFFER = offerMessage.number
  const mine = (desk: Desk, member: number) => pendingIn(desk.group(member).pool).find(({ ref }) => ref.cid === write.cid)
  const ran = (desk: Desk) => desk.of('execute').filter(({ requests }) => requests.some(({ cid }) => cid === write.cid)).length

  test("is batched when every member has said that it has it, and not before; meanwhile the others' writes are", () => {
    const desk = new Desk(5)
    const [asked, slow] = [desk.order(1)[0] as number, desk.order(1)[4] as number]
    desk.tell(asked, write)
    expect(desk.of('fetch-bodies')).toEqual([])
    desk.deliver(({ number, to }) => !(number === OFFER && to === slow))
    desk.write(asked, 1)
    desk.deliver(({ number, to }) => !(number === OFFER && to === slow))
    expect(mine(desk, asked)?.spread).toBe(false)
    expect([ran(desk), desk.of('execute').length > 0]).toEqual([0, true])
    desk.deliver()
    desk.endWindow()
    expect(desk.group(asked).base.state?.index.size).toBe(2)
    expect(ran(desk)).toBe(5)
  })

  test('does not wait for one that is away for long; for a quorum it does', () => {
    const desk = new Desk(5)
    const [asked, away, slow] = [desk.order(1)[0], desk.order(1)[4], desk.order(1)[3]] as [number, number, number]
    const present = [0, 1, 2, 3, 4].filter((one) => one !== away)
    const hear = (without: readonly number[]) => desk.deliver(({ to }) => !without.includes(to))
    desk.write(asked, 1)
    hear([away])
    desk.endGrace(({ to }) => to !== away, present)
    expect(desk.group(asked).base.step).toBe(1)
    desk.tell(asked, { ...write, ms: desk.nowMs })
    hear([away, slow])
    desk.pass(
      PIECED_WAIT_MS,
      present.filter((one) => one !== slow),
    )
    hear([away, slow])
    expect(mine(desk, asked)?.spread).toBe(false) // three of five: too few could run it
    for (let i = 0; i < 8 && ran(desk) === 0; i++) {
      desk.pass(1_000, present)
      hear([away])
    }
    expect(ran(desk)).toBeGreaterThanOrEqual(4)
  })

  test('waits longer for one that is there and slow: it must not have to say that the body was withheld from it', () => {
    const desk = new Desk(5, { jurors: 11 })
    const [asked, slow] = [desk.order(1)[0], desk.order(1)[4]] as [number, number]
    let isHere = false
    desk.given = (member, cid) => member !== slow || cid !== write.cid || isHere
    desk.tell(asked, write)
    for (let s = 0; s < 16; s++) {
      desk.deliver()
      isHere ||= s === 10
      desk.pass(1_000)
    }
    desk.endWindow()
    expect(ran(desk)).toBe(5)
    expect([desk.of('dispute').length, ...desk.groups.map(({ frozen, final }) => frozen + final.step)]).toEqual([
      0,
      ...desk.groups.map(() => desk.group(asked).final.step),
    ])
    expect(desk.group(asked).base.state?.index.size).toBe(1)
  })

  test('never travels with an offer: a member that sends it along has said nothing of its pieces', () => {
    const desk = new Desk(5)
    const offered = { id, ms: NOW, cid: bytesOfContentId(write.cid), body: bytes }
    const envelope = signMessage(
      offerMessage,
      { job: bytesOfContentId(job), epoch: 1, from: signerAt(1).publicKey, requests: [offered] },
      signerAt(1),
      network,
    )
    const before = desk.blocks.size
    desk.tell(0, { type: 'message', from: desk.peer(1), envelope })
    expect([mine(desk, 0)?.held, desk.blocks.size]).toEqual([false, before])
    expect(desk.of('fetch-bodies', 0)).toHaveLength(1)
  })

  test('is fetched though a member said before that its id is another block’s, which it never gives', () => {
    const desk = new Desk(5)
    const [liar, other] = [1, 2]
    const offer = (cid: Uint8Array) =>
      signMessage(
        offerMessage,
        { job: bytesOfContentId(job), epoch: 1, from: signerAt(liar).publicKey, requests: [{ id, ms: NOW, cid, body: null }] },
        signerAt(liar),
        network,
      )
    desk.tell(0, { type: 'message', from: desk.peer(liar), envelope: offer(bytesOfContentId(contentIdOf(Uint8Array.of(1), 'dag-cbor'))) })
    desk.tell(other, write)
    desk.deliver(({ number, from, to }) => number === OFFER && from === other && to === 0)
    expect(mine(desk, 0)).toMatchObject({ held: true, ref: { cid: write.cid } })
    // the liar's word does not count it among those that have the block
    expect([...(mine(desk, 0)?.holders ?? [])].sort()).toEqual([0])
  })

  test('has room of its own in the pool: its share is full, and short writes still go through', () => {
    const desk = new Desk(5, { settings: { poolPiecedMax: 2 } })
    const pieced = (n: number) => {
      const block = encodeCbor(['in pieces', n])
      return { ...write, id: new Uint8Array(16).fill(n), cid: contentIdOf(block, 'dag-cbor'), bytes: block }
    }
    for (const n of [1, 2, 3]) desk.tell(0, pieced(n))
    expect(desk.of('refused', 0).map(({ code }) => code)).toEqual(['GROUP_BUSY'])
    desk.write(0, 4)
    expect(desk.of('refused', 0)).toHaveLength(1)
    desk.deliver(({ number, to }) => number === OFFER && to === 1)
    expect(desk.counted(1)).toContain('GROUP_BUSY') // another member's offers have a share of one
    expect(pendingIn(desk.group(1).pool)).toHaveLength(2)
  })
})
