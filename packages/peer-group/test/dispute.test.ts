import { bytesOfContentId, sha256 } from '@interpeer/crypto-ids'
import { encodeCbor } from '@interpeer/wire-codec'
import { describe, expect, test } from 'vitest'
import { Case, type CaseStep } from '../simulations/case.js'
import { verification } from '../simulations/jobs.js'
import { PeerGroupError, verifyDispute, verifyFault, withShown } from '../src/index.js'

/** What it is; or why it is none. */
function outcomeOf(bytes: Uint8Array, { context }: Case): string {
  try {
    return verifyDispute(bytes, context, verification).kind
  } catch (error) {
    if (!(error instanceof PeerGroupError)) throw error
    expect(error.code).toBe('DISPUTE_INVALID')
    return error.failure.reason
  }
}
const dissent = (...statements: Uint8Array[]) => ({ type: 'objection', statements }) as const

describe('a certified step, and what is signed against it', () => {
  const made = new Case(5)
  const [first, second, third] = [made.run(), made.run(), made.run(1, { final: 1 })]
  const steps = [first, second, third].map((one) => made.certified(one, [0, 1, 2, 3]))
  const lie = made.lie(4, second)

  test('a differing reveal, a dissent or a withheld statement is enough, also of two members', () => {
    const kinds = [
      dissent(made.reveal(4, second, lie)),
      dissent(made.dissent(4, second, lie, { rank: 3 })),
      dissent(made.withheld(4, second)),
    ]
    for (const evidence of kinds) expect(outcomeOf(made.dispute(second, { steps, evidence }), made)).toBe('objection')
    const three = made.certificate(second, [made.reveal(0, second), made.reveal(1, second), made.reveal(2, second), made.reveal(3, second)])
    expect(three.length).toBeGreaterThan(0)
    const larger = new Case(7)
    const one = larger.run()
    const evidence = dissent(larger.withheld(6, one), larger.dissent(5, one, larger.lie(5, one)))
    const found = verifyDispute(
      larger.dispute(one, { steps: [larger.certified(one, [0, 1, 2, 3, 4])], evidence }),
      larger.context,
      verification,
    )
    expect(found.statements.map(({ peer }) => peer)).toEqual([larger.peer(5), larger.peer(6)])
  })
  test('it says what is before and what is after', () => {
    const evidence = dissent(made.reveal(4, second, lie))
    const found = verifyDispute(made.dispute(second, { steps, evidence }), made.context, verification)
    expect(found.start).toBe(first.after.root)
    expect([found.base.step, found.path.map(({ step }) => step), found.certified?.step, found.later.map(({ step }) => step)]).toEqual([
      0,
      [1],
      2,
      [3],
    ])
    const onFirst = made.dispute(second, { base: steps[0] as Uint8Array, steps: steps.slice(1), evidence })
    const shorter = verifyDispute(onFirst, made.context, verification)
    expect([shorter.base.step, shorter.base.state, shorter.path]).toEqual([1, first.after.root, []])
    expect(shorter.id).toEqual(found.id)
  })
  test('the same question has the same id, whatever is brought; another step, batch or epoch has another', () => {
    const idOf = (at: Case, bytes: Uint8Array) => Buffer.from(verifyDispute(bytes, at.context, verification).id).toString('hex')
    const a = idOf(made, made.dispute(second, { steps, evidence: dissent(made.reveal(4, second, lie)) }))
    const b = idOf(made, made.dispute(second, { steps: steps.slice(0, 2), evidence: dissent(made.withheld(4, second)) }))
    const c = idOf(made, made.dispute(third, { steps, evidence: dissent(made.withheld(4, third)) }))
    expect([a === b, a === c]).toEqual([true, false])
  })
  test.each([
    ['no statement', dissent()],
    ['a member twice', dissent(made.reveal(4, second, lie), made.withheld(4, second))],
    ['a statement of a member that agreed', dissent(made.reveal(3, second, made.lie(3, second)))],
    ['a statement of a member that agreed', dissent(made.withheld(0, second))],
    ['the certified answer', dissent(made.dissent(4, second))],
    ['of another step', dissent(made.dissent(4, second, lie, { step: 3 }))],
    ['of another batch', dissent(made.dissent(4, second, lie, { batch: sha256(encodeCbor('another')) }))],
    ['from another state', dissent(made.dissent(4, second, lie, { start: bytesOfContentId(third.after.root) }))],
    ['OTHER_EPOCH', dissent(made.dissent(4, second, lie, { epoch: 2 }))],
    ['NOT_A_MEMBER', dissent(new Case(9).dissent(8, second, lie))],
    ['MESSAGE_UNREADABLE', dissent(made.seal(4, second))],
    ['a certificate of a step that is said to have none', { type: 'split', rank: 0, reveals: [] } as const],
  ])('%s: refused', (reason, evidence) => {
    expect(outcomeOf(made.dispute(second, { steps, evidence }), made)).toBe(reason)
  })
  test('certificates that do not lead to the disputed step are refused', () => {
    const evidence = dissent(made.reveal(4, second, lie))
    const [a, b, c] = steps as [Uint8Array, Uint8Array, Uint8Array]
    expect(outcomeOf(made.dispute(second, { steps: [b], evidence }), made)).toBe('a step that does not follow')
    expect(outcomeOf(made.dispute(second, { steps: [a, c], evidence }), made)).toBe('a step that does not follow')
    expect(outcomeOf(made.dispute(second, { steps: [a], evidence }), made)).toBe('no certificate of the disputed step')
    expect(outcomeOf(made.dispute(third, { steps: [a], evidence: dissent(made.withheld(4, third)) }), made)).toBe(
      'steps are missing before the disputed one',
    )
    expect(outcomeOf(made.dispute(second, { steps: [a, made.certified(second, [0, 1, 2])], evidence }), made)).toBe(
      'fewer than q matching reveals',
    )
    expect(outcomeOf(made.dispute(second, { steps: [a, b], batch: third.batch.hash, evidence }), made)).toBe('another batch')
    expect(outcomeOf(made.dispute(second, { epoch: 2, steps: [a, b], evidence }), made)).toBe('another job or epoch')
    expect(outcomeOf(made.dispute(first, { base: a, steps: [b, c], evidence: dissent(made.withheld(4, first)) }), made)).toBe(
      'steps are missing before the disputed one',
    )
    expect(outcomeOf(Uint8Array.of(1), made)).toBe('not readable')
  })
  test('the base is final: a later batch names it, or all members agreed and all before it is named', () => {
    const evidence = dissent(made.reveal(4, second, lie))
    const [a, b] = steps as [Uint8Array, Uint8Array]
    expect(outcomeOf(made.dispute(second, { base: a, steps: [b], evidence }), made)).toBe('a base that is not final')
    expect(outcomeOf(made.dispute(second, { base: made.certified(first), steps: [b], evidence }), made)).toBe('objection')
    const onSecond = { base: made.certified(second), steps: [steps[2] as Uint8Array], evidence: dissent(made.withheld(4, third)) }
    expect(outcomeOf(made.dispute(third, onSecond), made)).toBe('a base that is not final')
  })
})

describe('a step that cannot be certified', () => {
  const made = new Case(5)
  const [first, second] = [made.run(), made.run()]
  const steps = [made.certified(first)]
  const reveals = [0, 1, 2, 3, 4].map((seat) => made.reveal(seat, second, seat < 2 ? made.lie(seat, second) : undefined))
  const split = (given: readonly Uint8Array[], rank = 0) =>
    made.dispute(second, { steps, evidence: { type: 'split', rank, reveals: given } })

  test('two against two of five: whatever the fifth says, no answer has four', () => {
    expect(outcomeOf(split(reveals.slice(0, 4)), made)).toBe('split')
    expect(outcomeOf(split(reveals), made)).toBe('split')
  })
  test('one against three may still be certified, and so may two reveals', () => {
    expect(outcomeOf(split(reveals.slice(1)), made)).toBe('reveals that can still reach q')
    expect(outcomeOf(split([reveals[0], reveals[4]] as Uint8Array[]), made)).toBe('reveals that can still reach q')
    expect(outcomeOf(split([]), made)).toBe('reveals that can still reach q')
    expect(outcomeOf(split([...reveals.slice(0, 3), reveals[0] as Uint8Array]), made)).toBe('a member twice')
    expect(outcomeOf(split(reveals, 1), made)).toBe('of another rank')
  })

  const seals = [0, 1, 2, 3].map((seat) => made.seal(seat, second))
  const bound = (timeouts: readonly Uint8Array[], rank = 0, given = seals) =>
    made.dispute(second, { steps, evidence: { type: 'bound', rank, seals: given, timeouts } })
  const timeouts = (rank: number, count = 4) => [0, 1, 2, 3].slice(0, count).map((seat) => made.timeout(seat, second, rank, seals))

  test('a commit set, and q time-outs of a rank four later that bind it', () => {
    expect(outcomeOf(bound(timeouts(4)), made)).toBe('bound')
    const one = [made.timeout(0, second, 5, seals), ...[1, 2, 3].map((seat) => made.timeout(seat, second, 5, []))]
    expect(outcomeOf(bound(one), made)).toBe('bound')
  })
  test('fewer, earlier, mixed or free time-outs are not enough', () => {
    expect(outcomeOf(bound(timeouts(3)), made)).toBe('time-outs of too low a rank')
    expect(outcomeOf(bound(timeouts(4, 3)), made)).toBe('fewer than q time-outs')
    expect(outcomeOf(bound([]), made)).toBe('fewer than q time-outs')
    expect(outcomeOf(bound([...timeouts(4, 3), made.timeout(3, second, 5, seals)]), made)).toBe('time-outs of several ranks')
    expect(outcomeOf(bound([...timeouts(4), made.timeout(0, second, 4, [])]), made)).toBe('a member twice')
    expect(outcomeOf(bound([0, 1, 2, 3].map((seat) => made.timeout(seat, second, 4, []))), made)).toBe(
      'time-outs that do not bind the batch',
    )
    expect(outcomeOf(bound([...timeouts(4, 3), made.timeout(3, second, 4, seals.slice(1))]), made)).toBe(
      'a time-out with a false commit set',
    )
    expect(outcomeOf(bound(timeouts(4), 0, seals.slice(1)), made)).toBe('not a commit set')
    expect(outcomeOf(bound([...timeouts(4, 3), made.timeout(3, first, 4, [])]), made)).toBe('of another step')
  })
})

describe('what is shown before the verdict', () => {
  const made = new Case(5)
  const [first, second, third] = [made.run(), made.run(), made.run()]
  const lie = made.lie(4, first)
  const brought = made.dispute(first, { steps: [made.certified(first, [0, 1, 2, 3])], evidence: dissent(made.dissent(4, first, lie)) })
  const dispute = verifyDispute(brought, made.context, verification)

  test('later steps count whoever shows them, in any order; what is of elsewhere changes nothing', () => {
    const shown = [made.certified(third, [0, 1, 2, 3]), made.certified(second, [1, 2, 3, 4])]
    const found = withShown(dispute, shown, made.context, verification)
    expect(found.later.map(({ step }) => step)).toEqual([2, 3])
    const other = new Case(5)
    other.run(2)
    expect(withShown(dispute, [other.certified(other.run(2))], made.context, verification).later).toEqual([])
    expect(() => withShown(dispute, [Uint8Array.of(1)], made.context)).toThrow(expect.objectContaining({ code: 'DISPUTE_INVALID' }))
  })
  test('Two answers of one member are a fault, not a dissent: N matching reveals lift a freeze', () => {
    const found = withShown(dispute, [made.certified(first)], made.context, verification)
    expect(found.unanimous?.agreed.length).toBe(5)
    const two = [made.dissent(4, first, lie), made.reveal(4, first)]
    expect(verifyFault(two, made.context, verification)).toEqual({ peer: made.peer(4), kind: 'two-answers' })
    expect(verifyFault([two[0], two[0]] as Uint8Array[], made.context, verification)).toBeUndefined()
    expect(verifyFault([made.dissent(3, first, lie), two[1]] as Uint8Array[], made.context, verification)).toBeUndefined()
  })
})

describe('certificates missing before the disputed step', () => {
  const made = new Case(5)
  const all = [made.run(), made.run(), made.run(), made.run(), made.run(1, { final: 1 })]
  const [first, second, third, fourth, fifth] = all as [CaseStep, CaseStep, CaseStep, CaseStep, CaseStep]
  const [a, b, c, d, e] = all.map((one) => made.certified(one, [0, 1, 2, 3])) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ]
  const evidence = dissent(made.withheld(4, fourth))
  const read = (steps: readonly Uint8Array[], changes = {}) =>
    verifyDispute(made.dispute(fourth, { steps: [...steps], evidence, ...changes }), made.context, verification)

  test('a member that says that it was given nothing needs none: its step begins where the certificate says', () => {
    const found = read([d, e])
    expect([found.gap, found.start, found.path, found.base.step]).toEqual([3, third.after.root, [], 0])
    expect([found.certified?.step, found.later.map(({ step }) => step)]).toEqual([4, [5]])
    // with a gap it is another question for each step that it goes back to
    expect(found.id).not.toEqual(read([a, b, c, d]).id)
    expect(found.id).toEqual(read([d]).id)
    expect(found.id).toEqual(read([a, d]).id)
    expect(found.id).not.toEqual(read([d, e], { base: a }).id)
    expect(read([a, b, c, d]).gap).toBe(0)
  })
  test('those that it has lead to where they end, from the beginning or a final step', () => {
    const found = read([a, d])
    expect([found.gap, found.start, found.path.map(({ step }) => step)]).toEqual([2, third.after.root, [1]])
    const later = read([b, d], { base: made.certified(first) })
    expect([later.gap, later.base.step, later.path.map(({ step }) => step)]).toEqual([1, 1, [2]])
    expect(read([d, e], { base: a })).toMatchObject({ gap: 2, base: { step: 1, state: first.after.root }, path: [] })
  })
  test.each([
    ['a dissent', dissent(made.dissent(4, fourth, made.lie(4, fourth)))],
    ['a reveal', dissent(made.reveal(4, fourth, made.lie(4, fourth)))],
    ['a dissent beside a withheld statement', dissent(made.withheld(3, fourth), made.dissent(4, fourth, made.lie(4, fourth)))],
  ])('%s is made from the state before: none may be missing', (_, against) => {
    expect(outcomeOf(made.dispute(fourth, { steps: [d], evidence: against }), made)).toBe('a step that does not follow')
  })
  test('nor may one be missing after the disputed step, or between those that are shown', () => {
    expect(outcomeOf(made.dispute(second, { steps: [b, d], evidence: dissent(made.withheld(4, second)) }), made)).toBe(
      'a step that does not follow',
    )
    expect(outcomeOf(made.dispute(fifth, { steps: [a, c, e], evidence: dissent(made.withheld(4, fifth)) }), made)).toBe(
      'a step that does not follow',
    )
    expect(outcomeOf(made.dispute(second, { steps: [a, c], evidence: dissent(made.withheld(4, second)) }), made)).toBe(
      'a step that does not follow',
    )
    expect(outcomeOf(made.dispute(fourth, { steps: [a, b], evidence }), made)).toBe('steps are missing before the disputed one')
    const onItself = { base: made.certified(first), steps: [a], evidence: dissent(made.withheld(4, first)) }
    expect(outcomeOf(made.dispute(first, onItself), made)).toBe('a step that does not follow')
  })
  test('jurors run at most 64 steps, from the last final one on', () => {
    const far = (step: number): CaseStep => ({ ...second, step })
    const brought = (step: number, base: Uint8Array | null = null) =>
      outcomeOf(
        made.dispute(far(step), { base, steps: [made.certified(far(step), [0, 1, 2, 3])], evidence: dissent(made.withheld(4, far(step))) }),
        made,
      )
    expect([64, 65].map((step) => brought(step))).toEqual(['objection', 'more steps than jurors run'])
    expect([65, 66].map((step) => brought(step, made.certified(first)))).toEqual(['objection', 'more steps than jurors run'])
  })
  test('with nothing missing, the disputed step follows on the one before it', () => {
    const elsewhere = [0, 1, 2, 3].map((seat) => made.reveal(seat, second, undefined, { start: bytesOfContentId(third.after.root) }))
    const steps = [a, made.certificate(second, elsewhere)]
    expect(outcomeOf(made.dispute(second, { steps, evidence: dissent(made.withheld(4, second)) }), made)).toBe(
      'a step that does not follow',
    )
  })
  test('the disputed step is shown once', () => {
    expect(outcomeOf(made.dispute(fourth, { steps: [a, b, c, d, d], evidence }), made)).toBe('a step that does not follow')
  })
})
