import { bytesOfContentId, type ContentId, contentIdOf, type PeerId, type Signer, sha256 } from '@interpeer/crypto-ids'
import { type Random, World } from '@interpeer/simulator'
import { encodeCbor, hexOf } from '@interpeer/wire-codec'
import {
  callJury,
  type DisputeSoFar,
  type Finding,
  type Judgment,
  type JurorSetup,
  judge,
  quorumOf,
  verifyDispute,
  withShown,
} from '../src/index.js'
import { nextState } from '../src/state-block.js'
import { Case, type CaseStep } from './case.js'
import { signers, verification } from './jobs.js'
import { JurorNode } from './juror-node.js'

const START_MS = 1_700_000_100_000
const BLOCK_MS = 5_000
const FETCH_MS = 12_000
const ANSWER_MS = 24_000
const DEADLINE_MS = 40_000
const STORM_MS = 6_000
const KINDS = ['lie', 'wrong-dissent', 'withheld', 'withheld-served', 'split', 'bound', 'false-path'] as const
type Kind = (typeof KINDS)[number]

/** A dispute, who lied in it, and what is right. */
interface Scene {
  readonly made: Case
  readonly dispute: DisputeSoFar
  readonly one: CaseStep
  /** The step that is really wrong, or the disputed one. */
  readonly rightStep: number
  readonly liars: ReadonlySet<number>
  /** Members that hand out what they have. */
  readonly serves: (seat: number, juror: number) => boolean
  /** What a lying juror would say. */
  readonly lie: Finding
}

/**
 * Disputes before juries: wrong and right dissents, batches that are withheld, split and bound steps, false steps below the disputed one. The network loses and
 * repeats, jurors crash after any effect, fewer than half of them lie, keep silent, or say two things; some honest ones are too slow. No lie may stand, no honest peer
 * may be marked or accused, and what stands is held by somebody honest.
 */
export function simulate({ seed, peers }: { readonly seed: number; readonly peers: number }) {
  const world = new World({ seed, startMs: START_MS, delayMsMax: 1 })
  const { random } = world
  const lossPerMille = random.pick([0, 50, 300])
  world.weather({ lossPerMille, repeatPerMille: random.pick([0, 50]), delayMsMax: random.pick([5, 80, 600]) })
  const kind = random.pick(KINDS)
  const memberCount = Math.max(4, Math.min(9, peers))
  const members = signers.slice(0, memberCount).map(({ peerId }) => peerId)
  const outsiders = signers.slice(20, 40).map(({ peerId }) => peerId)
  const outsiderCount = random.chance(200) ? random.between(memberCount, outsiders.length) : outsiders.length
  const draw = (given: Uint8Array, _: ReadonlySet<PeerId>, count: number): readonly PeerId[] => shuffled(outsiders, given).slice(0, count)
  const jury = callJury(sha256(encodeCbor(seed)), members, outsiderCount, draw)
  const traitorCount = random.below(Math.floor((jury.length - 1) / 2) + 1)
  const scene = sceneOf(kind, memberCount, random, jury.length, traitorCount)
  const { made, dispute } = scene
  const setup: JurorSetup = {
    ...{ context: made.context, dispute, jury, rerun: [] },
    ...{ fetchUntilMs: START_MS + FETCH_MS, answerUntilMs: START_MS + ANSWER_MS },
  }
  const problems: string[] = []
  const said = new Map<PeerId, string>()
  const recorded: { envelope: Uint8Array; atMs: number }[] = []
  const waiting: Uint8Array[] = []
  const handedTo = new Set<PeerId>()
  let [trace, crashes] = [new Uint8Array(32), 0]
  let judgment: Judgment | undefined
  const deadlineMs = START_MS + DEADLINE_MS
  const ratings = new Map(jury.map((peer) => [peer, random.chance(300) ? random.between(0, 3_000) : 1_000]))
  const isWeighed = [...ratings.values()].some((rating) => rating !== 1_000)
  const chain = { node: -1, hear: (envelope: Uint8Array) => void waiting.push(envelope) }
  const tell = (from: number, envelope: Uint8Array) => world.post(from, chain.node, () => chain.hear(envelope))

  const nodes: readonly JurorNode[] = jury.map((peer, index) => {
    const isSlow = index >= traitorCount && random.chance(80)
    return new JurorNode(index, signers.find(({ peerId }) => peerId === peer) as Signer, setup, world, {
      runMs: () => (isSlow ? ANSWER_MS : random.between(1, 400)),
      isSlow,
      crashPerMille: lossPerMille / 10,
      fetch: (node, from, name) => {
        const seat = members.indexOf(from)
        if (seat >= 0) return scene.serves(seat, node.index) ? (made.blocks.get(name as ContentId) ?? batchOf(made, name)) : undefined
        const fellow = nodes[jury.indexOf(from)]
        return fellow === undefined || fellow.index < traitorCount ? undefined : fellow.disk.get(name)
      },
      onEffect: (node, effect) => {
        if (effect.type !== 'wake') trace = Uint8Array.from(sha256(trace, encodeCbor([node.index, effect.type, world.nowMs])))
        if (effect.type === 'hand-on') for (const to of effect.to) world.post(node.index, jury.length + 1, () => void handedTo.add(to))
        if (effect.type !== 'verdict') return
        const earlier = said.get(node.self.peerId)
        if (earlier !== undefined && earlier !== hexOf(effect.envelope)) problems.push('an honest juror said two things')
        said.set(node.self.peerId, hexOf(effect.envelope))
        tell(node.index, effect.envelope)
      },
      onCrash: () => crashes++,
    })
  })
  for (const node of nodes) {
    if (node.index < traitorCount) betray(node.self, node.index)
    else world.at(START_MS + random.below(2_000), () => node.open())
  }
  /** Fewer than half: each says what suits it, when it suits it. */
  function betray(self: Signer, index: number): void {
    const findings: readonly Finding[] = [scene.lie, scene.lie, { type: 'unfetchable', step: dispute.step }, { type: 'invalid', step: 1 }]
    for (let times = random.below(3); times > 0; times--) {
      const envelope = made.verdict(self, dispute, random.pick(findings))
      world.at(START_MS + random.below(DEADLINE_MS), () => tell(index, envelope))
    }
  }
  const block = (): void => {
    for (const envelope of waiting.splice(0))
      if (!recorded.some((one) => hexOf(one.envelope) === hexOf(envelope))) recorded.push({ envelope, atMs: world.nowMs })
    for (const node of nodes) {
      const mine = said.get(node.self.peerId)
      if (recorded.some(({ envelope }) => hexOf(envelope) === mine))
        world.post(chain.node, node.index, () => node.tell({ type: 'recorded' }))
    }
    judgment = judge(dispute, { jury, ratings, verdicts: recorded, deadlineMs, nowMs: world.nowMs }, made.context, verification)
    if (judgment === undefined) world.after(BLOCK_MS, block)
  }
  world.after(BLOCK_MS, block)
  world.at(START_MS + STORM_MS, () => world.heal(100))
  world.run({ untilMs: deadlineMs + 2 * BLOCK_MS, actsMax: 400_000, done: () => judgment !== undefined })

  const honest = nodes.filter(({ index }) => index >= traitorCount)
  const prompt = honest.filter(({ around, cameLate }) => !around.isSlow && !cameLate)
  if (judgment === undefined) problems.push('no judgment after the deadline')
  else {
    const again = { jury, ratings, verdicts: shuffled(recorded, sha256(trace)), deadlineMs, nowMs: world.nowMs }
    const other = judge(dispute, again, made.context, verification)
    if (JSON.stringify(other) !== JSON.stringify(judgment)) problems.push('judged otherwise in another order')
    problems.push(...faultsOf(judgment, scene, jury, traitorCount))
    const isDecisive = 2 * prompt.length > jury.length && !isWeighed
    if (isDecisive && judgment.by !== 'jury') problems.push(`no verdict of an honest majority: ${judgment.by}`)
    const start = judgment.opens?.start
    const held = honest.some(({ disk }) => start !== undefined && disk.has(start))
    // of a lie that more traitors than honest jurors spoke for, those who signed it say that they have it
    const isMembers = start !== undefined && (made.blocks.has(start) || (judgment.outcome === 'unjudged' && scene.liars.has(0)))
    if (judgment.outcome === 'overturned' && !held) problems.push('nobody honest has the state that stands')
    if (start !== undefined && judgment.outcome !== 'overturned' && !held && !isMembers) problems.push('nobody has the state that stands')
    if (kind === 'withheld-served' && judgment.by === 'jury' && !handedTo.has(made.peer(memberCount - 1)))
      problems.push('what was withheld was not handed on')
  }
  return {
    verdict: problems.length === 0 ? ('pass' as const) : ('fail' as const),
    figures: {
      ...(problems.length === 0 ? {} : { problem: problems[0] as string }),
      kind,
      outcome: judgment?.outcome ?? 'none',
      by: judgment?.by ?? 'none',
      jurors: jury.length,
      traitors: traitorCount,
      slow: honest.length - prompt.length,
      crashes,
      verdicts: recorded.length,
      sent: world.sent,
      virtualMs: world.nowMs - START_MS,
    },
    digest: hexOf(sha256(trace, encodeCbor([judgment?.outcome ?? '', judgment?.step ?? 0, recorded.length]))).slice(0, 16),
  }
}

/** What must hold of any judgment while fewer than half of the jurors are traitors. */
function faultsOf(
  judgment: Judgment,
  { made, one, liars, rightStep, dispute }: Scene,
  jury: readonly PeerId[],
  traitorCount: number,
): string[] {
  const { outcome, by, marks, leave, faults, opens, step } = judgment
  const found: string[] = []
  const isLie = dispute.certified !== undefined && liars.has(0)
  if (isLie && outcome === 'stands') found.push('a lie stands')
  // more traitors than honest jurors that found something: then nobody can know, and it says so
  if (isLie && outcome === 'unjudged' && judgment.pay.owed.length >= 2 * traitorCount) found.push('a lie stands unjudged')
  for (const { peer } of marks) if (!liars.has(made.context.members.indexOf(peer))) found.push('an honest member is marked')
  for (const peer of leave) if (!liars.has(made.context.members.indexOf(peer))) found.push('an honest member leaves')
  for (const { peer } of faults) if (jury.indexOf(peer) < 0 || jury.indexOf(peer) >= traitorCount) found.push('an honest peer is accused')
  if (by === 'jury' && (outcome === 'stands' || outcome === 'overturned')) {
    if (step !== rightStep) found.push('judged another step')
    const right = step === one.step ? one.after.root : made.step(step).after.root
    if (opens?.start !== right) found.push('another state than the right one stands')
  }
  return found
}

function sceneOf(kind: Kind, memberCount: number, random: Random, jurorCount: number, traitorCount: number): Scene {
  const made = new Case(memberCount)
  const first = made.run(random.below(4))
  const last = memberCount - 1
  const q = Array.from({ length: last }, (_, seat) => seat)
  const all = [...q, last]
  const isLie = kind === 'lie' || kind === 'withheld' || kind === 'withheld-served'
  const before = kind === 'false-path' ? falseStateAfter(made, first) : first.after
  const one = made.run(random.between(1, 3), {}, before)
  const liedAt = kind === 'false-path' ? { root: bytesOfContentId(before.root) } : {}
  const firstReveals = q.map((seat) => made.reveal(seat, first, { ...first.answerOf(made.member(seat)), ...liedAt }))
  const lies = (seat: number) => made.reveal(seat, one, isLie ? made.lie(seat, one) : undefined)
  const steps = [made.certificate(first, firstReveals), made.certificate(one, q.map(lies))]
  const seals = q.map((seat) => made.seal(seat, one))
  const splitLiars = memberCount - quorumOf(memberCount) + 1
  const evidence = {
    lie: () => ({ type: 'objection', statements: [made.dissent(last, one)] }) as const,
    'wrong-dissent': () => ({ type: 'objection', statements: [made.dissent(last, one, made.lie(last, one))] }) as const,
    withheld: () => ({ type: 'objection', statements: [made.withheld(last, one)] }) as const,
    'withheld-served': () => ({ type: 'objection', statements: [made.withheld(last, one)] }) as const,
    split: () =>
      ({
        type: 'split',
        rank: 0,
        reveals: all.map((seat) => made.reveal(seat, one, seat < splitLiars ? made.lie(seat, one) : undefined)),
      }) as const,
    bound: () => ({ type: 'bound', rank: 0, seals, timeouts: q.map((seat) => made.timeout(seat, one, 4, seals)) }) as const,
    'false-path': () => ({ type: 'objection', statements: [made.dissent(last, one, made.lie(last, one))] }) as const,
  }[kind]()
  const isCertified = evidence.type === 'objection'
  const bytes = made.dispute(one, { steps: isCertified ? steps : steps.slice(0, 1), evidence })
  const dispute = withShown(verifyDispute(bytes, made.context, verification), [], made.context, verification)
  const favoured = random.between(traitorCount, jurorCount - 1)
  const isShy = random.chance(300)
  return {
    made,
    dispute,
    one,
    rightStep: kind === 'false-path' ? 1 : one.step,
    liars: new Set(kind === 'split' ? q.slice(0, splitLiars) : kind === 'bound' ? [] : kind === 'wrong-dissent' ? [last] : q),
    serves: (seat, juror) => {
      if (kind === 'withheld') return false
      if (kind === 'withheld-served') return seat < last && juror === favoured
      if (kind === 'lie' || kind === 'false-path') return seat === last || !isShy
      return seat !== last || !isShy
    },
    lie:
      kind === 'wrong-dissent'
        ? { type: 'answered', step: one.step, answer: made.lie(last, one) }
        : { type: 'answered', step: one.step, answer: made.lie(0, one) },
  }
}

/** A state that q members certified together, and that the step does not come to. */
function falseStateAfter(made: Case, { before, batch }: CaseStep) {
  const files = contentIdOf(encodeCbor(['a tree of liars']), 'dag-cbor')
  const responses = batch.requests.map(({ cid }) => cid)
  const { state, blocks } = nextState(before, batch, files, responses, 600_000)
  for (const { cid, bytes } of blocks) made.blocks.set(cid, bytes)
  return state
}

const batchOf = ({ steps }: Case, name: string): Uint8Array | undefined =>
  steps.find(({ batch }) => hexOf(batch.hash) === name)?.batch.bytes
function shuffled<T>(items: readonly T[], by: Uint8Array): readonly T[] {
  const key = (i: number) => hexOf(sha256(by, encodeCbor(i)))
  return items
    .map((item, i) => ({ item, key: key(i) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ item }) => item)
}
