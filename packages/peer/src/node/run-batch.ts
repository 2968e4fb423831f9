import { applyChanges, type Block, type BlockStore, type Missing } from '@interpeer/content-store'
import { bytesOfContentId, type ContentId, type JobId, type PeerId, peerIdOfKey, sha256 } from '@interpeer/crypto-ids'
import {
  type Execution,
  type ExecutionResult,
  type OutboxReport,
  readRequestBlock,
  reportOn,
  type SiteRequest,
} from '@interpeer/peer-group'
import { sameBytes } from '@interpeer/wire-codec'
import { batchTranscript } from '../batch-transcript.js'
import { effectsDigest } from '../effects-digest.js'
import { type EventRequest, requestOfAnswer, requestOfEvent } from '../event-request.js'
import { jobFacts } from '../job-facts.js'
import { type LoggedRun, loggedRun } from '../job-log/logged-run.js'
import { Planning } from '../planning.js'
import type { JobFacts, ScriptChange, ScriptEffect, ScriptOutcome, ScriptRequest, ScriptRuntime } from '../script-runtime.js'
import { blocksOfResponse, type Response, responseOf } from '../site-response-block.js'
import { openReport } from './known-reports.js'
import type { KnownRequests } from './known-requests.js'
import { bodyOf, missingOf } from './request-bodies.js'
import type { ScriptQueue } from './script-queue.js'

/** What the job is, for its scripts and its outbox. */
export interface BatchOf {
  readonly job: JobId
  /** Who may send for it. */
  readonly members: readonly PeerId[]
}
export type Batch = Omit<Execution, 'batch' | 'requests'> & BatchOf & { readonly requests: readonly ContentId[] }
/** The batch that an effect of the group wants run. */
export const batchOf = ({ requests, ...rest }: Execution, of: BatchOf): Batch => ({
  ...rest,
  ...of,
  requests: requests.map(({ cid }) => cid),
})

/** What a batch came to, and what its runs left for the site's log. */
export type BatchResult = ExecutionResult & { readonly runs: readonly LoggedRun[] }

/**
 * Runs an agreed batch, request by request, each on the files that the one before left (WP §6.2). Time and seed are the batch's, so that
 * every member gets the same bytes. Everything it made is durable when it resolves: only then may the member reveal its root. Where blocks are
 * missing here it says so: fetch them and run it again, which gives the same.
 * @param limits `signal`: once it is aborted nothing more of the batch is begun, and it abstains; `onBegin`: its turn has come, and its files are loaded
 */
export async function runBatch(
  batch: Batch,
  store: BlockStore,
  scripts: ScriptQueue,
  requests: KnownRequests,
  { signal, onBegin }: { readonly signal?: AbortSignal; readonly onBegin?: () => void } = {},
): Promise<BatchResult | Missing> {
  return scripts.write(async (runtime, hold) => {
    const unheld = await hold(batch.from)
    if (unheld !== undefined) return unheld
    onBegin?.()
    // before anything runs: a batch that stops half-way ran for nothing
    const missing = missingOf(batch.requests, store)
    if (missing.length > 0) return { missing }
    const made = new UnwrittenBlocks(store)
    const tree = new GrowingTree(batch.from, runtime, made)
    try {
      return await runAll({ batch, store, runtime, requests, made, tree, signal }, scripts)
    } finally {
      tree.end()
    }
  })
}

interface Running {
  readonly batch: Batch
  readonly store: BlockStore
  readonly runtime: ScriptRuntime
  readonly requests: KnownRequests
  readonly made: UnwrittenBlocks
  readonly tree: GrowingTree
  readonly signal: AbortSignal | undefined
}
async function runAll(running: Running, scripts: ScriptQueue): Promise<BatchResult | Missing> {
  const { batch, store, runtime, requests, made, tree } = running
  const responses: ContentId[] = []
  const runs = new BatchRuns(running)
  if (batch.isFirst) runs.planning.readConfiguration(runtime, tree.name)
  for (const [index, event] of batch.events.entries()) {
    if (running.signal?.aborted) return runs.abstained()
    const args = event.type === 'timer' ? store.get(event.timer.args) : new Uint8Array()
    if (args === undefined) return { missing: event.type === 'timer' ? [event.timer.args] : [] }
    const asked = runs.planning.begin(event) ? requestOfEvent(event, args) : undefined
    const ended = await runs.event(asked, sha256(batch.seed, Uint8Array.of(1, index >> 8, index & 255)))
    if (ended !== undefined) return ended
  }
  for (const [index, cid] of batch.requests.entries()) {
    if (running.signal?.aborted) return runs.abstained()
    const bytes = store.get(cid)
    if (bytes === undefined) return { missing: [cid] }
    const seed = sha256(batch.seed, Uint8Array.of(index >> 8, index & 255))
    const read = readRequestBlock(cid, bytes)
    const request = read === undefined ? undefined : requests.findIn(cid, read)
    const response =
      request === undefined
        ? await runs.report(openReport(bytes, requests.network), seed)
        : await runs.request(request, read?.parts ?? [], seed)
    if ('type' in response || 'missing' in response) return response
    const block = blocksOfResponse({ request: sha256(read?.envelope ?? bytes), ...response })
    await made.add(block.blocks)
    responses.push(block.cid)
  }
  const files = await tree.finish()
  if (typeof files !== 'string') return files
  scripts.used(files)
  await made.write()
  return { type: 'ran', files, responses, ...runs.result() }
}

/** What ends a batch before its end: a host's own trouble, or blocks that are not here. */
type Ended = (ExecutionResult & { readonly type: 'abstained' } & BatchResult) | Missing

/** The runs of one batch: what each leaves for the next, and what comes of all. */
class BatchRuns {
  readonly planning: Planning
  readonly #running: Running
  readonly #facts: JobFacts
  readonly #transcripts: Uint8Array[] = []
  readonly #effects: (readonly ScriptEffect[])[] = []
  readonly #runs: LoggedRun[] = []
  #fuel = 0

  constructor(running: Running) {
    this.#running = running
    const { agenda, timeMs, job, step } = running.batch
    this.planning = new Planning(agenda, timeMs)
    this.#facts = jobFacts(job, step)
  }

  result() {
    const { agenda } = this.planning
    const transcript = batchTranscript(this.#transcripts)
    return { fuel: this.#fuel, effects: effectsDigest(this.#effects), agenda, transcript, runs: this.#runs }
  }

  abstained(): Ended {
    return { type: 'abstained', runs: this.#runs }
  }

  /** A visitor's request: what it is answered with. */
  async request(request: SiteRequest, parts: readonly ContentId[], seed: Uint8Array): Promise<Response | Ended> {
    const body = parts.length === 0 ? request.body : bodyOf(this.#running.store.get, parts)
    if (body === 'other') {
      this.#ranNothing()
      return MALFORMED
    }
    if ('missing' in body) return body
    const ran = await this.#run({ ...scriptRequestOf(request), body }, request, seed)
    return 'status' in ran ? responseOf(ran) : ran
  }

  /** An event of the agenda; undefined: the next one may run. What its script answers nobody is told. */
  async event(event: EventRequest | undefined, seed: Uint8Array): Promise<Ended | undefined> {
    if (event === undefined) {
      this.#ranNothing()
      return undefined
    }
    const ran = await this.#run(event.request, event.asked, seed)
    return 'status' in ran ? undefined : ran
  }

  /** A member's word on the outbox. The block is no request at all where it is none. */
  async report(report: OutboxReport | undefined, seed: Uint8Array): Promise<Response | Ended> {
    const { members, timeMs, job } = this.#running.batch
    const isOurs = report !== undefined && sameBytes(report.job, bytesOfContentId(job))
    const came = isOurs ? reportOn(this.planning.agenda, { ...report, from: peerIdOfKey(report.from) }, timeMs, members) : undefined
    if (report === undefined || came === undefined || came.type === 'ignored') {
      this.#ranNothing()
      return came === undefined ? MALFORMED : said(409, 'OUTBOX_IGNORED')
    }
    this.planning.become(came.agenda)
    const event = came.type === 'ended' ? requestOfAnswer(report.id, came.entry, report) : undefined
    return (await this.event(event, seed)) ?? said(200, came.type === 'ended' ? 'OUTBOX_ENDED' : 'OUTBOX_DECLINED')
  }

  async #run(request: ScriptRequest, asked: EventRequest['asked'], seed: Uint8Array): Promise<Answered | Ended> {
    const { runtime, tree, made, batch } = this.#running
    const { timeMs } = batch
    const ran = await runtime.run(tree.name, request, { timeMs, seed, job: this.#facts, balance: this.planning.balance })
    const blocks = ran.type === 'answered' ? this.planning.take(ran.effects ?? []) : undefined
    // the same at every member: what it wanted is in the digest, and that the group had no room follows from the state
    const outcome = ran.type === 'answered' && blocks === undefined ? { ...ran, ...NO_ROOM } : ran
    this.#runs.push(loggedRun(asked, outcome, { ran: 'write', timeMs, step: batch.step }))
    if (outcome.type === 'abstained') return this.abstained()
    this.#transcripts.push(outcome.transcript)
    this.#effects.push(outcome.effects ?? [])
    this.#fuel += outcome.fuel
    await made.add(blocks ?? [])
    return (await tree.take(outcome.changes)) ?? outcome
  }

  #ranNothing(): void {
    this.#transcripts.push(new Uint8Array(0))
    this.#effects.push([])
  }
}
type Answered = ScriptOutcome & { readonly type: 'answered' }

/**
 * The files as the runs of one batch leave them, one after another. They are made into blocks once for all of them, unless they are large: only the last
 * root is agreed on. What lies between the runtime knows by names that are no roots.
 */
class GrowingTree {
  readonly #from: ContentId
  readonly #runtime: ScriptRuntime
  readonly #made: UnwrittenBlocks
  #root: ContentId
  #name: string
  #runs = 0
  #changes: ScriptChange[] = []
  #bytes = 0

  constructor(from: ContentId, runtime: ScriptRuntime, made: UnwrittenBlocks) {
    this.#from = from
    this.#runtime = runtime
    this.#made = made
    this.#root = from
    this.#name = from
  }

  /** What the runtime has the files under now. */
  get name(): string {
    return this.#name
  }

  /** What is missing here to make blocks of them, if something is. */
  async take(changes: readonly ScriptChange[]): Promise<Missing | undefined> {
    if (changes.length === 0) return undefined
    await this.#rename(`${this.#from}+${++this.#runs}`, changes)
    this.#changes.push(...changes)
    for (const change of changes) this.#bytes += bytesIn(change)
    return this.#bytes > UNWRITTEN_MAX_BYTES ? this.#seal() : undefined
  }

  /** The root of the files after all runs. The runtime has them under it. */
  async finish(): Promise<ContentId | Missing> {
    const missing = await this.#seal()
    if (missing !== undefined) return missing
    if (!this.#runtime.has(this.#root)) await this.#rename(this.#root, [])
    return this.#root
  }

  /** However it ended: the runtime forgets what lies between. */
  end(): void {
    if (this.#name.startsWith(`${this.#from}+`)) this.#runtime.forget(this.#name)
  }

  async #rename(name: string, changes: readonly ScriptChange[]): Promise<void> {
    await this.#runtime.derive(name, this.#name, changes)
    this.end()
    this.#name = name
  }

  async #seal(): Promise<Missing | undefined> {
    if (this.#changes.length === 0) return undefined
    const applied = applyChanges(this.#made.get, this.#root, this.#changes)
    if ('missing' in applied) return applied
    await this.#made.add(applied.blocks)
    this.#root = applied.root
    this.#changes = []
    this.#bytes = 0
    return undefined
  }
}

function bytesIn(change: ScriptChange): number {
  if (change.type === 'write') return change.bytes.length
  return change.type === 'patch' ? change.parts.reduce((total, { bytes }) => total + bytes.length, 0) : 0
}

/** What a batch has made and not yet written: written together, so that a batch waits for the disk once, unless it is large. */
class UnwrittenBlocks {
  readonly #store: BlockStore
  #blocks = new Map<ContentId, Block>()
  #bytes = 0

  constructor(store: BlockStore) {
    this.#store = store
  }

  readonly get = (cid: ContentId): Uint8Array | undefined => this.#blocks.get(cid)?.bytes ?? this.#store.get(cid)

  async add(blocks: readonly Block[]): Promise<void> {
    for (const block of blocks) {
      this.#blocks.set(block.cid, block)
      this.#bytes += block.bytes.length
    }
    if (this.#bytes > UNWRITTEN_MAX_BYTES) await this.write()
  }

  async write(): Promise<void> {
    await this.#store.put([...this.#blocks.values()])
    this.#blocks = new Map()
    this.#bytes = 0
  }
}
const UNWRITTEN_MAX_BYTES = 4 * 1024 * 1024
const TEXT = [{ name: 'content-type', value: 'text/plain; charset=utf-8' }]
const said = (status: number, code: string): Response => ({ status, headers: TEXT, body: new TextEncoder().encode(`${code}\n`) })
const MALFORMED = said(400, 'REQUEST_MALFORMED')
/** A run that asks for more than the group can keep for its job did nothing. */
const NO_ROOM = {
  status: 503,
  headers: [
    ['content-type', 'text/plain; charset=utf-8'],
    ['interpeer-error', 'AGENDA_FULL'],
  ] as const,
  body: new TextEncoder().encode(
    'AGENDA_FULL: The group has no room for what this request wants to have done later; nothing was changed.\n',
  ),
  changes: [],
  effects: [],
}

export const scriptRequestOf = ({ method, target, host, https, headers, body }: SiteRequest): ScriptRequest => ({
  method,
  target,
  host,
  https,
  headers: headers.map(({ name, value }) => [name, value] as const),
  body,
})
