import { bytesOfContentId, peekMessageNumber, signMessage } from '@interpeer/crypto-ids'
import { hexOf, sameBytes } from '@interpeer/wire-codec'
import { describe, expect, test } from 'vitest'
import { execute, network, signerAt, verification } from '../simulations/jobs.js'
import { writeBatch } from '../src/batch.js'
import { closes } from '../src/certificate.js'
import {
  type ExecutionResult,
  openShadow,
  pendingRequests,
  readBatch,
  recoverFrom,
  type Shadow,
  type ShadowEffect,
  type ShadowEvent,
  stateEventOf,
  stepShadow,
  verifyCertificate,
  verifyClosing,
} from '../src/index.js'
import { askMessage, proposalMessage, tallyMessage } from '../src/messages.js'
import { createVerifier } from '../src/verifier.js'
import { Desk, type Letter, NOW } from './desk.js'

const [OFFER, PROPOSAL, REVEAL, FINAL, TALLY] = [48, 49, 52, 55, tallyMessage.number] as const
function closeAll(desk: Desk, atMs: number, next = desk.setup.members): void {
  for (const i of desk.groups.keys()) desk.tell(i, { type: 'close-at', atMs, next })
}

describe('closing', () => {
  test('the closing certificate is the receipt: every outcome of the epoch', () => {
    const desk = new Desk(7)
    const honest = desk.run
    desk.run = (member, effect) => {
      const ran = honest(member, effect)
      return member === 3 && ran?.type === 'ran' ? { ...ran, files: ran.responses[0] as never } : ran
    }
    const living = ({ to, from }: Letter) => to !== 4 && from !== 4
    const rest = [0, 1, 2, 3, 5, 6]
    for (let n = 1; desk.group(0).base.step < 3; n++) {
      desk.write(0, n)
      for (const ms of [0, 200, 1_000, 200]) {
        desk.pass(ms, rest)
        desk.deliver(living)
      }
      desk.drop()
    }
    closeAll(desk, desk.nowMs + 100)
    desk.pass(100, rest)
    desk.deliver(living)
    expect(desk.of('closed')).toEqual([]) // steps are still open: their windows have not ended
    for (const ms of [2_000, 200, 1_000, 200]) {
      desk.pass(ms, rest)
      desk.deliver(living)
    }
    const closed = desk.of('closed')
    expect(closed).toHaveLength(6)
    const { certificate, batch, state } = closed[0] as (typeof closed)[0]
    const receipt = verifyClosing(certificate, batch, desk.context)
    expect(receipt.state).toBe(state)
    const steps = receipt.step - 1
    const writes = new Set(desk.of('provisional').flatMap(({ step, requests }) => (requests.length > 0 ? [step] : []))).size
    expect(writes).toBe(2)
    expect(steps).toBeGreaterThan(writes) // batches that name steps are steps too
    const none = { agreed: 0, late: 0, absent: 0, contradicted: 0, unresolved: 0 }
    const answered = { ...none, agreed: steps }
    const differed = { ...none, agreed: steps - writes, unresolved: writes } // without outsiders nobody can say who was right
    expect(receipt.outcomes).toEqual([answered, answered, answered, differed, { ...none, absent: steps }, answered, answered])
  })

  test('outcomes: members that answered every step have agreed in every step; nothing is sealed after closing', () => {
    const desk = new Desk(4)
    for (const n of [1, 2]) {
      desk.write(0, n)
      desk.deliver()
    }
    closeAll(desk, NOW + 100)
    const { id } = desk.write(1, 9)
    desk.pass(100)
    desk.deliver()
    const [closed] = desk.of('closed')
    expect(closed?.outcomes).toEqual(Array(4).fill({ agreed: 2, late: 0, absent: 0, contradicted: 0, unresolved: 0 }))
    // its bytes and its VRF proof go onto the chain, so no script may run on its seed
    expect(readBatch(closed?.batch as Uint8Array).requests).toEqual([])
    expect(desk.of('final').some(({ requests }) => requests.some((one) => sameBytes(one.id, id)))).toBe(false)
    expect(pendingRequests(desk.group(1)).map((one) => one.id)).toEqual([id])
    desk.write(0, 7)
    expect(desk.of('refused').map(({ code }) => code)).toEqual(['GROUP_CLOSED'])
    const before = desk.of('final').length
    desk.pass(60_000)
    desk.deliver()
    expect(desk.of('final')).toHaveLength(before)
  })

  test('a step certificate does not close, and a certificate is worth nothing in another epoch, network or group', () => {
    const desk = new Desk(4)
    desk.write(0, 1)
    desk.deliver()
    const [final] = desk.of('final')
    if (final === undefined) throw new Error('not final')
    const invalid = expect.objectContaining({ code: 'CERTIFICATE_INVALID' })
    expect(() => verifyClosing(final.certificate, final.batch, desk.context)).toThrow(invalid)
    for (const changes of [
      { epoch: 2 },
      { members: desk.setup.members.slice(1) },
      { network: desk.setup.job as never },
      { job: desk.setup.network as never },
    ]) {
      expect(() => verifyCertificate(final.certificate, final.batch, { ...desk.context, ...changes })).toThrow(invalid)
    }
    for (let at = 0; at < final.certificate.length; at += 37) {
      const bent = final.certificate.slice()
      bent[at] = (bent[at] as number) ^ 1
      expect(() => verifyCertificate(bent, final.batch, desk.context)).toThrow(invalid)
    }
  })

  test('members refuse a closing batch with requests, and the chain finds no receipt in one', () => {
    const desk = new Desk(4)
    const [collator, ...others] = desk.order(1) as [number, ...number[]]
    closeAll(desk, NOW + 1)
    desk.pass(1)
    desk.write(collator, 1)
    desk.deliver(({ number, to }) => number === TALLY && to === collator)
    const [own] = desk.letters.filter(({ number, from }) => number === PROPOSAL && from === collator)
    const opened = createVerifier(desk.context, verification).open(proposalMessage, own?.envelope as Uint8Array)
    if (typeof opened === 'string') throw new Error(opened)
    const { value } = readBatch(opened.value.batch)
    const requests = pendingRequests(desk.group(collator)).map(({ id, ms, cid }) => ({ id, ms, cid: bytesOfContentId(cid) }))
    expect([value.closing, requests.length]).toEqual([true, 1])
    const batch = writeBatch({ ...value, requests })
    desk.drop()
    const envelope = signMessage(proposalMessage, { ...opened.value, batch: batch.bytes }, signerAt(collator), network)
    for (const member of others) {
      desk.tell(member, { type: 'message', from: desk.peer(collator), envelope })
      expect(desk.counted(member).at(-1)).toBe('BATCH_CLOSING')
    }
    expect([closes(value, desk.context), closes(batch.value, desk.context)]).toEqual([true, false])
  })

  test('a tally goes out again byte for byte after a restart, whatever was learnt before or since', () => {
    const desk = new Desk(7)
    const [me, ...others] = desk.order(1) as [number, ...number[]]
    const late = others.slice(4)
    desk.write(me, 1)
    const prompt = ({ from, number }: Letter) => !late.includes(from) || number === OFFER
    desk.deliver(prompt)
    desk.endGrace(prompt, [me])
    const reveals = late.map((member) => desk.letters.find(({ from, number, to }) => from === member && number === REVEAL && to === me))
    const hear = (i: number) => {
      const known = desk.group(me).tally
      const { from, envelope } = reveals[i] as Letter
      desk.tell(me, { type: 'message', from: desk.peer(from), envelope })
      expect(desk.group(me).tally).not.toEqual(known)
    }
    const restart = () => {
      desk.open(me)
      desk.tell(me, { type: 'close-at', atMs: NOW + 100, next: [] })
      desk.pass(600, [me])
    }
    hear(0) // known when it signs, though not on disk by itself
    closeAll(desk, NOW + 100)
    desk.pass(100)
    restart()
    hear(1)
    desk.pass(5_000, [me]) // gives the rank up, which puts all it knows on disk
    restart()
    const tallies = desk.of('send', me).filter(({ envelope }) => peekMessageNumber(envelope) === TALLY)
    expect(tallies.length).toBeGreaterThan(2)
    expect(new Set(tallies.map(({ envelope }) => hexOf(envelope))).size).toBe(1)
  })

  test('a closing certificate that comes after a show is told as shown, before and after a restart, and handed on to nobody', () => {
    const desk = new Desk(4)
    const joiner = signerAt(7).peerId
    closeAll(desk, NOW + 1, [0, 1, 2].map((member) => desk.peer(member)).concat(joiner))
    desk.tell(3, { type: 'show' })
    for (const ms of [1, 200, 1_000, 200]) {
      desk.pass(ms)
      desk.deliver()
    }
    expect(
      desk
        .of('closed')
        .map(({ shown }) => shown)
        .sort(),
    ).toEqual([false, false, false, true])
    expect(desk.of('closed', 3).map(({ shown }) => shown)).toEqual([true])
    const toJoiner = (member: number) => desk.of('send', member).filter(({ to }) => to.includes(joiner)).length
    expect([toJoiner(0) > 0, toJoiner(3)]).toEqual([true, 0])
    for (const member of [0, 3]) desk.open(member)
    expect(desk.of('closed', 0).at(-1)?.shown).toBe(false)
    expect(desk.of('closed', 3).map(({ shown }) => shown)).toEqual([true, true])
  })

  test('a batch closes if and only if its time has come', () => {
    const desk = new Desk(3)
    const collator = desk.order(1)[0] as number
    for (const member of desk.order(1).slice(1)) desk.tell(member, { type: 'close-at', atMs: NOW - 1, next: [] })
    desk.write(collator, 1)
    desk.deliver(({ number }) => number === 49)
    for (const member of desk.order(1).slice(1)) expect(desk.counted(member)).toContain('BATCH_CLOSING')
  })

  test('what still waits is handed to the next epoch, which begins from the closing state', () => {
    const desk = new Desk(3)
    closeAll(desk, NOW + 1)
    desk.pass(1)
    desk.deliver()
    const [closed] = desk.of('closed')
    if (closed === undefined) throw new Error('not closed')
    expect(pendingRequests(desk.group(0))).toEqual([])
    const next = new Desk(3, { epoch: 2, start: closed.state, startTimeMs: readBatch(closed.batch).value.timeMs })
    for (const [cid, block] of desk.blocks) next.blocks.set(cid, block)
    for (const member of [0, 1, 2]) next.open(member)
    next.nowMs = NOW + 50
    next.write(0, 1)
    next.deliver()
    expect(next.of('final').length).toBe(3)
  })
})

describe('recovery', () => {
  /** A group cut in the middle of step 2: q members revealed, and nobody holds the certificate. */
  function stuck() {
    const desk = new Desk(4)
    desk.write(0, 1)
    desk.deliver()
    desk.write(0, 2)
    desk.deliver(({ number }) => number !== REVEAL)
    desk.drop()
    return desk
  }

  test('q shows bring back the last certificate and bind the batch that may have been certified', () => {
    const desk = stuck()
    for (const member of [0, 1, 2]) desk.tell(member, { type: 'show' })
    const shows = desk.of('show').map(({ envelope }) => envelope)
    const recovery = recoverFrom(shows, desk.context)
    expect(recovery).toMatchObject({ complete: true, closed: false, shown: desk.setup.members.slice(0, 3) })
    expect(recovery.last?.step).toBe(1)
    expect(recovery.rerun).toEqual([desk.group(0).open.sealed?.batch.bytes])

    const next = new Desk(4, {
      epoch: 2,
      start: recovery.last?.state as never,
      rerun: recovery.rerun,
      startTimeMs: recovery.last?.timeMs as number,
    })
    for (const [cid, block] of desk.blocks) next.blocks.set(cid, block)
    next.nowMs = NOW + 120_000
    for (const member of [0, 1, 2, 3]) next.open(member)
    next.pass(700) // opening again one by one lost their first letters
    next.deliver()
    expect(next.of('final').map(({ batch }) => batch)).toEqual(Array(4).fill(recovery.rerun[0]))
    expect(next.of('final')[0]?.requests).toHaveLength(1)
    next.write(0, 3)
    next.deliver()
    expect(next.of('final')).toHaveLength(8)
  })

  test('who has shown signs nothing more in the epoch, not after a restart either, and shows the same bytes again', () => {
    const desk = stuck()
    desk.tell(0, { type: 'show' })
    desk.open(0)
    desk.tell(0, { type: 'show' })
    const [first, again] = desk.of('show', 0)
    expect(again?.envelope).toEqual(first?.envelope)
    desk.drop()
    const sent = desk.of('send', 0).length
    desk.pass(60_000)
    desk.write(0, 5)
    desk.deliver()
    expect(desk.of('send', 0)).toHaveLength(sent)
    expect(desk.of('refused', 0).at(-1)?.code).toBe('GROUP_CLOSED')
  })

  test('nor does it reveal what it still ran when it showed: a step that others call final would be in no show', () => {
    const desk = new Desk(4)
    const [collator, , , late] = desk.order(1) as [number, number, number, number]
    const rest = [0, 1, 2, 3].filter((member) => member !== late)
    const { run } = desk
    desk.run = (member, effect) => (member === late ? undefined : run(member, effect))
    const apart = ({ from, to, number }: Letter) => from !== late && (to !== late || number === OFFER || number === FINAL)
    desk.write(collator, 1)
    desk.deliver(apart)
    desk.endGrace(apart, rest)
    const [effect] = desk.of('execute', late)
    if (effect === undefined) throw new Error('it does not run')
    desk.tell(late, { type: 'show' })
    const sent = desk.of('send', late).length
    desk.tell(late, { type: 'executed', batch: effect.batch, from: effect.from, result: run(late, effect) ?? { type: 'abstained' } })
    expect(desk.group(late).steps[0]).toMatchObject({ step: 1, own: 'agrees' })
    expect(desk.of('send', late)).toHaveLength(sent)
  })

  test('fewer than q shows are incomplete; a certificate counts from any holder; false shows are refused', () => {
    const desk = stuck()
    desk.tell(0, { type: 'show' })
    const shows = desk.of('show').map(({ envelope }) => envelope)
    expect(recoverFrom(shows, desk.context).complete).toBe(false)
    const [final] = desk.of('final')
    expect(recoverFrom([], desk.context, final === undefined ? [] : [final]).last?.step).toBe(1)
    const invalid = expect.objectContaining({ code: 'SHOWS_INVALID' })
    expect(() => recoverFrom([...shows, ...shows], desk.context)).toThrow(invalid)
    expect(() => recoverFrom(shows, { ...desk.context, epoch: 2 })).toThrow(invalid)
  })

  test('who restarts after its epoch was closed sends the closing certificate again, to the members of the next one too', () => {
    const desk = new Desk(3)
    const joiner = signerAt(20).peerId
    closeAll(desk, NOW + 1, [desk.peer(0), joiner])
    desk.pass(1)
    desk.deliver()
    expect(desk.group(0).phase).toBe('closed')
    const told = () => desk.of('send', 0).filter(({ envelope }) => peekMessageNumber(envelope) === FINAL)
    const before = told().length
    desk.open(0)
    expect(told().slice(before)).toMatchObject([{ to: [desk.peer(1), desk.peer(2)] }])
    desk.tell(0, { type: 'close-at', atMs: NOW + 1, next: [desk.peer(0), joiner] })
    for (let i = 0; i < 20; i++) desk.pass(10_000)
    const again = told().slice(before)
    expect(again).toHaveLength(8)
    expect(again.slice(1).every(({ to }) => to.includes(joiner))).toBe(true)
  })

  test('a closing certificate among the shows ends the epoch by itself', () => {
    const desk = new Desk(3)
    closeAll(desk, NOW + 1)
    desk.pass(1)
    desk.deliver()
    desk.tell(0, { type: 'show' })
    expect(
      recoverFrom(
        desk.of('show').map(({ envelope }) => envelope),
        desk.context,
      ),
    ).toMatchObject({ closed: true, rerun: [] })
  })
})

describe('a newcomer', () => {
  /** A newcomer of a group that does three steps. @param spoil what becomes of its own runs */
  function shadowing(spoil: (result: ExecutionResult) => ExecutionResult = (result) => result) {
    const desk = new Desk(4)
    const joiner = signerAt(9).peerId
    closeAll(desk, NOW + 60_000, [...desk.setup.members.slice(1), joiner])
    let shadow: Shadow = openShadow(desk.context, undefined, verification)
    const seen: ShadowEffect[] = []
    const tell = (event: ShadowEvent): void => {
      const { state, effects } = stepShadow(shadow, event)
      shadow = state
      for (const effect of effects) {
        seen.push(effect)
        if (effect.type === 'fetch-state') tell(stateEventOf(effect.root, (cid) => desk.blocks.get(cid)) as ShadowEvent)
        if (effect.type === 'execute') tell({ type: 'executed', batch: effect.batch, from: effect.from, result: spoil(execute(effect)) })
      }
    }
    for (const n of [1, 2, 3]) {
      desk.write(0, n)
      desk.deliver()
    }
    const heard = desk.of('send').filter(({ to }) => to.includes(joiner))
    expect(heard).toHaveLength(3)
    for (const { envelope } of heard) tell({ type: 'message', envelope })
    const stepsOf = (type: ShadowEffect['type']) => seen.filter((one) => one.type === type).map((one) => ('step' in one ? one.step : 0))
    return { tell, seen, matched: stepsOf('matched'), mismatched: stepsOf('mismatched'), count: shadow.matched }
  }

  test('shadows the old group: it runs a step on its own copy and compares', () => {
    const { tell, seen, matched, mismatched, count } = shadowing()
    expect([matched, mismatched, count]).toEqual([[2, 3], [], 2])
    tell({ type: 'message', envelope: new Uint8Array(9) })
    expect(seen.at(-1)).toEqual({ type: 'count', code: 'MESSAGE_UNKNOWN' })
  })

  test.each<[string, (result: ExecutionResult & { type: 'ran' }) => ExecutionResult]>([
    ['fuel', (result) => ({ ...result, fuel: result.fuel + 1 })],
    ['effects', (result) => ({ ...result, effects: new Uint8Array(32) })],
  ])('is no match with the same state and other %s', (_, spoil) => {
    const { matched, mismatched } = shadowing((result) => (result.type === 'ran' ? spoil(result) : result))
    expect([matched, mismatched]).toEqual([[], [2, 3]])
  })

  test('may ask for the closing certificate; strangers may not', () => {
    const desk = new Desk(3)
    const [joiner, stranger] = [signerAt(9), signerAt(10)]
    closeAll(desk, NOW + 1, [...desk.setup.members.slice(1), joiner.peerId])
    desk.pass(1)
    desk.deliver()
    desk.nowMs += 1_000
    const ask = (signer: typeof joiner) => {
      const fields = { job: bytesOfContentId(desk.setup.job), epoch: 1, from: signer.publicKey, step: 0 }
      const envelope = signMessage(askMessage, fields, signer, network)
      return desk.tell(0, { type: 'message', from: signer.peerId, envelope })
    }
    expect(ask(joiner)).toContainEqual(expect.objectContaining({ type: 'send', to: [joiner.peerId] }))
    expect(ask(stranger)).toContainEqual({ type: 'count', code: 'NOT_A_MEMBER' })
  })
})
