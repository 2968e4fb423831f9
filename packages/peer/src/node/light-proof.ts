import { checkEntry } from '@interpeer/content-store'
import type { Signer } from '@interpeer/crypto-ids'
import { openOverlay } from '@interpeer/overlay/node'
import {
  ChainError,
  checkHeader,
  checkpointReply,
  DATA_SETS,
  type Genesis,
  hashOfHeader,
  headerMessage,
  proofsReply,
  readCheckpoint,
  wantCheckpoint,
  wantProofs,
} from '@interpeer/vote-chain'
import { sameBytes } from '@interpeer/wire-codec'
import { PeerError } from '../errors.js'
import { type ChainProof, type Provable, placeOf } from '../network/index.js'
import { agree, checkAfar } from './chain-sync.js'
import type { PeerEndpoint } from './endpoint.js'
import type { PeerLog } from './log.js'
import { SyncSources } from './sync-sources.js'

export interface LightProofOptions {
  readonly signer: Signer
  readonly genesis: Genesis
  readonly host: string
  /** Whom to ask: at least two, or what one says has to be believed. */
  readonly bootstrap: readonly PeerEndpoint[]
  readonly log: PeerLog
}

/**
 * The proof of one entry as of the newest checkpoint, by a client that has nothing of the chain: most of the peers asked name that checkpoint alike, its certificate is
 * checked by 64 votes, and the proof by its header.
 * @throws {ChainError} SYNC_SOURCES @throws {PeerError} SYNC_UNANSWERED; REQUEST_MALFORMED: a ticket is proven by who has the state only
 */
export async function proveLightly(what: Provable, { signer, genesis, host, bootstrap, log }: LightProofOptions): Promise<ChainProof> {
  const place = placeOf(what)
  if (place === undefined) throw new PeerError({ code: 'REQUEST_MALFORMED', reason: 'a ticket is proven by who has the state only' })
  const overlay = await openOverlay({ signer, network: genesis.network, host, port: 0 })
  try {
    for (const { peer, ...address } of bootstrap) overlay.setAddress(peer, address)
    const sources = new SyncSources({ overlay, peers: bootstrap.map(({ peer }) => peer), log, count: () => {} })
    const { newest } = await agree({ genesis, sources })
    const { height, block } = newest
    return await sources.first('proof', async (peer): Promise<ChainProof | undefined> => {
      const { checkpoint } = await sources.ask(peer, wantCheckpoint.encode({ height }), checkpointReply)
      if (checkpoint === null) return undefined
      const { at, earlier, certificate } = readCheckpoint(checkpoint)
      if (!sameBytes(hashOfHeader(at), block)) throw new ChainError({ code: 'HEADER_WRONG' })
      if (!(await checkAfar({ genesis, sources }, peer, { certificate, before: earlier, header: at }))) return undefined
      const wanted = { height, set: DATA_SETS.indexOf(place.set), keys: [place.key] }
      const { header, proofs } = await sources.ask(peer, wantProofs.encode(wanted), proofsReply)
      const [proof] = proofs
      if (header === null || proof === undefined) return undefined
      checkHeader(block, header)
      checkEntry(at[place.set], place.key, proof)
      return { height, block, header: headerMessage.encode(at), proof }
    })
  } finally {
    await overlay.close()
  }
}
