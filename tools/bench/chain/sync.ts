import { accountOfPeer, bytesOfAccount, keyOfPeerId } from '@interpeer/crypto-ids'
import { checkAccount } from '@interpeer/intercoin-ledger'
import { checkPeer, checkSetting, SETTINGS, type SettingName, settingKey } from '@interpeer/vote-chain'
import { type Figure, percentile } from '../figures.ts'
import type { LargeNetwork } from './large-network.ts'
import { LightClient } from './light-start.ts'

const TIMES = 3

/**
 * A new seeder that is ready to take seats, from the last two checkpoints: both checked by 64 votes each, the headers between them, every setting, its own entry and its
 * own account. Whom a job's group is, and each later block's votes, it is shown by proofs when it needs them. `chain/sync-whole`: what a peer that votes has to fetch, all
 * maps of the state.
 */
export function measureSync(network: LargeNetwork): Figure[] {
  const times: number[] = []
  let bytes = 0
  for (let i = 0; i < TIMES; i++) {
    const client = new LightClient(network)
    const start = performance.now()
    const { newest } = client.newest()
    client.older(newest)
    const names = Object.keys(SETTINGS) as SettingName[]
    const proofs = client.proofs(1, names.map(settingKey))
    names.forEach((name, i) => {
      if (checkSetting(newest.settings, name, proofs[i] as Uint8Array) === undefined) throw new Error(`no ${name}`)
    })
    const { entry } = checkPeer(newest.peers, network.someone, client.proof(3, keyOfPeerId(network.someone)))
    if (entry === undefined) throw new Error('it is not registered')
    const account = accountOfPeer(network.someone)
    checkAccount(newest.ledger, account, client.proof(0, bytesOfAccount(account)))
    times.push(performance.now() - start)
    bytes = client.bytes
  }
  const none = { peer: null, peerName: null }
  return [
    { id: 'chain/sync', ours: percentile(times, 50), ...none, unit: 'ms' },
    { id: 'chain/sync-bytes', ours: bytes / 1e6, ...none, unit: 'MB' },
    { id: 'chain/sync-whole', ours: network.stateBytes / 1e6, ...none, unit: 'MB' },
  ]
}
