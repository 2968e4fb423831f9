import { sha256 } from '@interpeer/crypto-ids'
import { type Fault, type Outcome, Random, type ScenarioInput, type Storm, type Weather, World } from '@interpeer/simulator'
import { encodeCbor, hexOf } from '@interpeer/wire-codec'
import {
  type ExecutionResult,
  GROUP_DEFAULTS,
  type GroupEffect,
  type GroupSettings,
  type GroupSetup,
  type StoredBlock,
} from '../src/index.js'
import { liar, type Tactic } from './adversary.js'
import { Watcher } from './checks.js'
import { chainSeed, execute, job, logs, network, signerAt, start } from './jobs.js'
import { Member, type Surroundings } from './member.js'
import { checkRequest } from './requests.js'
import { beginPlan, DICE, drawGroupPlan, endStorm, HUNTED, tellClosing } from './storm.js'

const START_MS = 1_700_000_000_000
const STORM_MS = 8_000
const LIMIT_MS = 180_000
/** A mail that nobody is there to send waits for its next turn. */
const JOB_LIMIT_MS = 300_000
const SKEW_MS = 400
const EPOCH = 1
/**
 * When all faults have stopped, all writes are final within so many of the first rank's time-outs, and so many ms: the longest timer that the storm left doubled to
 * 64 times the first; then visitors who come every two seconds, and runs of up to two seconds each. Steps wait for a dissent window where a traitor is, or where a
 * member had given up: it reveals no more.
 */
const SETTLED_WITHIN_TIMEOUTS = 64
const SETTLED_WITHIN_MS = 20_000
/** Far more than four writes of its visitors have, and less than four of a stuffer. */
const BATCH_BYTES_MAX = 16 * 1024
/** How long a run goes on after its storm where nothing needs to come to an end. */
const TAIL_MS = 5_000

/** What of a run is not a fault: drawn from the seed, and kept when a plan is replayed. */
export interface GroupRun extends ScenarioInput {
  /** Members that are not honest, by seat. */
  readonly tacticsOf?: (random: Random, seats: number) => ReadonlyMap<number, readonly Tactic[]>
  /** In some runs a key runs twice. */
  readonly twins?: boolean
  /** In place of what is drawn. */
  readonly settings?: Partial<GroupSettings>
  readonly weather?: Partial<Weather>
  readonly storm?: Partial<Storm>
  readonly writesMax?: number
  /** Added to the drawn plan. */
  readonly faults?: readonly Fault[]
  readonly stormMs?: number
  /** Disks and runs are quick, and no run is given up: what takes time is the network. */
  readonly isQuick?: boolean
  /** Another job than the log of what was run. */
  readonly job?: SimulatedJob
  /** False: more traitors than liveness allows, so only what is never to happen is checked. */
  readonly isLive?: boolean
}

export interface SimulatedJob {
  readonly start: StoredBlock
  readonly execute: (member: Member, effect: GroupEffect & { type: 'execute' }) => ExecutionResult
  /** A step became final at an honest member. */
  readonly onFinal: (member: Member, effect: GroupEffect & { type: 'final' }) => void
  /** Whether all that it planned has been done; before that the epoch does not close. */
  readonly isSettled: () => boolean
  /** What went wrong, by the last final log. */
  readonly problems: (log: readonly string[]) => readonly string[]
  readonly figures: () => Readonly<Record<string, number>>
}

/**
 * A group under a storm: loss, repetition, delay, overtaking, one-way cuts and partitions, clogs, hunted kinds of messages, crashes after any effect with
 * lost, torn and late writes, full disks and spoiled blocks, stalls, clocks that are apart, drift and jump; in some runs one member that signs wrong
 * answers, or one whose key runs twice. Then all heals, and every write that was offered must be final, run exactly once, and the epoch must close.
 */
export function simulate(input: ScenarioInput): Outcome {
  const random = Random.named(input.seed, DICE.traitors)
  const treason = input.peers >= 4 ? random.pick(['none', 'none', 'liar', 'twins'] as const) : 'none'
  const seat = random.below(input.peers)
  return simulateGroup({
    ...input,
    twins: treason === 'twins',
    tacticsOf: () => new Map(treason === 'none' ? [] : [[seat, treason === 'liar' ? [liar] : []]]),
  })
}

export function simulateGroup({
  seed,
  peers,
  plan: givenPlan,
  trace,
  tacticsOf,
  twins = false,
  isLive = true,
  isQuick = false,
  stormMs = STORM_MS,
  job: ownJob,
  ...given
}: GroupRun): Outcome {
  const settings = Random.named(seed, DICE.settings)
  // delays and timers are drawn apart: where they do not fit, messages cross each other by several ranks
  const weather = {
    lossPerMille: settings.pick([0, 20, 100, 300]),
    repeatPerMille: settings.pick([0, 50]),
    delayMsMin: 1,
    delayMsMax: settings.pick([5, 60, 400, 1_000, 2_500]),
    latePerMille: settings.pick([0, 0, 50]),
    lateMsMax: 3_000,
  }
  const rankTimerMs = given.settings?.rankTimerMs ?? settings.pick([60, 200, 400, 1_000])
  const syncMsMax = isQuick ? 2 : settings.pick([0, 5, 40, 150])
  const slowRunPerMille = isQuick ? 0 : weather.lossPerMille / 10
  const world = new World({ seed, startMs: START_MS, trace, ...weather, ...given.weather })
  const members = Array.from({ length: peers }, (_, i) => signerAt(i).peerId)
  const tactics = tacticsOf?.(Random.named(seed, DICE.traitors, 1), peers) ?? new Map<number, readonly Tactic[]>()
  const traitors = [...tactics.keys()].map((seat) => signerAt(seat).peerId)
  const watcher = new Watcher(traitors)
  const setup: GroupSetup = {
    network,
    job,
    epoch: EPOCH,
    members,
    chainSeed,
    start: (ownJob?.start ?? start).cid,
    rerun: [],
    settings: { idleEveryMs: 3_000, batchRequestsMax: 4, batchBytesMax: BATCH_BYTES_MAX, rankTimerMs, ...given.settings },
    startTimeMs: START_MS - 1,
    ...(ownJob === undefined ? { checkRequest } : {}),
  }
  const finals = new Map<string, number>()
  // two batches in which members abstained: the visitor is told, and may send it anew. One member's word: where the others counted fewer failures it may
  // still run (docs/protocol/peer-group.md, 30), so that is a figure and no failure
  /** Writes that a member called too slow, and those of which it said so. */
  const [givenUp, tooSlow] = [new Set<string>(), new Set<string>()]
  const closed = new Set<number>()
  let [digest, last] = [new Uint8Array(32) as Uint8Array, undefined as (GroupEffect & { type: 'final' }) | undefined]
  const nodes: Member[] = []
  const around: Surroundings = {
    world,
    watcher,
    hearers: (peer, from) => {
      const same = nodes.filter((node) => node.peer === peer)
      return same.length < 2 ? same : same.filter((node) => node.index % 2 === from.index % 2 || world.random.chance(300))
    },
    onTurn: (member, { open }, effects) => {
      if (watcher.isTraitor(member.peer)) return
      const bound = open.bound === undefined ? [] : (open.batches.get(hexOf(open.bound.hash))?.requests ?? [])
      for (const effect of effects) {
        if (effect.type !== 'refused' || effect.code !== 'JOB_TOO_SLOW') continue
        // who offers it again is told the same, though a member that counted less may have proposed it since
        const isFirst = !givenUp.has(hexOf(effect.id))
        givenUp.add(hexOf(effect.id))
        if (isFirst && bound.some(({ id }) => hexOf(id) === hexOf(effect.id)))
          watcher.violate('a write was refused as too slow while a commit set bound it')
      }
    },
    onEffect: (member, effect) => {
      if (effect.type !== 'wake' && effect.type !== 'count') digest = sha256(digest, encodeCbor([member.index, effect.type, world.nowMs]))
      if (watcher.isTraitor(member.peer)) return
      if (effect.type === 'final') {
        for (const { id } of effect.requests) finals.set(hexOf(id), member.index)
        if (effect.step > (last?.step ?? 0)) last = effect
        ownJob?.onFinal(member, effect)
      }
      if (effect.type === 'refused' && effect.code === 'JOB_TOO_SLOW') tooSlow.add(hexOf(effect.id))
      if (effect.type === 'repeated') finals.set(hexOf(effect.id), member.index)
      if (effect.type === 'closed') closed.add(member.index)
    },
    run: (member, effect) => {
      const ms = member.random.between(1, isQuick ? 5 : member.random.chance(50) ? 2_000 : 40)
      return {
        ms,
        result: member.random.chance(slowRunPerMille) ? { type: 'abstained' } : (ownJob?.execute(member, effect) ?? execute(effect)),
      }
    },
  }
  const addNode = (seat: number): void => {
    const dice = Random.named(seed, DICE.members, nodes.length)
    const machine = world.machine({
      offsetMs: dice.between(-SKEW_MS, SKEW_MS),
      driftPpm: dice.between(-200, 200),
      disk: { syncMsMin: Math.min(1, syncMsMax), syncMsMax },
    })
    const node = new Member(machine, signerAt(seat), setup, around, tactics.get(seat))
    node.hold(start.cid, start.bytes)
    if (ownJob !== undefined) node.hold(ownJob.start.cid, ownJob.start.bytes)
    nodes.push(node)
  }
  for (const seat of members.keys()) addNode(seat)
  const [twin] = tactics.keys()
  // the numbers' parity says which of the two a member hears
  if (twins && twin !== undefined) {
    if (twin % 2 === nodes.length % 2) addNode(twin)
    addNode(twin)
  }
  const drawn = drawGroupPlan(
    Random.named(seed, DICE.plan),
    {
      nodes: nodes.map(({ index }) => index),
      forMs: stormMs,
      crashes: 7,
      powerCuts: 2,
      ambushes: { most: settings.pick([0, 0, 2, 5]), kinds: HUNTED, aloneMsMax: 5 * rankTimerMs },
      cuts: 2,
      partitions: 2,
      clogs: 2,
      ...(settings.chance(500) ? { hunts: { most: 3, kinds: HUNTED } } : {}),
      jumps: { most: 3, msMax: 500 },
      stalls: 2,
      slows: 1,
      fulls: 1,
      spoils: 2,
      ...given.storm,
    },
    given.writesMax ?? 12,
  )
  const plan = givenPlan ?? [...(given.faults ?? []), ...drawn]
  for (const { machine } of nodes) machine.start()
  const writes = beginPlan(world, plan, {
    membersNow: () => nodes,
    isDone: (name) => finals.has(name),
    dice: Random.named(seed, DICE.writes),
  })
  for (const { id, cid } of writes) watcher.asked.set(id, cid)
  const stormEndsMs = START_MS + stormMs
  let stepAtCalm = 0
  world.at(stormEndsMs, () => {
    endStorm(world, nodes, SKEW_MS)
    stepAtCalm = last?.step ?? 0
  })
  // in some runs the epoch ends while writes still wait for a batch: those are for the next epoch. In the others all must be final first
  const early = settings.chance(300) && ownJob === undefined
  const settled = (): boolean => ownJob?.isSettled() !== false && writes.every(({ id }) => finals.has(id) || tooSlow.has(id))
  const limitMs = START_MS + (ownJob === undefined ? LIMIT_MS : JOB_LIMIT_MS)
  let [settledMs, settledWithinMs] = [0, Number.POSITIVE_INFINITY]
  const close = (): void => {
    if (settled() && settledMs === 0) {
      settledMs = world.nowMs - stormEndsMs
      const steps = Array.from({ length: (last?.step ?? 0) - stepAtCalm }, (_, i) => stepAtCalm + 1 + i)
      const windows = steps.filter((step) => traitors.length > 0 || watcher.wasGivenUp(EPOCH, step)).length
      settledWithinMs = SETTLED_WITHIN_TIMEOUTS * rankTimerMs + SETTLED_WITHIN_MS + windows * GROUP_DEFAULTS.dissentWindowMs
    }
    if (early || settled()) for (const node of nodes) tellClosing(world, node, world.nowMs + 1_000, members, limitMs)
    else world.after(500, close)
  }
  world.at(stormEndsMs + settings.below(early ? 12_000 : 3_000), close)

  const honest = nodes.filter((node) => !watcher.isTraitor(node.peer))
  const done = () => watcher.violations.length > 0 || (world.nowMs > stormEndsMs && honest.every((node) => closed.has(node.index)))
  world.run({ untilMs: isLive ? limitMs : stormEndsMs + TAIL_MS, actsMax: 600_000, done })

  const log = last === undefined ? [] : (logs.get(last.files) ?? [])
  const problems = [...watcher.violations]
  if (isLive && problems.length === 0 && !done())
    problems.push(`only ${honest.filter((node) => closed.has(node.index)).length} of ${honest.length} closed`)
  if (isLive && ownJob === undefined && settledMs > settledWithinMs) problems.push(`it took ${settledMs} ms to settle`)
  for (const { id } of writes) {
    const times = log.filter((one) => one === id).length
    if (times > 1) problems.push(`a write ran ${times} times`)
    if (times === 0 && finals.has(id)) problems.push('an acknowledged write is missing')
    if (isLive && problems.length === 0 && times === 0 && !early && !tooSlow.has(id)) problems.push('a write is not final')
  }
  if (problems.length === 0) problems.push(...(ownJob?.problems(log) ?? []))
  for (const problem of problems) world.note(undefined, `PROBLEM: ${problem}`)
  const { traffic } = world.network
  const sum = (count: (node: Member) => number): number => nodes.reduce((total, node) => total + count(node), 0)
  return {
    verdict: problems.length === 0 ? 'pass' : 'fail',
    figures: {
      ...(problems.length === 0 ? {} : { problem: problems[0] as string }),
      tooSlow: tooSlow.size,
      tooSlowYetRan: log.filter((name) => tooSlow.has(name)).length,
      steps: last?.step ?? 0,
      writes: writes.length,
      ran: log.length,
      treason: twins ? 'twins' : [...tactics.values()].flatMap((all) => all.map(({ name }) => name)).join('+') || 'none',
      settledMs: early ? 0 : settledMs,
      timeoutMs: rankTimerMs,
      events: plan.length,
      crashes: sum((node) => node.crashes),
      torn: sum((node) => node.machine.disk.torn),
      lostWrites: sum((node) => node.machine.disk.lost),
      busyMs: Math.round(sum((node) => node.machine.processor.busyUs) / 1_000),
      messages: traffic.total().messages,
      again: traffic.total().again,
      sent: world.sent,
      lost: world.lost,
      marks: [...watcher.marks.values()].reduce((total, one) => total + one, 0),
      faults: watcher.faults.size,
      virtualMs: world.nowMs - START_MS,
      ...ownJob?.figures(),
    },
    digest: hexOf(sha256(digest, encodeCbor([last?.state ?? '', log]))).slice(0, 16),
    plan,
  }
}
