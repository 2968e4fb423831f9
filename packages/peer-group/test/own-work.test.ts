import { bytesOfContentId, peekPayload, type Signer, sha256, signMessage } from '@interpeer/crypto-ids'
import { concatBytes, type Message } from '@interpeer/wire-codec'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { emptyFiles, execute, network, signerAt } from '../simulations/jobs.js'
import {
  challengeMessage,
  challengeReplyMessage,
  type ExecutionResult,
  type GroupEffect,
  OWN_WORK_DEFAULTS,
  type OwnWorkSettings,
  openOwnWork,
  ownPart,
  stepOwnWork,
  verifyOwnFault,
} from '../src/index.js'
import { revealMessage } from '../src/messages.js'
import type { Challenge, ChallengeReply } from '../src/own-work/messages.js'
import { showChunks } from '../src/own-work/own-part.js'
import { OwnDesk } from './own-desk.js'

type Execute = GroupEffect & { type: 'execute' }
const [PARROT, OTHER] = [4, 1]
/** What a run leaves: the same for all who ran, some 5 KB. */
const transcriptOf = ({ batch }: Execute, bytes = 5_000): Uint8Array =>
  concatBytes(...Array.from({ length: Math.ceil(bytes / 32) }, (_, i) => sha256(batch, Uint8Array.of(i >>> 8, i)))).subarray(0, bytes)
const honest = (effect: Execute): ExecutionResult & { type: 'ran' } => ({ ...execute(effect), transcript: transcriptOf(effect) })

/** A desk that has agreed on `steps` writes. */
function agreed(run: OwnDesk['run'], settings: Partial<OwnWorkSettings> = {}, steps = 1, peers = 5): OwnDesk {
  const desk = new OwnDesk(peers, settings)
  desk.run = run
  for (let step = 1; step <= steps; step++) {
    desk.write(0, step)
    untilFinal(desk, step)
    desk.nowMs += 10
  }
  expect(desk.of('final', OTHER).some(({ step }) => step >= steps)).toBe(true)
  return desk
}
/** Where some are missing, or answer otherwise, a step is final when a later one says so. */
function untilFinal(desk: OwnDesk, step: number, member = OTHER): void {
  for (let left = 60; left > 0; left--) {
    desk.deliver()
    if (desk.of('final', member).some((final) => final.step >= step)) return
    desk.pass(500)
  }
}
const NO_CHALLENGES = { challengePerMille: 0 }

describe('own parts are compared', () => {
  test('of five that ran, all are found right, by everyone', () => {
    const desk = agreed((_, effect) => honest(effect), NO_CHALLENGES, 3)
    expect(desk.claims()).toEqual([])
    for (const member of [0, 1, 2, 3, 4]) expect(desk.countedOwn(member)).toEqual(Array.from({ length: 12 }, () => 'OWN_PART_RIGHT'))
  })

  test.each([
    ['the digest of the transcript', (effect: Execute) => sha256(transcriptOf(effect))],
    ['the answer alone', (effect: Execute) => sha256(effect.batch)],
    ['a transcript with one byte wrong', (effect: Execute) => transcriptOf(effect).map((byte, i) => (i === 4_321 ? byte ^ 1 : byte))],
    ['all of the transcript but its end', (effect: Execute) => transcriptOf(effect).subarray(0, 4_999)],
    ['the transcript of the step before', (effect: Execute) => transcriptOf({ ...effect, batch: effect.requests[0]?.id as Uint8Array })],
    ["another member's own part", (effect: Execute) => sha256(effect.batch, Uint8Array.of(OTHER))],
  ])('a parrot that was told files, responses and %s is claimed by each honest member, and nobody else is', (_, given) => {
    const runs: Execute[] = []
    const desk = agreed((member, effect) => {
      runs.push(effect)
      return member === PARROT ? { ...honest(effect), transcript: given(effect) } : honest(effect)
    }, NO_CHALLENGES)
    for (const member of [0, 1, 2, 3]) {
      const claims = desk.claims(member)
      expect(claims.map(({ finding }) => finding)).toMatchObject([
        { peer: desk.peer(PARROT), kind: 'own-part', step: 1, verdict: 'run-again' },
      ])
      // whoever runs the batch again from that state can decide it
      const run = {
        answer: revealMessage.decode(payloadOf(claims[0]?.evidence[0] as Uint8Array)).answer,
        transcript: transcriptOf(runs[0] as Execute),
      }
      expect(verifyOwnFault(claims[0]?.evidence ?? [], desk.context, run)).toMatchObject({ peer: desk.peer(PARROT), verdict: 'proven' })
      expect(verifyOwnFault(claims[0]?.evidence ?? [], desk.context)).toMatchObject({ verdict: 'run-again' })
    }
    expect(desk.claims(PARROT).filter(({ finding }) => finding.kind !== 'own-part')).toEqual([])
  })

  test('a friend that ran the batch can make a parrot’s own part, with nothing of the parrot’s but its public key: that is not caught', () => {
    const runs: Execute[] = []
    const desk = agreed((_, effect) => {
      runs.push(effect)
      return honest(effect)
    }, NO_CHALLENGES)
    const { batch } = runs[0] as Execute
    const friends = ownPart(transcriptOf(runs[0] as Execute), { ...desk.context, step: 1, batch, key: signerAt(PARROT).publicKey })
    const revealed = [...desk.watch(0).steps.values()][0]?.reveals.get(PARROT)?.value.answer.own
    expect(friends).toEqual(revealed)
  })

  test('whoever did not run the batch, or came to another result, compares nothing', () => {
    const desk = agreed(
      (member, effect) => {
        if (member === 0) return { type: 'abstained' }
        if (member === PARROT) return { ...honest(effect), files: effect.from, transcript: sha256(effect.batch) }
        return honest(effect)
      },
      NO_CHALLENGES,
      1,
      7,
    )
    expect(desk.claims()).toEqual([])
    expect(desk.countedOwn(0)).toEqual([])
    expect(desk.countedOwn(PARROT)).toEqual([])
    expect(desk.countedOwn(OTHER)).toEqual(Array.from({ length: 4 }, () => 'OWN_PART_RIGHT'))
  })

  test('a reveal that comes after the certificate is compared too, and so is a run that ends after it', () => {
    const slow: [number, Execute][] = []
    const desk = agreed(
      (member, effect) => {
        if (member !== PARROT && member !== 0) return honest(effect)
        slow.push([member, effect])
        return undefined
      },
      NO_CHALLENGES,
      1,
      7,
    )
    const end = (member: number, transcript?: Uint8Array) => {
      const [, effect] = slow.find(([one]) => one === member) as [number, Execute]
      const result = { ...honest(effect), ...(transcript === undefined ? {} : { transcript }) }
      desk.tell(member, { type: 'executed', batch: effect.batch, from: effect.from, result })
    }
    end(PARROT, new Uint8Array(32))
    desk.deliver()
    for (const member of [1, 2, 3]) expect(desk.claims(member).map(({ finding }) => finding.peer)).toEqual([desk.peer(PARROT)])
    expect(desk.claims(0)).toEqual([])
    end(0)
    expect(desk.claims(0).map(({ finding }) => finding.peer)).toEqual([desk.peer(PARROT)])
  })

  test('a run that ends after its step was told final is compared then; told once more after a restart, a step is looked at once', () => {
    const runs: Execute[] = []
    const desk = agreed((member, effect) => {
      runs.push(effect)
      return member === PARROT ? { ...honest(effect), transcript: sha256(effect.batch) } : honest(effect)
    }, NO_CHALLENGES)
    const { certificate, batch, files, requests } = desk.of('final', 0)[0] as GroupEffect & { type: 'final' }
    const final = {
      type: 'final',
      certificate,
      batch,
      files,
      responses: requests.map(({ response }) => response),
      nowMs: desk.nowMs,
    } as const
    const ran = { ...honest(runs[0] as Execute), type: 'ran', batch: (runs[0] as Execute).batch, nowMs: desk.nowMs } as const
    let work = openOwnWork(desk.context, signerAt(0), new Uint8Array(32), NO_CHALLENGES)
    const codes: string[] = []
    for (const event of [final, ran, final]) {
      const { state, effects } = stepOwnWork(work, event)
      work = state
      codes.push(effects.map((effect) => (effect.type === 'count' ? effect.code : effect.type)).join(' '))
    }
    expect(codes[0]).toBe('')
    expect(codes[1]).toContain('OWN_PART_RIGHT OWN_PART_RIGHT')
    expect(codes[2]).toBe('')
  })

  test('a share of the steps is compared where that is the setting; whoever lies each time is claimed each time: one may be past bringing to a jury', () => {
    const parrot: OwnDesk['run'] = (member, effect) =>
      member === PARROT ? { ...honest(effect), transcript: sha256(effect.batch) } : honest(effect)
    const some = agreed(parrot, { checkPerMille: 500, challengePerMille: 0 }, 20)
    const found = some.countedOwn(0).filter((code) => code === 'OWN_PART_WRONG').length
    expect(found).toBeGreaterThan(3)
    expect(found).toBeLessThan(17)
    expect(some.claims(0)).toHaveLength(found)
    expect(agreed(parrot, { checkPerMille: 0, challengePerMille: 0 }, 5).claims()).toEqual([])
  })
})

describe('whoever reveals late', () => {
  /** All but the parrot agree on some steps; what it signs when they are over is the test's. */
  function late(settings: Partial<OwnWorkSettings>, steps: number) {
    const desk = new OwnDesk(5, { ...NO_CHALLENGES, ...settings })
    const runs = new Map<string, Execute>()
    desk.run = (member, effect) => {
      runs.set(effect.batch.join(), effect)
      return member === PARROT ? undefined : honest(effect)
    }
    for (let step = 1; step <= steps; step++) {
      desk.write(0, step)
      untilFinal(desk, step)
    }
    const first = [...desk.watch(0).steps.values()].find(({ ran }) => ran !== undefined)
    const truth = [...(first?.reveals.values() ?? [])][0]?.value
    const transcript = transcriptOf(runs.get(first?.batch.join() ?? '') as Execute)
    const place = { ...desk.context, step: truth?.step as number, batch: truth?.batch as Uint8Array, key: signerAt(PARROT).publicKey }
    const right = ownPart(transcript, place)
    const reveal = (own: Uint8Array, { changes = {}, inCertificate = false } = {}): readonly string[] => {
      const value = { ...truth, from: signerAt(PARROT).publicKey, answer: { ...truth?.answer, own }, ...changes }
      const envelope = signed(revealMessage, value as never, signerAt(PARROT))
      const before = desk.watched.length
      const told = inCertificate ? desk.shown(0, truth?.step as number, envelope, PARROT) : envelope
      desk.tell(0, { type: 'message', from: desk.peer(PARROT), envelope: told })
      const effects = desk.watched.slice(before).map(({ effect }) => effect)
      return effects.map((effect) =>
        effect.type === 'claim' ? `claim ${effect.finding.kind}` : effect.type === 'count' ? effect.code : effect.type,
      )
    }
    return { desk, reveal, right, first }
  }

  test('is found out also where later steps took the room of that step’s transcript, and believed where its own part is right', () => {
    const settings = { keptBytes: 12_000 }
    const lying = late(settings, 6)
    expect(lying.first?.ran?.transcript).toBeUndefined()
    expect(lying.reveal(sha256(lying.right))).toContain('claim own-part')
    const { reveal, right } = late(settings, 6)
    expect(reveal(right)).toEqual(['OWN_PART_RIGHT'])
  })
  test('in another member’s certificate, or its own, is looked at like whoever says it by itself: it counts as much', () => {
    const { reveal, right } = late({}, 2)
    expect(reveal(sha256(right), { inCertificate: true })).toContain('claim own-part')
  })
  test('and says that it ran from another state is not claimed: jurors would find nothing in that, and have its accuser pay', () => {
    const { desk, reveal, right } = late({}, 2)
    expect(reveal(sha256(right), { changes: { start: otherStart } })).toEqual([])
    expect(desk.claims()).toEqual([])
    expect(reveal(sha256(right))).toContain('claim own-part')
  })
})

describe('challenges', () => {
  const ALWAYS = { challengePerMille: 1_000 }
  /** After one step: member 0 challenges `PARROT`, whose reply is made by the test. */
  function challenged(): {
    desk: OwnDesk
    challenge: Challenge
    reply: (changes?: Partial<ChallengeReply>, signer?: Signer) => Uint8Array
    effect: Execute
  } {
    const runs: Execute[] = []
    const desk = agreed((_, effect) => {
      runs.push(effect)
      return honest(effect)
    }, NO_CHALLENGES)
    const effect = runs[0] as Execute
    const reveal = [...desk.watch(0).steps.values()][0]?.reveals.get(PARROT)
    const draws = [7, 8, 9, 11]
    const value = {
      job: reveal?.value.job as Uint8Array,
      epoch: 1,
      step: 1,
      batch: effect.batch,
      from: signerAt(0).publicKey,
      to: signerAt(PARROT).publicKey,
      draws,
    }
    const asked = new Map([[PARROT, { batch: effect.batch, draws, reveal: reveal as never, endsAtMs: desk.nowMs + 5_000 }]])
    Object.assign(desk.watch(0), { asked })
    const transcript = transcriptOf(effect)
    const place = { ...desk.context, step: 1, batch: effect.batch, key: signerAt(PARROT).publicKey }
    const reply = (changes: Partial<ChallengeReply> = {}, signer = signerAt(PARROT)) =>
      signed(
        challengeReplyMessage,
        {
          ...{ job: value.job, epoch: 1, step: 1, batch: effect.batch, from: signerAt(PARROT).publicKey, start: reveal?.value.start },
          ...{ length: transcript.length, ...showChunks(transcript, place, draws), ...changes },
        } as ChallengeReply,
        signer,
      )
    return { desk, challenge: value as unknown as Challenge, reply, effect }
  }
  const give = (desk: OwnDesk, member: number, envelope: Uint8Array) =>
    desk.tellWatch(member, { type: 'message', from: desk.peer(PARROT), envelope })

  test('after each step one other member is challenged; who has run it shows what was drawn', () => {
    const desk = agreed((_, effect) => honest(effect), ALWAYS, 6)
    desk.deliverOwn()
    for (const member of [0, 1, 2, 3, 4]) {
      const codes = desk.countedOwn(member)
      expect(codes.filter((code) => code === 'OWN_WORK_SHOWN').length).toBeGreaterThan(0)
      expect(codes.filter((code) => !['OWN_WORK_SHOWN', 'OWN_PART_RIGHT', 'CHALLENGE_TOO_SOON'].includes(code))).toEqual([])
    }
    expect(desk.claims()).toEqual([])
  })

  test('the right reply is taken once; another that comes unasked is not', () => {
    const { desk, reply } = challenged()
    give(desk, 0, reply())
    expect(desk.countedOwn(0).at(-1)).toBe('OWN_WORK_SHOWN')
    give(desk, 0, reply())
    expect(desk.countedOwn(0).at(-1)).toBe('REPLY_UNASKED')
    give(desk, OTHER, reply())
    expect(desk.countedOwn(OTHER).at(-1)).toBe('REPLY_UNASKED')
  })

  test.each([
    [
      'shows other chunks than were drawn',
      'REPLY_WRONG',
      (r: ChallengeReply) => ({ chunks: r.chunks.map((one) => ({ ...one, index: one.index + 1 })) }),
    ],
    ['shows fewer chunks', 'REPLY_WRONG', (r: ChallengeReply) => ({ chunks: r.chunks.slice(1) })],
    ['shows none', 'REPLY_WRONG', () => ({ chunks: [] })],
    ['names another start', 'REPLY_WRONG', () => ({ start: otherStart })],
    ['is for another step', 'REPLY_UNASKED', () => ({ step: 2 })],
    ['is for another batch', 'REPLY_UNASKED', () => ({ batch: new Uint8Array(32) })],
    ['is of another epoch', 'OTHER_EPOCH', () => ({ epoch: 2 })],
    ['is signed by another than it is from', 'SIGNATURE_WRONG', () => ({ from: signerAt(OTHER).publicKey })],
  ])('a reply that %s is no reply, and proves nothing', (_, code, change) => {
    const { desk, reply } = challenged()
    const good = challengeReplyMessage.decode(payloadOf(reply()))
    give(desk, 0, reply(change(good) as Partial<ChallengeReply>))
    expect(desk.countedOwn(0).at(-1)).toBe(code)
    expect(desk.claims()).toEqual([])
    give(desk, 0, reply())
    expect(desk.countedOwn(0).at(-1)).toBe('OWN_WORK_SHOWN')
  })

  test('a forged chunk, or a reply under another own part than was revealed, is a lie that anyone can check', () => {
    const forged = challenged()
    const good = challengeReplyMessage.decode(payloadOf(forged.reply()))
    give(forged.desk, 0, forged.reply({ chunks: good.chunks.map((one) => ({ ...one, bytes: one.bytes.map((byte) => byte ^ 1) })) }))
    const other = challenged()
    const place = { ...other.desk.context, step: 1, batch: other.effect.batch, key: signerAt(PARROT).publicKey }
    const made = new Uint8Array(5_000)
    give(other.desk, 0, other.reply(showChunks(made, place, other.challenge.draws)))
    for (const [{ desk }, kind] of [
      [forged, 'false-reply'],
      [other, 'two-owns'],
    ] as const) {
      const [claim] = desk.claims(0)
      expect(claim?.finding).toMatchObject({ kind, verdict: 'proven', peer: desk.peer(PARROT) })
      expect(verifyOwnFault(claim?.evidence ?? [], desk.context)).toEqual(claim?.finding)
    }
  })

  test('silence is counted, and proves nothing; the machine asks to be woken for that', () => {
    const desk = agreed((_, effect) => honest(effect), ALWAYS)
    const wakes = desk.watched.flatMap(({ member, effect }) => (member === 0 && effect.type === 'wake' ? [effect.atMs] : []))
    expect(wakes).toHaveLength(1)
    desk.nowMs = (wakes[0] as number) - 1
    desk.tellWatch(0, { type: 'time' })
    expect(desk.countedOwn(0)).not.toContain('CHALLENGE_UNANSWERED')
    desk.nowMs++
    desk.tellWatch(0, { type: 'time' })
    expect(desk.countedOwn(0)).toContain('CHALLENGE_UNANSWERED')
    expect(desk.claims()).toEqual([])
    expect(desk.watch(0).asked.size).toBe(0)
  })

  test('too many challenges are not answered; nor empty ones, those of others, and those for steps that are not known', () => {
    const { desk, challenge } = challenged()
    const from = signerAt(OTHER)
    const ask = (changes: Partial<Challenge> = {}, signer = from): string => {
      desk.ownLetters = []
      const before = desk.countedOwn(PARROT).length
      const value = { ...challenge, from: signer.publicKey, ...changes } as Challenge
      desk.tellWatch(PARROT, { type: 'message', from: signer.peerId, envelope: signed(challengeMessage, value, signer) })
      return desk.ownLetters.length > 0 ? 'answered' : (desk.countedOwn(PARROT)[before] as string)
    }
    expect(ask({ draws: [] })).toBe('CHALLENGE_EMPTY')
    expect(ask({ to: signerAt(0).publicKey })).toBe('CHALLENGE_OTHER')
    expect(ask({ step: 2 })).toBe('CHALLENGE_UNKNOWN')
    expect(ask({ batch: new Uint8Array(32) })).toBe('CHALLENGE_UNKNOWN')
    expect(ask({}, signerAt(9))).toBe('NOT_A_MEMBER')
    expect(ask()).toBe('answered')
    expect(Array.from({ length: 5 }, () => ask())).toEqual(Array.from({ length: 5 }, () => 'CHALLENGE_TOO_SOON'))
    expect(ask({}, signerAt(2))).toBe('answered')
    desk.nowMs += OWN_WORK_DEFAULTS.replyEveryMs
    expect(ask()).toBe('answered')
  })

  test('nothing is shown before a step is final, nor to who has not made its own part of it yet', () => {
    const runs: Execute[] = []
    const desk = new OwnDesk(5, NO_CHALLENGES)
    desk.run = (member, effect) => {
      runs.push(effect)
      return member === PARROT ? undefined : honest(effect)
    }
    desk.write(0, 1)
    desk.deliver(({ number }) => number !== revealMessage.number)
    const { batch } = runs[0] as Execute
    const ask = (member: number): string | undefined => {
      const value = {
        job: desk.group(0).job,
        epoch: 1,
        step: 1,
        batch,
        from: signerAt(member).publicKey,
        to: signerAt(0).publicKey,
        draws: [1],
      }
      desk.tellWatch(0, {
        type: 'message',
        from: desk.peer(member),
        envelope: signed(challengeMessage, value as Challenge, signerAt(member)),
      })
      return desk.ownLetters.length > 0 ? 'answered' : desk.countedOwn(0).at(-1)
    }
    expect(ask(OTHER)).toBe('CHALLENGE_UNKNOWN')
    untilFinal(desk, 1, 0)
    expect(ask(PARROT)).toBe('CHALLENGE_UNKNOWN')
    expect(ask(OTHER)).toBe('answered')
  })
})

describe('bounds', () => {
  test('the latest steps are kept, so many and of so many bytes', () => {
    const few = agreed((_, effect) => honest(effect), { ...NO_CHALLENGES, keptSteps: 3 }, 8)
    expect([...few.watch(0).steps.values()].map(({ final }) => final?.step)).toEqual([6, 7, 8])
    const small = agreed((_, effect) => honest(effect), { ...NO_CHALLENGES, keptBytes: 12_000 }, 8)
    const withTranscript = (desk: OwnDesk) =>
      [...desk.watch(0).steps.values()].flatMap(({ ran, final }) => (ran?.transcript === undefined ? [] : [final?.step]))
    expect([small.watch(0).steps.size, withTranscript(small)]).toEqual([8, [7, 8]])
    const one = agreed((_, effect) => honest(effect), { ...NO_CHALLENGES, keptBytes: 1 }, 3)
    expect([one.watch(0).steps.size, withTranscript(one)]).toEqual([3, [3]])
  })

  test('what comes from outside never throws', () => {
    const desk = agreed((_, effect) => honest(effect), NO_CHALLENGES)
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (envelope) => {
        desk.tellWatch(0, { type: 'message', from: desk.peer(1), envelope })
        desk.tellWatch(0, { type: 'final', certificate: envelope, batch: envelope, files: '' as never, responses: [] })
      }),
    )
    expect(desk.watch(0).steps.size).toBe(1)
    expect(desk.claims()).toEqual([])
  })

  test('a batch without requests leaves nothing to compare', () => {
    const desk = new OwnDesk(3, { challengePerMille: 1_000 })
    desk.pass(6_000)
    desk.deliver()
    expect(desk.of('final', 0)).toHaveLength(1)
    expect(desk.watched).toEqual([])
    expect(() => openOwnWork(desk.context, signerAt(0), new Uint8Array(31))).toThrow(expect.objectContaining({ code: 'GROUP_SETUP' }))
  })
})

function signed<T>(message: Message<T>, value: T, signer: Signer): Uint8Array {
  return signMessage(message, value, signer, network)
}
const payloadOf = (envelope: Uint8Array): Uint8Array => peekPayload(envelope) as Uint8Array
const otherStart = bytesOfContentId(emptyFiles)
