import { expect, test } from 'vitest'
import { type Application, openChain, parseGenesis, SETTINGS, stepChain } from '../src/index.js'
import { endsAtMs } from '../src/rounds.js'
import { resendMs } from '../src/tell.js'
import { genesisJson, signers, type Toy, toy } from './chains.js'

const all = signers(1)
const genesis = parseGenesis(genesisJson(all))
const [signer] = all
const START_MS = 1_000_000
/** The toy, whose waits are ten times as long once it has seen a transaction, and whose pools then hold one. */
const changing: Application<Toy> = {
  ...toy,
  rules: ({ seen }) => ({ roundMs: genesis.settings.roundMs * (seen.size > 0 ? 10 : 1), txPoolMax: seen.size > 0 ? 1 : 100 }),
}

test('a peer waits, and keeps transactions, as the state of its last block says (ADR 0025)', () => {
  let nowMs = START_MS
  let { state } = openChain({ genesis, application: changing, signer: signer as never, blocks: [], record: undefined, nowMs })
  const submit = (...transaction: number[]) => {
    const step = stepChain(state, { type: 'submit', transaction: Uint8Array.from(transaction), nowMs })
    state = step.state
    return step.effects.flatMap((effect) => (effect.type === 'count' ? [effect.code] : []))
  }
  const before = [resendMs({ ...state, effects: [] }), endsAtMs({ ...state, effects: [] }) - state.enteredMs]
  expect([submit(1), submit(2)]).toEqual([[], []])
  for (let i = 0; i < 200 && state.tip.state.seen.size === 0; i++) {
    nowMs += genesis.settings.roundMs
    state = stepChain(state, { type: 'time', nowMs }).state
  }
  const after = [resendMs({ ...state, effects: [] }), endsAtMs({ ...state, effects: [] }) - state.enteredMs]
  expect(after[1]).toBe((before[1] as number) * 10)
  expect(after[0]).toBe(Math.max(50, genesis.settings.roundMs * 5))
  expect([submit(3), submit(4)]).toEqual([[], ['TX_POOL_FULL']])
})

test('what can not change says why', () => {
  const fixed = Object.entries(SETTINGS).filter(([, { fixedFor }]) => fixedFor !== undefined)
  expect(fixed.map(([name]) => name).sort()).toEqual(['blockBytesMax', 'checkpointCycles', 'cycleMs', 'lookBack', 'rootGroupSize'])
})
