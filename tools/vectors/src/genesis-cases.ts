import { electors, encode, GENESIS, GENESIS_VALUE, SETTINGS } from './chain.js'
import { cidOf } from './cose.js'
import type { Fields } from './maker.js'
import type { Value } from './value.js'

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
/** The Multikey text of an Ed25519 key: base58btc of ed 01 and the key, after a z. */
export function peerIdOf(publicKey: string): string {
  let [rest, text] = [BigInt(`0xed01${publicKey}`), '']
  for (; rest > 0n; rest /= 58n) text = (ALPHABET[Number(rest % 58n)] as string) + text
  return `z${text}`
}

interface JsonCase {
  readonly name: string
  readonly expect: string
  readonly json: string
  /** The canonical bytes and the network id, of a good one. */
  readonly hex?: string
  readonly network?: string
}

/** A genesis as JSON and as canonical bytes. */
export function genesisVectors() {
  return { json: jsonCases(), encoded: encodedCases() }
}

const peers = electors.map(({ publicKey }) => peerIdOf(publicKey))
const usual: Fields = { ...GENESIS_VALUE, peers }

function jsonCases(): JsonCase[] {
  const good = (name: string, value: Fields, hex: string): JsonCase => ({
    name,
    expect: 'ok',
    json: JSON.stringify(value),
    hex,
    network: cidOf(hex),
  })
  const bad = (name: string, expect: string, value: unknown): JsonCase => ({ name, expect, json: JSON.stringify(value) })
  const value = (name: string, changes: Fields) => bad(name, 'GENESIS_VALUE', { ...usual, ...changes })
  const setting = (name: string, of: string, to: Value) => value(name, { settings: { ...(usual.settings as Fields), [of]: to } })
  const without = ({ ...fields }: Record<string, Value>, name: string): Fields => {
    delete fields[name]
    return fields
  }
  const [account] = ['0b'.repeat(32)]
  const ranges = Object.entries(SETTINGS).flatMap(([name, [min, max]]) => [
    setting(`${name} one below its range`, name, min - 1),
    setting(`${name} one above its range`, name, typeof (usual.settings as Fields)[name] === 'string' ? String(max + 1) : max + 1),
  ])
  const extremes = [0, 1].map((at) => Object.fromEntries(Object.entries(SETTINGS).map(([name, range]) => [name, range[at] as number])))
  // beside larger blocks a quorum of the largest group has no room
  Object.assign(extremes[1] as Fields, { blockBytesMax: 294_500 })
  const texts = (settings: Fields): Fields =>
    Object.fromEntries(Object.entries(settings).map(([name, one]) => [name, typeof SETTINGS[name]?.[2] === 'string' ? String(one) : one]))
  const twoOf = (one: Value): readonly Value[] => [one, one]
  return [
    good('a usual one', usual, GENESIS),
    good(
      'peers and balances in another order',
      { ...usual, peers: [...peers].reverse(), balances: [...(usual.balances as Value[])].reverse() },
      GENESIS,
    ),
    good('keys in another order', Object.fromEntries(Object.entries(usual).reverse()), GENESIS),
    good(
      'one peer and no balances',
      { ...usual, peers: peers.slice(0, 1), balances: [] },
      encode('genesis', { ...GENESIS_VALUE, peers: [electors[0]?.publicKey ?? ''], balances: [] }),
    ),
    good(
      'an amount as an integer',
      { ...usual, balances: [{ account, amount: 7 }] },
      encode('genesis', { ...GENESIS_VALUE, balances: [{ account, amount: '7' }] }),
    ),
    ...extremes.map((settings, at) =>
      good(
        `all settings at their ${at === 0 ? 'least' : 'most, as large as blocks may be with them'}`,
        { ...usual, settings },
        encode('genesis', { ...GENESIS_VALUE, settings: texts(settings) }),
      ),
    ),
    { name: 'text that is no JSON', expect: 'GENESIS_SYNTAX', json: '{' },
    { name: 'no text', expect: 'GENESIS_SYNTAX', json: '' },
    bad('null', 'GENESIS_VALUE', null),
    bad('a list', 'GENESIS_VALUE', []),
    bad('a key too many', 'GENESIS_KEY_UNKNOWN', { ...usual, more: 1 }),
    bad('a setting too many', 'GENESIS_KEY_UNKNOWN', { ...usual, settings: { ...(usual.settings as Fields), more: 1 } }),
    bad('a key too many in a balance', 'GENESIS_KEY_UNKNOWN', { ...usual, balances: [{ account, amount: 1, more: 1 }] }),
    ...Object.keys(usual).map((name) => bad(`without ${name}`, 'GENESIS_KEY_MISSING', without(usual, name))),
    ...Object.keys(SETTINGS).map((name) =>
      bad(`without ${name}`, 'GENESIS_KEY_MISSING', { ...usual, settings: without(usual.settings as Fields, name) }),
    ),
    bad('a balance without an amount', 'GENESIS_KEY_MISSING', { ...usual, balances: [{ account }] }),
    ...ranges,
    setting('blocks beside which the votes of a quorum have no room', 'blockBytesMax', 294_501),
    setting('a setting that is a fraction', 'cycleMs', 2_000.5),
    setting('a setting that is text', 'cycleMs', '2000'),
    value('another protocol', { protocol: 2 }),
    value('no peers', { peers: [] }),
    value('a peer twice', { peers: twoOf(peers[0] as string) }),
    value('a peer that is none', { peers: ['z6MkNobody'] }),
    value('a peer in hexadecimal', { peers: [electors[0]?.publicKey ?? ''] }),
    value('513 peers', { peers: { times: 513, of: 'p' } }),
    value('an account twice', { balances: twoOf({ account, amount: 1 }) }),
    value('an account of 63 digits', { balances: [{ account: account.slice(1), amount: 1 }] }),
    value('an account in upper case', { balances: [{ account: account.toUpperCase(), amount: 1 }] }),
    value('a negative amount', { balances: [{ account, amount: -1 }] }),
    value('an amount past 64 bits', { balances: [{ account, amount: '18446744073709551616' }] }),
    value('an amount past 2^53 as an integer', { balances: [{ account, amount: 2 ** 53 }] }),
    value('an amount with a zero before it', { balances: [{ account, amount: '07' }] }),
    value('an amount in hexadecimal', { balances: [{ account, amount: '0x7' }] }),
    value('a seed of 63 digits', { seed: '5'.repeat(63) }),
    value('a start before 1970', { startMs: -1 }),
    value('a start that is text', { startMs: '1700000000000' }),
  ]
}

function encodedCases() {
  const bad = (name: string, expect: string, changes: Fields) => ({
    name,
    expect,
    hex: encode('genesis', { ...GENESIS_VALUE, ...changes }),
  })
  const turned = (name: 'peers' | 'balances') => ({ [name]: [...(GENESIS_VALUE[name] as Value[])].reverse() })
  const [peer, balance] = [electors[0]?.publicKey ?? '', (GENESIS_VALUE.balances as Value[])[0] as Value]
  return [
    { name: 'a usual one', expect: 'ok', hex: GENESIS, network: cidOf(GENESIS) },
    bad('peers not in order', 'GENESIS_VALUE', turned('peers')),
    bad('balances not in order', 'GENESIS_VALUE', turned('balances')),
    bad('a peer twice', 'GENESIS_VALUE', { peers: [peer, peer] }),
    bad('an account twice', 'GENESIS_VALUE', { balances: [balance, balance] }),
    bad('no peers', 'GENESIS_VALUE', { peers: [] }),
    bad('another protocol', 'GENESIS_VALUE', { protocol: 2 }),
    ...Object.entries(SETTINGS).map(([name, [, max, usualOf]]) =>
      bad(`${name} one above its range`, 'GENESIS_VALUE', {
        settings: { ...(GENESIS_VALUE.settings as Fields), [name]: typeof usualOf === 'string' ? String(max + 1) : max + 1 },
      }),
    ),
    bad('a peer of small order', 'PEER_KEY_UNUSABLE', { peers: [`01${'00'.repeat(31)}`] }),
  ]
}
