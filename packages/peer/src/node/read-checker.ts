import type { NetworkId, PeerId, Signer } from '@interpeer/crypto-ids'
import {
  isReadOnRecord,
  openReadPair,
  type ReadChecked,
  type ReadOutcome,
  type ReadPair,
  readCheck,
  readChecked,
  readMoment,
  responseDigest,
  sameReply,
  signReadContradiction,
  type Verification,
} from '@interpeer/peer-group'
import { sameBytes } from '@interpeer/wire-codec'
import { jobFacts } from '../job-facts.js'
import { readContextOf } from '../read-context.js'
import { isPure } from '../script-runtime.js'
import type { ServedState } from '../served-state.js'
import { responseOf } from '../site-response-block.js'
import type { SiteView } from '../site-view.js'
import type { Accuser } from './accuser.js'
import type { PeerLog } from './log.js'
import type { ReadCheckQueue } from './read-check-queue.js'
import type { ReadEvidence } from './read-evidence.js'
import { scriptRequestOf } from './run-batch.js'
import type { ScriptQueue } from './script-queue.js'
import type { StateBalances } from './state-balances.js'

export interface CheckedSite {
  readonly signer: Signer
  readonly network: NetworkId
  readonly scripts: ScriptQueue
  readonly readChecks: ReadCheckQueue
  readonly readEvidence: ReadEvidence
  readonly accuser?: Accuser | undefined
  readonly verification?: Verification | undefined
  readonly view: () => SiteView
  /** The states that were final here lately, the newest last: a reply on another one is not judged. */
  readonly recent: () => readonly ServedState[]
  /** What a read of a state is told that scripts may pay. */
  readonly balances: StateBalances
  /** Network time in ms. */
  readonly now: () => number
  readonly count: (code: string) => void
  readonly log: PeerLog
}
type Verdict = ReadChecked['verdict']
const COUNTED: Readonly<Record<Verdict, string>> = {
  same: 'READ_CHECK_SAME',
  contradicted: 'READ_CONTRADICTED',
  abstained: 'READ_CHECK_ABSTAINED',
}

/**
 * Runs again what other members of a site answered alone (design §6, Reads), when an asker passes it on. It judges only what it can: on a state that
 * was final here, by the runtime that the chain names, and where two runs of its own are alike. Else it abstains, which accuses nobody.
 */
export class ReadChecker {
  readonly #site: CheckedSite

  constructor(site: CheckedSite) {
    this.#site = site
  }

  /** Answers a `read-check` with a `read-checked`. */
  async check(asker: PeerId, message: Uint8Array): Promise<Uint8Array> {
    const { readChecks, count } = this.#site
    const checked = (await readChecks.add(asker, () => this.#check(asker, message))) ?? ABSTAINED
    count(COUNTED[checked.verdict])
    return readChecked.encode(checked)
  }

  async #check(asker: PeerId, message: Uint8Array): Promise<ReadChecked> {
    const { network, signer, view, verification, scripts, count } = this.#site
    const said = readCheck.decode(message)
    const pair = openReadPair(said.request, said.reply, network)
    const known = this.#site.recent().find(({ state }) => state === pair.state)
    // only who asked may have it run again, so that what one asker can cost is bounded
    const isDue =
      pair.asker === asker && pair.answerer !== signer.peerId && isReadOnRecord(pair, readContextOf(view(), network), verification)
    if (!isDue) count('READ_CHECK_UNFIT')
    if (!isDue || known === undefined || view().runtime !== scripts.runtimeId) return ABSTAINED
    const ran = await this.#run(known, pair)
    if (ran === undefined) return ABSTAINED
    const { outcome } = ran
    if (sameReply(pair.reply, outcome)) return { verdict: 'same', evidence: null }
    const second = await this.#run(known, pair)
    const again = second?.outcome
    if (
      second === undefined ||
      again === undefined ||
      again.writes !== outcome.writes ||
      !sameBytes(responseDigest(again), responseDigest(outcome))
    ) {
      count('READ_CHECK_UNSURE') // its own runs differ: it has no word against another's
      return ABSTAINED
    }
    return { verdict: 'contradicted', evidence: await this.#accuse(said, pair, { outcome, ranMs: ran.tookMs + second.tookMs }) }
  }

  async #accuse(
    said: { request: Uint8Array; reply: Uint8Array },
    pair: ReadPair,
    { outcome, ranMs }: { readonly outcome: ReadOutcome; readonly ranMs: number },
  ): Promise<Uint8Array> {
    const { signer, network, scripts, readEvidence, log, now } = this.#site
    const evidence = signReadContradiction({ ...said, runtime: scripts.runtimeId, outcome }, signer, network)
    log.warn(
      { job: pair.job, peer: pair.answerer, state: pair.state, writes: outcome.writes },
      'a member answered a read falsely: run again, it comes out otherwise',
    )
    await readEvidence.keep(evidence, { job: pair.job, answerer: pair.answerer, atMs: now() })
    await this.#bring(evidence, pair, ranMs)
    return evidence
  }

  /** To a jury, which knows the members of the open epoch and of the one before: what was certified in another can't be judged by its signatures. */
  async #bring(evidence: Uint8Array, pair: ReadPair, ranMs: number): Promise<void> {
    const { accuser, network, verification, view, count, signer } = this.#site
    const { job, runtime, epoch, members, start, previousEpoch, previousMembers } = view()
    if (accuser === undefined) return
    const known = [
      { epoch, members, start },
      { epoch: previousEpoch, members: previousMembers, start: null },
    ]
    const of = known.find((one) => isReadOnRecord(pair, { network, job, runtime, epochs: [one] }, verification))
    // only its members accuse each other
    if (of === undefined || !of.members.includes(signer.peerId)) return count('ACCUSATION_LATE')
    await accuser.bring({ job, epoch: of.epoch, accused: pair.answerer, kind: 'read', evidence, needed: [pair.state], ranMs })
  }

  /** Undefined: nothing can be said. A state from before is read only where the runtime still has its files: a check brings nothing back. */
  async #run({ state, files }: ServedState, { request, reply, job }: ReadPair): Promise<Ran | undefined> {
    const { scripts, recent } = this.#site
    if (state !== recent().at(-1)?.state && !scripts.holds(files)) return undefined
    const balance = this.#site.balances.of(state)
    if (balance === undefined) return undefined
    const at = { ...readMoment(request), job: jobFacts(job, reply.step), balance }
    let beganMs = performance.now()
    const onBegin = () => {
      beganMs = performance.now()
    }
    const outcome = await scripts.read(files, scriptRequestOf(request), at, onBegin)
    if ('missing' in outcome || outcome.type !== 'answered') return undefined
    return { outcome: { ...responseOf(outcome), writes: !isPure(outcome) }, tookMs: performance.now() - beganMs }
  }
}
interface Ran {
  readonly outcome: ReadOutcome
  readonly tookMs: number
}
const ABSTAINED: ReadChecked = { verdict: 'abstained', evidence: null }
