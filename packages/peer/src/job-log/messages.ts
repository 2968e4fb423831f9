import { bool, bytes, type Infer, list, message, nullable, oneOf, struct, text, uint16, uint32, uint53 } from '@interpeer/wire-codec'

export const METHOD_MAX_BYTES = 16
export const TARGET_MAX_BYTES = 512
export const SAID_MAX_BYTES = 4096
export const PAGE_ENTRIES_MAX = 128
export const RING_BYTES = 8

/** One run of a script (or of what stands in its place) at one member, for the site's uploader. */
const entryFields = {
  /** Counts the runs that this ring was told. */
  number: uint53,
  /** When the script believed it ran: agreed for a write, and so the same at all members. */
  timeMs: uint53,
  /** `promoted`: a read that changed something, and so was run again as a write. */
  ran: oneOf('read', 'promoted', 'write'),
  epoch: uint32,
  /** Of a write the step whose batch had it; of a read that of the state that it ran on. */
  step: uint32,
  /** The request's id; of an event its own. */
  id: bytes(16),
  method: text(METHOD_MAX_BYTES),
  target: text(TARGET_MAX_BYTES),
  /** 0: the member gave the run up, and `said` has the reason. */
  status: uint16,
  fuel: nullable(uint53),
  memoryBytes: nullable(uint53),
  /** What the script wrote to its error log. */
  said: text(SAID_MAX_BYTES),
  /** Bytes of UTF-8 that `said` lacks. */
  cutBytes: uint32,
} as const
export const jobLogEntry = struct(entryFields)
export type JobLogEntry = Infer<typeof jobLogEntry>

/**
 * Asks one member for what runs of a site left in its log, from one number on. Signed by who may read it: a log can hold what visitors sent. `to` is the
 * member, so that nobody else can use the request.
 */
export const jobLogs = message(
  'job-logs',
  75,
  1,
  {
    from: bytes(32),
    to: bytes(32),
    job: bytes(36),
    ms: uint53,
    /** Whose numbers `after` is of; null: from the beginning. A ring that began anew is read from its beginning. */
    ring: nullable(bytes(RING_BYTES)),
    after: uint53,
  },
  { maxBytes: 256 },
)

export const jobLogPage = message(
  'job-log-page',
  76,
  1,
  {
    ring: bytes(RING_BYTES),
    /** All up to this number is here or dropped: what to ask from next. */
    until: uint53,
    /** Entries after `after` up to `until` that had to make room. */
    dropped: uint53,
    /** There are entries behind `until`. */
    more: bool,
    entries: list(jobLogEntry, PAGE_ENTRIES_MAX),
  },
  { maxBytes: 128 * 1024 },
)
export type JobLogPage = Infer<typeof jobLogPage>
