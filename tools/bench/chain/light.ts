import { accountOfBytes } from '@interpeer/crypto-ids'
import { checkAccount } from '@interpeer/intercoin-ledger'
import { type Figure, percentile } from '../figures.ts'
import { type LargeNetwork, someAccount } from './large-network.ts'
import { LightClient } from './light-start.ts'

const TIMES = 5

/**
 * A light client in a browser's position: no state, no disk. It learns from three sources which checkpoint is the newest, checks 64 votes of its certificate, each with its
 * lottery proof and its proof in the electorate's map, and one account's proof. Processor time of both sides together, and all bytes that go between them.
 */
export function measureLight(network: LargeNetwork): Figure[] {
  const times: number[] = []
  let bytes = 0
  for (let i = 0; i < TIMES; i++) {
    const client = new LightClient(network)
    const start = performance.now()
    const { newest } = client.newest()
    const account = someAccount()
    const { balance } = checkAccount(newest.ledger, accountOfBytes(account), client.proof(0, account))
    times.push(performance.now() - start)
    if (balance === 0n) throw new Error('an account of nothing')
    bytes = client.bytes
  }
  const none = { peer: null, peerName: null }
  return [
    { id: 'chain/light', ours: percentile(times, 50), ...none, unit: 'ms' },
    { id: 'chain/light-bytes', ours: bytes / 1e6, ...none, unit: 'MB' },
  ]
}
