import { type ContentId, type PeerId, sha256 } from '@interpeer/crypto-ids'
import { type Fault, type Outcome, type PlanEvent, Random, type ScenarioInput, World } from '@interpeer/simulator'
import { encodeCbor, hexOf } from '@interpeer/wire-codec'
import { type GroupEffect, type GroupSetup, openingOf, readBatch, recoverFrom } from '../src/index.js'
import { staleServer } from './adversary.js'
import { quorumOf, Watcher } from './checks.js'
import { chainSeed, execute, job, logs, network, signerAt, start, verification } from './jobs.js'
import { Member, type Surroundings } from './member.js'
import { beginPlan, DICE, drawGroupPlan, endStorm, HUNTED, tellClosing } from './storm.js'

const EPOCHS = 4
const EPOCH_MS = 12_000
const RECOVERY_AFTER_MS = 15_000
const SHOWS_WITHIN_MS = 60_000
const START_MS = 1_700_000_000_000
const SKEW_MS = 300

/** Members die for good, or nobody hears anybody any more, `afterMs` after an epoch began. */
interface Blow extends PlanEvent {
  readonly type: 'death' | 'silence'
  readonly epoch: number
  readonly afterMs: number
  /** By seat; of a silence: none. */
  readonly seats: readonly number[]
}

/**
 * A job that moves: in each epoch the member in one seat changes. Some hand-overs close the epoch; in others members die in the middle, and the
 * next epoch is recovered from what q of the old ones show. Newcomers fetch the state from the others, of whom one may serve a stale one; finals of earlier
 * epochs come once more. No acknowledged write may be missing at the end, and none may have run twice.
 */
export function simulate({ seed, peers, plan: given, trace }: ScenarioInput): Outcome {
  const settings = Random.named(seed, DICE.settings)
  const syncMsMax = settings.pick([0, 5, 40])
  const world = new World({
    seed,
    startMs: START_MS,
    trace,
    lossPerMille: settings.pick([0, 50, 150]),
    repeatPerMille: 30,
    delayMsMax: settings.pick([5, 60, 300]),
  })
  const machines = Array.from({ length: peers + EPOCHS }, (_, i) => {
    const dice = Random.named(seed, DICE.members, i)
    const disk = { syncMsMin: Math.min(1, syncMsMax), syncMsMax }
    return world.machine({ offsetMs: dice.between(-SKEW_MS, SKEW_MS), driftPpm: dice.between(-100, 100), disk })
  })
  const traitor = peers >= 4 && settings.chance(500) ? settings.below(peers) : -1
  const watcher = new Watcher(traitor < 0 ? [] : [signerAt(traitor).peerId])
  const nodes: Member[] = []
  const finals = new Map<string, number>()
  const acknowledged = new Set<string>()
  const shows = new Map<PeerId, Uint8Array>()
  let [recoveries, echoes, digest] = [0, 0, new Uint8Array(32) as Uint8Array]
  let current: Member[] = []
  let closedWith: (GroupEffect & { type: 'closed' }) | undefined
  let epoch = 0

  const echo = Random.named(seed, DICE.traitors)
  const around: Surroundings = {
    world,
    watcher,
    hearers: (peer, from) => nodes.filter((node) => node.peer === peer && node.setup.epoch === from.setup.epoch),
    onEffect: (member, effect) => {
      if (effect.type !== 'wake' && effect.type !== 'count') digest = sha256(digest, encodeCbor([member.index, effect.type, world.nowMs]))
      if (effect.type === 'final') {
        for (const { id } of effect.requests) {
          finals.set(hexOf(id), member.index)
          acknowledged.add(hexOf(id))
        }
      }
      if (effect.type === 'repeated') finals.set(hexOf(effect.id), member.index)
      if (effect.type === 'closed' && member.setup.epoch === epoch) closedWith ??= effect
      if (effect.type === 'show' && member.setup.epoch === epoch) shows.set(member.peer, effect.envelope)
      // somebody kept it, and sends it once more, perhaps in a later epoch
      if (effect.type === 'send' && effect.envelope.length > 0 && echo.chance(40)) {
        const { envelope } = effect
        world.after(echo.between(100, EPOCH_MS + 5_000), () => {
          echoes++
          for (const node of current) node.hear(member.peer, envelope)
        })
      }
    },
    run: (member, effect) => ({ ms: member.random.between(1, 60), result: execute(effect) }),
  }
  const begin = (members: readonly PeerId[], from: { root: ContentId; timeMs: number; rerun: readonly Uint8Array[] }): void => {
    epoch++
    closedWith = undefined
    shows.clear()
    const setup: GroupSetup = {
      network,
      job,
      epoch,
      members,
      chainSeed: sha256(chainSeed, encodeCbor(epoch)),
      start: from.root,
      rerun: from.rerun,
      settings: { idleEveryMs: 3_000, rankTimerMs: 400 },
      startTimeMs: from.timeMs,
    }
    current = members.map((peer) => {
      const index = machines.findIndex((_, i) => signerAt(i).peerId === peer)
      const machine = machines[index]
      if (machine === undefined) throw new RangeError('no such peer')
      const node = new Member(machine, signerAt(index), setup, around, index === traitor ? [staleServer] : [])
      if (epoch === 1) node.hold(start.cid, start.bytes)
      nodes.push(node)
      machine.start()
      return node
    })
  }

  const dice = Random.named(seed, DICE.plan)
  const drawn: readonly PlanEvent[] = [
    ...drawGroupPlan(
      dice,
      {
        nodes: machines.map(({ index }) => index),
        forMs: EPOCHS * EPOCH_MS,
        crashes: 8,
        powerCuts: 2,
        ambushes: { most: 3, kinds: HUNTED, aloneMsMax: 2_000 },
        cuts: 3,
        clogs: 2,
        jumps: { most: 2, msMax: 400 },
        stalls: 2,
        fulls: 1,
        spoils: 3,
      },
      20,
    ),
    ...drawBlows(dice, peers),
  ]
  const plan = given ?? drawn
  const problems: string[] = []
  const writes = beginPlan(
    world,
    // a fault that lasts is over before the next epoch but one
    plan.map((event) =>
      'forMs' in event ? { ...event, forMs: Math.min((event as Fault & { forMs: number }).forMs, EPOCH_MS / 2) } : event,
    ),
    { membersNow: () => current, isDone: (name) => finals.has(name), dice: Random.named(seed, DICE.writes) },
  )
  let members: PeerId[] = Array.from({ length: peers }, (_, i) => signerAt(i).peerId)
  begin(members, { root: start.cid, timeMs: START_MS - 1, rerun: [] })
  for (let round = 0; round < EPOCHS && problems.length === 0; round++) {
    const seat = round % peers
    const next = members.map((peer, i) => (i === seat ? signerAt(peers + round).peerId : peer))
    const closesAtMs = world.nowMs + EPOCH_MS
    const old = current
    for (const node of old) tellClosing(world, node, closesAtMs, next, closesAtMs + 2 * RECOVERY_AFTER_MS)
    const dead = strike(world, old, plan, epoch)
    world.run({
      untilMs: closesAtMs + RECOVERY_AFTER_MS,
      actsMax: 300_000,
      done: () => closedWith !== undefined || watcher.violations.length > 0,
    })
    dead.isOver = true
    world.partition(undefined)
    if (watcher.violations.length > 0) break
    members = next
    const closed = closedWith as (GroupEffect & { type: 'closed' }) | undefined
    if (closed !== undefined) {
      begin(members, { root: closed.state, timeMs: readBatch(closed.batch).value.timeMs, rerun: [] })
      continue
    }
    recoveries++
    const ask = (): void => {
      for (const node of old) {
        if (!dead.seats.has(old.indexOf(node))) node.machine.start()
        if (!shows.has(node.peer)) node.tell({ type: 'show' })
      }
    }
    const enough = quorumOf(peers)
    for (const limitMs = world.nowMs + SHOWS_WITHIN_MS; shows.size < enough && world.nowMs < limitMs; ) {
      ask()
      const untilMs = world.nowMs + 500
      world.at(untilMs, () => undefined)
      world.run({ untilMs, actsMax: 100_000 })
    }
    const recovery = recoverFrom([...shows.values()], (old[0] as Member).setup, [], verification)
    if (!recovery.complete) problems.push('fewer than q shows')
    const first = (old[0] as Member).setup
    const from = openingOf(recovery, { ...first, startTimeMs: first.startTimeMs as number })
    begin(members, { root: from.state, timeMs: from.timeMs, rerun: from.rerun })
  }
  endStorm(world, current, SKEW_MS)
  // long enough for everyone to take up an idle batch after the last write
  const settled = () => watcher.violations.length > 0 || writes.every(({ id }) => finals.has(id))
  world.run({ untilMs: world.nowMs + 60_000, actsMax: 300_000, done: settled })
  world.run({ untilMs: world.nowMs + 8_000, actsMax: 300_000, done: () => watcher.violations.length > 0 })
  const bases = current.filter((node) => !watcher.isTraitor(node.peer)).flatMap((node) => node.group?.base ?? [])
  const final = bases.sort((a, b) => b.step - a.step).find(({ state }) => state !== undefined)?.state
  const log = final === undefined ? [] : (logs.get(final.files) ?? [])
  problems.unshift(...watcher.violations)
  if (problems.length === 0 && !settled()) problems.push('a write is not final')
  for (const name of acknowledged) if (!log.includes(name)) problems.push('an acknowledged write is missing')
  if (new Set(log).size !== log.length) problems.push('a write ran twice')
  for (const problem of problems) world.note(undefined, `PROBLEM: ${problem}`)
  return {
    verdict: problems.length === 0 ? 'pass' : 'fail',
    figures: {
      ...(problems.length === 0 ? {} : { problem: problems[0] as string }),
      epochs: epoch,
      recoveries,
      echoes,
      treason: traitor < 0 ? 'none' : staleServer.name,
      crashes: machines.reduce((sum, { crashes }) => sum + crashes, 0),
      writes: writes.length,
      acknowledged: acknowledged.size,
      ran: log.length,
      sent: world.sent,
      virtualMs: world.nowMs - START_MS,
    },
    digest: hexOf(sha256(digest, encodeCbor(log))).slice(0, 16),
    plan,
  }
}

/** So many die at once, at any moment: q remain to show, but no quorum can be slower than the recovery. In some epochs all are cut off from each other too. */
function drawBlows(dice: Random, peers: number): readonly Blow[] {
  return Array.from({ length: EPOCHS }, (_, i) => i + 1).flatMap((epoch): Blow[] => {
    if (!dice.chance(400)) return []
    const at = (): { atMs: number; epoch: number; afterMs: number } => {
      const afterMs = dice.below(EPOCH_MS)
      return { atMs: (epoch - 1) * EPOCH_MS + afterMs, epoch, afterMs }
    }
    const first = dice.below(peers)
    const deaths = Array.from(
      { length: peers - quorumOf(peers) },
      (__, n): Blow => ({ type: 'death', ...at(), seats: [(first + n) % peers] }),
    )
    return dice.chance(500) ? [...deaths, { type: 'silence', ...at(), seats: [] }] : deaths
  })
}

function strike(
  world: World,
  members: readonly Member[],
  plan: readonly PlanEvent[],
  epoch: number,
): { readonly seats: ReadonlySet<number>; isOver: boolean } {
  const struck = { seats: new Set<number>(), isOver: false }
  const blows = plan.filter(
    (event): event is Blow => (event.type === 'death' || event.type === 'silence') && (event as Blow).epoch === epoch,
  )
  for (const { type, afterMs, seats } of blows) {
    world.after(afterMs, () => {
      if (struck.isOver) return
      world.note(undefined, `${type} ${seats.join(' ')}`)
      if (type === 'silence') world.partition(new Map(members.map(({ index }) => [index, index])))
      for (const seat of seats) {
        struck.seats.add(seat)
        const stay = (): void => {
          members[seat]?.machine.crash()
          if (!struck.isOver) world.after(50, stay) // a supervisor may try
        }
        stay()
      }
    })
  }
  return struck
}
