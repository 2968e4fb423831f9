import { type ContentId, CryptoError, type PeerId, sha256 } from '@interpeer/crypto-ids'
import { hexOf, type Infer, sameBytes, WireError } from '@interpeer/wire-codec'
import { matches } from './answer.js'
import { type Batch, type KnownBatch, readBatch } from './batch.js'
import { type CertifiedStep, closes, provesFinal, readCertificate, writeCertificate } from './certificate.js'
import { readDissent } from './dissent.js'
import { PeerGroupError } from './errors.js'
import { revealMessage, sealMessage, showMessage } from './messages.js'
import { quorumOf } from './quorum.js'
import { createVerifier, type GroupContext, type Opened, type Verification, type Verifier } from './verifier.js'

/** What a block opens the next epoch from, when the old one could not close itself (design §6, Recovery). */
export interface Recovery {
  /** The last step that the shows prove final; undefined: none, the epoch begins where the old one began. */
  readonly last?: {
    readonly step: number
    readonly certificate: Uint8Array
    readonly batch: Uint8Array
    readonly state: ContentId
    readonly timeMs: number
  }
  /** Later batches that the next group runs again first, unchanged and in order: certified ones that are not proven final, and the one that is bound. */
  readonly rerun: readonly Uint8Array[]
  /** At which step of this epoch each of those was. A batch that this epoch ran again itself names another. Steps are missing only among those that it ran again. */
  readonly rerunSteps: readonly number[]
  /** The last step of the epoch that the shows know of, certified or bound: batches that this epoch had to run again go on after it. */
  readonly through: number
  /**
   * The epoch ends with this closing batch: certified, or bound, and then its certificate may be in hands that did not show. Either way the next epoch opens
   * as the certificate opens it: from `state`, with the members named for it, and nothing to run again.
   */
  readonly closing?: { readonly batch: Uint8Array; readonly state: ContentId; readonly timeMs: number }
  /** The first certified step after `last` that something is signed against: where a jury can judge, whoever signed it brings that to the chain. Its batch is run again all the same. */
  readonly disputed?: {
    readonly step: number
    readonly certificate: Uint8Array
    readonly batch: Uint8Array
    readonly dissents: readonly Uint8Array[]
  }
  /** A batch that q can no longer agree on: dropped, since it can't be final anywhere. */
  readonly dropped?: Uint8Array
  /** Whose shows count, in seat order. With fewer than q of them, writes may be lost. */
  readonly shown: readonly PeerId[]
  /** q members showed: no acknowledged write can be missing. */
  readonly complete: boolean
  /** A certified closing step is among them: the epoch is over, and its receipt stands. Not that of a frozen group, which decides nothing of what is frozen. */
  readonly closed: boolean
}
interface ShownStep extends CertifiedStep {
  readonly certificate: Uint8Array
  readonly dissents: readonly Uint8Array[]
}

/**
 * Puts old members' shows together. Every certificate lies with one honest member of any q, and every commit set that a certificate
 * may have come from too, so what q members show loses nothing final: what they prove final stands, what is certified or bound beyond that is run again unchanged.
 * Certificates count from any holder.
 * @param context with the group state that the epoch began from, if it is known: a first step that begins from another one is none
 * @throws {PeerGroupError} SHOWS_INVALID when a show or certificate does not hold
 */
export function recoverFrom(
  shows: readonly Uint8Array[],
  context: GroupContext & { readonly start?: ContentId },
  found: readonly { readonly certificate: Uint8Array; readonly batch: Uint8Array }[] = [],
  verification?: Verification,
): Recovery {
  const verifier = createVerifier(context, verification)
  const opened = shows.map((envelope) => {
    const show = verifier.open(showMessage, envelope)
    if (typeof show === 'string') throw invalid(show)
    return show
  })
  const seats = new Set(opened.map(({ seat }) => seat))
  if (seats.size !== opened.length) throw invalid('a member shows twice')
  const steps = new Map<number, ShownStep>()
  for (const shown of [...found.map((one) => ({ ...one, dissents: [] })), ...opened.flatMap(({ value }) => value.steps)])
    addStep(steps, shown, verifier, context.start)
  const inOrder = [...steps.values()].sort((a, b) => a.step - b.step)
  const last = inOrder.findLast((one) => inOrder.some((later) => provesFinal(one, later.step === one.step ? undefined : later)))
  const certifiedClosing = inOrder.findLast(({ batch, state }) => opensNext(batch.value, context) && state === batch.from)
  const chain = unbroken(inOrder, last?.step ?? 0, context.epoch)
  const tip = chain.at(-1)?.step ?? last?.step ?? 0
  const tipState = (chain.at(-1) ?? last)?.state ?? context.start
  const bound = certifiedClosing === undefined ? boundTo(tip, tipState, opened, verifier) : undefined
  const closing = certifiedClosing === undefined ? closingIn(bound, context) : closingOf(certifiedClosing)
  const rest = closing === undefined ? bound : undefined
  // what a frozen group repeated has nothing to run
  const later =
    closing === undefined
      ? chain.filter(({ answer, batch }) => answer.disputed === 0 || batch.requests.length + batch.value.events.length > 0)
      : []
  const disputed = later.find(({ dissents }) => dissents.length > 0)
  const dropped = rest !== undefined && isSplit(rest, opened, verifier) ? rest.known.bytes : undefined
  const ends = certifiedClosing ?? last
  const again = later.map(({ step, batch: { bytes } }) => ({ step, bytes }))
  if (rest !== undefined && dropped === undefined) again.push({ step: tip + 1, bytes: rest.known.bytes })
  return {
    ...(ends === undefined
      ? {}
      : { last: { step: ends.step, certificate: ends.certificate, batch: ends.batch.bytes, state: ends.state, timeMs: ends.timeMs } }),
    rerun: again.map(({ bytes }) => bytes),
    rerunSteps: again.map(({ step }) => step),
    through: tip + (rest === undefined ? 0 : 1),
    ...(closing === undefined ? {} : { closing }),
    ...(disputed === undefined ? {} : { disputed: { ...disputed, batch: disputed.batch.bytes } }),
    ...(dropped === undefined ? {} : { dropped }),
    shown: context.members.filter((_, seat) => seats.has(seat)),
    complete: seats.size >= quorumOf(context.members.length),
    closed: certifiedClosing !== undefined,
  }
}

const closingOf = ({ batch, state, timeMs }: CertifiedStep): NonNullable<Recovery['closing']> => ({ batch: batch.bytes, state, timeMs })
function closingIn(bound: { readonly known: KnownBatch } | undefined, context: GroupContext): Recovery['closing'] {
  if (bound === undefined) return undefined
  const { bytes, value, from } = bound.known
  return opensNext(value, context) ? { batch: bytes, state: from, timeMs: value.timeMs } : undefined
}

/** A closing batch of a frozen group decides nothing about the frozen step, so the next epoch is opened from shows, like that of a group without one. */
function opensNext(batch: Batch, context: GroupContext): boolean {
  return closes(batch, context) && batch.disputed <= batch.final
}

/**
 * The certified steps after a final one, up to the first that nobody shows: what comes after a gap would run out of order. Before a batch of an earlier epoch all were such:
 * of many that are run again a show has only the last, and the chain has the others (`openingOf`).
 */
function unbroken(inOrder: readonly ShownStep[], after: number, epoch: number): readonly ShownStep[] {
  const chain: ShownStep[] = []
  for (const one of inOrder.filter(({ step }) => step > after)) {
    if (one.step !== (chain.at(-1)?.step ?? after) + 1 && one.batch.value.epoch === epoch) break
    chain.push(one)
  }
  return chain
}

type OpenedShow = Opened<Infer<typeof showMessage>>

/** Enters a certified step; of two certificates for one step, their reveals together may show that all agreed. */
function addStep(
  steps: Map<number, ShownStep>,
  { certificate, batch, dissents }: { certificate: Uint8Array; batch: Uint8Array; dissents: readonly Uint8Array[] },
  verifier: Verifier,
  start: ContentId | undefined,
): void {
  const certified = readOrThrow(certificate, batch, verifier)
  if (certified.step === 1 && start !== undefined && certified.start !== start) return
  const known = steps.get(certified.step)
  const against = dissents.filter((envelope) => {
    const read = readDissent(verifier, envelope)
    return read !== undefined && read.step === certified.step && sameBytes(read.batch, certified.batchHash)
  })
  const all = uniqueBytes([...(known?.dissents ?? []), ...against])
  if (known === undefined) {
    steps.set(certified.step, { ...certified, certificate, dissents: all })
    return
  }
  // a member may have signed two reveals: those that agree show more, and other ones must not hide that all agreed
  const agreeing = certified.reveals.filter(({ value }) => matches(value.answer, certified.answer))
  const bySeat = new Map([...certified.reveals, ...known.reveals, ...agreeing].map((one) => [one.seat, one]))
  const isSame = known.rank === certified.rank && sameBytes(known.batchHash, certified.batchHash)
  if (!isSame || known.unanimous || known.start !== certified.start) {
    steps.set(certified.step, { ...known, dissents: all })
    return
  }
  const merged = writeCertificate([...bySeat.values()])
  steps.set(certified.step, { ...readOrThrow(merged, batch, verifier), certificate: merged, dissents: all })
}

/** The same, but for a closing batch that leaves something else than the last certified step came to: nobody could object to that, for it has no certificate. */
function boundTo(
  tip: number,
  state: ContentId | undefined,
  shows: readonly OpenedShow[],
  verifier: Verifier,
): ReturnType<typeof boundAfter> {
  const bound = boundAfter(tip, shows, verifier)
  const isElsewhere =
    bound !== undefined && opensNext(bound.known.value, verifier.context) && state !== undefined && bound.known.from !== state
  return isElsewhere ? undefined : bound
}

/** The commit set of the highest rank that binds the step after `tip`, with its batch, if anyone has that. */
function boundAfter(
  tip: number,
  shows: readonly OpenedShow[],
  verifier: Verifier,
): { readonly rank: number; readonly hash: Uint8Array; readonly known: KnownBatch } | undefined {
  let highest: { readonly rank: number; readonly hash: Uint8Array } | undefined
  for (const { value } of shows) {
    if (value.bound === null) continue
    const set = readSet(value.bound, verifier)
    if (set.step === tip + 1 && set.rank > (highest?.rank ?? -1)) highest = set
  }
  if (highest === undefined) return undefined
  const { hash } = highest
  const batch = shows.map(({ value }) => value.boundBatch).find((one) => one !== null && sameBytes(sha256(one), hash))
  const known = batch === undefined || batch === null ? undefined : readable(batch)
  return known === undefined ? undefined : { ...highest, known }
}

/** Of bytes that are no batch nobody honest sealed the hash: they bind nothing, and the next group could not even read them. */
function readable(batch: Uint8Array): KnownBatch | undefined {
  try {
    return readBatch(batch)
  } catch (error) {
    if (error instanceof CryptoError || error instanceof WireError) return undefined
    throw error
  }
}

/** Whether the members' own reveals of a bound batch leave no answer that q could agree on. */
function isSplit({ hash }: { readonly hash: Uint8Array }, shows: readonly OpenedShow[], { open, context }: Verifier): boolean {
  const reveals = shows.flatMap(({ value, seat }) => {
    const reveal = value.reveal === null ? 'none' : open(revealMessage, value.reveal)
    return typeof reveal === 'string' || reveal.seat !== seat || !sameBytes(reveal.value.batch, hash) ? [] : [reveal.value.answer]
  })
  const unknown = context.members.length - reveals.length
  const most = Math.max(0, ...reveals.map((answer) => reveals.filter((other) => matches(other, answer)).length))
  return most + unknown < quorumOf(context.members.length)
}

function readSet(
  { rank, batch, seals }: { readonly rank: number; readonly batch: Uint8Array; readonly seals: readonly Uint8Array[] },
  verifier: Verifier,
): { readonly step: number; readonly rank: number; readonly hash: Uint8Array } {
  const seats = new Set<number>()
  const steps = new Set<number>()
  for (const envelope of seals) {
    const seal = verifier.open(sealMessage, envelope)
    if (typeof seal === 'string') throw invalid(seal)
    if (seal.value.rank !== rank || !sameBytes(seal.value.batch, batch)) throw invalid('a seal of another place')
    seats.add(seal.seat)
    steps.add(seal.value.step)
  }
  const [step] = steps
  if (step === undefined || steps.size !== 1 || seats.size < quorumOf(verifier.context.members.length)) throw invalid('not a commit set')
  return { step, rank, hash: batch }
}

const uniqueBytes = (all: readonly Uint8Array[]): readonly Uint8Array[] => [...new Map(all.map((one) => [hexOf(one), one])).values()]

function readOrThrow(certificate: Uint8Array, batch: Uint8Array, verifier: Verifier): CertifiedStep {
  try {
    return readCertificate(certificate, batch, verifier)
  } catch (cause) {
    if (cause instanceof PeerGroupError) throw invalid(cause.failure.reason, cause)
    throw cause
  }
}

const invalid = (reason: string, cause?: unknown): PeerGroupError => new PeerGroupError({ code: 'SHOWS_INVALID', reason }, { cause })
