import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { accountOfPeer, parsePeerId } from '@interpeer/crypto-ids'
import { parseGenesis, SETTINGS } from '@interpeer/vote-chain'
import { print } from './print.js'
import { settingIn } from './setting-option.js'

export interface CreateNetworkOptions {
  readonly out: string
  readonly peer: readonly string[]
  readonly balance: readonly string[]
  readonly cycleMs: number
  readonly tenureMs: number
  /** NAME=VALUE: other values than the usual ones. */
  readonly set?: readonly string[]
  readonly json?: boolean
}
const UNITS_PER_COIN = 10n ** 9n

/** Writes a genesis to a file that is not there yet: the founding peers, their balances, and a setting for everything (design §12.1). Its hash is the network's id. */
export function createNetwork(options: CreateNetworkOptions): void {
  const settings = Object.fromEntries(Object.entries(SETTINGS).map(([name, { usual }]) => [name, usual]))
  // rounds follow the cycle, so that a leader that is gone costs a part of a cycle, not several
  const roundMs = Math.min(Math.max(Math.floor(options.cycleMs / 2), SETTINGS.roundMs.min), SETTINGS.roundMs.usual)
  const chosen = Object.fromEntries((options.set ?? []).map(settingIn).map(({ name, value }) => [name, Number(value)]))
  const genesis = JSON.stringify(
    {
      protocol: 1,
      settings: { ...settings, cycleMs: options.cycleMs, tenureMs: options.tenureMs, roundMs, ...chosen },
      peers: options.peer,
      balances: options.balance.map(balanceOf),
      seed: randomBytes(32).toString('hex'),
      startMs: Date.now(),
    },
    null,
    2,
  )
  const { network } = parseGenesis(genesis)
  writeFileSync(options.out, `${genesis}\n`, { flag: 'wx' }) // another network's is gone for good where it is written over
  print({ network, out: options.out }, network, options)
}

function balanceOf(text: string): { account: string; amount: string } {
  const [peer = '', coins = ''] = text.split('=')
  if (!/^\d{1,9}$/.test(coins)) throw new Error(`--balance takes PEER=COINS, whole coins up to 999999999: "${text}"`)
  return { account: accountOfPeer(parsePeerId(peer)), amount: (BigInt(coins) * UNITS_PER_COIN).toString() }
}
