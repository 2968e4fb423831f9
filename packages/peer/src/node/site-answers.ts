import type { BlockStore } from '@interpeer/content-store'
import {
  bytesOfContentId,
  type ContentId,
  type NetworkId,
  type PeerId,
  type Signer,
  sha256,
  signMessage,
  type Verified,
} from '@interpeer/crypto-ids'
import {
  proofOfResponse,
  REQUEST_PART_BYTES,
  type ResponseProof,
  readMoment,
  requestBlockOf,
  type SiteReply,
  type SiteRequest,
  siteReply,
  writeIdOf,
  writeReply,
} from '@interpeer/peer-group'
import { hexOf, sameBytes } from '@interpeer/wire-codec'
import { jobFacts } from '../job-facts.js'
import { type LoggedRun, loggedRun } from '../job-log/logged-run.js'
import { isPure } from '../script-runtime.js'
import { isLater, type ServedState } from '../served-state.js'
import { readResponse, responseOf } from '../site-response-block.js'
import { isStale, type SiteView } from '../site-view.js'
import type { BodyDesk } from './body-desk.js'
import { bodyMs } from './body-time.js'
import type { ProvenWrites, WrittenStep } from './proven-writes.js'
import { withRepair } from './repair.js'
import { scriptRequestOf } from './run-batch.js'
import type { ScriptQueue } from './script-queue.js'
import type { ServedSite } from './served-site.js'
import { ShownCertificates } from './shown-certificates.js'
import { STATE_METHOD } from './site-answer.js'
import type { StateBalances } from './state-balances.js'
import type { WaitingWrite, WaitingWrites } from './waiting-writes.js'

const WRITE_WAIT_MS = 20_000
const CATCH_UP_MS = 3_000
/** A read's time is the asker's, but not just any: certificates are only so old. */
const READ_CLOCK_TOLERANCE_MS = 60_000
/** What is longer goes in turns with what else there is to send. */
const OVERTAKEN_BYTES = 32 * 1024

export interface AnsweringSite {
  readonly signer: Signer
  readonly network: NetworkId
  readonly store: BlockStore
  readonly scripts: ScriptQueue
  readonly served: ServedSite
  /** What a read of a state is told that scripts may pay. */
  readonly balances: StateBalances
  readonly bodies: BodyDesk
  readonly writes: WaitingWrites
  readonly proven: ProvenWrites
  readonly view: () => SiteView
  /** Network time in ms. */
  readonly now: () => number
  /** Hands a write to the group; false: this peer is in none. */
  readonly give: (write: WaitingWrite) => boolean
  /** Takes what a run left for the site's log. */
  readonly ran?: ((run: LoggedRun, epoch: number) => void) | undefined
  /** Fetches again what was lost here. False: it could not be had soon enough. */
  readonly repair: (missing: readonly ContentId[]) => Promise<boolean>
}
type Response = Pick<SiteReply, 'status' | 'headers' | 'body'>
/** What this peer says, and signs. */
type Said = Response & {
  readonly ran: 'read' | 'refused'
  /** The state that a read ran on. What the peer signs must be that one, whatever became final meanwhile. */
  readonly ranOn?: ServedState
}
/** What the group agreed on: the step that ran it, and what shows that its response is of that step. */
type Written = Response & { readonly ran: 'write'; readonly written: WrittenStep; readonly proof: ResponseProof }
type Answer = Said | Written

/** Answers visitors for one site: reads on the last final state, writes through the group. */
export class SiteAnswers {
  readonly #site: AnsweringSite
  readonly #shown = new ShownCertificates()

  constructor(site: AnsweringSite) {
    this.#site = site
  }

  /**
   * A `write-reply` where the group has agreed, else a signed `site-reply`. A refusal is one too: it throws only on what a broken disk or runtime does.
   * @param asker who is answered: whoever signed the request, or passed it on
   */
  async answer(request: Verified<SiteRequest>, envelope: Uint8Array, asker: PeerId): Promise<Uint8Array> {
    const answer = await this.#answer(request, envelope)
    return answer.ran === 'write' ? this.#proven(answer, asker) : this.#signed(answer, envelope)
  }

  #signed({ ranOn = this.#site.served.state, ...said }: Said, envelope: Uint8Array): Uint8Array {
    const { network, signer, now } = this.#site
    const view = this.#site.view()
    const reply = {
      from: signer.publicKey,
      job: bytesOfContentId(view.job),
      request: sha256(envelope),
      ...said,
      epoch: (ranOn ?? view).epoch,
      step: ranOn?.step ?? 0,
      state: bytesOfContentId(ranOn?.state ?? view.start),
      stale: ranOn === undefined || isStale(ranOn.timeMs, view, now()),
      certificate: ranOn?.certificate ?? null,
      named: ranOn?.named ?? null,
      proof: null,
    }
    return signMessage(siteReply, reply, signer, network)
  }

  #proven({ written, proof, status, headers, body }: Written, asker: PeerId): Uint8Array {
    const { proven } = this.#site
    const { state, certificate, named } = written
    const shown: Uint8Array[] = []
    for (const one of named === null ? [certificate] : [certificate, named]) {
      const digest = hexOf(proven.digestOf(one))
      // it must be here for who asks
      if (this.#shown.has(asker, digest) && proven.certificate(digest) !== undefined) continue
      shown.push(one)
      // shorter replies overtake a long one
      if (body.length <= OVERTAKEN_BYTES) this.#shown.add(asker, digest)
    }
    return writeReply.encode({
      state: bytesOfContentId(state),
      certificate: proven.digestOf(certificate),
      named: named && proven.digestOf(named),
      ...{ shown, proof, status, headers, body },
    })
  }

  async #answer(request: SiteRequest, envelope: Uint8Array): Promise<Answer> {
    const { served } = this.#site
    const seen = { epoch: request.seenEpoch, step: request.seenStep }
    if (served.state === undefined) return refused(503, 'SITE_STARTING')
    // who left its seat gets no later steps: it would only be waited for
    if (isLater(seen, served.state) && !this.#isMember(seen.epoch)) return refused(421, 'NOT_A_MEMBER')
    if (!(await served.catchUp(seen, CATCH_UP_MS))) return refused(421, 'MEMBER_BEHIND')
    if (request.method === STATE_METHOD) return { ran: 'read', status: 204, headers: [], body: new Uint8Array(), ranOn: served.state }
    if (request.method !== 'GET' && request.method !== 'HEAD') return this.#writeWithBody(request, envelope)
    if (request.parts.length > 0) return refused(400, 'REQUEST_MALFORMED') // nobody could run it again
    return this.#read(request, envelope, served.state)
  }

  async #read(request: SiteRequest, envelope: Uint8Array, ranOn: ServedState): Promise<Answer> {
    const { now, scripts, repair } = this.#site
    if (Math.abs(request.ms - now()) > READ_CLOCK_TOLERANCE_MS) {
      return refused(400, request.ms < now() ? 'REQUEST_TOO_OLD' : 'REQUEST_TOO_NEW')
    }
    const balance = this.#site.balances.of(ranOn.state)
    if (balance === undefined) return refused(421, 'MEMBER_BEHIND')
    const at = { ...readMoment(request), job: jobFacts(this.#site.view().job, ranOn.step), balance }
    const outcome = await withRepair(() => scripts.read(ranOn.files, scriptRequestOf(request), at), repair)
    if (outcome === undefined) return refused(421, 'MEMBER_BEHIND') // another member has what this one has lost
    if (outcome.type === 'busy') return refused(503, 'GROUP_BUSY')
    const isRead = outcome.type === 'abstained' || isPure(outcome)
    this.#site.ran?.(loggedRun(request, outcome, { ran: isRead ? 'read' : 'promoted', timeMs: at.timeMs, step: ranOn.step }), ranOn.epoch)
    // too slow it is at any member; with whatever else failed here another one may do better
    if (outcome.type === 'abstained') return outcome.reason === 'GUARD_TIME' ? refused(504, 'JOB_TOO_SLOW') : refused(503, 'HOST_FAILED')
    // a read that turned out to change something, or to ask for something, is a write: the group decides
    if (!isRead) return this.#write(request, envelope)
    return { ran: 'read', ...responseOf(outcome), ranOn }
  }

  /** The group hears of a request when its body is here: one that never comes holds nobody up. */
  async #writeWithBody(request: SiteRequest, envelope: Uint8Array): Promise<Answer> {
    if (request.parts.length === 0) return this.#write(request, envelope)
    const refusal = this.#site.writes.refusalOf(writeOf(request, envelope))
    const body = refusal === undefined ? await this.#site.bodies.hold(request) : { refusal }
    if ('refusal' in body) return refused(REFUSED_STATUS[body.refusal] ?? 503, body.refusal)
    try {
      return await this.#write(request, envelope)
    } finally {
      body.release()
    }
  }

  async #write(request: SiteRequest, envelope: Uint8Array): Promise<Answer> {
    const { writes, proven, give } = this.#site
    const write = writeOf(request, envelope)
    const { id } = write
    const refusal = writes.refusalOf(write)
    if (refusal !== undefined) return refused(REFUSED_STATUS[refusal] ?? 503, refusal)
    // the other members fetch its body from here
    const decided = writes.wait(write, WRITE_WAIT_MS + bodyMs(request.parts.length * REQUEST_PART_BYTES))
    if (!give(write)) writes.settle(id, { type: 'refused', code: 'NOT_A_MEMBER' })
    const outcome = await decided
    if (outcome.type === 'undecided') return refused(504, 'GROUP_SLOW')
    if (outcome.type === 'refused') return refused(REFUSED_STATUS[outcome.code] ?? 503, outcome.code)
    const stored = await this.#stored(outcome.response)
    const { step: written, index = -1 } = proven.get(id) ?? {}
    // what was answered before it was final may have come out otherwise since
    const isThat = written?.responses.responses[index] === outcome.response
    // an answer without its proof would not be believed: another member may still have it
    if (stored === undefined || written === undefined || !isThat) return refused(503, 'MEMBER_BEHIND')
    const { request: answered, ...response } = stored
    // whoever asks something else under an id of its own that it used before is not told that one's answer
    if (!sameBytes(answered, sha256(envelope))) return refused(400, 'REQUEST_MISMATCH')
    return { ran: 'write', ...response, written, proof: proofOfResponse(written.responses, index) }
  }

  /** The response that the group agreed on: this member ran it itself, or has it with the state it took up. */
  async #stored(response: ContentId): Promise<ReturnType<typeof readResponse>> {
    const { store, repair } = this.#site
    const here = readResponse(store.get, response)
    return here === undefined && (await repair([response])) ? readResponse(store.get, response) : here
  }

  /** Whether this peer has a seat in this epoch or a later one, as far as it knows. */
  #isMember(epoch: number): boolean {
    const view = this.#site.view()
    const members = view.epoch >= epoch ? view.members : (view.next?.members ?? view.members)
    return members.includes(this.#site.signer.peerId)
  }
}

const writeOf = (request: SiteRequest, envelope: Uint8Array): WaitingWrite => ({
  ...{ type: 'write', id: writeIdOf(request), ms: request.ms },
  ...requestBlockOf(envelope, request.parts),
})

const REFUSED_STATUS: Readonly<Record<string, number>> = {
  NOT_A_MEMBER: 421,
  REQUEST_TOO_OLD: 400,
  REQUEST_TOO_NEW: 400,
  REQUEST_TOO_LARGE: 413,
  REQUEST_MALFORMED: 400,
  REQUEST_BODY_MISSING: 503,
  REQUEST_MISMATCH: 400,
  GROUP_BUSY: 503,
  GROUP_CLOSED: 421,
  GROUP_FROZEN: 503,
  JOB_TOO_SLOW: 504,
}

/** A refusal's code travels as the body: the gateway makes a page of it. */
function refused(status: number, code: string): Answer {
  return { ran: 'refused', status, headers: [], body: new TextEncoder().encode(code) }
}
