import { createSigner, type PeerId, sha256 } from '@interpeer/crypto-ids'
import { drawPeer, lotteryOf } from '@interpeer/job-scheduler'
import { Random } from '@interpeer/simulator'
import {
  mayBeDrawn,
  type Outcome,
  type PeerEntry,
  type Registry,
  registryOf,
  SETTINGS,
  type Settings,
  withIntervals,
  withMarks,
  withOutcomes,
  withPresence,
  withSeats,
  withVotes,
} from '@interpeer/vote-chain'

const CYCLES = 1_000
const [MEMBERS, QUORUM, JURY] = [5, 4, 11]
/** A seat changes every third cycle, as with the usual settings but a tenure of 15 cycles. */
const CHANGE_CYCLES = 3
const TRAITORS_PER_MILLE = 200
/** An honest peer that has a seat is offline for a whole epoch, or for most of it, so often: one in a hundred. */
const ABSENT_PER_MILLE = 10
const settings = Object.fromEntries(Object.entries(SETTINGS).map(([name, { usual }]) => [name, usual])) as unknown as Settings

/**
 * What the traitors, who know each other, do. `liars` certify one false answer in every epoch; `opportunists` only where they are so many that it is certified,
 * or that no true one is; `idlers` take seats and do nothing, or only now and then; `wreckers` lie in one epoch of five.
 */
const PLANS = ['liars', 'opportunists', 'idlers', 'wreckers'] as const
type Plan = (typeof PLANS)[number]

interface Group {
  members: PeerId[]
  turn: number
}
interface Crowd {
  readonly peers: readonly PeerId[]
  readonly traitors: ReadonlySet<PeerId>
  readonly plan: Plan
  readonly random: Random
}

/**
 * A thousand cycles of the registry's rules, at the network's usual settings: a fifth of all peers are traitors, who act together. Groups of five are drawn by
 * tickets, one seat changes every third cycle, the outcomes of each epoch go into ratings. No chain and no group run here: what a group would come to follows from who
 * lies. Where neither side has a quorum, a jury of eleven is drawn from all others, and its majority decides.
 */
export function simulate({ seed, peers: count }: { readonly seed: number; readonly peers: number }) {
  const random = new Random(seed)
  const plan = PLANS[seed % PLANS.length] as Plan
  const peers = peerIds(Math.max(30, count))
  const traitors = new Set(shuffled(peers, random).slice(0, Math.round((peers.length * TRAITORS_PER_MILLE) / 1_000)))
  const crowd: Crowd = { peers, traitors, plan, random }
  let registry = registryOf(peers, settings)
  const groups: Group[] = Array.from({ length: Math.max(4, Math.floor(peers.length / 3)) }, (_, turn) => ({ members: [], turn }))
  const outAt = new Map<PeerId, number>()
  let [epochs, falsely] = [0, 0]
  let trace: Uint8Array = new Uint8Array(32)
  for (let height = 1; height <= CYCLES; height++) {
    registry = withVotes(registry, peers, height, settings)
    const before = registry
    const draw = drawOf(before, groups.length * MEMBERS, height, random.bytes(32))
    for (const [place, group] of groups.entries()) {
      if (group.members.length < MEMBERS) registry = fill(group, place, draw, registry)
      if (group.members.length < MEMBERS || (height + group.turn) % CHANGE_CYCLES !== 0) continue
      epochs++
      const { outcomes, marked, isFalse } = epochOf(group.members, crowd)
      if (isFalse) falsely++
      registry = withMarks(withOutcomes(registry, outcomes, height, settings), marked, settings)
      registry = change(group, place, draw, registry)
    }
    registry = withIntervals(returned(registry, crowd, height), height, settings)
    for (const { peer, standing } of registry.values()) if (standing === 'joining' && !outAt.has(peer)) outAt.set(peer, height)
    trace = sha256(Uint8Array.of(...trace, outAt.size & 0xff, falsely & 0xff, epochs & 0xff))
  }
  const [honestOut, traitorsOut] = [false, true].map((side) =>
    [...outAt].filter(([peer]) => traitors.has(peer) === side).map(([, height]) => height),
  ) as [number[], number[]]
  const honest = peers.length - traitors.size
  const spread = (perCent: number) => traitorsOut.sort((a, b) => a - b)[Math.ceil((perCent / 100) * traitors.size) - 1] ?? -1
  const figures = {
    ...{ plan, peers: peers.length, epochs, certifiedFalsely: falsely },
    honestBelowPerMille: Math.round((1_000 * honestOut.length) / honest),
    traitorsBelowPerMille: Math.round((1_000 * traitorsOut.length) / traitors.size),
    /** Cycles until half, and nine tenths, of all traitors are below; -1: they are not. */
    ...{ traitorsBelowP50: spread(50), traitorsBelowP90: spread(90) },
  }
  // who gives itself away, always or in one epoch of five, must be out before the end; lies that are rarer than the threshold are not found by ratings. Honest peers must stay in
  const isCaught = plan === 'opportunists' || traitorsOut.length * 2 > traitors.size
  const problem =
    honestOut.length * 20 > honest ? 'more than a twentieth of honest peers fell below' : isCaught ? undefined : 'traitors stay'
  return {
    verdict: problem === undefined ? ('pass' as const) : ('fail' as const),
    figures: problem === undefined ? figures : { ...figures, problem },
    digest: Buffer.from(trace).toString('hex'),
  }
}

const known: PeerId[] = []
function peerIds(count: number): readonly PeerId[] {
  while (known.length < count) known.push(createSigner(sha256(Uint8Array.of(83, known.length & 0xff, known.length >> 8))).peerId)
  return known.slice(0, count)
}
function shuffled<T>(items: readonly T[], random: Random): T[] {
  const left = [...items]
  return items.map(() => left.splice(random.below(left.length), 1)[0] as T)
}

/** Who comes next for a seat, by the tickets of the block before. */
type Draw = (seat: number, staying: readonly PeerId[], leaver?: PeerId) => PeerId | undefined
function drawOf(before: Registry, seats: number, height: number, seed: Uint8Array): Draw {
  const owners = [...before.values()].flatMap(({ peer, tickets }) => Array<PeerId>(tickets).fill(peer))
  const lottery = lotteryOf(seed, { tickets: owners.length, seats, ownerOf: (ticket) => owners[ticket] as PeerId })
  const eligible = (peer: PeerId) => mayBeDrawn(before.get(peer) as PeerEntry, height, settings)
  return (seat, staying, leaver) => drawPeer(lottery, seat, { staying, leaver, eligible })
}
function fill(group: Group, place: number, draw: Draw, registry: Registry): Registry {
  const gained = new Map<PeerId, number>()
  while (group.members.length < MEMBERS) {
    const peer = draw(place * MEMBERS + group.members.length, group.members)
    if (peer === undefined) break
    group.members.push(peer)
    gained.set(peer, 1)
  }
  return withSeats(registry, gained)
}
function change(group: Group, place: number, draw: Draw, registry: Registry): Registry {
  const seat = group.turn++ % MEMBERS
  const leaver = group.members[seat] as PeerId
  const staying = group.members.filter((peer) => peer !== leaver)
  const joiner = draw(place * MEMBERS + seat, staying, leaver) ?? leaver
  if (joiner === leaver) return registry
  group.members[seat] = joiner
  return withSeats(
    registry,
    new Map([
      [leaver, -1],
      [joiner, 1],
    ]),
  )
}

/** What an epoch comes to. */
function epochOf(members: readonly PeerId[], { peers, traitors, plan, random }: Crowd) {
  const inside = members.filter((peer) => traitors.has(peer))
  const lies = isLie(plan, inside.length, random)
  const absent = new Set(
    members.filter((peer) => (traitors.has(peer) ? plan === 'idlers' && random.chance(700) : random.chance(ABSENT_PER_MILLE))),
  )
  const [liars, honest] = [lies ? inside : [], members.filter((peer) => !(lies && traitors.has(peer)))].map((side) =>
    side.filter((peer) => !absent.has(peer)),
  ) as [PeerId[], PeerId[]]
  const winners = liars.length >= QUORUM ? liars : honest
  const isSplit = lies && liars.length < QUORUM && honest.length < QUORUM
  const outcomes = members.map((peer): Outcome => {
    const none = { peer, agreed: 0, late: 0, absent: 0, contradicted: 0, unresolved: 0 }
    if (absent.has(peer)) return { ...none, absent: 3 }
    // a split step is in nobody's receipt: the jury marks who lied
    if (isSplit) return { ...none, agreed: 2 }
    return winners.includes(peer) ? { ...none, agreed: 3 } : { ...none, agreed: 2, contradicted: 1 }
  })
  if (!isSplit) return { outcomes, marked: [], isFalse: liars.length >= QUORUM }
  const jurors = shuffled(
    peers.filter((peer) => !members.includes(peer)),
    random,
  ).slice(0, JURY)
  const isBought = jurors.filter((peer) => traitors.has(peer)).length > JURY / 2
  return { outcomes, marked: isBought ? honest : liars, isFalse: isBought }
}
function isLie(plan: Plan, inside: number, random: Random): boolean {
  switch (plan) {
    case 'liars':
      return inside > 0
    case 'opportunists':
      return inside >= QUORUM
    case 'wreckers':
      return inside > 0 && random.chance(200)
    case 'idlers':
      return false
  }
}
/** Who is away says a while later that it is back; an idler at once, to be given the next seat. */
function returned(registry: Registry, { traitors, random }: Crowd, height: number): Registry {
  const back = [...registry.values()].filter(
    ({ peer, awaySinceHeight }) => awaySinceHeight !== null && (traitors.has(peer) || random.chance(200)),
  )
  return back.reduce((all, { peer }) => withPresence(all, peer, height), registry)
}
