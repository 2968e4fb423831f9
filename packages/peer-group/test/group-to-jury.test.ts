import { bytesOfContentId, type ContentId, contentIdOf, signMessage } from '@interpeer/crypto-ids'
import { encodeCbor, hexOf } from '@interpeer/wire-codec'
import { expect, test } from 'vitest'
import { execute, job, network, signerAt, verification } from '../simulations/jobs.js'
import {
  disputeMessage,
  type GroupEffect,
  groupReferences,
  type JurorEffect,
  judge,
  openJuror,
  readBatch,
  stepJuror,
  verifyDispute,
  withShown,
} from '../src/index.js'
import { withheldMessage } from '../src/messages.js'
import { answeredBy } from '../src/state-block.js'
import { Desk, NOW } from './desk.js'

const jury = Array.from({ length: 11 }, (_, i) => signerAt(20 + i))
const jurorIds = jury.map(({ peerId }) => peerId)

/** A desk where these members run everything to another end than it has. */
function deskWhere(differ: readonly number[]): Desk {
  const desk = new Desk(5, { jurors: 11 })
  const other = contentIdOf(encodeCbor(['another tree']), 'dag-cbor')
  desk.run = (member, effect) => (differ.includes(member) ? { ...execute(effect), files: other } : execute(effect))
  desk.write(0, 1)
  for (let i = 0; i < 60 && desk.of('dispute').length + desk.of('stuck').length === 0; i++) {
    desk.deliver()
    desk.pass(250)
  }
  return desk
}

const batchOf = ({ batch }: GroupEffect & { type: 'dispute' | 'stuck' }): Uint8Array => batch as Uint8Array
function bytesOf(effect: GroupEffect & { type: 'dispute' | 'stuck' }): Uint8Array {
  const value = { job: bytesOfContentId(job), epoch: 1, step: effect.step, batch: readBatch(batchOf(effect)).hash, base: null }
  if (effect.type === 'dispute') {
    return disputeMessage.encode({ ...value, steps: [effect.certificate], evidence: { type: 'objection', statements: effect.dissents } })
  }
  return disputeMessage.encode({ ...value, steps: [], evidence: { type: 'split', rank: 0, reveals: effect.reveals } })
}

/** What eleven jurors find who fetch from the desk, and what is judged. */
function judgmentOf(desk: Desk, effect: GroupEffect & { type: 'dispute' | 'stuck' }, shown: readonly Uint8Array[] = []) {
  const context = desk.setup
  const dispute = verifyDispute(bytesOf(effect), context, verification)
  const atMs = desk.nowMs
  const verdicts = jury.map((self) => {
    const setup = { context, dispute, jury: jurorIds, rerun: [], fetchUntilMs: atMs + 5_000, answerUntilMs: atMs + 9_000 }
    let { state, effects } = openJuror(setup, self, atMs, undefined, verification)
    let envelope: Uint8Array | undefined
    const queue: JurorEffect[] = [...effects]
    for (let one = queue.shift(); one !== undefined; one = queue.shift()) {
      if (one.type === 'verdict') envelope = one.envelope
      const event =
        one.type === 'fetch-state'
          ? { type: 'state' as const, root: one.root, block: desk.blocks.get(one.root) as Uint8Array, pages: [] }
          : one.type === 'fetch-batches'
            ? { type: 'batch' as const, bytes: batchOf(effect) }
            : one.type === 'fetch-bodies'
              ? { type: 'bodies' as const, cids: one.requests.map(({ cid }) => cid) }
              : one.type === 'execute'
                ? { type: 'executed' as const, batch: one.batch, from: one.from, result: execute(one) }
                : undefined
      if (event === undefined) continue
      ;({ state, effects } = stepJuror(state, { ...event, nowMs: atMs }))
      queue.push(...effects)
    }
    return { envelope: envelope as Uint8Array, atMs }
  })
  const trial = { jury: jurorIds, ratings: new Map(), verdicts, deadlineMs: atMs + 20_000, nowMs: atMs }
  return judge(withShown(dispute, shown, context, verification), trial, context, verification)
}

test('what a group brings against a member that ran it otherwise is a dispute, and the jury finds against that member', () => {
  const desk = deskWhere([4])
  const [effect] = desk.of('dispute')
  if (effect === undefined) throw new Error('no dispute')
  const judgment = judgmentOf(desk, effect)
  expect(judgment).toMatchObject({ outcome: 'stands', by: 'jury', leave: [desk.peer(4)] })
  expect(bytesOfContentId(judgment?.opens?.start as ContentId)).toEqual(
    desk.group(0).steps.find(({ step }) => step === effect.step)?.certified.answer.root,
  )
})
test('the next epoch begins from what stands: without the wrong dissenter, with the batches after the disputed step', () => {
  const desk = new Desk(5, { jurors: 11, settings: { dissentWindowMs: 4_000 } })
  const other = contentIdOf(encodeCbor(['another tree']), 'dag-cbor')
  const lateMember = 4
  desk.run = (member, effect) => (member === lateMember ? { ...execute(effect), files: other } : execute(effect))
  const certified = () => desk.of('provisional', 0).filter(({ requests }) => requests.length > 0)
  const [first, second] = [1, 2].map((n) => {
    const { id } = desk.write(0, n)
    for (let i = 0; i < 20 && certified().length < n; i++) {
      desk.deliver(({ to }) => to !== lateMember)
      desk.pass(250, [0, 1, 2, 3])
    }
    return id
  }) as [Uint8Array, Uint8Array]
  for (let i = 0; i < 60 && desk.of('dispute').length === 0; i++) {
    desk.pass(250)
    desk.deliver()
  }
  const [effect] = desk.of('dispute')
  if (effect === undefined) throw new Error('no dispute')
  const later = certified().filter(({ step }) => step > effect.step)
  expect(later.length).toBe(1)
  const opens = judgmentOf(
    desk,
    effect,
    later.map(({ certificate }) => certificate),
  )?.opens
  if (opens === undefined) throw new Error('no next epoch')
  expect([opens.members.length, opens.rerun.map(hexOf)]).toEqual([4, later.map(({ batch }) => hexOf(readBatch(batch).hash))])
  const next = new Desk(4, { epoch: 2, start: opens.start, rerun: later.map(({ batch }) => batch), startTimeMs: NOW - 1, jurors: 11 })
  for (const [cid, block] of desk.blocks) next.blocks.set(cid, block)
  for (let i = 0; i < 20; i++) {
    next.deliver()
    next.pass(500)
  }
  const third = next.write(1, 3)
  for (let i = 0; i < 20; i++) {
    next.deliver()
    next.pass(500)
  }
  const finals = next.of('final', 0).flatMap(({ requests }) => requests.map(({ id }) => hexOf(id)))
  expect(finals).toEqual([second, third.id].map(hexOf))
  expect(answeredBy(next.group(0).base.state, hexOf(first))).toBeDefined()
})
test('the same where four of five collude: their certificate is overturned, and the fifth keeps its seat', () => {
  const desk = deskWhere([0, 1, 2, 3])
  const [effect] = desk.of('dispute')
  if (effect === undefined) throw new Error('no dispute')
  const judgment = judgmentOf(desk, effect)
  expect(judgment).toMatchObject({ outcome: 'overturned', by: 'jury', leave: [] })
  expect(judgment?.marks.map(({ peer }) => peer)).toEqual([0, 1, 2, 3].map((seat) => desk.peer(seat)))
})
test('what a group brings that can agree on nothing is a dispute, and the jury says what stands', () => {
  const desk = deskWhere([3, 4])
  const [effect] = desk.of('stuck')
  if (effect === undefined) throw new Error('not stuck')
  const judgment = judgmentOf(desk, effect)
  expect(judgment).toMatchObject({ outcome: 'overturned', by: 'jury', leave: [] })
  expect(judgment?.marks.map(({ peer }) => peer)).toEqual([3, 4].map((seat) => desk.peer(seat)))
})
test('who agreed and then says that it was given nothing can keep nobody from a verdict', () => {
  const desk = new Desk(5, { jurors: 11 })
  desk.write(0, 1)
  desk.deliver()
  const known = desk.group(0).steps.find(({ certified }) => certified.batch.requests.length > 0)
  if (known === undefined) throw new Error('no step')
  expect(groupReferences(desk.group(0))).toContain(desk.setup.start) // a frozen group goes on from there
  const { certificate, batch, rank } = known.certified
  const place = {
    job: bytesOfContentId(job),
    epoch: 1,
    step: known.step,
    rank,
    batch: batch.hash,
    stretch: null,
    from: signerAt(4).publicKey,
  }
  const envelope = signMessage(withheldMessage, place, signerAt(4), network)
  for (const member of [0, 1, 2, 3]) desk.tell(member, { type: 'message', from: desk.peer(4), envelope })
  for (let i = 0; i < 20 && desk.of('dispute', 0).length === 0; i++) {
    desk.deliver()
    desk.pass(250)
  }
  const [effect] = desk.of('dispute', 0)
  if (effect === undefined) throw new Error('no dispute')
  expect(judgmentOf(desk, effect, [certificate])).toMatchObject({ outcome: 'stands', by: 'unanimity', marks: [], leave: [] })
})
