import { setTimeout } from 'node:timers/promises'
import { ContentStoreError } from '@interpeer/content-store'
import type { ContentId, PeerId, Signer } from '@interpeer/crypto-ids'
import {
  type AccusationFinding,
  balanceIn,
  batchBlockId,
  findingOfMessages,
  findingOfOwn,
  findingOfRead,
  type GroupState,
  isPieced,
  openOwnAccusation,
  openReadAccusation,
  ownTrialOf,
  REQUEST_BODY_MAX_BYTES,
  type ReadContradiction,
  type ReadOutcome,
  readMoment,
  readRequestBlock,
  readState,
  responseDigest,
  stateEventOf,
  type Verification,
} from '@interpeer/peer-group'
import { sameBytes } from '@interpeer/wire-codec'
import { jobFacts } from '../job-facts.js'
import type { AccusationCase } from '../network/accusations.js'
import { isPure } from '../script-runtime.js'
import { responseOf } from '../site-response-block.js'
import { Trial } from './accusation-trial.js'
import { type BlockPlaces, blockIn, restMs, sourcesOf } from './block-source.js'
import type { KnownRequests } from './known-requests.js'
import type { PeerLog } from './log.js'
import { batchOf, runBatch, scriptRequestOf } from './run-batch.js'
import type { ScriptQueue } from './script-queue.js'

/** What a juror needs to judge an accusation. */
export interface AccusationRun extends BlockPlaces {
  readonly signer: Signer
  readonly scripts: ScriptQueue
  readonly requests: KnownRequests
  readonly verification: Verification
  /** Network time in ms. */
  readonly now: () => number
  readonly log: PeerLog
  readonly signal: AbortSignal
}
/** Names a block that the store has to keep, with all below it. */
type Keep = (cid: ContentId) => void

/**
 * What a juror finds (docs/protocol/jury.md, 50): it fetches evidence and state until the case's time to fetch is over, and runs again what both sides signed. One that begins
 * later never asked, and has no opinion.
 */
export async function findingOf(one: AccusationCase, runtime: string, run: AccusationRun, keep: Keep): Promise<AccusationFinding> {
  if (run.now() >= one.fetchUntilMs) return 'undecided'
  const fetching = new Fetching(one, run)
  const evidence = await fetching.block(batchBlockId(one.evidence))
  if (evidence === undefined) return fetching.failed
  if (one.kind === 'two-signed') {
    const context = { network: run.requests.network, job: one.job, epoch: one.epoch, members: one.members }
    return findingOfMessages(evidence, one, context, run.verification)
  }
  const trial = new Trial(one, run)
  const inTime =
    one.kind === 'read'
      ? readFinding(one, evidence, runtime, { run: trial.run, fetching, keep, trial })
      : ownFinding(one, evidence, { run: trial.run, fetching, keep, trial })
  return trial.inTime(inTime)
}
interface With {
  readonly run: AccusationRun
  readonly fetching: Fetching
  readonly keep: Keep
  readonly trial: Trial<AccusationRun>
}

async function readFinding(
  one: AccusationCase,
  evidence: Uint8Array,
  runtime: string,
  { run, fetching, keep, trial }: With,
): Promise<AccusationFinding> {
  const { job, epoch, members, start } = one
  const context = { network: run.requests.network, job, runtime, epochs: [{ epoch, members, start }] }
  const read = openReadAccusation(evidence, one, context, run.verification)
  if (read === undefined) return 'unfit'
  keep(read.rerun.state)
  const state = await fetching.state(read.rerun.state)
  if (state === undefined) return fetching.failed
  const readAgain = () => outcomeOf(read, state, run, trial)
  const [first, again] = [await readAgain(), await readAgain()]
  // runs that differ say nothing against anybody
  const isSure = first !== undefined && again !== undefined && first.writes === again.writes
  return isSure && sameBytes(responseDigest(first), responseDigest(again)) ? findingOfRead(read, first) : 'undecided'
}

async function outcomeOf(
  { pair }: ReadContradiction,
  { files, agenda }: GroupState,
  { scripts }: AccusationRun,
  { onBegin, onEnd }: Pick<Trial<AccusationRun>, 'onBegin' | 'onEnd'>,
): Promise<ReadOutcome | undefined> {
  const { request, reply, job } = pair
  const at = { ...readMoment(request), job: jobFacts(job, reply.step), balance: balanceIn(agenda.purse) }
  const outcome = await scripts.read(files, scriptRequestOf(request), at, onBegin).finally(onEnd)
  if ('missing' in outcome || outcome.type !== 'answered') return undefined
  return { ...responseOf(outcome), writes: !isPure(outcome) }
}

async function ownFinding(one: AccusationCase, evidence: Uint8Array, { run, fetching, keep, trial }: With): Promise<AccusationFinding> {
  const { job, epoch, members } = one
  const context = { network: run.requests.network, job, epoch, members }
  const said = openOwnAccusation(evidence, one, context, run.verification)
  if (said === undefined) return 'unfit'
  keep(said.start)
  const [bytes, state] = [await fetching.block(batchBlockId(said.batch)), await fetching.state(said.start)]
  if (bytes === undefined || state === undefined) return fetching.failed
  const own = ownTrialOf(said, bytes, state, context, run.verification)
  if (own === undefined) return 'unfit'
  for (const { cid } of own.batch.requests) {
    keep(cid)
    if (!(await fetching.request(cid))) return fetching.failed
  }
  const limits = { signal: run.signal, onBegin: trial.onBegin }
  const result = await runBatch(batchOf(own.execution, { job, members }), run.store, run.scripts, run.requests, limits)
  return 'missing' in result ? 'undecided' : findingOfOwn(said, own, result, context)
}

/** Asks accuser, members and fellow jurors, again and again until the time to fetch is over. */
class Fetching {
  readonly #one: AccusationCase
  readonly #run: AccusationRun
  readonly #from: readonly PeerId[]
  #isOwnTrouble = false

  constructor(one: AccusationCase, run: AccusationRun) {
    this.#one = one
    this.#run = run
    this.#from = [one.accuser, ...one.members, ...(one.jury ?? [])]
  }

  /** What it says who could not fetch: where this host had no room, others may well give it. */
  get failed(): AccusationFinding {
    return this.#isOwnTrouble || this.#run.signal.aborted ? 'undecided' : 'not-fetched'
  }

  async block(cid: ContentId): Promise<Uint8Array | undefined> {
    const options = sourcesOf(this.#run, this.#from, this.#run.signal)
    if (!(await this.#again(() => this.#run.exchange.fetchBlocks([cid], options)))) return undefined
    const bytes = blockIn(this.#run, cid)
    this.#isOwnTrouble ||= bytes === undefined // it was fetched, and can't be read here
    return bytes
  }

  async state(root: ContentId): Promise<GroupState | undefined> {
    const options = sourcesOf(this.#run, this.#from, this.#run.signal)
    if (!(await this.#again(() => this.#run.exchange.fetchDag(root, options)))) return undefined
    const event = stateEventOf(root, (cid) => blockIn(this.#run, cid))
    return event && readState(event.block, event.pages)
  }

  /** The block of a request, and those of its body. */
  async request(cid: ContentId): Promise<boolean> {
    const bytes = await this.block(cid)
    if (bytes === undefined) return false
    const parts = isPieced(cid) ? (readRequestBlock(cid, bytes)?.parts ?? []) : []
    const options = { ...sourcesOf(this.#run, this.#from, this.#run.signal), maxBlocks: parts.length, maxBytes: REQUEST_BODY_MAX_BYTES }
    return parts.length === 0 || this.#again(() => this.#run.exchange.fetchBlocks(parts, options))
  }

  async #again(fetch: () => Promise<unknown>): Promise<boolean> {
    const { now, signal, count } = this.#run
    while (!signal.aborted) {
      try {
        await fetch()
        return true
      } catch (error) {
        const code = error instanceof ContentStoreError ? error.code : 'FETCH_FAILED'
        count(code)
        const isOwnTrouble = OWN_TROUBLE.includes(code)
        const leftMs = this.#one.fetchUntilMs - now()
        if (leftMs <= 0 || (isOwnTrouble && code !== 'FETCH_CROWDED')) {
          this.#isOwnTrouble ||= isOwnTrouble
          return false
        }
        await setTimeout(Math.min(leftMs, restMs(code, 0)), undefined, { signal }).catch(() => {}) // aborted: the loop ends
      }
    }
    return false
  }
}
/** Of these the last passes: it is asked for again. */
const OWN_TROUBLE: readonly string[] = ['STORE_FULL', 'FETCH_TOO_LARGE', 'FETCH_CROWDED']
