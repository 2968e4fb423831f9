import { type ContentId, type PeerId, peekMessageNumber, peekPayload, sha256 } from '@interpeer/crypto-ids'
import { type Outcome, Random, type ScenarioInput, World } from '@interpeer/simulator'
import { encodeCbor, hexOf } from '@interpeer/wire-codec'
import { type GroupSetup, type Judgment, openingOf, readBatch, recoverFrom, showMessage } from '../src/index.js'
import { withheldMessage } from '../src/messages.js'
import { ChainClosing } from './chain-closing.js'
import { BLOCK_MS, Chain } from './chain-node.js'
import { quorumOf, Watcher } from './checks.js'
import { CLOSING, isHiddenStep, KINDS, kindOf, LONG, tacticsOf } from './dispute-kinds.js'
import { deafToDissent } from './dissent-adversary.js'
import { mostAlike } from './finality-checks.js'
import { forgedBase } from './forged-base.js'
import { Fork } from './fork.js'
import { chainSeed, execute, job, logs, network, signerAt, start, verification } from './jobs.js'
import { LongGap } from './long-gap.js'
import { Member, type Surroundings } from './member.js'
import { beginPlan, DICE, drawGroupPlan, endStorm, HUNTED } from './storm.js'

const START_MS = 1_700_000_000_000
const STORM_MS = 6_000
const EPOCH_MS = 14_000
const LONG_EPOCH_MS = 28_000
const LONG_CLOSES_MS = 11_000
const JUDGED_WITHIN_MS = 25_000
const SHOWS_WITHIN_MS = 20_000
const BROUGHT_WITHIN_MS = 300
const LOOKS_WITHIN_MS = 15_000
/** For which the chain waits where some show more than others, from the last show on. */
const GRACE_BLOCKS = 4
/** When the epoch closes, where it does, and for how long before that colluders hide all that they do. */
const CLOSES_MS = 5_500
const HIDDEN_MS = 1_500
/** For so long they go on with all before they go back, at the most. */
const FIRST_BRANCH_MS = 1_200
/** Steps that are hidden in a row: more than jurors run, and than a member runs at a time. */
const LONG_GAP = { least: 65, most: 150 }
const HIDES_FROM_MS = 1_500
const LIMIT_MS = 90_000
const BURST_MS = 2_000
const SKEW_MS = 200
/** Of a batch's hash in hexadecimal; CIDs have another. */
const HASH_LENGTH = 64
const FRESH = 12
const OUTSIDERS = 16
/**
 * Dissent before a jury, and after it: in the first epoch some members lie, dissent falsely, show what they sign to some only, or collude, up to N-1 of them. The chain
 * records what members bring, a real jury judges (fewer than half of it lies), members show, and the next epoch opens from what stands. Nothing wrong may stand
 * at the end, no honest peer may be marked by the jury, accused or sent away, and what was acknowledged runs once and in its order.
 */
export function simulate({ seed, peers, plan: given, trace }: ScenarioInput): Outcome {
  const settings = Random.named(seed, DICE.settings)
  const drawnKind = settings.pick(KINDS)
  const kind = kindOf(drawnKind, seed)
  const quorum = quorumOf(peers)
  const colludes = kind.startsWith('collude')
  const traitorCount = Math.min(
    colludes ? settings.between(quorum, peers - 1) : settings.between(1, Math.max(1, Math.floor((peers - 1) / 3))),
    peers - 1,
  )
  const first = settings.below(peers)
  const seats = Array.from({ length: traitorCount }, (_, i) => (first + i) % peers)
  const honestSeats = Array.from({ length: peers }, (_, seat) => seat).filter((seat) => !seats.includes(seat))
  const isLong = LONG.includes(kind)
  const forges = kind === 'collude-and-hide-steps' && Random.named(seed, DICE.traitors, 11).chance(400)
  const isClosing = CLOSING.includes(kind)
  const isCalm = colludes || settings.chance(300) || kind === 'silent-source'
  const world = new World({
    seed,
    startMs: START_MS,
    trace,
    lossPerMille: isCalm ? 0 : settings.pick([0, 20, 100]),
    repeatPerMille: 20,
    delayMsMax: isLong ? 1 : settings.pick([5, 60, 200]),
  })
  const watcher = new Watcher(seats.map((seat) => signerAt(seat).peerId))
  const dice = Random.named(seed, DICE.traitors)
  let [hiddenFrom, hidesAll] = [Number.POSITIVE_INFINITY, false]
  const isHiddenAtEnd = (step: number) => (hidesAll ? step >= hiddenFrom : step === hiddenFrom)
  const forkDice = Random.named(seed, DICE.traitors, 8)
  const fork = new Fork(honestSeats, forkDice.chance(500))
  const isForkSeen = forkDice.chance(500)
  const gapDice = Random.named(seed, DICE.traitors, 10)
  const longGap = new LongGap(
    isClosing ? Number.POSITIVE_INFINITY : gapDice.between(LONG_GAP.least, LONG_GAP.most),
    gapDice.chance(500) ? LONG_GAP.least - 1 : 0,
  )
  const inLongGap = {
    isHidden: (step: number) => longGap.isHidden(step),
    isLie: (step: number) => longGap.isLie(step),
    isGiven: gapDice.chance(500),
  }
  const tactics =
    kind === 'collude-and-fork' ? () => [fork.tactic, deafToDissent] : tacticsOf(kind, dice, honestSeats, isHiddenAtEnd, inLongGap)
  // who hides what it certified from members may show it to the jury, or not
  const servesJurors = dice.chance(600)
  // colluders need no window: they call final at once what they certified
  const isImpatient = colludes && dice.chance(500)
  const members = Array.from({ length: peers }, (_, i) => signerAt(i).peerId)
  const finals = new Map<string, number>()
  const acknowledged: string[] = []
  const steps = new Map<string, number>()
  const shows = new Map<PeerId, Uint8Array>()
  const batches = new Map<string, Uint8Array>()
  const nodes: Member[] = []
  const problems: string[] = []
  let [current, digest, isWrongFinal]: [Member[], Uint8Array, boolean] = [[], new Uint8Array(32), false]

  const setupOf = (epoch: number, who: readonly PeerId[], from: ContentId, timeMs: number, rerun: readonly Uint8Array[]): GroupSetup => ({
    ...{ network, job, epoch, members: who, chainSeed: sha256(chainSeed, encodeCbor(epoch)), start: from, rerun, startTimeMs: timeMs },
    ...{ settings: { idleEveryMs: 3_000, rankTimerMs: 400 }, jurors: OUTSIDERS },
  })
  const firstSetup = setupOf(1, members, start.cid, START_MS - 1, [])
  const chain = new Chain({
    world,
    context: firstSetup,
    outsiders: OUTSIDERS,
    random: Random.named(seed, DICE.traitors, 2),
    serve: (peer, name) => {
      const node = nodes.find((one) => one.peer === peer && one.setup.epoch === 1)
      if (node?.group === undefined || (!servesJurors && node.tactics.some((tactic) => tactic.serve !== undefined))) return undefined
      return name.length === HASH_LENGTH ? node.batch(name) : node.block(name as ContentId)
    },
    isHonest: (peer) => !watcher.isTraitor(peer),
    onRecorded: (certificates) => {
      for (const node of current)
        for (const certificate of certificates)
          if (!watcher.isTraitor(node.peer)) node.tell({ type: 'shown', from: signerAt(39).peerId, certificate, by: 'chain' })
    },
  })
  const closing = new ChainClosing({
    world,
    chain,
    context: firstSetup,
    show: (certificate) => {
      for (const node of current) node.tell({ type: 'shown', from: signerAt(39).peerId, certificate, by: 'closing' })
    },
  })
  const around: Surroundings = {
    world,
    watcher,
    hearers: (peer, from) => nodes.filter((node) => node.peer === peer && node.setup.epoch === from.setup.epoch),
    onEffect: (member, effect) => {
      if (effect.type !== 'wake' && effect.type !== 'count') digest = sha256(digest, encodeCbor([member.index, effect.type, world.nowMs]))
      const isFirst = member.setup.epoch === 1
      if (effect.type === 'provisional' || effect.type === 'final') {
        batches.set(hexOf(readBatch(effect.batch).hash), effect.batch)
        if (isFirst) longGap.passed(member, effect.step)
        // a visitor has the certificate, shows it to everyone, and to the chain once something is wrong
        const isSeen = isShownToVisitors(effect.step)
        if (isFirst && isSeen) chain.show(effect.step, effect.certificate)
        if (isFirst && isSeen && watcher.isTraitor(member.peer)) showToAll(effect.certificate)
        if (effect.type === 'final' && isFirst && !logs.has(effect.files)) isWrongFinal = true
      }
      if (isFirst && (effect.type === 'dispute' || effect.type === 'stuck')) {
        if (effect.type === 'dispute') chain.show(effect.step, effect.certificate)
        const isMisled = forges && effect.type === 'dispute' && !watcher.isTraitor(member.peer)
        const forged = isMisled ? forgedBase(colluders(), effect) : undefined
        if (forged !== undefined) world.after(1, () => chain.take(forged))
        world.after(world.random.between(20, BROUGHT_WITHIN_MS), () => chain.bring(effect))
      }
      const isWithheld = effect.type === 'send' && peekMessageNumber(effect.envelope) === withheldMessage.number
      // q honest members give whatever they certified, within moments
      if (isWithheld && isCalm && !colludes && !watcher.isTraitor(member.peer))
        watcher.violate('an honest member says that it was given nothing')
      if (effect.type === 'closed' && isFirst && isClosing) {
        const { certificate, batch } = effect
        world.after(world.random.between(20, BROUGHT_WITHIN_MS), () => closing.take(certificate, batch))
      }
      if (effect.type === 'show') shows.set(member.peer, effect.envelope)
      // in the second epoch all keep to the rules, and a certificate proves what they say has run
      if (!isFirst && effect.type === 'repeated') finals.set(hexOf(effect.id), member.index)
      if (watcher.isTraitor(member.peer)) return
      if (effect.type === 'final') for (const { id } of effect.requests) note(hexOf(id), member.index)
      if (effect.type === 'final' && kind === 'collude-and-fork') for (const { id } of effect.requests) steps.set(hexOf(id), effect.step)
      if (effect.type === 'repeated') finals.set(hexOf(effect.id), member.index)
    },
    jurors: () => new Map(chain.jurors.map(({ self, disk }) => [self.peerId, (name: string) => disk.get(name)])),
    run: (member, effect) => ({ ms: member.random.between(1, 60), result: execute(effect) }),
  }
  function note(name: string, by: number): void {
    if (!acknowledged.includes(name)) acknowledged.push(name)
    finals.set(name, by)
  }
  function isShownToVisitors(step: number): boolean {
    if (kind === 'collude-and-fork') return isForkSeen || !fork.isSecond(step)
    if (isLong) return !longGap.isHidden(step)
    return kind === 'collude-and-close' ? !isHiddenAtEnd(step) : kind !== 'collude-and-hide-steps' || !isHiddenStep(step)
  }
  function showToAll(certificate: Uint8Array): void {
    for (const node of current) {
      if (watcher.isTraitor(node.peer)) continue
      for (const ms of [10, 600, 1_200]) world.after(ms, () => node.tell({ type: 'shown', from: signerAt(39).peerId, certificate }))
    }
  }
  const begin = (setup: GroupSetup): void => {
    current = setup.members.map((peer) => {
      const index = members.indexOf(peer) >= 0 ? members.indexOf(peer) : FRESH + fresh.indexOf(peer)
      const machine =
        machines.get(index) ??
        world.machine({ offsetMs: dice.between(-SKEW_MS, SKEW_MS), disk: { syncMsMin: 0, syncMsMax: isLong ? 1 : 5 } })
      machines.set(index, machine)
      const isTraitor = setup.epoch === 1 && seats.includes(index)
      const mine = isTraitor && isImpatient ? { ...setup, settings: { ...setup.settings, dissentWindowMs: 1, graceMs: 1 } } : setup
      const node = new Member(machine, signerAt(index), mine, around, isTraitor ? tactics(index) : [])
      if (setup.epoch === 1) node.hold(start.cid, start.bytes)
      nodes.push(node)
      machine.start()
      return node
    })
  }
  const machines = new Map<number, ReturnType<World['machine']>>()
  const fresh = Array.from({ length: 8 }, (_, i) => signerAt(FRESH + i).peerId)
  begin(firstSetup)
  const colluders = () => current.filter(({ peer }) => watcher.isTraitor(peer))
  if (isClosing)
    world.at(START_MS + 10, () => {
      for (const node of current) node.tell({ type: 'close-at', atMs: START_MS + (isLong ? LONG_CLOSES_MS : CLOSES_MS), next: members })
    })
  if (kind === 'collude-and-fork') {
    const rememberMs = START_MS + CLOSES_MS - forkDice.between(200, HIDDEN_MS)
    world.at(rememberMs, () => fork.remember(colluders()))
    world.at(rememberMs + forkDice.between(50, FIRST_BRANCH_MS), () => fork.goBack(world.nowMs))
  }
  if (isLong) world.at(START_MS + gapDice.between(300, HIDES_FROM_MS), () => longGap.begin(colluders()))
  if (kind === 'collude-and-close') {
    hidesAll = Random.named(seed, DICE.traitors, 5).chance(500)
    world.at(START_MS + CLOSES_MS - Random.named(seed, DICE.traitors, 6).between(200, HIDDEN_MS), () => {
      hiddenFrom = Math.max(...colluders().map(({ group }) => group?.open.step ?? 0)) + 1
    })
  }
  const drawn = drawGroupPlan(
    Random.named(seed, DICE.plan),
    {
      nodes: current.map(({ index }) => index),
      forMs: STORM_MS,
      // who is reachable within the window is not down
      ...(isCalm
        ? {}
        : { crashes: 4, powerCuts: 1, ambushes: { most: 2, kinds: [...HUNTED, 60, 61, 62, 63], aloneMsMax: 400 }, cuts: 1, stalls: 1 }),
    },
    8,
  )
  // several at a time, and all from one source: what it keeps back from one member that one has to ask for
  const inBursts = drawn.map((event) => (event.type === 'write' ? { ...event, atMs: event.atMs - (event.atMs % BURST_MS) } : event))
  const atTheEnd = drawn.map((event) => (event.type === 'write' ? { ...event, atMs: CLOSES_MS - (event.atMs % HIDDEN_MS) } : event))
  const plan = given ?? (kind === 'silent-source' ? inBursts : isClosing && !isLong ? atTheEnd : drawn)
  const isHidden = kind === 'silent-source'
  const writes = beginPlan(world, plan, {
    membersNow: () => (isHidden ? current.slice(first, first + 1) : current),
    isDone: (name) => finals.has(name),
    dice: Random.named(seed, DICE.writes),
  })
  const broken = (): boolean => watcher.violations.length > 0
  world.at(START_MS + STORM_MS, () => endStorm(world, current, SKEW_MS))
  // the lowest step that was undone decides, or the last that stands
  const ruling = () => {
    const opening = chain.judgments.filter(({ opens }) => opens !== undefined)
    const undone = opening.filter(({ outcome }) => outcome !== 'stands').sort((a, b) => a.step - b.step)
    return undone[0] ?? opening.sort((a, b) => a.step - b.step).at(-1)
  }
  const ruled = () => ruling()?.opens
  const isDecided = () => ruled() !== undefined || closing.opened !== undefined
  world.run({ untilMs: START_MS + (isLong ? LONG_EPOCH_MS : EPOCH_MS), actsMax: 300_000, done: () => broken() || isDecided() })
  // who was kept out of steps may still be looking at them, and no epoch ends within moments of that
  const isLooking = () => current.some(({ peer, group }) => !watcher.isTraitor(peer) && (group?.skips.length ?? 0) > 0)
  world.run({ untilMs: world.nowMs + LOOKS_WITHIN_MS, actsMax: 300_000, done: () => broken() || isDecided() || !isLooking() })
  world.run({ untilMs: world.nowMs + BROUGHT_WITHIN_MS, actsMax: 300_000 })
  // what was refused while a jury sat comes with the next block
  for (let judged = -1; judged < chain.judgments.length && !broken(); ) {
    judged = chain.judgments.length
    world.run({ untilMs: world.nowMs + JUDGED_WITHIN_MS, actsMax: 300_000, done: () => broken() || !chain.isJudging })
    if (forges) world.run({ untilMs: world.nowMs + 2 * BLOCK_MS, actsMax: 100_000, done: () => broken() })
    world.run({ untilMs: world.nowMs + JUDGED_WITHIN_MS, actsMax: 300_000, done: () => broken() || !chain.isJudging })
  }
  if (isClosing) world.run({ untilMs: world.nowMs + JUDGED_WITHIN_MS, actsMax: 300_000, done: () => broken() || isDecided() })
  const opens = ruled()
  let judged = chain.judgments.length
  const honest = nodes.filter(({ peer }) => !watcher.isTraitor(peer))
  const isComplete = honest.length >= quorum
  const checkJudgments = (): void => {
    for (const judgment of chain.judgments) problems.push(...faultsOf(judgment, watcher, chain.unreachable.has(judgment)))
    const isUndone = chain.judgments.some(({ outcome }) => outcome === 'overturned' || outcome === 'dropped')
    if (isWrongFinal && !isUndone) problems.push(`a wrong result is final, and nobody undid it`)
  }
  let goesOn = !broken() && (opens !== undefined || closing.opened !== undefined || isComplete)
  if (!goesOn) checkJudgments()
  else if (closing.opened !== undefined) {
    checkJudgments()
    begin(setupOf(2, members, closing.opened.state, closing.opened.timeMs, []))
    goesOn = problems.length === 0
  } else {
    const ask = (): void => {
      for (const node of current) {
        node.machine.start()
        if (!watcher.isTraitor(node.peer) || dice.chance(500)) node.tell({ type: 'show' })
      }
    }
    const isShown = () => honest.every(({ peer }) => shows.has(peer))
    for (const limitMs = world.nowMs + SHOWS_WITHIN_MS; !isShown() && world.nowMs < limitMs; ) {
      ask()
      const untilMs = world.nowMs + 500
      world.at(untilMs, () => undefined)
      world.run({ untilMs, actsMax: 100_000 })
    }
    // what members show the chain tells those who have shown less, and waits for what they say against it; so it does after a verdict, of what was refused while a jury sat
    for (const [from, envelope] of shows)
      for (const { certificate } of showMessage.decode(peekPayload(envelope) as Uint8Array).steps)
        for (const node of current) if (!watcher.isTraitor(node.peer)) node.tell({ type: 'shown', from, certificate })
    do {
      const untilMs = world.nowMs + GRACE_BLOCKS * BLOCK_MS
      world.at(untilMs, () => undefined)
      world.run({ untilMs, actsMax: 100_000 })
      world.run({ untilMs: world.nowMs + JUDGED_WITHIN_MS, actsMax: 300_000, done: () => broken() || !chain.isJudging })
    } while (!broken() && chain.judgments.length > judged++)
    chain.end()
    checkJudgments()
    const found = isComplete ? [] : chain.certificates.flatMap((certificate) => withBatch(certificate, batches, firstSetup))
    const recovery = recoverFrom([...shows.values()], firstSetup, found, verification)
    if (isComplete && !recovery.complete) problems.push('fewer than q shows')
    const old = { start: firstSetup.start, startTimeMs: START_MS - 1, members, rerun: [] }
    const from = openingOf(recovery, old, ruling(), [...batches.values()])
    const sentAway = chain.judgments.flatMap(({ leave, opens }) => (opens === undefined ? [] : leave))
    const stays = (peer: PeerId) => from.members.includes(peer) && !sentAway.includes(peer)
    const next = members.map((peer, seat) => (stays(peer) ? peer : (fresh[seat] as PeerId)))
    const held =
      chain.jurors.some(({ disk }) => disk.has(from.state)) || nodes.some((node) => !watcher.isTraitor(node.peer) && node.block(from.state))
    if (!held && from.state !== start.cid) problems.push('nobody honest has the state that stands')
    begin(setupOf(2, next, from.state, from.timeMs, from.rerun))
    for (const node of current)
      for (const juror of chain.jurors)
        for (const [cid, bytes] of juror.disk) if (cid.length !== HASH_LENGTH) node.hold(cid as ContentId, bytes)
    goesOn = problems.length === 0
  }
  if (goesOn) {
    endStorm(world, current, SKEW_MS)
    const settled = () => broken() || writes.every(({ id }) => finals.has(id))
    world.run({ untilMs: world.nowMs + LIMIT_MS, actsMax: 400_000, done: settled })
    world.run({ untilMs: world.nowMs + 6_000, actsMax: 100_000, done: broken })
    problems.unshift(...watcher.violations)
    if (problems.length === 0 && !settled()) problems.push('a write is not final')
    endStorm(world, current, SKEW_MS) // an ambush may have met all of them just now
    world.run({ untilMs: world.nowMs + 3_000, actsMax: 50_000, done: broken })
    const states = current.filter(({ peer }) => !watcher.isTraitor(peer)).flatMap(({ group }) => group?.base ?? [])
    const last = states.sort((a, b) => b.step - a.step).find(({ state }) => state !== undefined)?.state
    const log = last === undefined ? undefined : logs.get(last.files)
    if (log === undefined) {
      problems.push('a wrong result stands')
    } else {
      // of two branches only one goes on: who certified both can undo what was acknowledged on the other
      const isOfBranch = (name: string) => fork.isSecond(steps.get(name) ?? 0)
      for (const name of acknowledged) if (!log.includes(name) && !isOfBranch(name)) problems.push('an acknowledged write is missing')
      if (new Set(log).size !== log.length) problems.push('a write ran twice')
    }
  } else problems.unshift(...watcher.violations)
  for (const problem of problems) world.note(undefined, `PROBLEM: ${problem}`)
  const count = (outcome: string): number => chain.judgments.filter((one) => one.outcome === outcome).length
  return {
    verdict: problems.length === 0 ? 'pass' : 'fail',
    figures: {
      ...(problems.length === 0 ? {} : { problem: problems[0] as string }),
      kind: `${kind}${forges ? '-and-forge' : ''}${isLong && !inLongGap.isGiven ? '-denied' : ''}${isImpatient ? '-at-once' : ''}${servesJurors ? '' : '-unserved'}`,
      traitors: traitorCount,
      judgments: chain.judgments.map(({ outcome, by }) => `${outcome}/${by}`).join('+') || 'none',
      unjudged: count('unjudged'),
      wrongFinal: isWrongFinal ? 1 : 0,
      refused: [...chain.refused].map(([reason, times]) => `${reason}: ${times}`).join(', ') || 'none',
      faults: [...watcher.accused.keys()].join('+') || 'none',
      wentOn: goesOn ? 1 : 0,
      writes: writes.length,
      acknowledged: acknowledged.length,
      sent: world.sent,
      virtualMs: world.nowMs - START_MS,
    },
    digest: hexOf(sha256(digest, encodeCbor(acknowledged))).slice(0, 16),
    plan,
  }
}

/** Whom a judgment may not harm. */
function faultsOf({ marks, leave, faults }: Judgment, watcher: Watcher, isUnreachable: boolean): string[] {
  const found: string[] = []
  for (const { peer, mark } of marks) {
    if (mark === 'withheld' && isUnreachable) continue
    if (!watcher.isTraitor(peer)) found.push(`the jury marks an honest member ${mark}`)
  }
  for (const peer of leave) if (!watcher.isTraitor(peer)) found.push('an honest member has to leave')
  for (const { peer, kind } of faults)
    if (kind !== 'two-verdicts' && !watcher.isTraitor(peer)) found.push('the chain accuses an honest member')
  return found
}

function withBatch(certificate: Uint8Array, batches: ReadonlyMap<string, Uint8Array>, { epoch }: GroupSetup) {
  const alike = mostAlike(certificate, epoch)
  const batch = alike === undefined ? undefined : batches.get(hexOf(alike.batch))
  return batch === undefined ? [] : [{ certificate, batch }]
}
