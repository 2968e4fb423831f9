import { networkIdOf } from '@interpeer/crypto-ids'
import { expect, test } from 'vitest'
import { decodeGenesis, encodeGenesis, parseGenesis, SETTINGS } from '../src/index.js'
import { genesisJson, signers } from './chains.js'

const json = genesisJson(signers(3))
const altered = (change: (genesis: Record<string, never>) => void): string => {
  const genesis = JSON.parse(json)
  change(genesis)
  return JSON.stringify(genesis)
}
const account = 'ab'.repeat(32)

test('the network id is the CID of the canonical genesis, whatever the order of the JSON', () => {
  const genesis = parseGenesis(json)
  expect(genesis.network).toBe(networkIdOf(encodeGenesis(genesis)))
  const turned = altered((given) => void (given.peers as unknown as string[]).reverse())
  expect(parseGenesis(turned).network).toBe(genesis.network)
  expect(decodeGenesis(encodeGenesis(genesis))).toEqual(genesis)
  expect(parseGenesis(altered((given) => Object.assign(given, { startMs: 1 }))).network).not.toBe(genesis.network)
})

test.each([
  ['text that is no JSON', 'GENESIS_SYNTAX', '{'],
  ['a list', 'GENESIS_VALUE', '[]'],
  ['a key too many', 'GENESIS_KEY_UNKNOWN', altered((given) => Object.assign(given, { extra: 1 }))],
  ['a key too few', 'GENESIS_KEY_MISSING', altered((given) => void delete given.seed)],
  ['a setting too many', 'GENESIS_KEY_UNKNOWN', altered((given) => Object.assign(given.settings as never, { extra: 1 }))],
  [
    'a setting too few',
    'GENESIS_KEY_MISSING',
    altered((given) => void delete (given.settings as unknown as Record<string, unknown>).cycleMs),
  ],
  ['a setting out of range', 'GENESIS_VALUE', altered((given) => Object.assign(given.settings as never, { cycleMs: 1 }))],
  [
    'votes by the state of the block whose leader knows the seed',
    'GENESIS_VALUE',
    altered((given) => Object.assign(given.settings as never, { lookBack: 1 })),
  ],
  [
    'blocks beside which the votes of a quorum have no room',
    'GENESIS_VALUE',
    altered((given) => Object.assign(given.settings as never, { blockBytesMax: 294_501 })),
  ],
  ['a fraction', 'GENESIS_VALUE', altered((given) => Object.assign(given, { startMs: 1.5 }))],
  ['no peers', 'GENESIS_VALUE', altered((given) => Object.assign(given, { peers: [] }))],
  ['a peer twice', 'GENESIS_VALUE', altered((given) => Object.assign(given, { peers: [signers(1)[0]?.peerId, signers(1)[0]?.peerId] }))],
  ['a peer that is none', 'GENESIS_VALUE', altered((given) => Object.assign(given, { peers: ['z6MkNobody'] }))],
  ['a short seed', 'GENESIS_VALUE', altered((given) => Object.assign(given, { seed: 'ab' }))],
  ['a negative balance', 'GENESIS_VALUE', altered((given) => Object.assign(given, { balances: [{ account, amount: -1 }] }))],
  [
    'a balance past 64 bits',
    'GENESIS_VALUE',
    altered((given) => Object.assign(given, { balances: [{ account, amount: '18446744073709551616' }] })),
  ],
  ['another protocol', 'GENESIS_VALUE', altered((given) => Object.assign(given, { protocol: 2 }))],
])('%s: %s', (_, code, text) => {
  expect(() => parseGenesis(text)).toThrow(expect.objectContaining({ code }))
})

test('a balance may be decimal text or an integer', () => {
  for (const amount of [7, '7']) {
    const genesis = parseGenesis(altered((given) => Object.assign(given, { balances: [{ account, amount }] })))
    expect(genesis.balances).toEqual([{ account, amount: 7n }])
  }
})

test('blocks may be large where the root group is small', () => {
  const sized = (blockBytesMax: number, rootGroupSize: number) => () =>
    parseGenesis(altered((given) => Object.assign(given.settings as never, { blockBytesMax, rootGroupSize })))
  expect(sized(294_500, 2_000)().settings.rootGroupSize).toBe(2_000)
  expect(sized(16_384, 2_000)().settings.blockBytesMax).toBe(16_384)
  expect(sized(524_288, 1_329)().settings.rootGroupSize).toBe(1_329)
  expect(sized(524_288, 1_330)).toThrow(
    expect.objectContaining({
      failure: {
        code: 'GENESIS_VALUE',
        path: 'settings.blockBytesMax',
        expected: 'at most 524000, beside the votes of a root group of 1330',
      },
    }),
  )
})

test('what is usual lies in its range', () => {
  for (const { min, max, usual } of Object.values(SETTINGS)) expect(usual >= min && usual <= max).toBe(true)
})
