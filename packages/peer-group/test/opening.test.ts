import { contentIdOf, sha256 } from '@interpeer/crypto-ids'
import { encodeCbor } from '@interpeer/wire-codec'
import { describe, expect, test } from 'vitest'
import { signerAt } from '../simulations/jobs.js'
import { type Judgment, type OldEpoch, type Outcome, openingOf, type Recovery } from '../src/index.js'

const batch = (name: string): Uint8Array => encodeCbor(['a batch', name])
const root = (name: string) => contentIdOf(batch(name), 'dag-cbor')
const hashes = (...names: string[]) => names.map((name) => sha256(batch(name)))
const members = [0, 1, 2, 3, 4].map((seat) => signerAt(seat).peerId)
/** Its first two steps were run again from an epoch before; a third one was left. */
const old: OldEpoch = { start: root('start'), startTimeMs: 1_000, members, rerun: [batch('again 1'), batch('again 2'), batch('again 3')] }

/** What members show who have these batches certified after a final step. */
function shows(final: number, rerun: readonly string[], through = final + rerun.length): Recovery {
  return {
    ...(final === 0
      ? {}
      : { last: { step: final, certificate: batch('a certificate'), batch: batch('F'), state: root(`${final}`), timeMs: 2_000 } }),
    rerun: rerun.map(batch),
    rerunSteps: rerun.map((_, i) => final + 1 + i),
    through,
    shown: members,
    complete: true,
    closed: false,
  }
}
function verdict(outcome: Outcome, step: number, rerun: readonly string[], leaving: readonly number[] = []): Judgment {
  const leave = members.filter((_, seat) => leaving.includes(seat))
  const stays = members.filter((_, seat) => !leaving.includes(seat))
  const opens = { start: root(outcome), holders: stays, rerun: hashes(...rerun), members: stays }
  const nobody = { marks: [], unresolved: [], differed: [], faults: [], pay: { owed: [], owing: [] } }
  return { outcome, by: 'jury', step, leave, opens, ...nobody }
}
const named = ({ rerun }: { rerun: readonly Uint8Array[] }, ...names: string[]) => expect(rerun).toEqual(names.map(batch))

describe('what the next epoch opens from', () => {
  test('without a verdict: what is shown, and what this epoch had to run again and did not come to', () => {
    const opening = openingOf(shows(1, ['again 2']), old)
    expect(opening).toMatchObject({ state: root('1'), timeMs: 2_000, members, incomplete: false })
    named(opening, 'again 2', 'again 3')
    expect(openingOf(shows(0, []), old)).toMatchObject({ state: old.start, timeMs: 1_000, rerun: old.rerun })
  })
  test('a closing batch leaves nothing to run again', () => {
    const closing = { batch: batch('closing'), state: root('closing'), timeMs: 3_000 }
    expect(openingOf({ ...shows(2, []), closing }, old)).toMatchObject({ state: root('closing'), timeMs: 3_000, rerun: [] })
  })
  test('the verdict takes the place of the frozen step, and all that came after is run again', () => {
    for (const outcome of ['stands', 'overturned', 'dropped'] as const) {
      const opening = openingOf(shows(3, ['frozen', 'later', 'latest']), old, verdict(outcome, 4, ['later'], [2]))
      expect(opening).toMatchObject({ state: root(outcome), members: members.filter((_, seat) => seat !== 2) })
      named(opening, 'later', 'latest')
    }
  })
  test('a step that became final before its verdict fell is not opened anew from what the dispute recorded (model: verdict)', () => {
    // the dispute knows nothing of what the group certified and named final after the freeze was lifted
    const opening = openingOf(shows(6, ['tip']), old, verdict('stands', 4, ['later'], [2]))
    expect(opening.state).toBe(root('6'))
    named(opening, 'tip')
    expect(opening.members.length).toBe(4)
  })
  test('where an earlier step was found false first, the disputed one runs again too', () => {
    named(openingOf(shows(3, ['false', 'disputed', 'later']), old, verdict('overturned', 4, ['disputed', 'later'])), 'disputed', 'later')
  })
  test('batches of a final step that is overturned are in no show: who has them gives them, in any order', () => {
    const judgment = verdict('overturned', 4, ['fifth', 'sixth'])
    const given = [batch('sixth'), batch('something else'), batch('fifth')]
    named(openingOf(shows(6, ['seventh']), old, judgment, given), 'fifth', 'sixth', 'seventh')
    const without = openingOf(shows(6, ['seventh']), old, judgment, [batch('fifth')])
    expect(without.incomplete).toBe(true)
    named(without, 'fifth') // not the seventh without the sixth
  })
  test('steps are counted in the epoch that is over, whatever number a batch was given in an earlier one', () => {
    named(openingOf(shows(0, ['again 1', 'again 2']), old, verdict('dropped', 1, ['again 2'])), 'again 2', 'again 3')
    named(openingOf(shows(0, ['again 1']), old, verdict('dropped', 2, [])), 'again 3') // bound, and in no show
  })
})
