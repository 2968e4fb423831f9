import { bytesOfContentId, signMessage } from '@interpeer/crypto-ids'
import { hexOf, sameBytes } from '@interpeer/wire-codec'
import { describe, expect, test } from 'vitest'
import { network, signerAt, verification } from '../simulations/jobs.js'
import { readBatch, writeBatch } from '../src/batch.js'
import { commitSetMessage, proposalMessage, timeoutMessage } from '../src/messages.js'
import { GROUP_DEFAULTS, RANK_WINDOW, RUN_RANKS_MAX } from '../src/settings.js'
import { createVerifier } from '../src/verifier.js'
import { Desk, type Letter } from './desk.js'
import { COMMIT_SET, FINAL, PROPOSAL, REVEAL, revealed, SEAL, sentBy, TIMEOUT, timeoutsOf } from './revealed.js'

describe('locks', () => {
  test('a member that revealed carries its lock in every time-out, also after a crash', () => {
    const { desk, others } = revealed()
    for (const member of others) {
      expect(desk.group(member).open.lockRank).toBe(0)
      desk.open(member) // crash and restart from the disk
      expect(desk.group(member).open.lockRank).toBe(0)
    }
    desk.drop()
    desk.pass(1_000)
    for (const member of others) {
      const [timeout] = timeoutsOf(desk, member)
      expect(timeout?.bound?.rank).toBe(0)
      expect(timeout?.bound?.batch).toEqual(desk.group(member).open.sealed?.batch.hash)
    }
  })

  test('a step that stays open keeps the last ranks and the bound batch only', () => {
    for (const isBound of [false, true]) {
      const desk = isBound ? revealed().desk : new Desk(4)
      if (!isBound) desk.write(0, 1)
      const kept = isBound ? [] : [SEAL] // without seals each rank is free, and has a batch of its own
      for (let rank = 0; rank < 12; rank++) {
        desk.deliver(({ number }) => number !== REVEAL && !kept.includes(number as never))
        desk.drop()
        desk.pass(desk.group(0).settings.rankTimerMs * 2 ** Math.min(rank, 6))
      }
      desk.deliver(({ number }) => number === TIMEOUT)
      for (const member of [0, 1, 2, 3]) {
        const { open } = desk.group(member)
        expect(open.rank).toBeGreaterThan(10)
        for (const map of [open.proposals, open.seals, open.reveals, open.batches, open.runs]) {
          expect(map.size).toBeLessThanOrEqual(RANK_WINDOW + 2)
        }
        if (isBound) expect([...open.batches.keys()]).toEqual([hexOf(open.bound?.hash as Uint8Array)])
      }
    }
  })

  test('a commit set without q seals for its batch leaves nothing behind', () => {
    const { desk, collator, others } = revealed()
    const [member, traitor] = others as [number, number]
    const signer = signerAt(traitor)
    const { open, job } = desk.group(member)
    const { batch, envelope } = open.sealed as NonNullable<typeof open.sealed>
    const before = [...open.batches.keys()]
    const place = { job, epoch: 1, step: 1, rank: 0, from: signer.publicKey }
    for (const [n, seals] of [[], [envelope], open.bound?.seals ?? []].entries()) {
      const other = writeBatch({ ...batch.value, timeMs: batch.value.timeMs + 1 + n }).bytes
      const said = signMessage(commitSetMessage, { ...place, batch: other, seals }, signer, network)
      desk.tell(member, { type: 'message', from: desk.peer(traitor), envelope: said })
      expect(desk.counted(member).at(-1)).toBe('COMMIT_SET_INVALID')
    }
    expect([...desk.group(member).open.batches.keys()]).toEqual(before)
    expect(before).toEqual([hexOf(desk.group(collator).open.sealed?.batch.hash as Uint8Array)])
  })

  test('the next rank is bound to the batch of the commit set, byte for byte, though its time is long past', () => {
    const { desk, collator, others } = revealed()
    const bound = desk.group(collator).open.sealed?.batch.bytes as Uint8Array
    desk.nowMs += 60_000
    desk.pass(0, others)
    const living = ({ from, to }: Letter) => from !== collator && to !== collator
    desk.deliver(living)
    desk.endGrace(living, others)
    const certified = others.map((member) => desk.of('provisional', member)[0])
    for (const one of certified) expect(sameBytes(one?.batch as Uint8Array, bound)).toBe(true)
  })

  test('a proposal that ignores the commit set of its own time-outs is sealed by nobody', () => {
    const { desk, collator, others } = revealed()
    const [next, ...rest] = others as [number, number, number]
    desk.pass(1_000, others)
    desk.deliver(({ number, from, to }) => number === TIMEOUT && from !== collator && to !== collator && to === next)
    const [own] = sentBy(desk, next, PROPOSAL)
    const opened = createVerifier(desk.context, verification).open(proposalMessage, own?.envelope as Uint8Array)
    if (typeof opened === 'string') throw new Error(opened)
    const { value } = readBatch(opened.value.batch)
    const signer = signerAt(next)
    const free = writeBatch({ ...value, collator: signer.publicKey, timeMs: desk.nowMs, requests: [] })
    desk.drop()
    for (const batch of [free, writeBatch({ ...value, timeMs: value.timeMs + 1 })]) {
      const forged = signMessage(proposalMessage, { ...opened.value, batch: batch.bytes }, signer, network)
      for (const member of rest) desk.tell(member, { type: 'message', from: desk.peer(next), envelope: forged })
    }
    for (const member of rest) {
      expect(desk.counted(member).filter((code) => code === 'BATCH_NOT_THE_BOUND' || code === 'BATCH_SEED').length).toBeGreaterThan(0)
      expect(sentBy(desk, member, SEAL)).toEqual([])
    }
  })

  test('shown time-outs are judged as they are shown, and one that does not hold takes no proposal down', () => {
    const { desk, collator, others } = revealed()
    const [next, third, traitor] = others as [number, number, number]
    desk.pass(1_000, others)
    const place = { job: bytesOfContentId(desk.setup.job), epoch: 1, step: 1, rank: 0, from: signerAt(traitor).publicKey }
    const told = { ...place, previous: new Uint8Array(32), bound: null, dissents: [], abstained: false }
    // the traitor hides from `third` the commit set that it shows to the next collator
    desk.tell(third, { type: 'message', from: desk.peer(traitor), envelope: signMessage(timeoutMessage, told, signerAt(traitor), network) })
    desk.deliver(({ number, to }) => number === TIMEOUT && to === next)
    const [own] = sentBy(desk, next, PROPOSAL)
    const opened = createVerifier(desk.context, verification).open(proposalMessage, own?.envelope as Uint8Array)
    if (typeof opened === 'string') throw new Error(opened)
    expect(opened.value.timeouts).toHaveLength(3)
    const fields = {
      ...place,
      from: signerAt(collator).publicKey,
      previous: new Uint8Array(32).fill(1),
      bound: null,
      dissents: [],
      abstained: false,
    }
    const stale = signMessage(timeoutMessage, fields, signerAt(collator), network)
    const timeouts = [stale, ...opened.value.timeouts]
    desk.drop()
    // more than there are members say nothing: they only make it long
    const padded = signMessage(proposalMessage, { ...opened.value, timeouts: [...timeouts, new Uint8Array(3)] }, signerAt(next), network)
    desk.tell(traitor, { type: 'message', from: desk.peer(next), envelope: padded })
    expect(desk.counted(traitor).at(-1)).toBe('PROPOSAL_PADDED')
    const envelope = signMessage(proposalMessage, { ...opened.value, timeouts }, signerAt(next), network)
    desk.tell(third, { type: 'message', from: desk.peer(next), envelope })
    expect(desk.of('fault', third).map(({ kind }) => kind)).toEqual(['two-timeouts'])
    expect(sentBy(desk, third, SEAL)).toHaveLength(1)
    // and with too few that hold, it stays unjustified
    const few = signMessage(
      proposalMessage,
      { ...opened.value, timeouts: [stale, ...opened.value.timeouts.slice(1)] },
      signerAt(next),
      network,
    )
    desk.tell(traitor, { type: 'message', from: desk.peer(next), envelope: few })
    expect(desk.counted(traitor).at(-1)).toBe('PROPOSAL_UNJUSTIFIED')
  })

  test('the traitor who told no commit set does not free the next rank of the one that is shown', () => {
    const { desk, others } = revealed()
    const [next, third, traitor] = others as [number, number, number]
    const fields = {
      job: bytesOfContentId(desk.setup.job),
      epoch: 1,
      step: 1,
      rank: 0,
      previous: new Uint8Array(32),
      bound: null,
      dissents: [],
      abstained: false,
    }
    const hiding = (member: number) =>
      signMessage(timeoutMessage, { ...fields, from: signerAt(member).publicKey }, signerAt(member), network)
    const bound = desk.group(next).open.bound
    if (bound === undefined) throw new Error('no commit set')
    const set = { rank: bound.rank, batch: bound.hash, seals: bound.seals }
    const [collator] = desk.order(1) as [number]
    const shown = [collator, next, traitor].map((member, i) =>
      i < 2
        ? hiding(member)
        : signMessage(timeoutMessage, { ...fields, bound: set, from: signerAt(member).publicKey }, signerAt(member), network),
    )
    desk.drop()
    desk.tell(third, { type: 'message', from: desk.peer(traitor), envelope: hiding(traitor) }) // what it told `third` before
    const batch = desk.group(next).open.sealed?.batch.bytes as Uint8Array
    const proposal = { ...fields, rank: 1, from: signerAt(next).publicKey, batch, timeouts: shown, tallies: [], unanimous: [] }
    const { previous: _, bound: __, dissents: ___, abstained: ____, ...plain } = proposal
    desk.tell(third, { type: 'message', from: desk.peer(next), envelope: signMessage(proposalMessage, plain, signerAt(next), network) })
    expect(sentBy(desk, third, SEAL)).toHaveLength(1)
  })

  test('a proposal without q time-outs of exactly the rank before is not justified', () => {
    const { desk, others } = revealed()
    const [next, other] = others as [number, number]
    desk.pass(1_000, others)
    desk.deliver(({ number, to }) => number === TIMEOUT && to === next)
    const [own] = sentBy(desk, next, PROPOSAL)
    const opened = createVerifier(desk.context, verification).open(proposalMessage, own?.envelope as Uint8Array)
    if (typeof opened === 'string') throw new Error(opened)
    const twice = [opened.value.timeouts[0], opened.value.timeouts[0], opened.value.timeouts[1]] as Uint8Array[]
    for (const timeouts of [opened.value.timeouts.slice(1), [], twice]) {
      const forged = signMessage(proposalMessage, { ...opened.value, timeouts }, signerAt(next), network)
      desk.tell(other, { type: 'message', from: desk.peer(next), envelope: forged })
      expect(desk.counted(other).at(-1)).toBe('PROPOSAL_UNJUSTIFIED')
    }
  })

  test('after a time-out a member reveals nothing at that rank, even when the commit set comes', () => {
    const desk = new Desk(4)
    const [collator, late] = desk.order(1) as [number, number]
    desk.write(collator, 1)
    desk.deliver(({ number, to }) => number !== FINAL && (number !== COMMIT_SET || to !== late))
    desk.drop(({ number }) => number !== COMMIT_SET)
    desk.pass(1_000, [late])
    expect(timeoutsOf(desk, late)).toHaveLength(1)
    desk.drop(({ number }) => number === TIMEOUT)
    desk.deliver(({ number }) => number === COMMIT_SET)
    expect(desk.group(late).open.bound?.rank).toBe(0) // seen, and carried by the next time-out
    expect(desk.group(late).open.revealed).toBeUndefined()
    expect(sentBy(desk, late, REVEAL)).toEqual([])
  })

  test('after a time-out a member seals nothing at that rank, even when its run ends', () => {
    const desk = new Desk(4)
    const [collator, late] = desk.order(1) as [number, number]
    const honest = desk.run
    let held: Parameters<typeof desk.run>[1] | undefined
    desk.run = (member, effect) => {
      if (member !== late) return honest(member, effect)
      held = effect
      return undefined
    }
    desk.write(collator, 1)
    desk.deliver(({ to }) => to === late)
    desk.pass(RUN_RANKS_MAX * GROUP_DEFAULTS.rankTimerMs, [late])
    expect(desk.group(late).open.givenUp).toBe(0)
    desk.drop()
    if (held === undefined) throw new Error('not run')
    desk.tell(late, { type: 'executed', batch: held.batch, from: held.from, result: honest(late, held) as never })
    expect(sentBy(desk, late, SEAL)).toEqual([])
  })
})
