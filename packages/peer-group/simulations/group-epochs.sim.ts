import { type ContentId, type PeerId, sha256 } from '@interpeer/crypto-ids'
import { World } from '@interpeer/simulator'
import { encodeCbor, hexOf } from '@interpeer/wire-codec'
import { type GroupEffect, type GroupSetup, readBatch, recoverFrom } from '../src/index.js'
import { Watcher } from './checks.js'
import { offerWrites, type SimulationOutcome, tellClosing } from './group.sim.js'
import { chainSeed, execute, job, logs, network, signerAt, start, verification } from './jobs.js'
import { Member, type Surroundings } from './member.js'

const EPOCHS = 4
const EPOCH_MS = 12_000
const RECOVERY_AFTER_MS = 15_000
const START_MS = 1_700_000_000_000

/**
 * A job that moves: in each epoch the member in one seat changes. Some hand-overs close the epoch; in others members die in the middle, and the
 * next epoch is recovered from what q of the old ones show. No acknowledged write may be missing at the end, and none may have run twice.
 */
export function simulate({ seed, peers }: { readonly seed: number; readonly peers: number }): SimulationOutcome {
  const world = new World({ seed, startMs: START_MS, delayMsMax: 1 })
  const { random } = world
  world.weather({ lossPerMille: random.pick([0, 50, 150]), repeatPerMille: 30, delayMsMax: random.pick([5, 60, 300]) })
  const watcher = new Watcher([])
  const nodes: Member[] = []
  const finals = new Map<string, number>()
  const acknowledged = new Set<string>()
  let [recoveries, nextIndex] = [0, 0]
  let trace: Uint8Array = new Uint8Array(32)
  let current: Member[] = []
  let closedWith: (GroupEffect & { type: 'closed' }) | undefined

  const around: Surroundings = {
    world,
    watcher,
    hearers: (peer, from) => nodes.filter((node) => node.signer.peerId === peer && node.setup.epoch === from.setup.epoch),
    taken: () => false,
    onEffect: (member, effect) => {
      if (effect.type !== 'wake' && effect.type !== 'count') trace = sha256(trace, encodeCbor([member.index, effect.type, world.nowMs]))
      if (effect.type === 'final') {
        for (const { id } of effect.requests) {
          finals.set(hexOf(id), member.index)
          acknowledged.add(hexOf(id))
        }
      }
      if (effect.type === 'repeated') finals.set(hexOf(effect.id), member.index)
      if (effect.type === 'closed' && member.setup.epoch === epoch) closedWith ??= effect
    },
    run: (member, effect) => ({ ms: member.random.between(1, 60), result: execute(effect) }),
  }
  let epoch = 0
  const begin = (members: readonly PeerId[], from: { root: ContentId; timeMs: number; rerun: readonly Uint8Array[] }): void => {
    epoch++
    closedWith = undefined
    const blocks = new Map([[start.cid, start.bytes], ...nodes.flatMap((node) => [...node.blocks])])
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
      const index = nextIndex++
      const signer = Array.from({ length: 40 }, (_, i) => signerAt(i)).find(({ peerId }) => peerId === peer)
      if (signer === undefined) throw new RangeError('no such peer')
      const node = new Member(index, signer, setup, around)
      for (const [cid, bytes] of blocks) node.blocks.set(cid, bytes)
      nodes.push(node)
      node.open()
      return node
    })
  }

  const writes: { name: string; atMs: number }[] = []
  let members: PeerId[] = Array.from({ length: peers }, (_, i) => signerAt(i).peerId)
  begin(members, { root: start.cid, timeMs: START_MS - 1, rerun: [] })
  const problems: string[] = []
  for (let round = 0; round < EPOCHS && problems.length === 0; round++) {
    const beganMs = world.nowMs
    const seat = round % peers
    const next = members.map((peer, i) => (i === seat ? signerAt(peers + round).peerId : peer))
    const closesAtMs = beganMs + EPOCH_MS
    for (const node of current) tellClosing(world, node, closesAtMs, next)
    writes.push(...offerWrites(world, current, finals, random.between(1, 6), closesAtMs - 1_000))
    const dies = random.chance(400)
    const quorum = Math.floor((2 * peers) / 3) + 1
    // so many die at once, at any moment: q remain to show, but no quorum can be slower than the recovery
    if (dies) for (const node of current.slice(0, peers - quorum)) world.at(beganMs + random.below(EPOCH_MS), () => node.crash())
    const mute = dies && random.chance(500)
    if (mute) world.at(beganMs + random.below(EPOCH_MS), () => world.partition(new Map(current.map(({ index }) => [index, index]))))
    world.run({ untilMs: closesAtMs + RECOVERY_AFTER_MS, actsMax: 300_000, done: () => closedWith !== undefined })
    world.partition(undefined)
    const closed = closedWith as (GroupEffect & { type: 'closed' }) | undefined
    if (closed !== undefined) {
      members = next
      begin(members, { root: closed.state, timeMs: readBatch(closed.batch).value.timeMs, rerun: [] })
      continue
    }
    const shows: Uint8Array[] = []
    for (const node of current) {
      if (node.group === undefined) continue
      node.tell({ type: 'show' })
      if (node.group.show !== undefined) shows.push(node.group.show)
    }
    const recovery = recoverFrom(shows, current[0]?.setup as GroupSetup, [], verification)
    if (!recovery.complete) problems.push('fewer than q shows')
    recoveries++
    members = next
    const from = recovery.last ?? { state: (current[0] as Member).setup.start, timeMs: (current[0] as Member).setup.startTimeMs as number }
    begin(members, { root: from.state, timeMs: from.timeMs, rerun: recovery.rerun })
  }
  world.heal(10)
  // long enough for everyone to take up an idle batch after the last write
  const settled = () => writes.every(({ name }) => finals.has(name))
  world.run({ untilMs: world.nowMs + 60_000, actsMax: 200_000, done: settled })
  world.run({ untilMs: world.nowMs + 8_000, actsMax: 200_000 })
  const bases = current.flatMap((node) => node.group?.base ?? []).sort((a, b) => b.step - a.step)
  const final = bases.find(({ state }) => state !== undefined)?.state
  const log = final === undefined ? [] : (logs.get(final.files) ?? [])
  for (const name of acknowledged) if (!log.includes(name)) problems.push('an acknowledged write is missing')
  if (new Set(log).size !== log.length) problems.push('a write ran twice')
  problems.push(...watcher.violations)
  return {
    verdict: problems.length === 0 ? 'pass' : 'fail',
    figures: {
      ...(problems.length === 0 ? {} : { problem: problems[0] as string }),
      epochs: epoch,
      recoveries,
      writes: writes.length,
      acknowledged: acknowledged.size,
      ran: log.length,
      sent: world.sent,
      virtualMs: world.nowMs - START_MS,
    },
    digest: hexOf(sha256(trace, encodeCbor(log))).slice(0, 16),
  }
}
