import type { Declared } from '@interpeer/wire-codec/cddl'
import type { VectorCodec } from '@interpeer/wire-codec/test-vectors'
import { jobsSchema } from '../src/job.js'
import { closeMessage, manifestMessage, publishMessage } from '../src/manifest.js'

/** All that goes over the wire: what src/job-scheduler.cddl describes. */
export const contract = [manifestMessage, publishMessage, closeMessage] as unknown as readonly VectorCodec<never>[]

/** What is only hashed. */
export const dataSets: readonly Declared[] = [{ name: 'jobs-data', cddl: () => `jobs-data = ${jobsSchema.cddl}` }]
