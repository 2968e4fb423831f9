import {
  type AccountId,
  accountOfBytes,
  bytesOfAccount,
  keyOfPeerId,
  type NetworkId,
  networkIdOf,
  type PeerId,
  parseAccountId,
  parsePeerId,
  peerIdOfKey,
} from '@interpeer/crypto-ids'
import { bytes, compareBytes, type Infer, list, message, struct, uint16, uint53, uint64 } from '@interpeer/wire-codec'
import { blockBytesMaxFor, certificateVotesMax } from './block.js'
import { quorumOf } from './electorate.js'
import { ChainError } from './errors.js'
import { AMOUNT_SETTINGS, SETTINGS, type Settings, settingsSchema } from './settings.js'

export const PROTOCOL_VERSION = 1
/** Everyone in the genesis votes, so certificates grow with it. */
export const GENESIS_PEERS_MAX = 512
export const GENESIS_BALANCES_MAX = 4096

/** What a network starts from. Its canonical CBOR is what the network id is the hash of. */
export const genesisMessage = message('genesis', 80, 1, {
  protocol: uint16,
  settings: settingsSchema,
  peers: list(bytes(32), GENESIS_PEERS_MAX),
  balances: list(struct({ account: bytes(32), amount: uint64 }), GENESIS_BALANCES_MAX),
  seed: bytes(32),
  startMs: uint53,
})
type GenesisFields = Infer<typeof genesisMessage>

export interface Genesis {
  readonly network: NetworkId
  readonly protocol: number
  readonly settings: Settings
  /** Sorted by key; all mature, so all of them vote. */
  readonly peers: readonly PeerId[]
  /** Sorted by account. Counted as minted. */
  readonly balances: readonly { readonly account: AccountId; readonly amount: bigint }[]
  /** 32 bytes: what the first leader is drawn from. */
  readonly seed: Uint8Array
  /** Network time in ms: height h is not before startMs + h × cycleMs. */
  readonly startMs: number
}

/**
 * Reads a genesis from strict JSON: every key must be there and no other. Amounts, and settings that are amounts, are decimal
 * text or integers; `peers` are PeerIds, `account` and `seed` 64 hexadecimal digits. The order of peers and balances is nothing.
 * @throws {ChainError} GENESIS_SYNTAX, GENESIS_KEY_UNKNOWN, GENESIS_KEY_MISSING, GENESIS_VALUE
 */
export function parseGenesis(json: string): Genesis {
  let given: unknown
  try {
    given = JSON.parse(json)
  } catch (cause) {
    throw new ChainError({ code: 'GENESIS_SYNTAX' }, { cause })
  }
  const top = keysOf(given, '', ['protocol', 'settings', 'peers', 'balances', 'seed', 'startMs'])
  const settings = keysOf(top.settings, 'settings', Object.keys(SETTINGS))
  const fields: GenesisFields = {
    protocol: integer(top.protocol, 'protocol', PROTOCOL_VERSION, PROTOCOL_VERSION),
    settings: Object.fromEntries(Object.keys(SETTINGS).map((name) => [name, settingOf(settings[name], name)])) as unknown as Settings,
    peers: listOf(top.peers, 'peers', 1, GENESIS_PEERS_MAX).map((peer, i) => parsed(peer, `peers[${i}]`, 'a PeerId', keyOfText)),
    balances: listOf(top.balances, 'balances', 0, GENESIS_BALANCES_MAX).map((entry, i) => balanceOf(entry, `balances[${i}]`)),
    seed: parsed(top.seed, 'seed', '64 hexadecimal digits', (seed) => bytesOfAccount(parseAccountId(seed))),
    startMs: integer(top.startMs, 'startMs', 0, Number.MAX_SAFE_INTEGER),
  }
  return genesisOf({
    ...fields,
    peers: sorted(fields.peers, (key) => key, 'peers'),
    balances: sorted(fields.balances, ({ account }) => account, 'balances'),
  })
}

/** The canonical bytes, whose hash is the network id. */
export function encodeGenesis(genesis: Genesis): Uint8Array {
  return genesisMessage.encode({
    ...genesis,
    peers: genesis.peers.map(keyOfPeerId),
    balances: genesis.balances.map(({ account, amount }) => ({ account: bytesOfAccount(account), amount })),
  })
}

/**
 * From the canonical bytes.
 * @throws {ChainError} GENESIS_VALUE @throws {WireError}
 */
export function decodeGenesis(encoded: Uint8Array): Genesis {
  const fields = genesisMessage.decode(encoded)
  for (const [name, value] of Object.entries(fields.settings)) settingOf(typeof value === 'bigint' ? String(value) : value, name)
  integer(fields.protocol, 'protocol', PROTOCOL_VERSION, PROTOCOL_VERSION)
  const ordered = { ...fields, peers: sorted(fields.peers, (key) => key, 'peers') }
  const genesis = genesisOf({ ...ordered, balances: sorted(fields.balances, ({ account }) => account, 'balances') })
  if (genesis.peers.length === 0) throw wrong('peers', 'at least one')
  if (compareBytes(encodeGenesis(genesis), encoded) !== 0) throw wrong('', 'peers and balances in order')
  return genesis
}

function genesisOf(fields: GenesisFields): Genesis {
  assertRoomForVotes(fields.settings)
  return {
    network: networkIdOf(genesisMessage.encode(fields)),
    protocol: fields.protocol,
    settings: fields.settings,
    peers: fields.peers.map(peerIdOfKey),
    balances: fields.balances.map(({ account, amount }) => ({ account: accountOfBytes(account), amount })),
    seed: fields.seed,
    startMs: fields.startMs,
  }
}

/** Beside a body, of a group as large as it may ever be: neither setting can be changed once the electorate has grown. */
function assertRoomForVotes({ blockBytesMax, rootGroupSize }: Settings): void {
  const quorum = quorumOf(rootGroupSize)
  if (certificateVotesMax(blockBytesMax) >= quorum) return
  throw wrong('settings.blockBytesMax', `at most ${blockBytesMaxFor(quorum)}, beside the votes of a root group of ${rootGroupSize}`)
}

const wrong = (path: string, expected: string): ChainError => new ChainError({ code: 'GENESIS_VALUE', path, expected })
const UINT64_MAX = 2n ** 64n - 1n

function settingOf(value: unknown, name: string): number | bigint {
  const { min, max } = SETTINGS[name as keyof Settings]
  if (!AMOUNT_SETTINGS.includes(name)) return integer(value, `settings.${name}`, min, max)
  const amount = amountOf(value, `settings.${name}`)
  if (amount < BigInt(min) || amount > BigInt(max)) throw wrong(`settings.${name}`, `an integer from ${min} to ${max}`)
  return amount
}
function balanceOf(value: unknown, path: string): { account: Uint8Array; amount: bigint } {
  const entry = keysOf(value, path, ['account', 'amount'])
  const account = parsed(entry.account, `${path}.account`, '64 hexadecimal digits', (text) => bytesOfAccount(parseAccountId(text)))
  return { account, amount: amountOf(entry.amount, `${path}.amount`) }
}
function amountOf(value: unknown, path: string): bigint {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return BigInt(value)
  if (typeof value === 'string' && /^(0|[1-9][0-9]{0,19})$/.test(value) && BigInt(value) <= UINT64_MAX) return BigInt(value)
  throw wrong(path, 'an amount: decimal text or an integer')
}
function integer(value: unknown, path: string, min: number, max: number): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max) return value
  throw wrong(path, min === max ? String(min) : `an integer from ${min} to ${max}`)
}
function keysOf(value: unknown, path: string, keys: readonly string[]): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(path, 'an object')
  const at = (key: string) => (path === '' ? key : `${path}.${key}`).slice(0, 80)
  for (const key of Object.keys(value)) {
    if (!keys.includes(key)) throw new ChainError({ code: 'GENESIS_KEY_UNKNOWN', path: at(key) })
  }
  for (const key of keys) if (!Object.hasOwn(value, key)) throw new ChainError({ code: 'GENESIS_KEY_MISSING', path: at(key) })
  return value as Record<string, unknown>
}
function listOf(value: unknown, path: string, min: number, max: number): readonly unknown[] {
  if (!Array.isArray(value) || value.length < min || value.length > max) throw wrong(path, `a list of ${min} to ${max}`)
  return value
}
function parsed<T>(value: unknown, path: string, expected: string, parse: (text: string) => T): T {
  try {
    if (typeof value === 'string') return parse(value)
  } catch {
    // said below, with the path
  }
  throw wrong(path, expected)
}
function sorted<T>(items: readonly T[], keyOf: (item: T) => Uint8Array, path: string): readonly T[] {
  const inOrder = [...items].sort((a, b) => compareBytes(keyOf(a), keyOf(b)))
  const twice = inOrder.some((item, i) => i > 0 && compareBytes(keyOf(item), keyOf(inOrder[i - 1] as T)) === 0)
  if (twice) throw wrong(path, 'no entry twice')
  return inOrder
}
const keyOfText = (text: string): Uint8Array => keyOfPeerId(parsePeerId(text))
