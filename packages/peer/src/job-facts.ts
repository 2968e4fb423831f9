import { accountOfJob, type JobId } from '@interpeer/crypto-ids'
import type { JobFacts } from './script-runtime.js'

/** What a job's scripts are told of it, at a step. */
export const jobFacts = (job: JobId, step: number): JobFacts => ({ id: job, account: accountOfJob(job), step })
