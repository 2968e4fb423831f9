import { bytesOfContentId, contentIdOf, peekMessageNumber as readNumber, signMessage } from '@interpeer/crypto-ids'
import { hexOf, sameBytes } from '@interpeer/wire-codec'
import { describe, expect, test } from 'vitest'
import { emptyFiles, logs, network, signerAt, verification } from '../simulations/jobs.js'
import { quorumOf, readBatch, responsesDigest, verifyCertificate, verifyReveals } from '../src/index.js'
import { certificateMessage, revealMessage } from '../src/messages.js'
import { pendingIn } from '../src/pool.js'
import { createVerifier } from '../src/verifier.js'
import { Desk, type Letter, NOW } from './desk.js'

const [OFFER, PROPOSAL, SEAL, COMMIT_SET, REVEAL, TIMEOUT, FINAL, ASK] = [48, 49, 50, 51, 52, 53, 55, 56] as const

describe('a step', () => {
  test.each([1, 2, 3, 4, 5, 7, 17])('%i members agree on a write', (peers) => {
    const desk = new Desk(peers)
    const { id } = desk.write(0, 1)
    desk.deliver()
    const finals = desk.of('final')
    expect(finals).toHaveLength(peers)
    expect(new Set(finals.map(({ state }) => state)).size).toBe(1)
    expect(finals[0]?.requests[0]?.id).toEqual(id)
    expect(logs.get(finals[0]?.files as never)).toEqual([hexOf(id)])
    for (const final of finals) {
      const certified = verifyCertificate(final.certificate, final.batch, desk.context)
      expect(certified.step).toBe(1)
      expect(certified.agreed.length).toBeGreaterThanOrEqual(quorumOf(peers))
      expect(certified.contradicted).toEqual([])
    }
  })

  test('visitors check a certificate without its batch', () => {
    const desk = new Desk(4)
    const { id } = desk.write(0, 1)
    desk.deliver()
    const [final, other] = desk.of('final')
    if (final === undefined || other === undefined) throw new Error('not final')
    const { epoch, step, state, answer, agreed, batchHash } = verifyReveals(final.certificate, desk.context)
    expect([epoch, step, state]).toEqual([1, 1, final.state])
    expect(agreed).toEqual(verifyCertificate(final.certificate, final.batch, desk.context).agreed)
    expect(batchHash).toEqual(readBatch(final.batch).hash)
    expect(final.requests[0]?.id).toEqual(id)
    expect(answer.responses).toEqual(responsesDigest(final.requests.map(({ response }) => response)))
    expect(answer.responses).not.toEqual(responsesDigest([]))
    const invalid = expect.objectContaining({ code: 'CERTIFICATE_INVALID' })
    expect(() => verifyReveals(final.certificate, { ...desk.context, epoch: 2 })).toThrow(invalid)
    const decoded = certificateMessage.decode(final.certificate)
    for (const changes of [{ reveals: decoded.reveals.slice(1, 3) }, { step: 2 }, { batch: new Uint8Array(32) }, { reveals: [] }]) {
      expect(() => verifyReveals(certificateMessage.encode({ ...decoded, ...changes }), desk.context)).toThrow(invalid)
    }
    const opened = createVerifier(desk.context, verification).open(revealMessage, decoded.reveals[2] as Uint8Array)
    if (typeof opened === 'string') throw new Error(opened)
    const elsewhere = { ...opened.value, start: bytesOfContentId(emptyFiles) } // the same answer, from another state
    const reveals = decoded.reveals.with(2, signMessage(revealMessage, elsewhere, signerAt(opened.seat), network))
    expect(() => verifyReveals(certificateMessage.encode({ ...decoded, reveals }), desk.context)).toThrow(invalid)
  })

  test('"multicast: 32 messages = 16×2" for "a 17 member peer-group" (WP §6.2.1.1): each gather and scatter', () => {
    const desk = new Desk(17)
    const collator = desk.order(1)[0] as number
    desk.write(collator, 1)
    const counts = new Map<number, number>()
    desk.deliver(({ number }) => {
      counts.set(number, (counts.get(number) ?? 0) + 1)
      return true
    })
    const sent = desk.of('send').flatMap(({ to, envelope }) => to.map(() => envelope))
    expect(counts.get(PROPOSAL)).toBeGreaterThanOrEqual(16)
    expect(sent.filter((envelope) => readNumber(envelope) === PROPOSAL)).toHaveLength(16)
    expect(sent.filter((envelope) => readNumber(envelope) === SEAL)).toHaveLength(16)
    expect(sent.filter((envelope) => readNumber(envelope) === COMMIT_SET)).toHaveLength(16)
    expect(sent.filter((envelope) => readNumber(envelope) === FINAL)).toHaveLength(16)
  })

  test('"they only share a hash of the result" (WP §6.2): nobody reveals before q seals, whatever comes in', () => {
    const desk = new Desk(5)
    desk.write(0, 1)
    const collator = desk.order(1)[0] as number
    let seals = 0
    desk.deliver(({ number, to }) => number !== SEAL || (to === collator && seals++ < 2))
    expect(desk.of('send').some(({ envelope }) => readNumber(envelope) === REVEAL)).toBe(false)
    desk.deliver()
    expect(desk.of('final')).toHaveLength(5)
  })

  test('no timer runs while nothing is pending: the next wake is the idle one, and then an empty batch is certified', () => {
    const desk = new Desk(5, { settings: { idleEveryMs: 5_000 } })
    for (const member of [0, 1, 2, 3, 4]) expect(desk.of('wake', member).at(-1)?.atMs).toBe(NOW + 5_000)
    desk.pass(4_999)
    expect(desk.letters).toEqual([])
    desk.pass(1)
    desk.deliver()
    expect(desk.of('final').map(({ requests }) => requests)).toEqual(Array(5).fill([]))
  })

  test('a lone request known to all gets through when the first collator is dead', () => {
    const desk = new Desk(5)
    const [dead, next] = desk.order(1) as [number, number]
    desk.write(next, 1)
    desk.deliver(({ to }) => to !== dead)
    desk.pass(1_000, desk.order(1).slice(1))
    const living = (letter: Letter) => letter.to !== dead
    desk.deliver(living)
    expect(desk.of('provisional')).toEqual([]) // the second collator waits a moment for the one that is silent
    desk.endGrace(living, desk.order(1).slice(1))
    const provisional = desk.of('provisional')
    expect(provisional).toHaveLength(4)
    for (const { certificate, batch } of provisional) expect(verifyCertificate(certificate, batch, desk.context).rank).toBe(1)
    expect(desk.of('final')).toEqual([])
    desk.endWindow(living, desk.order(1).slice(1))
    expect(desk.of('final').map(({ step, requests }) => [step, requests.length])).toEqual(Array(4).fill([1, 1]))
  })

  test.each([
    [0, 'unresolved'],
    [4, 'unresolved'],
    [5, 'contradicted'],
  ] as const)(
    'a member that signs a wrong answer is outvoted, marked by all, and takes the right root: with %i outsiders it is %s',
    (jurors, outcome) => {
      const desk = new Desk(5, { jurors })
      const honest = desk.run
      desk.run = (member, effect) => {
        const ran = honest(member, effect)
        return member === 2 && ran?.type === 'ran' ? { ...ran, files: ran.responses[0] as never } : ran
      }
      desk.write(0, 1)
      desk.deliver()
      expect(new Set(desk.groups.map(({ base }) => `${base.step} ${base.root}`)).size).toBe(1)
      expect(desk.of('provisional').length).toBeGreaterThanOrEqual(4)
      for (const member of [0, 1, 2, 3, 4]) {
        expect(desk.of('mark', member)).toEqual([{ type: 'mark', peer: desk.peer(2), step: 1, outcome }])
      }
      expect(desk.of('fault')).toEqual([])
    },
  )

  test('a member that ran longer than the others reveals late, and takes its own result up', () => {
    const desk = new Desk(5)
    const slow = desk.order(1)[4] as number
    let held: Parameters<typeof desk.run>[1] | undefined
    const honest = desk.run
    desk.run = (member, effect) => {
      if (member !== slow) return honest(member, effect)
      held = effect
      return undefined
    }
    desk.write(0, 1)
    desk.deliver()
    desk.endGrace()
    expect(desk.of('provisional').length).toBe(4) // told where the state is: the slow one has not come to it yet
    if (held === undefined) throw new Error('not run')
    desk.tell(slow, { type: 'executed', batch: held.batch, from: held.from, result: honest(slow, held) as never })
    expect(desk.of('final', slow)).toHaveLength(1) // its own answer is the last that was missing
    expect(desk.of('fetch-state', slow).length).toBe(1) // the epoch's first state only
    const late = desk.letters.filter(({ from, number }) => from === slow && number === REVEAL).map(({ envelope }) => hexOf(envelope))
    expect(late).toHaveLength(4)
    desk.drop()
    desk.open(slow) // it was on disk before it left, and goes out again byte for byte
    expect(desk.letters.filter(({ from, number }) => from === slow && number === REVEAL).map(({ envelope }) => hexOf(envelope))).toEqual(
      late,
    )
    desk.deliver()
    for (const member of [0, 1, 2, 3, 4]) {
      expect(desk.group(member).tally.members[slow]).toEqual({ absent: [], late: [], contradicted: [] })
      expect(desk.of('final', member).at(-1)).toMatchObject({ step: 1, named: null })
    }
  })
})

describe('members that are behind', () => {
  test('a certificate answers a time-out, and whoever missed steps takes the last one up', () => {
    const desk = new Desk(5)
    const away = desk.order(1)[4] as number
    const rest = desk.order(1).slice(0, 4)
    for (const n of [1, 2]) {
      desk.write(desk.order(1)[0] as number, n)
      desk.deliver(({ to, from }) => to !== away && from !== away)
      desk.endGrace(({ to, from }) => to !== away && from !== away, rest)
      desk.drop(({ to }) => to === away)
    }
    const { step, root } = desk.group(rest[0] as number).base
    expect(step).toBeGreaterThanOrEqual(2)
    desk.pass(6_000, [away])
    desk.pass(1_000, [away])
    desk.deliver(({ number, to }) => number === TIMEOUT || to === away)
    expect(desk.group(away).base).toMatchObject({ step, root })
    for (const member of rest) expect(desk.group(member).base).toMatchObject({ step, root })
    expect(desk.of('provisional', away).map((one) => one.step)).toContain(step)
  })

  test('a restarted member asks for the last certificate', () => {
    const desk = new Desk(5)
    desk.write(0, 1)
    desk.deliver()
    const collator = desk.order(2).find((member) => member !== 4) as number
    desk.write(collator, 2)
    const living = ({ to, from }: Letter) => to !== 4 && from !== 4
    for (const ms of [0, 1_000, 200]) {
      desk.pass(ms, [0, 1, 2, 3])
      desk.deliver(living)
    }
    desk.drop()
    desk.open(4)
    expect(desk.group(4).base.step).toBe(1)
    desk.deliver(({ number, to }) => number === ASK || (to === 4 && number === FINAL))
    expect(desk.group(4).base.step).toBe(2)
  })

  test('bodies that a member lacks are fetched, and it seals only then', () => {
    const desk = new Desk(3)
    const [collator, other] = desk.order(1) as [number, number]
    desk.write(collator, 1)
    desk.deliver(({ number, to }) => to === other && number === PROPOSAL)
    expect(desk.of('fetch-bodies', other)).toHaveLength(1)
    desk.deliver(({ number }) => number !== OFFER)
    expect(desk.of('final', other)).toHaveLength(1)
  })
})

describe('what abstains', () => {
  test('a batch that a commit set binds is not blamed: it is proposed again, and runs', () => {
    const desk = new Desk(4)
    const [collator, ...others] = desk.order(1) as [number, number, number, number]
    const slow = others[2]
    const honest = desk.run
    desk.run = (member, effect) => (member === slow ? { type: 'abstained' } : honest(member, effect))
    desk.write(collator, 1)
    desk.deliver(({ number }) => number !== REVEAL)
    for (let rank = 0; rank < 3; rank++) {
      desk.drop()
      desk.pass(1_000 * 2 ** rank)
      desk.deliver(({ number }) => number !== REVEAL)
    }
    for (const member of desk.order(1)) expect(pendingIn(desk.group(member).pool).map(({ failures }) => failures)).toEqual([0])
    desk.pass(400)
    desk.deliver()
    desk.endGrace()
    expect(desk.of('refused')).toEqual([])
    expect(desk.of('provisional', collator).map(({ requests }) => requests.length)).toEqual([1])
    desk.endWindow()
    expect(desk.of('final', collator)[0]).toMatchObject({ step: 1, requests: [{}] })
  })

  test('a request that failed twice here is not refused while a commit set binds it: a member that saw less proposed it', () => {
    const desk = new Desk(4)
    const [first, second, third, last] = desk.order(1) as [number, number, number, number]
    const honest = desk.run
    desk.run = (member, effect) => (member === first || member === second ? { type: 'abstained' } : honest(member, effect))
    desk.write(first, 1)
    desk.deliver(({ number, to }) => number === OFFER || (number === PROPOSAL && to !== third))
    desk.drop() // `third` never sees the first batch, so it counts no failure of it
    desk.pass(1_000)
    desk.deliver()
    desk.run = honest
    desk.pass(2_000)
    desk.deliver(({ number }) => number !== REVEAL)
    expect(desk.group(last).open.bound?.rank).toBe(2)
    expect(pendingIn(desk.group(last).pool).map(({ failures }) => failures)).toEqual([2])
    desk.write(last, 1)
    expect(desk.of('refused', last)).toEqual([])
    for (let i = 0; i < 4; i++) {
      desk.pass(4_000)
      desk.deliver()
    }
    expect(desk.of('final', last).flatMap(({ requests }) => requests)).toHaveLength(1)
  })

  test('its collator alone makes no batch fail: it could be rid so of whatever waits', () => {
    const desk = new Desk(4)
    const [collator, other] = desk.order(1) as [number, number]
    const honest = desk.run
    desk.run = (member, effect) => (member === collator ? { type: 'abstained' } : honest(member, effect))
    desk.write(other, 1)
    desk.deliver(({ number }) => number !== SEAL) // which it does not collate
    desk.drop()
    desk.pass(1_000)
    desk.deliver(({ number }) => number === TIMEOUT)
    const said = desk
      .group(other)
      .open.timeouts.get(collator)
      ?.map(({ value }) => value.abstained)
    expect(said).toEqual([true])
    for (const member of desk.order(1)) expect(pendingIn(desk.group(member).pool).map(({ failures }) => failures)).toEqual([0])
  })

  test('nor does one that fails count against a request that it named otherwise', () => {
    const desk = new Desk(4)
    const [collator, other, slow] = desk.order(1) as [number, number, number]
    desk.run = () => ({ type: 'abstained' })
    desk.write(other, 1)
    desk.deliver(({ number, to }) => number === OFFER && to !== collator)
    const bytes = Uint8Array.of(7)
    const cid = contentIdOf(bytes, 'raw')
    desk.blocks.set(cid, bytes)
    const id = pendingIn(desk.group(other).pool)[0]?.ref.id as Uint8Array
    desk.drop()
    desk.tell(collator, { type: 'write', id, ms: desk.nowMs, cid, bytes })
    desk.deliver(({ number }) => number !== SEAL)
    desk.pass(1_000)
    desk.deliver(({ number }) => number === TIMEOUT)
    expect(desk.group(other).open.timeouts.get(slow)?.[0]?.value.abstained).toBe(true)
    expect(pendingIn(desk.group(other).pool).map(({ failures }) => failures)).toEqual([0])
  })

  test('a request whose batch twice finds no quorum leaves the queue', () => {
    const desk = new Desk(4)
    desk.run = (member, effect) =>
      member < 2 ? { type: 'abstained' } : { type: 'ran', files: effect.from, responses: [], fuel: 0, transcript: effect.batch }
    desk.write(0, 1)
    desk.deliver()
    for (let rank = 0; rank < 4; rank++) {
      desk.pass(1_000 * 2 ** rank)
      desk.deliver()
    }
    expect(desk.of('refused', 0).map(({ code }) => code)).toEqual(['JOB_TOO_SLOW'])
    expect(desk.of('final').every(({ requests }) => requests.length === 0)).toBe(true)
    expect(sameBytes(desk.group(0).base.batchHash, desk.group(3).base.batchHash)).toBe(true)
  })
})
