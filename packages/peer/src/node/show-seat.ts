import type { JobId, PeerId, Signer } from '@interpeer/crypto-ids'
import type { SeatClaim } from '@interpeer/job-scheduler'
import type { Application, Genesis, Tip } from '@interpeer/vote-chain'
import { checkSeatProof, type NetworkState, seatProofOf } from '../network/index.js'
import type { ChainStore } from './chain-store.js'
import { drawIn, type ProvenDraw } from './drawn-seats.js'
import type { PeerLog } from './log.js'

/** A draw that was checked by its block. */
export interface ShownSeat extends ProvenDraw {
  readonly peer: PeerId
  /** The block's hash. */
  readonly block: Uint8Array
}
interface ShowSeatOptions {
  readonly genesis: Genesis
  readonly application: Application<NetworkState>
  readonly signer: Signer
  readonly store: ChainStore
  readonly log: PeerLog
}
type Block = Tip<NetworkState>

/**
 * The last draw of a seat that this peer's disk has: of its epoch, or of the next one, which is named already. A draw is proven by the states on both sides of its block, which nobody
 * keeps: so blocks are applied again, from the first one or the oldest checkpoint that is there, which takes as long as a start from there.
 * Undefined: the seat was drawn before that, or there is none.
 */
export function showSeat(job: JobId, seat: number, { genesis, application, signer, store, log }: ShowSeatOptions): ShownSeat | undefined {
  let before: Block | undefined
  const draws: { readonly before: Block; readonly at: Block; readonly claim: SeatClaim }[] = []
  const onTip = (at: Block): void => {
    const claim = before === undefined ? undefined : drawIn(before, at, job, seat)
    if (before !== undefined && claim !== undefined) draws[0] = { before, at, claim } // the last one alone is kept
    before = at
  }
  store.open({ genesis, application, signer, nowMs: genesis.startMs, onTip }, log, store.block(1) === undefined ? 'oldest' : 'genesis')
  const [last] = draws
  if (last === undefined) return undefined
  const { at, claim } = last
  const proof = seatProofOf(last.before, at, claim)
  const peer = checkSeatProof(at.hash, claim, proof, last.before.state.settings)
  return { claim, peer, height: at.height, block: at.hash, proof }
}
