export {
  type Closing,
  closeEpoch,
  type Earning,
  earningsOf,
  earningsWithin,
  endJob,
  priceOf,
  type SeatOutcome,
} from './close.js'
export { drawPeer, type SeatDraw, ticketsFor } from './draw.js'
export { SchedulerError, type SchedulerFailure } from './errors.js'
export {
  type Epoch,
  type Job,
  type Jobs,
  jobNamed,
  type LastClosing,
  type NextEpoch,
  type Recovering,
  SHOW_BYTES_MAX,
  seatHoldersOf,
  sortedJobs,
  withJob,
} from './job.js'
export { checkJob, type JobRecord, jobRecord, jobsEdits, jobsEntries } from './jobs-map.js'
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
export { drawSeats, type Moment, planNext, publishJob, seatsBefore } from './plan.js'
export {
  addShow,
  advanceJobs,
  groupQuorum,
  isRecoverable,
  noClose,
  type RecoverFrom,
  type Recovery,
  recovered,
} from './recover.js'
export { SHUFFLE_ROUNDS, shuffledIndex, unshuffledIndex } from './shuffle.js'
export { type SeatStatus, seatsOf } from './status.js'
export { changeOf, firstChangeFrom, type SeatChange, seatUntilMs, type Timetable, tenureFor } from './timetable.js'
