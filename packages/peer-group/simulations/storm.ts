import type { ContentId, PeerId } from '@interpeer/crypto-ids'
import { drawStorm, type Fault, isFault, type PlanEvent, planFaults, type Random, type Storm, type World } from '@interpeer/simulator'
import { bytesOfHex, hexOf } from '@interpeer/wire-codec'
import { writeIdOf } from '../src/index.js'
import type { Member } from './member.js'
import { requestCid, requestOf, VISITOR } from './requests.js'

/** A visitor comes with a write, and comes again until it is final. */
export interface Write extends PlanEvent {
  readonly type: 'write'
  /** 16 bytes in hexadecimal, as its visitor chose them. */
  readonly id: string
}
/** A write as a group has it. */
export interface Offered {
  /** In hexadecimal. */
  readonly id: string
  readonly cid: ContentId
}
export type GroupPlan = readonly (Fault | Write)[]

/** Names of dice: `Random.named(seed, …)`. */
export const DICE = { settings: 10, plan: 11, writes: 12, members: 13, traitors: 14 } as const
const RETRY_MS = 2_000
const CLOSE_AGAIN_MS = 700

/** Message numbers that a storm may hunt, and after which it strikes: proposal, seal, commit set, reveal, time-out, final. */
export const HUNTED = [49, 50, 51, 52, 53, 55] as const

export function drawGroupPlan(random: Random, storm: Storm, writesMax: number): GroupPlan {
  const writes = Array.from({ length: random.between(1, writesMax) }, (): Write => {
    return { type: 'write', atMs: random.below(storm.forMs), id: hexOf(random.bytes(16)) }
  })
  return [...drawStorm(random, storm), ...writes].sort((a, b) => a.atMs - b.atMs)
}

/** Begins a plan: faults of the world, and visitors who try again, at any member, until their write is final. Gives the writes, by what the group calls them. */
export function beginPlan(
  world: World,
  plan: readonly PlanEvent[],
  {
    membersNow,
    isDone,
    dice,
  }: { readonly membersNow: () => readonly Member[]; readonly isDone: (name: string) => boolean; readonly dice: Random },
): readonly Offered[] {
  planFaults(world, plan.filter(isFault))
  const writes = plan.filter((event): event is Write => event.type === 'write')
  return writes.map(({ id: chosen, atMs }) => {
    const mine = dice.fork()
    const [asked, ms] = [bytesOfHex(chosen), world.startMs + atMs]
    const id = writeIdOf({ from: VISITOR, id: asked })
    const name = hexOf(id)
    const bytes = requestOf(VISITOR, asked, ms)
    const cid = requestCid(bytes, (asked[0] as number) % 4 === 0)
    const offer = (): void => {
      if (isDone(name)) return
      mine.pick(membersNow()).tell({ type: 'write', id, ms, cid, bytes })
      world.after(RETRY_MS, offer)
    }
    world.at(ms, offer)
    return { id: name, cid }
  })
}

/** After the storm all machines come back, whatever the plan said, and their clocks are set right within `skewMs`. */
export function endStorm(world: World, members: readonly Member[], skewMs: number): void {
  world.heal(20)
  for (const { machine } of members) {
    const offMs = machine.nowMs - world.nowMs
    if (Math.abs(offMs) > skewMs) machine.clock.jump(world.nowMs, -offMs)
    machine.clock.drift(world.nowMs, 0)
    machine.start()
  }
}

/** The shell reads it in the chain, and says it again after a restart. */
export function tellClosing(world: World, member: Member, atMs: number, next: readonly PeerId[], untilMs: number): void {
  const tell = (): void => {
    if (member.group?.phase === 'open' && member.group.closing === undefined) member.tell({ type: 'close-at', atMs, next })
    if (world.nowMs < untilMs) world.after(CLOSE_AGAIN_MS, tell)
  }
  tell()
}
