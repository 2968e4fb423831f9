import type { Moment } from '@interpeer/job-scheduler'
import type { Verification } from '@interpeer/peer-group'

/** What a transaction is carried out in: the block's moment, and a memory of signatures that held. */
export interface Setting {
  readonly moment: Moment
  readonly verification: Verification
}
