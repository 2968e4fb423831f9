import { editMap, emptyMap, type MapRoot, proveAt, proveEntry } from '@interpeer/content-store'
import { accountOfPeer, bytesOfAccount, bytesOfContentId, sha256 } from '@interpeer/crypto-ids'
import { checkAccount, checkSupply, SUPPLY_KEY } from '@interpeer/intercoin-ledger'
import { checkJob, jobRecord } from '@interpeer/job-scheduler'
import { changeKey, checkChange, checkHeader, checkPeer, checkSetting, checkTicket, headerMessage, settingKey } from '@interpeer/vote-chain'
import { encodeCbor } from '@interpeer/wire-codec'
import { accountRecord, supplyRecord } from '../../../packages/intercoin-ledger/src/ledger-map.js'
import { changeRecord } from '../../../packages/vote-chain/src/changes-map.js'
import { peerRecord } from '../../../packages/vote-chain/src/registry-map.js'
import { assertSame, type Target } from '../src/target.ts'
import { network, samplesOf, signerNamed } from './shapes.ts'

const signer = signerNamed(1)
const job = network as unknown as Parameters<typeof checkJob>[1]
const account = accountOfPeer(signer.peerId)
const WIRE = ['WireError']

type Prove = (get: Parameters<typeof proveEntry>[0], root: MapRoot, key: Uint8Array) => ReturnType<typeof proveEntry>
/** A map that a quorum put anything into, and the proof of it: what a light client decodes. */
function proven(key: Uint8Array, value: Uint8Array, prove: Prove = proveEntry): { readonly hash: Uint8Array; readonly proof: Uint8Array } {
  const edited = editMap(() => undefined, emptyMap(), [{ type: 'put', key, value, sum: 1n }])
  if ('missing' in edited) throw new Error('a new map lacks blocks')
  const blocks = new Map(edited.blocks.map(({ cid, bytes }) => [cid, bytes]))
  const shown = prove((cid) => blocks.get(cid), edited.root, key)
  if ('missing' in shown) throw new Error('a block is missing')
  return { hash: edited.root.hash, proof: shown.proof }
}

export const provenRecords: readonly Target[] = [
  {
    name: 'intercoin-ledger/account-proven',
    file: 'packages/intercoin-ledger/src/ledger-map.ts',
    errors: WIRE,
    run: (input) => {
      const { hash, proof } = proven(bytesOfAccount(account), input)
      checkAccount(hash, account, proof)
    },
    seeds: () => samplesOf(accountRecord),
  },
  {
    name: 'intercoin-ledger/supply-proven',
    file: 'packages/intercoin-ledger/src/ledger-map.ts',
    errors: ['LedgerError', 'WireError'],
    run: (input) => {
      const { hash, proof } = proven(SUPPLY_KEY, input)
      checkSupply(hash, proof)
    },
    seeds: () => samplesOf(supplyRecord),
  },
  {
    name: 'job-scheduler/job-proven',
    file: 'packages/job-scheduler/src/jobs-map.ts',
    errors: WIRE,
    run: (input) => {
      const { hash, proof } = proven(bytesOfContentId(job), input)
      checkJob(hash, job, proof)
    },
    seeds: () => samplesOf(jobRecord),
  },
  {
    name: 'vote-chain/peer-proven',
    file: 'packages/vote-chain/src/registry-map.ts',
    errors: ['CryptoError', 'WireError'],
    run: (input) => {
      const { hash, proof } = proven(signer.publicKey, input)
      checkPeer(hash, signer.peerId, proof)
    },
    seeds: () => samplesOf(peerRecord),
  },
  {
    name: 'vote-chain/ticket-proven',
    file: 'packages/vote-chain/src/registry-map.ts',
    errors: ['CryptoError', 'WireError'],
    run: (input) => {
      if (input.length === 0) return // no key of a map
      const { hash, proof } = proven(input.subarray(0, 32), input.subarray(32), (get, root) => proveAt(get, root, 0n))
      checkTicket(hash, 0n, proof)
    },
    seeds: () => samplesOf(peerRecord).map((record) => Uint8Array.of(...signer.publicKey, ...record)),
  },
  {
    name: 'vote-chain/header-proven',
    file: 'packages/vote-chain/src/block.ts',
    errors: ['ChainError', 'WireError'],
    run: (input) => assertSame(headerMessage.encode(checkHeader(sha256(input), input)), input, 'it is read, and written otherwise'),
    seeds: () => samplesOf(headerMessage.schema),
  },
  {
    name: 'vote-chain/setting-proven',
    file: 'packages/vote-chain/src/settings-map.ts',
    errors: WIRE,
    run: (input) => {
      const { hash, proof } = proven(settingKey('cycleMs'), input)
      checkSetting(hash, 'cycleMs', proof)
    },
    seeds: () => [encodeCbor(7), encodeCbor(2n ** 63n)],
  },
  {
    name: 'vote-chain/change-proven',
    file: 'packages/vote-chain/src/changes-map.ts',
    errors: ['CryptoError', 'WireError'],
    run: (input) => {
      const id = '5a'.repeat(32)
      const { hash, proof } = proven(changeKey(id), input)
      checkChange(hash, id, proof)
    },
    seeds: () => samplesOf(changeRecord),
  },
]
