import { bytesOfContentId, type ContentId, contentIdOf, type PeerId, type Signer, sha256, signMessage } from '@interpeer/crypto-ids'
import { encodeCbor, type Infer } from '@interpeer/wire-codec'
import { ancestorsAfter, previousOf } from '../src/ancestors.js'
import { answerOf, NOTHING_RAN, saltFor } from '../src/answer.js'
import { type Batch, namingOf, seedAlpha, writeBatch } from '../src/batch.js'
import { executionOf } from '../src/execution.js'
import {
  type Answer,
  certificateMessage,
  type Dispute,
  type DisputeContext,
  disputeMessage,
  type Finding,
  type KnownBatch,
  type RequestRef,
  revealMessage,
  verdictMessage,
} from '../src/index.js'
import { dissentMessage, sealMessage, timeoutMessage, withheldMessage } from '../src/messages.js'
import { type GroupState, nextState, readState } from '../src/state-block.js'
import { execute, job, network, signerAt, start, verification } from './jobs.js'

const FIRST_MS = 1_700_000_000_000
type Envelope = Uint8Array
/** One batch, and what an honest member makes of it. */
export interface CaseStep {
  readonly step: number
  readonly batch: KnownBatch
  readonly before: GroupState
  readonly after: GroupState
  readonly answerOf: (signer: Signer) => Answer
}

/**
 * A job's steps as they were run, and what members signed about them: made without the group machine, so that members may have signed anything. Outsiders are
 * the signers from 20 on.
 */
export class Case {
  readonly members: readonly Signer[]
  readonly context: DisputeContext
  readonly blocks = new Map<ContentId, Uint8Array>([[start.cid, start.bytes]])
  readonly steps: CaseStep[] = []
  /** What the epoch is to run again, by hash. */
  rerun: readonly Uint8Array[] = []

  constructor(memberCount: number) {
    this.members = Array.from({ length: memberCount }, (_, i) => signerAt(i))
    this.context = { network, job, epoch: 1, members: this.members.map(({ peerId }) => peerId), start: start.cid }
  }
  member(seat: number): Signer {
    return this.members[seat] as Signer
  }
  peer(seat: number): PeerId {
    return this.member(seat).peerId
  }
  step(step: number): CaseStep {
    return this.steps[step - 1] as CaseStep
  }

  /** Runs one more batch of so many requests on what the last one made, or on `from`. */
  run(requestCount = 1, changes: Partial<Batch> = {}, from?: GroupState): CaseStep {
    const step = this.steps.length + 1
    const before = from ?? this.steps.at(-1)?.after ?? readState(start.bytes, [])
    const timeMs = FIRST_MS + 1_000 * step
    const requests = Array.from({ length: requestCount }, (_, i): RequestRef => {
      const id = sha256(encodeCbor(['request', step, i])).slice(0, 16)
      const body = encodeCbor([id, 'a request'])
      const cid = contentIdOf(body, 'raw')
      this.blocks.set(cid, body)
      return { id, ms: timeMs - 500, cid }
    })
    const collator = this.member(step % this.members.length)
    const batch = writeBatch({
      job: bytesOfContentId(job),
      epoch: 1,
      step,
      ancestors: this.#ancestors(),
      from: bytesOfContentId(before.root),
      collator: collator.publicKey,
      timeMs,
      proof: collator.vrfProve(seedAlpha(network, job, changes.epoch ?? 1, changes.step ?? step)),
      requests: requests.map(({ id, ms, cid }) => ({ id, ms, cid: bytesOfContentId(cid) })),
      final: 0,
      disputed: 0,
      dissents: [],
      closing: false,
      events: [],
      settled: 0n,
      mayPay: 0n,
      outcomes: [],
      payments: [],
      ...changes,
    })
    const alpha = seedAlpha(network, job, batch.value.epoch, batch.value.step)
    const seed = verification.vrfVerify(batch.value.collator, alpha, batch.value.proof) ?? new Uint8Array(64)
    const ran =
      requestCount === 0 ? { files: before.files, ...NOTHING_RAN } : execute({ type: 'execute', ...executionOf(batch, before, seed) })
    const { state: after, blocks } = nextState(before, batch, ran.files, ran.responses, 600_000)
    for (const { cid, bytes } of blocks) this.blocks.set(cid, bytes)
    const answer = ({ publicKey }: Signer) =>
      answerOf(after.root, ran, namingOf(batch.value, 1), {
        network,
        job,
        epoch: 1,
        step,
        rank: 0,
        batch: batch.hash,
        key: publicKey,
      })
    const made = { step, batch, before, after, answerOf: answer }
    this.steps.push(made)
    return made
  }

  #ancestors(): readonly Uint8Array[] {
    const last = this.steps.at(-1)
    return last === undefined ? [] : ancestorsAfter(last, { epoch: 1, rerun: this.rerun })
  }

  /** A wrong answer; all who name the same lie give the same. */
  lie(seat: number, { step, answerOf: right }: CaseStep, lie = 'a lie'): Answer {
    return { ...right(this.member(seat)), root: bytesOfContentId(contentIdOf(encodeCbor([lie, step]), 'dag-cbor')) }
  }
  reveal(
    seat: number,
    one: CaseStep,
    answer = one.answerOf(this.member(seat)),
    changes: Partial<Infer<typeof revealMessage>> = {},
  ): Envelope {
    const signer = this.member(seat)
    const salt = saltFor(signer, { ...this.context, step: one.step, rank: 0, batch: one.batch.hash, key: signer.publicKey })
    const value = { ...this.place(seat, one), start: bytesOfContentId(one.before.root), salt, answer, ...changes }
    return signMessage(revealMessage, value, signer, network)
  }
  dissent(
    seat: number,
    one: CaseStep,
    answer = one.answerOf(this.member(seat)),
    changes: Partial<Infer<typeof dissentMessage>> = {},
  ): Envelope {
    const value = { ...this.place(seat, one), start: bytesOfContentId(one.before.root), answer, ...changes }
    return signMessage(dissentMessage, value, this.member(seat), network)
  }
  withheld(seat: number, one: CaseStep, changes: Partial<Infer<typeof withheldMessage>> = {}): Envelope {
    return signMessage(withheldMessage, { ...this.place(seat, one), stretch: null, ...changes }, this.member(seat), network)
  }
  seal(seat: number, one: CaseStep, rank = 0): Envelope {
    const value = { ...this.place(seat, one), rank, seal: sha256(encodeCbor(['a seal', seat])) }
    return signMessage(sealMessage, value, this.member(seat), network)
  }
  /** A time-out of this step, with a commit set of these seals. */
  timeout(
    seat: number,
    one: CaseStep,
    rank: number,
    seals: readonly Envelope[],
    changes: Partial<Infer<typeof timeoutMessage>> = {},
  ): Envelope {
    const { batch: _, ...place } = this.place(seat, one)
    const bound = seals.length === 0 ? null : { rank: 0, batch: one.batch.hash, seals }
    const value = { ...place, rank, previous: previousOf(one.batch), bound, dissents: [], abstained: false, ...changes }
    return signMessage(timeoutMessage, value, this.member(seat), network)
  }
  certificate(one: CaseStep, reveals: readonly Envelope[], rank = 0): Uint8Array {
    const { from: _, ...place } = this.place(0, one)
    return certificateMessage.encode({ ...place, rank, reveals })
  }
  /** All these members revealed what it comes to. */
  certified(one: CaseStep, seats: readonly number[] = this.members.map((_, seat) => seat)): Uint8Array {
    return this.certificate(
      one,
      seats.map((seat) => this.reveal(seat, one)),
    )
  }
  dispute(
    one: CaseStep,
    value: Pick<Infer<typeof disputeMessage>, 'steps' | 'evidence'> & Partial<Infer<typeof disputeMessage>>,
  ): Uint8Array {
    return disputeMessage.encode({ job: bytesOfContentId(job), epoch: 1, step: one.step, batch: one.batch.hash, base: null, ...value })
  }

  verdict(juror: Signer, { id }: Pick<Dispute, 'id'>, finding: Finding): Envelope {
    const value = { job: bytesOfContentId(job), epoch: 1, dispute: id, from: juror.publicKey, finding }
    return signMessage(verdictMessage, value, juror, network)
  }

  private place(seat: number, { step, batch }: CaseStep) {
    return { job: bytesOfContentId(job), epoch: 1, step, rank: 0, batch: batch.hash, from: this.member(seat).publicKey }
  }
}
