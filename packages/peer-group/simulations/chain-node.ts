import { bytesOfContentId, type PeerId, peekPayload, type Signer, sha256, signMessage } from '@interpeer/crypto-ids'
import type { Random, World } from '@interpeer/simulator'
import { encodeCbor, hexOf, type Infer } from '@interpeer/wire-codec'
import {
  callJury,
  certificateMessage,
  type Dispute,
  type DisputeContext,
  type DisputeSoFar,
  disputeMessage,
  type GroupEffect,
  isSettled,
  type Judgment,
  judge,
  PeerGroupError,
  ranFrom,
  readBatch,
  revealMessage,
  verdictMessage,
  verifyDispute,
  withShown,
} from '../src/index.js'
import { sealMessage } from '../src/messages.js'
import { mostAlike } from './finality-checks.js'
import { network, signers, verification } from './jobs.js'
import { JurorNode } from './juror-node.js'

export const BLOCK_MS = 1_000
const FETCH_MS = 4_000
const ANSWER_MS = 7_000
const DEADLINE_MS = 10_000
const FIRST_JUROR = 20
/** Numbers of jurors in the network: far from the members'. */
const JUROR_NODE = 1_000

type Evidence = Infer<typeof disputeMessage>['evidence']
interface Around {
  readonly world: World
  readonly context: DisputeContext
  /** How many outsiders there are, and how many of a jury lie. */
  readonly outsiders: number
  readonly random: Random
  /** What a member gives to a juror: a block by its CID, a batch by its hash. */
  readonly serve: (peer: PeerId, name: string) => Uint8Array | undefined
  readonly isHonest: (peer: PeerId) => boolean
  /** Told of the certificates that a dispute shows: the chain may go on from these. */
  readonly onRecorded?: (certificates: readonly Uint8Array[]) => void
}
/** Jurors ask again after a second at the most, and what they ask for may get lost once. */
const REACHABLE_MS = 1_500
const LOOK_MS = 100
const ASKED_BY_MEMBER_MAX = 4

/**
 * The chain as an oracle: it knows every certificate that anybody was shown, records what members bring, draws a jury, and decides as `judge` does. Fewer than half of
 * each jury lie. One dispute at a time: others are offered again with each block, and taken after a verdict that did not settle them.
 */
export class Chain {
  judgment: Judgment | undefined
  dispute: DisputeSoFar | undefined
  readonly jurors: JurorNode[] = []
  readonly judgments: Judgment[] = []
  /** Judgments of what no honest member was there to give: jurors can't tell that from what is withheld (jury.md, 25). */
  readonly unreachable = new Set<Judgment>()
  /** Disputes that were brought and did not hold, by reason. */
  readonly refused = new Map<string, number>()
  readonly #around: Around
  readonly #certificates = new Map<string, { readonly step: number; readonly bytes: Uint8Array }>()
  readonly #decided = new Set<string>()
  readonly #asked: Dispute[] = []
  /** Verdicts after which a step may be settled: those that open the next epoch, and all while a closing is kept. */
  readonly #settling: { readonly of: Dispute; readonly judgment: Judgment }[] = []
  readonly #judged: { readonly of: Dispute; readonly judgment: Judgment }[] = []
  /** It has the epoch's closing certificate. */
  isClosed = false
  #isOver = false

  constructor(around: Around) {
    this.#around = around
  }
  get isJudging(): boolean {
    return this.dispute !== undefined
  }
  /** A jury is to judge a step, or undid one. */
  get isBeforeJury(): boolean {
    return this.isJudging || this.#judged.length > 0
  }

  /** Anyone shows a certificate. */
  show(step: number, bytes: Uint8Array): void {
    const name = `${step} ${hexOf(sha256(bytes))}`
    if (!this.#certificates.has(name)) this.#certificates.set(name, { step, bytes })
  }
  get certificates(): readonly Uint8Array[] {
    return [...this.#certificates.values()].sort((a, b) => a.step - b.step).map(({ bytes }) => bytes)
  }

  /** What it was shown, but for what says something else of the disputed step by the same batch: blocks have only what a dispute has in it. */
  #shownTo({ step, certified }: Dispute): readonly Uint8Array[] {
    if (certified === undefined) return this.certificates
    const isOther = (one: { readonly step: number; readonly bytes: Uint8Array }) =>
      one.step === step &&
      hexOf(mostAlike(one.bytes, this.#around.context.epoch)?.answer.root ?? new Uint8Array()) !== hexOf(certified.answer.root)
    const kept = [...this.#certificates.values()].filter((one) => !isOther(one))
    return kept.sort((a, b) => a.step - b.step).map(({ bytes }) => bytes)
  }

  /** No block takes anything more. */
  end(): void {
    this.#isOver = true
  }

  bring(effect: GroupEffect & { readonly type: 'dispute' | 'stuck' }): undefined {
    if (this.#isOver) return
    if (this.isJudging) {
      this.#around.world.after(BLOCK_MS, () => this.bring(effect))
      return
    }
    const { context } = this.#around
    const { step } = effect
    const way = effect.type === 'dispute' ? effect.way : undefined
    const path = way === undefined ? this.#pathTo(step) : way.path.map(({ certificate }) => certificate)
    if (path === undefined) return this.#refuse('no path')
    const base = way?.base?.certificate ?? null
    const place = { job: bytesOfContentId(context.job), epoch: context.epoch, step, batch: hashOf(effect), base }
    const steps = effect.type === 'dispute' ? [...path, effect.certificate] : path
    this.take(disputeMessage.encode({ ...place, steps, evidence: evidenceOf(effect) }))
  }

  /** Records a dispute, as it is brought. */
  take(bytes: Uint8Array): undefined {
    const { context } = this.#around
    if (this.#isOver || this.isJudging) return
    try {
      const dispute: Dispute = verifyDispute(bytes, context, verification)
      if (this.#decided.has(hexOf(dispute.id)) || this.#settling.some(({ of, judgment }) => isSettled(dispute, judgment, of))) return
      if (!this.#hasRoom(dispute)) return this.#refuse('no room')
      this.#asked.push(dispute)
      this.#record(withShown(dispute, this.#shownTo(dispute), context, verification), bytes)
    } catch (error) {
      if (!(error instanceof PeerGroupError)) throw error
      this.#refuse('reason' in error.failure ? String(error.failure.reason) : error.code)
    }
  }

  /** As a block gives each member room for those with a gap: nobody here has coins, and what is paid for is not counted there. */
  #hasRoom(dispute: Dispute): boolean {
    const counted = this.#asked.filter(({ gap }) => gap > 0)
    const isUsedUp = ({ peer }: Dispute['statements'][number]) =>
      counted.filter(({ statements }) => statements.some((other) => other.peer === peer)).length >= ASKED_BY_MEMBER_MAX
    if (dispute.gap === 0 || !dispute.statements.every(isUsedUp)) return true
    return counted.every((of) => ranFrom(dispute) < ranFrom(of))
  }

  #refuse(reason: string): undefined {
    this.refused.set(reason, (this.refused.get(reason) ?? 0) + 1)
  }

  /** Certificates of all steps before one, each from the state that the one before came to. */
  #pathTo(step: number): readonly Uint8Array[] | undefined {
    const { context } = this.#around
    const path: Uint8Array[] = []
    let root = hexOf(bytesOfContentId(context.start))
    while (path.length < step - 1) {
      const next = [...this.#certificates.values()].find((one) => one.step === path.length + 1 && startOf(one.bytes) === root)
      const alike = next === undefined ? undefined : mostAlike(next.bytes, context.epoch)
      if (next === undefined || alike === undefined) return undefined
      path.push(next.bytes)
      root = hexOf(alike.answer.root)
    }
    return path
  }

  #record(dispute: DisputeSoFar, bytes: Uint8Array): void {
    const { world, context, outsiders, random, serve } = this.#around
    this.dispute = dispute
    world.note(undefined, `a ${dispute.kind} is recorded: step ${dispute.step}`)
    this.#around.onRecorded?.(certificatesIn(bytes))
    const draw = (seed: Uint8Array, _: ReadonlySet<PeerId>, count: number): readonly PeerId[] =>
      signers
        .slice(FIRST_JUROR, FIRST_JUROR + outsiders)
        .map(({ peerId }) => ({ peerId, key: hexOf(sha256(seed, encodeCbor(peerId))) }))
        .sort((a, b) => (a.key < b.key ? -1 : 1))
        .slice(0, count)
        .map(({ peerId }) => peerId)
    const jury = callJury(sha256(dispute.id), context.members, outsiders, draw)
    const traitors = random.below(Math.floor((jury.length - 1) / 2) + 1)
    const verdicts: { envelope: Uint8Array; atMs: number }[] = []
    const [fromMs, deadlineMs] = [world.nowMs, world.nowMs + DEADLINE_MS]
    const setup = { context, dispute, jury, rerun: [], fetchUntilMs: fromMs + FETCH_MS, answerUntilMs: fromMs + ANSWER_MS }
    const tell = (envelope: Uint8Array): void => {
      if (!verdicts.some((one) => hexOf(one.envelope) === hexOf(envelope))) verdicts.push({ envelope, atMs: world.nowMs })
    }
    const nodes: readonly JurorNode[] = jury.map((peer, i) => {
      const self = signers.find(({ peerId }) => peerId === peer) as Signer
      return new JurorNode(JUROR_NODE + i, self, setup, world, {
        runMs: () => random.between(1, 100),
        isSlow: false,
        crashPerMille: 0,
        fetch: (_, from, name) => (context.members.includes(from) ? serve(from, name) : nodes[jury.indexOf(from)]?.disk.get(name)),
        onEffect: (node, effect) => {
          if (effect.type === 'verdict') world.post(node.index, -2, () => tell(effect.envelope))
        },
        onCrash: () => undefined,
      })
    })
    for (const [i, node] of nodes.entries()) {
      if (i >= traitors) world.after(random.between(1, 500), () => node.open())
      // who lies finds what the certificate says, or the opposite
      else if (dispute.certified !== undefined) {
        const answer = random.chance(500) ? dispute.certified.answer : { ...dispute.certified.answer, fuel: 1 }
        const value = { job: bytesOfContentId(context.job), epoch: context.epoch, dispute: dispute.id, from: node.self.publicKey }
        const envelope = signMessage(
          verdictMessage,
          { ...value, finding: { type: 'answered', step: dispute.step, answer } },
          node.self,
          network,
        )
        world.after(random.below(DEADLINE_MS), () => tell(envelope))
      }
    }
    this.jurors.push(...nodes.slice(traitors))
    const holder = this.#watchHolders(dispute)
    const isClosed = this.isClosed
    const block = (): void => {
      const shown = withShown(dispute, this.#shownTo(dispute), context, verification)
      const trial = { jury, ratings: new Map(), verdicts, deadlineMs, nowMs: world.nowMs, isClosed }
      const judgment = judge(shown, trial, context, verification)
      if (judgment === undefined) {
        world.after(BLOCK_MS, block)
        return
      }
      world.note(undefined, `judged: step ${judgment.step} ${judgment.outcome} by ${judgment.by}`)
      this.judgment = judgment
      this.judgments.push(judgment)
      if (judgment.opens !== undefined || isClosed) this.#settling.push({ of: dispute, judgment })
      if (judgment.opens !== undefined) this.#judged.push({ of: dispute, judgment })
      if (holder.mostMs < REACHABLE_MS) this.unreachable.add(judgment)
      this.#decided.add(hexOf(dispute.id))
      this.dispute = undefined
    }
    world.after(BLOCK_MS, block)
  }

  /** For how long at a time some honest member was up and had the batch, while jurors fetched it. */
  #watchHolders({ batch }: Dispute): { mostMs: number } {
    const { world, context, serve, isHonest } = this.#around
    const [untilMs, name] = [world.nowMs + FETCH_MS, hexOf(batch)]
    const watched = { mostMs: 0 }
    const sinceMs = new Map<PeerId, number>()
    const look = (): void => {
      for (const peer of context.members.filter(isHonest)) {
        if (serve(peer, name) === undefined) sinceMs.delete(peer)
        else sinceMs.set(peer, sinceMs.get(peer) ?? world.nowMs)
        watched.mostMs = Math.max(watched.mostMs, world.nowMs - (sinceMs.get(peer) ?? world.nowMs))
      }
      if (world.nowMs < untilMs) world.after(LOOK_MS, look)
    }
    look()
    return watched
  }
}

function certificatesIn(bytes: Uint8Array): readonly Uint8Array[] {
  const { base, steps } = disputeMessage.decode(bytes)
  return [...(base === null ? [] : [base]), ...steps]
}

function evidenceOf(effect: GroupEffect & { readonly type: 'dispute' | 'stuck' }): Evidence {
  if (effect.type === 'dispute') return { type: 'objection', statements: effect.dissents }
  if (effect.timeouts.length === 0) {
    const first = revealMessage.decode(peekPayload(effect.reveals[0] as Uint8Array) as Uint8Array)
    return { type: 'split', rank: first.rank, reveals: effect.reveals }
  }
  const { rank } = sealMessage.decode(peekPayload(effect.seals[0] as Uint8Array) as Uint8Array)
  return { type: 'bound', rank, seals: effect.seals, timeouts: effect.timeouts }
}

/** The group state that a certificate's reveals began from. */
function startOf(certificate: Uint8Array): string {
  const [first] = certificateMessage.decode(certificate).reveals
  return hexOf(revealMessage.decode(peekPayload(first as Uint8Array) as Uint8Array).start)
}

const hashOf = ({ certificate, batch }: { readonly certificate?: Uint8Array; readonly batch: Uint8Array | null }): Uint8Array =>
  batch === null ? certificateMessage.decode(certificate as Uint8Array).batch : readBatch(batch).hash
