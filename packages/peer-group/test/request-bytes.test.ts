import { bytesOfContentId, type ContentId, contentIdOf, signMessage } from '@interpeer/crypto-ids'
import { describe, expect, test } from 'vitest'
import { network, signerAt } from '../simulations/jobs.js'
import { offerMessage } from '../src/messages.js'
import { pendingIn } from '../src/pool.js'
import { Desk } from './desk.js'
import { proposalTo } from './forge.js'

/** A request whose block others are to fetch. */
function lying(desk: Desk, n: number, bytes: number, codec: 'raw' | 'dag-cbor' = 'raw'): { id: Uint8Array; ms: number; cid: Uint8Array } {
  const block = new Uint8Array(bytes).fill(n)
  const cid: ContentId = contentIdOf(block, codec)
  desk.blocks.set(cid, block)
  return { id: new Uint8Array(16).fill(n), ms: desk.nowMs, cid: bytesOfContentId(cid) }
}

function offer(desk: Desk, from: number, to: number, ...requests: readonly ReturnType<typeof lying>[]): void {
  const fields = {
    ...{ job: bytesOfContentId(desk.setup.job), epoch: 1, from: signerAt(from).publicKey },
    requests: requests.map((one) => ({ ...one, body: null })),
  }
  desk.tell(to, { type: 'message', from: desk.peer(from), envelope: signMessage(offerMessage, fields, signerAt(from), network) })
}
const heldAt = (desk: Desk, member: number) =>
  pendingIn(desk.group(member).pool)
    .filter(({ held }) => held)
    .map(({ ref, seat, size }) => [ref.id[0], seat, size])

describe('the bytes of requests that are fetched', () => {
  test('count in the share of who offered them, as those that travel do', () => {
    const desk = new Desk(5, { settings: { poolBytesMax: 400 } })
    const [, me, flooder, other] = desk.order(1) as [number, number, number, number]
    offer(desk, flooder, me, ...[1, 2, 3, 4].map((n) => lying(desk, n, 60)))
    expect(heldAt(desk, me)).toEqual([[1, flooder, 60]])
    expect(desk.counted(me)).toEqual(['GROUP_BUSY', 'GROUP_BUSY', 'GROUP_BUSY'])
    offer(desk, other, me, lying(desk, 5, 60))
    expect(heldAt(desk, me)).toEqual([
      [1, flooder, 60],
      [5, other, 60],
    ])
  })

  test("so does what a member without room offers before the one that it is from: that one's share has it", () => {
    const desk = new Desk(5, { settings: { poolBytesMax: 400 } })
    const [, me, flooder, other] = desk.order(1) as [number, number, number, number]
    const theirs = lying(desk, 5, 60)
    offer(desk, flooder, me, lying(desk, 1, 60), theirs)
    offer(desk, other, me, theirs)
    expect(heldAt(desk, me)).toEqual([
      [1, flooder, 60],
      [5, other, 60],
    ])
  })

  test('count in a batch', () => {
    const desk = new Desk(3, { settings: { batchBytesMax: 100 } })
    const [collator, other] = desk.order(1) as [number, number]
    offer(desk, other, collator, ...[1, 2, 3].map((n) => lying(desk, n, 60)))
    desk.pass(1)
    expect(desk.of('execute', collator).map(({ requests }) => requests.length)).toEqual([1])
  })

  test.each([
    ['two that are too many bytes', (desk: Desk) => [lying(desk, 1, 60), lying(desk, 2, 60)], ['BATCH_TOO_LARGE'], []],
    ['one, however large', (desk: Desk) => [lying(desk, 1, 160)], [], [1]],
    ['one in pieces with another', (desk: Desk) => [lying(desk, 1, 20, 'dag-cbor'), lying(desk, 2, 20)], ['BATCH_TOO_LARGE'], []],
    ['one in pieces', (desk: Desk) => [lying(desk, 1, 20, 'dag-cbor')], [], [1]],
  ])('and a batch with %s', (_, requestsOf, refused, ran) => {
    const desk = new Desk(4, { settings: { batchBytesMax: 100 } })
    desk.write(0, 9)
    desk.deliver()
    const sealer = desk.order(2)[1] as number
    const before = desk.of('execute', sealer).length
    desk.tell(sealer, { type: 'message', ...proposalTo(desk, sealer, { requests: requestsOf(desk) }) })
    expect(desk.counted(sealer)).toEqual(refused)
    expect(
      desk
        .of('execute', sealer)
        .slice(before)
        .map(({ requests }) => requests.length),
    ).toEqual(ran)
  })
})
