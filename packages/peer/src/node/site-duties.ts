import type { RecordStore } from '@interpeer/content-store'
import type { BodyDesk } from './body-desk.js'
import type { Complaints } from './complaints.js'
import type { EpochRecords } from './epoch-records.js'
import type { Surroundings } from './group-shell.js'
import type { OutboxSender } from './outbox-shell.js'
import type { ReadCheckQueue } from './read-check-queue.js'
import type { ReadEvidence } from './read-evidence.js'
import type { AuditHabits } from './site-audits.js'

/** What a site asks of the peer that hosts it. */
export interface SiteDuties extends Surroundings {
  readonly epochRecords: EpochRecords
  readonly siteRecords: RecordStore
  readonly bodies: BodyDesk
  readonly audits: AuditHabits
  readonly readChecks: ReadCheckQueue
  readonly readEvidence: ReadEvidence
  /** What sends for this site; undefined: this peer declines all. */
  readonly outbox?: OutboxSender | undefined
  readonly outboxRecords: RecordStore
  /** Hands the chain a closing batch with its certificate, or a member's show. */
  readonly submitClose: (certificate: Uint8Array, batch: Uint8Array) => void
  readonly submitShow: (envelope: Uint8Array) => void
  readonly complaints: Complaints
}
