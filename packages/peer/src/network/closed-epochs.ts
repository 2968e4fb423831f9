import type { ContentId, JobId, PeerId } from '@interpeer/crypto-ids'
import type { NetworkState } from './network-state.js'

/** A job's epoch before the one that runs: what its members did at its end can only be noticed after it. */
export interface ClosedEpoch {
  readonly job: JobId
  readonly epoch: number
  /** In the order of the seats. */
  readonly members: readonly PeerId[]
  /** The group state that it began from. */
  readonly start: ContentId
  /** Up to the block of this time its members may accuse each other. */
  readonly untilMs: number
}
/** The last one of each job, where a jury could be drawn for it. */
export type ClosedEpochs = ReadonlyMap<JobId, ClosedEpoch>

/** What a block leaves of them. @param before the state of the block before @param state with the jobs as the block leaves them */
export function closedEpochsAfter(before: NetworkState, { jobs, closedEpochs, settings, timeMs }: NetworkState): ClosedEpochs {
  const { disputeFetchCycles, disputeAnswerCycles, disputeCycles, cycleMs } = settings
  const untilMs = timeMs + (disputeFetchCycles + disputeAnswerCycles + disputeCycles) * cycleMs
  const ended = [...jobs.values()].flatMap((entry): readonly ClosedEpoch[] => {
    const earlier = before.jobs.get(entry.job)
    if (earlier === undefined || earlier === entry || earlier.state !== 'running' || earlier.epoch.number === entry.epoch.number) return []
    const { number, members, start, jurors } = earlier.epoch
    return jurors < members.length ? [] : [{ job: entry.job, epoch: number, members, start, untilMs }]
  })
  const past = [...closedEpochs.values()].filter((one) => one.untilMs <= timeMs || jobs.get(one.job)?.state !== 'running')
  if (ended.length + past.length === 0) return closedEpochs
  const after = new Map(closedEpochs)
  for (const { job } of past) after.delete(job)
  for (const one of ended) if (jobs.get(one.job)?.state === 'running') after.set(one.job, one)
  return after
}
