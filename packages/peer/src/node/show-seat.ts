import type { JobId, PeerId, Signer } from '@interpeer/crypto-ids'
import { drawnSeat, jobRecordOf, type SeatClaim } from '@interpeer/job-scheduler'
import type { Application, Genesis, Tip } from '@interpeer/vote-chain'
import { checkSeatProof, type NetworkState, seatProofOf } from '../network/index.js'
import type { ChainStore } from './chain-store.js'
import type { PeerLog } from './log.js'

/** Who a seat fell to, and in which block: shown to who knows that block's hash (`checkSeatProof`). */
export interface ShownSeat {
  readonly claim: SeatClaim
  readonly peer: PeerId
  readonly height: number
  /** The block's hash. */
  readonly block: Uint8Array
  /** A `seat-proof`. */
  readonly proof: Uint8Array
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
 * Undefined: the seat was drawn before that, or with a first group in the block that published its job (no entry is before it), or there is none.
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

/** What a block drew for a seat: the epoch that it opens, or the next one, comes after it in time. */
function drawIn(before: Block, at: Block, job: JobId, seat: number): SeatClaim | undefined {
  const [earlier, now] = [before.state.jobs.get(job), at.state.jobs.get(job)]
  if (earlier === undefined || now === undefined || earlier === now || before.header === null) return undefined
  const [old, record] = [jobRecordOf(earlier), jobRecordOf(now)]
  return (['next', 'epoch'] as const).map((of) => ({ job, seat, of })).find((claim) => drawnSeat(old, record, claim) !== undefined)
}
