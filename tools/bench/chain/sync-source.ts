// The sources of `chain/sync`, in a process of their own, with the sources of the packages. Says where they are when they are ready; answers any message with its processor time so far.
import type { ContentId, PeerId } from '@interpeer/crypto-ids'
import { createSigner } from '@interpeer/crypto-ids'
import { answerSync, SYNC_REQUEST_NUMBERS } from '@interpeer/vote-chain'
import { openOverlay } from '../../../packages/overlay/src/node/index.js'
import { numberOf } from '../../../packages/peer/src/message-number.js'
import { contentService } from '../../../packages/peer/src/node/content-service.js'
import { hashOf } from './many-voters.ts'
import { wholeNetwork } from './whole-network.ts'

/** What a newcomer is told. */
export interface SourcesTold {
  readonly sources: readonly { readonly peer: PeerId; readonly port: number }[]
  /** A peer that is registered. */
  readonly someone: PeerId
  /** What all parts of the state come to. */
  readonly stateBytes: number
}

const { genesis, source, checkpoint, someone } = wholeNetwork(new AbortController().signal)
const sources = await Promise.all(
  [1, 2].map(async (n) => {
    const signer = createSigner(hashOf(`source ${n}`))
    const overlay = await openOverlay({ signer, network: genesis.network, host: '127.0.0.1', port: 0 })
    const store = { get: (cid: ContentId) => checkpoint.parts.get(cid), has: (cid: ContentId) => checkpoint.parts.has(cid) }
    const parts = contentService({ store, self: signer.peerId, count: () => {}, onLacked: () => {} })
    overlay.onRequest(async (from, request) => {
      const number = numberOf(request) as number
      return SYNC_REQUEST_NUMBERS.includes(number) ? answerSync(source, number, request) : parts(from, request)
    })
    return { peer: signer.peerId, port: overlay.address.port }
  }),
)
let stateBytes = 0
for (const part of checkpoint.parts.values()) stateBytes += part.length
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send?.((user + system) / 1000)
})
process.on('disconnect', () => process.exit())
process.send?.({ sources, someone, stateBytes } satisfies SourcesTold)
