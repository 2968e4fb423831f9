import { type PeerId, peekPayload, sha256 } from '@interpeer/crypto-ids'
import { type Outcome, type PlanEvent, Random, type ScenarioInput, World } from '@interpeer/simulator'
import { encodeCbor, hexOf } from '@interpeer/wire-codec'
import { collatorOrder, finalMessage, type GroupSetup, revealMessage } from '../src/index.js'
import { commitSetMessage, offerMessage, proposalMessage, sealMessage, timeoutMessage } from '../src/messages.js'
import { Watcher } from './checks.js'
import { chainSeed, execute, job, network, signerAt, start } from './jobs.js'
import { Member, type Surroundings } from './member.js'
import { beginPlan, DICE, type Write } from './storm.js'

const START_MS = 1_700_000_000_000
const WRITES = 6
const EVERY_MS = 3_000

/**
 * A good run, one write after another, in which messages are counted on the wire (WP §6.2.1.1): one gather and scatter is exactly 2(N-1) messages, seals to the
 * collator and its commit set, then reveals to it and its certificate; the proposal before them is N-1. Retransmissions are counted apart, and there are none.
 */
export function simulate({ seed, peers, plan: given, trace }: ScenarioInput): Outcome {
  const dice = Random.named(seed, DICE.plan)
  const world = new World({ seed, startMs: START_MS, trace, delayMsMin: 5, delayMsMax: 30 })
  const watcher = new Watcher([])
  const members = Array.from({ length: peers }, (_, i) => signerAt(i).peerId)
  // nothing is to be hurried for: no idle batch, no retransmission, no time-out while all goes well
  const settings = { idleEveryMs: 10_000_000, rankTimerMs: 60_000, resendMs: 60_000, resendMsMax: 60_000 }
  const setup: GroupSetup = { network, job, epoch: 1, members, chainSeed, start: start.cid, rerun: [], settings, startTimeMs: START_MS - 1 }
  const finals = new Set<string>()
  const steps = new Set<number>()
  const nodes: Member[] = []
  let digest = new Uint8Array(32) as Uint8Array
  const around: Surroundings = {
    world,
    watcher,
    hearers: (peer) => nodes.filter((node) => node.peer === peer),
    onEffect: (member, effect) => {
      if (effect.type !== 'wake' && effect.type !== 'count') digest = sha256(digest, encodeCbor([member.index, effect.type, world.nowMs]))
      if (effect.type === 'final') {
        steps.add(effect.step)
        for (const { id } of effect.requests) finals.add(hexOf(id))
      }
    },
    run: (member, effect) => ({ ms: member.random.between(1, 20), result: execute(effect) }),
  }
  for (const seat of members.keys()) {
    const node = new Member(world.machine({ disk: { syncMsMin: 1, syncMsMax: 4 } }), signerAt(seat), setup, around)
    node.hold(start.cid, start.bytes)
    nodes.push(node)
    node.machine.start()
  }
  const plan: readonly PlanEvent[] =
    given ?? Array.from({ length: WRITES }, (_, i): Write => ({ type: 'write', atMs: 100 + i * EVERY_MS, id: wholeId(dice) }))
  const revealsToCollators = countReveals(world, members)
  const writes = beginPlan(world, plan, {
    membersNow: () => nodes,
    isDone: (name) => finals.has(name),
    dice: Random.named(seed, DICE.writes),
  })
  world.run({ untilMs: START_MS + WRITES * EVERY_MS + 2_000 })

  const problems = [...watcher.violations]
  const { traffic } = world.network
  const expected = steps.size * (peers - 1)
  const check = (what: string, count: number, wanted = expected): void => {
    if (count !== wanted) problems.push(`${count} ${what} in ${steps.size} steps of ${peers} members, not ${wanted}`)
  }
  if (writes.some(({ id }) => !finals.has(id))) problems.push('a write is not final')
  if (steps.size !== writes.length) problems.push(`${steps.size} steps for ${writes.length} writes`)
  check('proposals', traffic.of(proposalMessage.number).messages)
  check('seals and commit sets', traffic.of(sealMessage.number).messages + traffic.of(commitSetMessage.number).messages, 2 * expected)
  check('reveals to collators and certificates', revealsToCollators() + traffic.of(finalMessage.number).messages, 2 * expected)
  check('offers', traffic.of(offerMessage.number).messages, writes.length * (peers - 1))
  check('time-outs', traffic.of(timeoutMessage.number).messages, 0)
  return {
    verdict: problems.length === 0 ? 'pass' : 'fail',
    figures: {
      ...(problems.length === 0 ? {} : { problem: problems[0] as string }),
      steps: steps.size,
      gatherAndScatter:
        steps.size === 0 ? 0 : (traffic.of(sealMessage.number).messages + traffic.of(commitSetMessage.number).messages) / steps.size,
      /** For the record only: of members whose reveal came after the certificate had been made. */
      lateReveals: traffic.of(revealMessage.number).messages - revealsToCollators(),
      again: traffic.total().again,
      bytesPerStep: steps.size === 0 ? 0 : Math.round(traffic.total().bytes / steps.size),
      busyMsPerStep: Math.round(nodes.reduce((sum, { machine }) => sum + machine.processor.busyUs, 0) / 1_000 / Math.max(1, steps.size)),
    },
    digest: hexOf(digest).slice(0, 16),
    plan,
  }
}

/** How many reveals went to the collator of their step's first rank, retransmissions left out. */
function countReveals(world: World, members: readonly PeerId[]): () => number {
  let count = 0
  world.network.watchers.push((_, to, { kind, bytes }, fate) => {
    if (fate !== 'sent' || kind !== revealMessage.number || bytes === undefined) return
    const { step } = revealMessage.decode(peekPayload(bytes) as Uint8Array)
    if (collatorOrder(chainSeed, step, members.length)[0] === to) count++
  })
  return () => count
}

/** The id of a request that is whole: of those in pieces every member says that it has them. */
function wholeId(dice: Random): string {
  const id = Uint8Array.from(dice.bytes(16))
  id[0] = (id[0] as number) | 1
  return hexOf(id)
}
