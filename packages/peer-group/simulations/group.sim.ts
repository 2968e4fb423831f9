import { type ContentId, contentIdOf, type PeerId, peekMessageNumber, sha256 } from '@interpeer/crypto-ids'
import { World } from '@interpeer/simulator'
import { encodeCbor, hexOf } from '@interpeer/wire-codec'
import { type GroupEffect, type GroupSetup, revealMessage } from '../src/index.js'
import { Watcher } from './checks.js'
import { chainSeed, execute, job, logs, network, signerAt, start } from './jobs.js'
import { Member, type Surroundings } from './member.js'

export interface SimulationOutcome {
  readonly verdict: 'pass' | 'fail'
  readonly figures: Readonly<Record<string, number | string>>
  readonly digest: string
}
const STORM_MS = 8_000
const LIMIT_MS = 180_000

/**
 * A group under a storm: loss, repetition, delay, partitions, crashes after any effect, clocks apart; in some runs one member that signs wrong
 * answers, or one whose key runs twice. Then the network heals, and every write that was offered must be final, run exactly once, and the
 * epoch must close.
 */
export function simulate({ seed, peers }: { readonly seed: number; readonly peers: number }): SimulationOutcome {
  const world = new World({ seed, startMs: 1_700_000_000_000, delayMsMin: 1, delayMsMax: 1 })
  const { random } = world
  // delays and timers are drawn apart: where they do not fit, messages cross each other by several ranks
  const weather = {
    lossPerMille: random.pick([0, 20, 100, 300]),
    repeatPerMille: random.pick([0, 50]),
    delayMsMax: random.pick([5, 60, 400, 1_000, 2_500]),
  }
  const rankTimerMs = random.pick([60, 200, 400, 1_000])
  // an adversary on the wire: kinds of messages that mostly vanish while the storm lasts
  const hunted = random.chance(500) ? new Set(Array.from({ length: 2 }, () => random.pick([49, 50, 51, 52, 53, 55]))) : new Set()
  const ambushPerMille = random.pick([0, 0, 10, 60])
  world.weather(weather)
  const members = Array.from({ length: peers }, (_, i) => signerAt(i).peerId)
  const treason = peers >= 4 ? random.pick(['none', 'none', 'liar', 'twins'] as const) : 'none'
  const traitor = random.below(peers)
  const watcher = new Watcher(treason === 'none' ? [] : [members[traitor] as PeerId])
  const setup: GroupSetup = {
    network,
    job,
    epoch: 1,
    members,
    chainSeed,
    start: start.cid,
    rerun: [],
    settings: { idleEveryMs: 3_000, batchRequestsMax: 4, rankTimerMs },
    startTimeMs: world.nowMs - 1,
  }
  const stormEndsMs = world.nowMs + STORM_MS
  const finals = new Map<string, number>()
  // two batches in which members abstained: the visitor is told, and may send it anew. One member's word: where the others counted fewer failures it may
  // still run (docs/protocol/peer-group.md, 19), so that is a figure and no failure
  const tooSlow = new Set<string>()
  const closed = new Set<number>()
  let [trace, last] = [new Uint8Array(32), undefined as (GroupEffect & { type: 'final' }) | undefined]
  const nodes: Member[] = []
  const around: Surroundings = {
    world,
    watcher,
    hearers: (peer, from) => {
      const same = nodes.filter((node) => node.signer.peerId === peer)
      return same.length < 2 ? same : same.filter((node) => node.index % 2 === from.index % 2 || random.chance(300))
    },
    taken: (envelope) => world.nowMs < stormEndsMs && hunted.has(peekMessageNumber(envelope)) && random.chance(850),
    onEffect: (member, effect) => {
      if (effect.type !== 'wake' && effect.type !== 'count') {
        trace = Uint8Array.from(sha256(trace, encodeCbor([member.index, effect.type, world.nowMs])))
      }
      if (effect.type === 'final') {
        for (const { id } of effect.requests) finals.set(hexOf(id), member.index)
        if (effect.step > (last?.step ?? 0)) last = effect
      }
      if (effect.type === 'refused' && effect.code === 'JOB_TOO_SLOW') {
        tooSlow.add(hexOf(effect.id))
        const open = member.group?.open
        const bound = open?.bound === undefined ? [] : (open.batches.get(hexOf(open.bound.hash))?.requests ?? [])
        if (bound.some(({ id }) => hexOf(id) === hexOf(effect.id)))
          watcher.violations.push('a write was refused as too slow while a commit set bound it')
      }
      if (effect.type === 'repeated') finals.set(hexOf(effect.id), member.index)
      if (effect.type === 'closed') closed.add(member.index)
      // the worst moment to crash: when members have just committed themselves
      const commits = effect.type === 'send' && peekMessageNumber(effect.envelope) === revealMessage.number
      if (!commits || world.nowMs > stormEndsMs || !random.chance(ambushPerMille)) return
      const everyone = random.chance(700)
      const struck = everyone ? nodes : [member]
      world.after(random.below(weather.delayMsMax), () => {
        if (world.nowMs >= stormEndsMs) return
        for (const node of struck) node.crashAfter ??= random.below(3)
        if (!everyone || random.chance(500)) return
        // the power comes back before the network: each is alone with what its disk remembers
        for (const node of nodes) {
          node.crash()
          node.open()
        }
        world.partition(new Map(nodes.map(({ index }) => [index, index])))
        world.after(random.between(1, 5) * rankTimerMs, () => world.partition(undefined))
      })
    },
    run: (member, effect) => {
      const ran = execute(effect)
      const lies = treason === 'liar' && member.index === traitor
      const ms = member.random.between(1, member.random.chance(50) ? 2_000 : 40)
      if (member.random.chance(weather.lossPerMille / 10)) return { ms, result: { type: 'abstained' } }
      return { ms, result: lies ? { ...ran, files: contentIdOf(sha256(effect.batch), 'dag-cbor') } : ran }
    },
  }
  const addNode = (index: number, seat: number): void => {
    const node = new Member(index, signerAt(seat), setup, around)
    node.blocks.set(start.cid, start.bytes)
    node.clockSkewMs = random.between(-400, 400)
    nodes.push(node)
    node.open()
  }
  for (const seat of members.keys()) addNode(seat, seat)
  if (treason === 'twins') addNode(traitor % 2 === peers % 2 ? peers + 1 : peers, traitor)

  storm(world, nodes, stormEndsMs)
  const writes = offerWrites(world, nodes, finals, random.between(1, 12), stormEndsMs)
  // in some runs the epoch ends while writes still wait for a batch: those are for the next epoch. In the others all must be final first
  const early = random.chance(300)
  const settled = (): boolean => writes.every(({ name }) => finals.has(name) || tooSlow.has(name))
  const close = (): void => {
    if (early || settled()) for (const node of nodes) tellClosing(world, node, world.nowMs + 1_000, members)
    else world.after(500, close)
  }
  world.at(stormEndsMs + random.below(early ? 12_000 : 3_000), close)

  const honest = nodes.filter((node) => treason === 'none' || node.signer.peerId !== members[traitor])
  const done = () => world.nowMs > stormEndsMs && honest.every((node) => closed.has(node.index))
  world.run({ untilMs: world.nowMs + LIMIT_MS, actsMax: 400_000, done })

  const log = last === undefined ? [] : (logs.get(last.files) ?? [])
  const problems = [...watcher.violations]
  if (!done()) problems.push(`only ${honest.filter((node) => closed.has(node.index)).length} of ${honest.length} closed`)
  for (const { name } of writes) {
    const times = log.filter((one) => one === name).length
    if (times > 1) problems.push(`a write ran ${times} times`)
    if (times === 0 && finals.has(name)) problems.push('an acknowledged write is missing')
    if (times === 0 && !early && !tooSlow.has(name)) problems.push('a write is not final')
  }
  return {
    verdict: problems.length === 0 ? 'pass' : 'fail',
    figures: {
      ...(problems.length === 0 ? {} : { problem: problems[0] as string }),
      tooSlow: tooSlow.size,
      tooSlowYetRan: log.filter((name) => tooSlow.has(name)).length,
      steps: last?.step ?? 0,
      writes: writes.length,
      ran: log.length,
      treason,
      crashes: nodes.reduce((sum, node) => sum + node.crashes, 0),
      sent: world.sent,
      lost: world.lost,
      marks: [...watcher.marks.values()].reduce((sum, one) => sum + one, 0),
      faults: watcher.faults.size,
      virtualMs: world.nowMs - 1_700_000_000_000,
    },
    digest: hexOf(sha256(trace, encodeCbor([last?.state ?? '', log]))).slice(0, 16),
  }
}

/** Crashes (after any effect, so also between persist and send), restarts and partitions until `untilMs`; then the network heals. */
export function storm(world: World, nodes: readonly Member[], untilMs: number): void {
  const { random } = world
  for (let left = random.below(8); left > 0; left--) {
    const node = random.pick(nodes)
    world.at(world.nowMs + random.below(STORM_MS), () => {
      node.crashAfter = random.below(12)
    })
  }
  for (let left = random.below(3); left > 0; left--) {
    // the power goes: everyone crashes, each a few effects later
    world.at(world.nowMs + random.below(STORM_MS), () => {
      for (const node of nodes) node.crashAfter = random.below(6)
    })
  }
  const revive = (node: Member): void => {
    if (node.group === undefined && world.nowMs < untilMs && random.chance(400)) node.open()
    if (world.nowMs < untilMs) world.after(500, () => revive(node))
  }
  for (const node of nodes) revive(node)
  for (let left = random.below(3); left > 0; left--) {
    const [fromMs, lengthMs] = [world.nowMs + random.below(STORM_MS), random.below(3_000)]
    const sides = new Map(nodes.map(({ index }) => [index, random.below(2)]))
    world.at(fromMs, () => world.partition(sides))
    world.at(fromMs + lengthMs, () => world.partition(undefined))
  }
  world.at(untilMs, () => {
    world.heal(20)
    for (const node of nodes) {
      node.crashAfter = undefined
      node.open()
    }
  })
}

/** Visitors who try again, at any member, until their write is final. */
export function offerWrites(world: World, nodes: readonly Member[], finals: ReadonlyMap<string, number>, count: number, untilMs: number) {
  const { random } = world
  return Array.from({ length: count }, () => {
    const id = random.bytes(16)
    const [name, atMs] = [hexOf(id), world.nowMs + random.below(untilMs - world.nowMs)]
    const bytes = encodeCbor([id, atMs])
    const cid: ContentId = contentIdOf(bytes, 'raw')
    const offer = (): void => {
      if (finals.has(name)) return
      random.pick(nodes).tell({ type: 'write', id, ms: atMs, cid, bytes })
      world.after(2_000, offer)
    }
    world.at(atMs, offer)
    return { name, atMs }
  })
}

/** The shell reads it in the chain, and says it again after a restart. */
export function tellClosing(world: World, node: Member, atMs: number, next: readonly PeerId[]): void {
  const tell = (): void => {
    if (node.group?.phase === 'open' && node.group.closing === undefined) node.tell({ type: 'close-at', atMs, next })
    if (world.nowMs < atMs + LIMIT_MS) world.after(700, tell)
  }
  tell()
}
