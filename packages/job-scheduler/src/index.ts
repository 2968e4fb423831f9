export {
  type Closing,
  closeEpoch,
  type Earning,
  earningsOf,
  earningsWithin,
  endJob,
  holdClosing,
  isHeldLongEnough,
  priceOf,
  type SeatOutcome,
} from './close.js'
export { type DrawRules, drawPeer, isPassedOver, type Lottery, lotteryOf, seatOfTicket, TRIES_MAX, ticketsTried } from './draw.js'
export { SchedulerError, type SchedulerFailure } from './errors.js'
export {
  type Epoch,
  type HeldClosing,
  inOrder,
  type Job,
  type Jobs,
  jobNamed,
  type LastClosing,
  type NextEpoch,
  type Recovering,
  recoveringSince,
  SHOW_BYTES_MAX,
  seatHoldersOf,
  seatsOfJob,
  sortedJobs,
  withJob,
} from './job.js'
export { type BlobOf, blobsOfJobs, checkJob, type JobRecord, jobFrom, jobRecord, jobRecordOf, jobsEdits, jobsEntries } from './jobs-map.js'
export {
  closeMessage,
  jobOfManifest,
  type Manifest,
  manifestMessage,
  openManifest,
  openPublish,
  publishMessage,
  SEATS_MAX,
  signManifest,
  signPublish,
} from './manifest.js'
export { drawFirstGroup, drawSeats, type Moment, planNext, publishJob } from './plan.js'
export {
  addShow,
  advanceJobs,
  groupQuorum,
  isRecoverable,
  noClose,
  type Recovered,
  type RecoverFrom,
  type Recovery,
  recovered,
} from './recover.js'
export {
  checkSeat,
  type DrawnSeat,
  decodeSeatProof,
  drawnSeat,
  encodeSeatProof,
  SEAT_SHOWN_BYTES_MAX,
  type SeatClaim,
  type SeatEntry,
  type SeatGrounds,
  type SeatProof,
  seatProofRecord,
  seatShown,
  wantSeat,
} from './seat-proof.js'
export { addShowPart, openShowPart, type ShowPart, showPartBytes, showPartMessage, signShowParts } from './show-parts.js'
export { SHUFFLE_ROUNDS, type Shuffle, shuffleOf } from './shuffle.js'
export { type SeatStatus, seatsOf } from './status.js'
export { changeOf, firstChangeFrom, type SeatChange, seatUntilMs, type Timetable, tenureFor } from './timetable.js'
