import { sha256 } from '@interpeer/crypto-ids'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { execute } from '../simulations/jobs.js'
import { type GroupEffect, quorumOf, verifyOwnFault } from '../src/index.js'
import { OwnDesk } from './own-desk.js'

type Execute = GroupEffect & { type: 'execute' }
const transcriptOf = ({ batch }: Execute): Uint8Array => new Uint8Array(3_000).map((_, i) => (batch[i % 32] as number) ^ i)
const anyGroup = fc.integer({ min: 4, max: 7 }).chain((peers) =>
  fc.record({
    peers: fc.constant(peers),
    parrots: fc.subarray(
      Array.from({ length: peers }, (_, i) => i),
      { maxLength: 2 },
    ),
    sleepers: fc.subarray(
      Array.from({ length: peers }, (_, i) => i),
      { maxLength: peers - quorumOf(peers) },
    ),
    /** Which letter comes next, and whether it comes again. */
    picks: fc.infiniteStream(fc.nat(10_000)),
    steps: fc.integer({ min: 1, max: 3 }),
  }),
)

test('in any order of letters, with repeats: parrots are claimed by all who ran and saw their reveals, nobody else ever is, and claims hold', () => {
  fc.assert(
    fc.property(anyGroup, ({ peers, parrots, sleepers, picks, steps }) => {
      const desk = new OwnDesk(peers, { challengePerMille: 500 })
      const runs = new Map<string, Execute>()
      desk.run = (member, effect) => {
        runs.set(effect.batch.join(), effect)
        if (sleepers.includes(member)) return { type: 'abstained' }
        const transcript = transcriptOf(effect)
        return { ...execute(effect), transcript: parrots.includes(member) ? sha256(transcript) : transcript }
      }
      for (let step = 1; step <= steps; step++) {
        desk.write(step % peers, step)
        deliverAnyhow(desk, picks)
      }
      for (const { finding, evidence } of desk.claims()) {
        if (!parrots.includes(desk.setup.members.indexOf(finding.peer))) {
          // only a parrot can think so of others: its own transcript is the wrong one
          expect(
            desk.watched
              .filter(({ effect }) => effect.type === 'claim' && effect.finding === finding)
              .map(({ member }) => parrots.includes(member)),
          ).toEqual([true])
        }
        expect(verifyOwnFault(evidence, desk.context)).toEqual(finding)
      }
      for (let member = 0; member < peers; member++) {
        if (parrots.includes(member) || sleepers.includes(member)) continue
        const seen = new Set(
          [...desk.watch(member).steps.values()].flatMap(({ final, reveals }) => (final === undefined ? [] : [...reveals.keys()])),
        )
        const claimed = new Set(desk.claims(member).map(({ finding }) => desk.setup.members.indexOf(finding.peer)))
        expect([...claimed].sort()).toEqual(parrots.filter((parrot) => seen.has(parrot)).sort())
        for (const { finding, evidence } of desk.claims(member)) {
          const effect = runs.get(finding.batch.join()) as Execute
          const answer = [...desk.watch(member).steps.values()].find(({ batch }) => batch.join() === finding.batch.join())?.final?.answer
          expect(verifyOwnFault(evidence, desk.context, { answer: answer as never, transcript: transcriptOf(effect) })?.verdict).toBe(
            'proven',
          )
        }
      }
    }),
    { numRuns: 30 },
  )
})

function deliverAnyhow(desk: OwnDesk, picks: Iterator<number>): void {
  const next = (): number => picks.next().value as number
  for (let left = 3_000; left > 0 && desk.letters.length + desk.ownLetters.length > 0; left--) {
    const pick = next()
    if (desk.letters.length === 0 || (desk.ownLetters.length > 0 && pick % 4 === 0)) {
      const [letter] = desk.ownLetters.splice(pick % desk.ownLetters.length, 1)
      if (letter === undefined) continue
      desk.tellWatch(letter.to, { type: 'message', from: desk.peer(letter.from), envelope: letter.envelope })
      continue
    }
    const at = pick % desk.letters.length
    const letter = desk.letters[at] as (typeof desk.letters)[0]
    if (pick % 11 !== 0) desk.letters.splice(at, 1) // else it comes again
    desk.tell(letter.to, { type: 'message', from: desk.peer(letter.from), envelope: letter.envelope })
  }
}
