import { type ContentId, contentIdOfBytes, type PeerId, sha256 } from '@interpeer/crypto-ids'
import { World } from '@interpeer/simulator'
import { encodeCbor, hexOf } from '@interpeer/wire-codec'
import { blocksReply, ExchangeCore, type ExchangeEffect, type ExchangeEvent, ServingCore, wantBlocks } from '../src/index.js'
import { dagOf, frontierOf } from './dags.js'

export interface SimulationOutcome {
  readonly verdict: 'pass' | 'fail'
  readonly figures: Readonly<Record<string, number | string>>
  readonly digest: string
}
const STORM_MS = 20_000
const LIMIT_MS = 400_000
const AGAIN_MS = 500
const HELD_MAX = 64 * 1024 * 1024

type Role = 'whole' | 'part' | 'false' | 'malformed' | 'empty' | 'long' | 'silent' | 'slow'
const LIARS: ReadonlySet<Role> = new Set(['false', 'malformed', 'empty', 'long'])

/** One source: serves by its role, in its turn, each reply after a while. */
interface Server {
  readonly index: number
  readonly peer: PeerId
  readonly role: Role
  readonly blocks: ReadonlyMap<ContentId, Uint8Array>
  readonly serving: ServingCore
  readonly replies: Map<number, (reply: Uint8Array) => void>
  isTurning: boolean
}

/**
 * One peer fetches up to three DAGs at once from sources that hold all or part, lie, are silent or slow, over a network that loses, repeats,
 * delays and reorders, and crashes meanwhile. Then the network heals. Each DAG must end whole if those who answer hold all of it, and otherwise
 * fail with exactly what they lack; who lied must be named, and nobody else; what a crash had left in the store is asked for by nobody.
 */
export function simulate({ seed, peers }: { readonly seed: number; readonly peers: number }): SimulationOutcome {
  const world = new World({ seed, delayMsMin: 1, delayMsMax: 1 })
  const { random } = world
  world.weather({
    lossPerMille: random.pick([0, 50, 200, 400]),
    repeatPerMille: random.pick([0, 50]),
    delayMsMax: random.pick([5, 80, 900]),
  })
  const dags = Array.from({ length: random.between(1, 3) }, () => dagOf(random, random.between(1, 400), random.between(2, 40)))
  /** Some of them are urgent. */
  const urgency = dags.map(() => random.pick([undefined, undefined, 150]))
  const all = new Map(dags.flatMap(({ blocks }) => blocks.map(({ cid, bytes }) => [cid, bytes] as const)))
  const servers = Array.from({ length: peers }, (_, index): Server => serverOf(world, index, all))
  const byPeer = new Map(servers.map((server) => [server.peer, server]))
  const problems: string[] = []
  let trace: Uint8Array = new Uint8Array(32)
  const note = (...what: (string | number)[]): void => {
    trace = Uint8Array.from(sha256(trace, encodeCbor([world.nowMs, ...what])))
  }

  // ---- the peer that fetches
  const store = new Map<ContentId, Uint8Array>()
  const lying = new Set<PeerId>() // those whose lie arrived while somebody waited for it
  const named = new Set<PeerId>()
  const ended = new Map<number, 'fetched' | { readonly missing: readonly ContentId[]; readonly missingCount: number }>()
  const figures = { asks: 0, crashes: 0, failed: 0, twice: 0, heldMax: 0 }
  let [serial, alarm] = [0, 0]
  let core = new ExchangeCore()
  let fetches = new Map<number, { readonly dag: number; readonly had: ReadonlySet<ContentId>; readonly sinceMs: number }>()
  /** Who said in which fetch that it lacks what. */
  const lacked = new Set<string>()
  let open = new Map<number, { readonly fetch: number; readonly cids: readonly ContentId[]; readonly untilMs: number }>()

  const begin = (dag: number): void => {
    if ([...fetches.values()].some((one) => one.dag === dag)) return
    const fetch = serial++
    const { root } = dags[dag] as { root: ContentId }
    fetches.set(fetch, { dag, had: new Set(store.keys()), sinceMs: world.nowMs })
    const sources = servers.map(({ peer }) => peer)
    give({
      type: 'fetch',
      order: { fetch, cids: [root], follow: true, sources, maxBlocks: 10_000, maxBytes: 1e9, stragglerMs: urgency[dag] },
    })
  }
  const give = (event: ExchangeEvent): void => {
    const effects = core.step(event, world.nowMs)
    const { heldBytes } = core.sizes
    figures.heldMax = Math.max(figures.heldMax, heldBytes)
    if (heldBytes > HELD_MAX || heldBytes < 0) problems.push(`${heldBytes} bytes held`)
    for (const effect of effects) perform(effect)
    const [mine, of] = [++alarm, core]
    if (core.wakeAtMs < Number.POSITIVE_INFINITY) world.at(core.wakeAtMs, () => mine === alarm && of === core && give({ type: 'time' }))
  }
  const perform = (effect: ExchangeEffect) => {
    const of = core
    note(effect.type)
    const later = (ms: number, event: ExchangeEvent): void => world.after(ms, () => of === core && give(event))
    switch (effect.type) {
      case 'read':
        return later(random.below(3), { type: 'found', fetch: effect.fetch, found: effect.cids.map((cid) => store.get(cid)) })
      case 'put':
        return world.after(random.below(20), () => {
          // a crash in the middle of a write: all of it is there, or none
          if (of !== core && random.chance(500)) return
          for (const { cid, bytes } of effect.blocks) store.set(cid, bytes)
          if (of === core) give({ type: 'kept', put: effect.put })
        })
      case 'ask':
        return ask(effect)
      case 'lied':
        named.add(effect.peer)
        return
      case 'fetched':
      case 'failed': {
        const { dag, sinceMs } = fetches.get(effect.fetch) as { dag: number; sinceMs: number }
        fetches.delete(effect.fetch)
        if (effect.type === 'fetched') return void ended.set(dag, 'fetched')
        figures.failed++
        if (effect.failure.code !== 'FETCH_FAILED') problems.push(`ended with ${effect.failure.code}`)
        else if (sinceMs > STORM_MS) {
          ended.set(dag, effect.failure)
          checkMissing(dag, effect.failure)
        }
        if (!ended.has(dag)) world.after(AGAIN_MS, () => of === core && begin(dag))
        return
      }
      case 'progress':
        return
    }
  }
  /** Now, not at the end: another fetch may bring a block later that two DAGs have, also from somebody who lied to this one. */
  const checkMissing = (
    dag: number,
    { missing, missingCount }: { readonly missing: readonly ContentId[]; readonly missingCount: number },
  ) => {
    const { root } = dags[dag] as { root: ContentId }
    const frontier = frontierOf(root, (cid) => store.get(cid))
    if (missingCount !== frontier.size || !missing.every((cid) => frontier.has(cid))) problems.push('other blocks are missing')
  }
  const atOnceMax = (fetch: number): number => {
    const { dag, sinceMs } = fetches.get(fetch) as { dag: number; sinceMs: number }
    const stragglerMs = urgency[dag]
    return stragglerMs === undefined ? 2 : 2 ** Math.floor((world.nowMs - sinceMs) / stragglerMs)
  }
  const ask = ({ ask: id, fetch, peer, request, timeoutMs }: ExchangeEffect & { type: 'ask' }): void => {
    const [of, server] = [core, byPeer.get(peer) as Server]
    const cids = wantBlocks.decode(request).cids.map(contentIdOfBytes)
    figures.asks++
    for (const cid of cids) {
      const before = [...open.values()].filter((one) => one.fetch === fetch && one.untilMs > world.nowMs && one.cids.includes(cid)).length
      if (before > 0) figures.twice++
      if (before >= atOnceMax(fetch)) problems.push('a block was asked for too many times at once')
      if (lacked.has(`${fetch} ${peer} ${cid}`)) problems.push('a peer was asked for what it had said it lacks')
      if (fetches.get(fetch)?.had.has(cid) === true) problems.push('a block that was in the store was asked for')
    }
    // whatever happens first at that moment, the machine waits no longer
    open.set(id, { fetch, cids, untilMs: world.nowMs + timeoutMs + 500 })
    let isOver = false
    const end = (event: ExchangeEvent): void => {
      if (isOver || of !== core) return
      isOver = true
      open.delete(id)
      give(event)
    }
    if (random.chance(900))
      world.after(timeoutMs, () => end({ type: 'unanswered', ask: id })) // the others wait for the machine's own time
    else world.after(timeoutMs + 500, () => open.delete(id))
    world.post(0, server.index + 1, () =>
      serve(world, server, request, (reply, isLie) =>
        world.post(server.index + 1, 0, () => {
          const isAwaited = !isOver && of === core && open.has(id)
          if (isAwaited && isLie) lying.add(peer)
          if (isAwaited && !isLie) for (const cid of lackedIn(cids, reply)) lacked.add(`${fetch} ${peer} ${cid}`)
          end({ type: 'reply', ask: id, bytes: reply })
        }),
      ),
    )
  }
  const crash = (): void => {
    if (world.nowMs >= STORM_MS) return
    figures.crashes++
    note('crash')
    ;[core, fetches, open] = [new ExchangeCore(), new Map(), new Map()]
    world.after(random.below(2_000), () => {
      for (const dag of dags.keys()) if (!ended.has(dag)) begin(dag)
    })
  }
  for (const dag of dags.keys()) begin(dag)
  for (let left = random.below(5); left > 0; left--) world.at(random.below(STORM_MS), crash)
  world.at(STORM_MS, () => world.heal(50))
  world.run({ untilMs: LIMIT_MS, actsMax: 400_000, done: () => ended.size === dags.length })

  const answering = servers.filter(({ role }) => role === 'whole' || role === 'part')
  const held = new Map(answering.flatMap(({ blocks }) => [...blocks]))
  for (const [dag, { root }] of dags.entries()) {
    const end = ended.get(dag)
    if (end === undefined) problems.push('a fetch did not end')
    else if (end === 'fetched') {
      if (frontierOf(root, (cid) => store.get(cid)).size > 0) problems.push('a fetch ended well and blocks are missing')
    } else {
      // what a liar gave before it lied is here too
      const had = frontierOf(root, (cid) => store.get(cid) ?? held.get(cid))
      if (had.size === 0) problems.push('a fetch failed though those who answer hold all of it')
      if (end.missing.some((cid) => held.has(cid))) problems.push('a block was given up that somebody has')
    }
  }
  for (const peer of named) if (!LIARS.has((byPeer.get(peer) as Server).role)) problems.push('an honest peer was named a liar')
  for (const peer of lying) if (!named.has(peer)) problems.push('a liar was not named')
  return {
    verdict: problems.length === 0 ? 'pass' : 'fail',
    figures: {
      ...(problems.length === 0 ? {} : { problem: problems[0] as string }),
      blocks: all.size,
      whole: [...ended.values()].filter((end) => end === 'fetched').length,
      dags: dags.length,
      liars: lying.size,
      ...figures,
      sent: world.sent,
      lost: world.lost,
      virtualMs: world.nowMs,
    },
    digest: hexOf(sha256(trace, encodeCbor([...store.keys()].sort()))).slice(0, 16),
  }
}

function serverOf({ random }: World, index: number, all: ReadonlyMap<ContentId, Uint8Array>): Server {
  const role = random.pick(['whole', 'whole', 'part', 'part', 'false', 'malformed', 'empty', 'long', 'silent', 'slow'] as const)
  const blocks = role === 'part' ? new Map([...all].filter(() => random.chance(600))) : all
  return { index, peer: `source ${index}` as PeerId, role, blocks, serving: new ServingCore(), replies: new Map(), isTurning: false }
}

let tickets = 0
function serve(world: World, server: Server, request: Uint8Array, reply: (bytes: Uint8Array, isLie: boolean) => void): void {
  const { random } = world
  if (server.role === 'silent') return
  const ticket = tickets++
  server.replies.set(ticket, (bytes) => reply(bytes, LIARS.has(server.role)))
  const { serving } = server
  for (const effect of serving.step({ type: 'want', ticket, from: 'me' as PeerId, request }, world.nowMs)) {
    if (effect.type !== 'refuse') continue
    server.replies.delete(ticket)
    reply(effect.reply, false)
  }
  const turn = (): void => {
    for (const effect of serving.step({ type: 'turn' }, world.nowMs)) {
      if (effect.type !== 'serve') continue
      server.replies.get(effect.ticket)?.(answerOf(world, server, effect.cids))
      server.replies.delete(effect.ticket)
    }
    server.isTurning = serving.waiting > 0
    if (server.isTurning) world.after(waitMs(), turn)
  }
  const waitMs = (): number => (server.role === 'slow' ? random.between(500, 7_000) : random.between(1, 40))
  if (server.isTurning) return
  server.isTurning = true
  world.after(waitMs(), turn)
}

function lackedIn(cids: readonly ContentId[], reply: Uint8Array): readonly ContentId[] {
  try {
    const { blocks } = blocksReply.decode(reply)
    return cids.filter((_, i) => blocks[i] === null)
  } catch {
    return [] // busy
  }
}

function answerOf({ random }: World, { role, blocks }: Server, cids: readonly ContentId[]): Uint8Array {
  const honest = cids.map((cid) => blocks.get(cid) ?? null)
  if (role === 'malformed') return random.bytes(random.between(1, 90))
  if (role === 'empty') return blocksReply.encode({ blocks: [] })
  if (role === 'long') return honest.length < 64 ? blocksReply.encode({ blocks: [...honest, null] }) : random.bytes(10)
  if (role === 'false') return blocksReply.encode({ blocks: honest.with(random.below(honest.length), random.bytes(random.below(50))) })
  return blocksReply.encode({ blocks: random.chance(900) ? honest : honest.slice(0, random.between(1, honest.length)) })
}
