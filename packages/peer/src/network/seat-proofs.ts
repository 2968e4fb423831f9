import { proveAt, proveEntry, readHeldMap } from '@interpeer/content-store'
import { bytesOfContentId, keyOfPeerId, type PeerId } from '@interpeer/crypto-ids'
import {
  checkSeat,
  type DrawnSeat,
  decodeSeatProof,
  drawnSeat,
  encodeSeatProof,
  isPassedOver,
  type Job,
  SchedulerError,
  type SeatClaim,
  ticketsTried,
} from '@interpeer/job-scheduler'
import { checkHeader, checkPeer, checkTicket, type Header, headerMessage, type Tip } from '@interpeer/vote-chain'
import { isEligible, momentOf } from './lottery.js'
import type { NetworkState } from './network-state.js'

type Block = Pick<Tip<NetworkState>, 'header' | 'state'>

/**
 * Shows that a seat fell to the peer that a block gave it to, to someone who knows that block's hash: `checkSeatProof`.
 * @param before the block before
 * @throws {SchedulerError} SEAT_NOT_DRAWN: `at` drew nobody for that seat
 */
export function seatProofOf(before: Block, at: Block, claim: SeatClaim): Uint8Array {
  const [earlier, now] = [before.state.jobs.get(claim.job), at.state.jobs.get(claim.job)]
  const drawn = earlier && now && drawnSeat(earlier, now, claim)
  if (drawn === undefined || now === undefined || before.header === null || at.header === null)
    throw new SchedulerError({ code: 'SEAT_NOT_DRAWN' })
  const { maps } = before.state
  const proofIn = (map: typeof maps.peers, key: Uint8Array) => readHeldMap(map, (get, root) => proveEntry(get, root, key)).proof
  const key = bytesOfContentId(claim.job)
  return encodeSeatProof({
    before: headerMessage.encode(before.header),
    at: headerMessage.encode(at.header),
    jobBefore: proofIn(maps.jobs, key),
    jobAt: proofIn(at.state.maps.jobs, key),
    peer: proofIn(maps.peers, keyOfPeerId(drawn.peer)),
    tickets: ticketsOfDraw(before.state, at.header, claim.seat, drawn, now).map(
      (ticket) => readHeldMap(maps.peers, (get, root) => proveAt(get, root, BigInt(ticket))).proof,
    ),
  })
}

/** The tickets that a draw looked at, up to the one that won. */
function ticketsOfDraw(before: NetworkState, header: Header, seat: number, drawn: DrawnSeat, { job, manifest }: Job): readonly number[] {
  const moment = momentOf(before, header)
  const eligible = (peer: PeerId) => moment.eligible(peer, { job, uploader: manifest.uploader })
  const tried: number[] = []
  for (const ticket of ticketsTried(moment.lottery, (moment.firstSeatOf(job) ?? 0) + seat)) {
    tried.push(ticket)
    if (!isPassedOver(moment.lottery.ownerOf(ticket), { ...drawn, eligible, formerOf: moment.formerOf })) break
  }
  return tried
}

/**
 * Who a seat fell to in the block with this hash. Needs that hash from a place that is trusted, and nothing else but one setting, as it was before that block.
 * @throws {ChainError} HEADER_WRONG @throws {SchedulerError} SEAT_NOT_DRAWN, SEAT_PROOF_WRONG
 * @throws {ContentStoreError} MAP_PROOF_MALFORMED, MAP_PROOF_WRONG @throws {WireError} @throws {CryptoError}
 */
export function checkSeatProof(
  hashOfBlock: Uint8Array,
  claim: SeatClaim,
  bytes: Uint8Array,
  settings: { readonly matureCycles: number },
): PeerId {
  const { before: first, at: second, ...proof } = decodeSeatProof(bytes)
  const at = checkHeader(hashOfBlock, second)
  const before = checkHeader(at.previous, first)
  return checkSeat(claim, proof, { jobsBefore: before.jobs, jobsAt: at.jobs, seed: at.seed }, (uploader) => ({
    ticketsBy: (peer, shown) => Number(checkPeer(before.peers, peer, shown).tickets),
    ownerOf: (ticket, shown) => {
      const { entry } = checkTicket(before.peers, BigInt(ticket), shown)
      const { peer, former } = entry
      return { peer, former, isEligible: isEligible(entry, { job: claim.job, uploader }, at.height, settings) }
    },
  }))
}
