import { memoryStore, type RecordStore } from '@interpeer/content-store'
import { bytesOfContentId, createSigner, type PeerId, sha256 } from '@interpeer/crypto-ids'
import { decodeSeatProof, encodeSeatProof, seatShown, wantSeat } from '@interpeer/job-scheduler'
import { blocksReply, headerMessage, headersReply, type Tip, wantHeaders } from '@interpeer/vote-chain'
import { hexOf } from '@interpeer/wire-codec'
import { expect, test } from 'vitest'
import { numberOf } from '../src/message-number.js'
import { checkSeatProof, type NetworkState, networkApplication } from '../src/network/index.js'
import { askSeat } from '../src/node/ask-seat.js'
import { ChainShell } from '../src/node/chain-shell.js'
import { ChainStore } from '../src/node/chain-store.js'
import { DrawnSeats, drawIn } from '../src/node/drawn-seats.js'
import { showSeat } from '../src/node/show-seat.js'
import { SYNC_DESK_NUMBERS, SyncDesk } from '../src/node/sync-desk.js'
import { networkGenesis, signers } from './network-world.js'
import { chainTo, log, openedChain } from './one-chain.js'

// the one peer that there is certifies alone, and has the one seat of each site
const genesis = networkGenesis({ checkpointCycles: 4, lookBack: 2 }, 1)
const self = signers[0] as (typeof signers)[number]

async function chain(height: number) {
  const records = memoryStore().records('chain')
  const hashes = await chainTo(genesis, records, height)
  const show = (job: Parameters<typeof showSeat>[0], seat = 0) =>
    showSeat(job, seat, {
      genesis,
      application: networkApplication(genesis.network),
      signer: self,
      store: new ChainStore(records, () => {}),
      log,
    })
  const jobs = [...openedChain(genesis, records).state.tip.state.jobs.values()]
  return { records, hashes, show, jobs }
}

test('a peer shows from its disk who a seat fell to, to who knows the hash of one block', async () => {
  const { hashes, show, jobs } = await chain(10)
  const [first] = jobs.filter(({ state }) => state === 'running')
  if (first === undefined) throw new Error('no job runs')
  const shown = show(first.job)
  expect(shown?.peer).toBe(self.peerId)
  expect(hexOf(shown?.block as Uint8Array)).toBe(hashes.get(shown?.height ?? 0))
  const { claim, block, proof } = shown as NonNullable<typeof shown>
  expect(checkSeatProof(block, claim, proof, genesis.settings)).toBe(self.peerId)
  expect(() => checkSeatProof(block, { ...claim, of: claim.of === 'next' ? 'epoch' : 'next' }, proof, genesis.settings)).toThrow()
  expect(show(first.job, 7)).toBeUndefined()
})

test('with blocks since a checkpoint alone it shows what was drawn since, and says nothing of what was before', async () => {
  const { records, show, jobs } = await chain(14)
  const kept = new ChainStore(records, () => {}).checkpoints.at(-1) ?? 0
  expect(kept).toBeGreaterThan(1)
  await records.delete(Array.from({ length: kept }, (_, i) => `block/${String(i + 1).padStart(16, '0')}`))
  const shown = jobs.map(({ job, epoch }) => ({ height: show(job)?.height, epoch }))
  expect(shown.filter(({ height }) => height !== undefined).every(({ height = 0 }) => height > kept)).toBe(true)
  expect(shown.some(({ height }) => height !== undefined)).toBe(true)
})

test('a first group is proven as any draw is: the block that publishes its job draws nobody', async () => {
  const { show, jobs } = await chain(4)
  const [first] = jobs.filter(({ state }) => state === 'running')
  if (first === undefined) throw new Error('no job runs')
  expect(show(first.job)).toMatchObject({ height: first.epoch.openedHeight, peer: self.peerId })
})

const stranger = createSigner(sha256(Uint8Array.of(9))).peerId
const tipsOf = (records: RecordStore, from: 'genesis' | 'checkpoints'): readonly Tip<NetworkState>[] => {
  const tips: Tip<NetworkState>[] = []
  const options = { genesis, application: networkApplication(genesis.network), signer: self, nowMs: genesis.startMs }
  new ChainStore(records, () => {}).open<NetworkState>({ ...options, onTip: (tip) => void tips.push(tip) }, log, from)
  return tips
}
/** A peer that answers about seats, as `openPeer` makes one; and how somebody asks it. */
function asked(records: RecordStore, { seatRecords = memoryStore().records('seats'), from = 'genesis' as 'genesis' | 'checkpoints' } = {}) {
  const counted: string[] = []
  const count = (code: string) => void counted.push(code)
  const seats = new DrawnSeats({ self: self.peerId, records: seatRecords, count })
  const [tips, store] = [tipsOf(records, from), new ChainStore(records, count)]
  const mapOf = ({ maps }: NetworkState, set: keyof NetworkState['maps']) => maps[set]
  const desk = new SyncDesk<NetworkState>({ store, mapOf, nowMs: () => 0, isKnown: () => false, seats })
  for (const tip of tips) {
    seats.onTip(tip)
    desk.onTip(tip)
  }
  const request = async (_: PeerId, body: Uint8Array): Promise<Uint8Array> => {
    const number = numberOf(body) as number
    expect(SYNC_DESK_NUMBERS).toContain(number)
    return desk.answer(stranger, number, body)
  }
  const ask = (
    job: Parameters<typeof askSeat>[0],
    {
      change = (reply: Uint8Array) => reply,
      hashAt = (height: number): Uint8Array | undefined => store.hashAt(height),
      oldest = 1,
      seat = 0,
    } = {},
  ) => {
    const overlay = { request: async (to: PeerId, body: Uint8Array) => change(await request(to, body)) }
    const { state } = tips.at(-1) as Tip<NetworkState>
    const { signal } = new AbortController()
    return askSeat(job, seat, { overlay, peers: [self.peerId], hashAt, oldest, state, log, count, signal, nowMs: () => 0 })
  }
  return { ask, seats, counted, store, answer: (body: Uint8Array) => request(stranger, body) }
}

test('another peer proves a seat to who knows the hash of its block, or of a later one; what does not hold is not taken', async () => {
  const { records, jobs, show } = await chain(10)
  const [first] = jobs.filter(({ state }) => state === 'running')
  if (first === undefined) throw new Error('no job runs')
  const peer = asked(records)
  const shown = await peer.ask(first.job)
  expect(shown).toEqual(show(first.job))
  const { height } = shown as NonNullable<typeof shown>
  // who began later is shown the headers up to the first block that it has
  const later = (at: number) => (at < 9 ? undefined : peer.store.hashAt(at))
  expect(await peer.ask(first.job, { hashAt: later, oldest: 9 })).toEqual(shown)
  // what its own disk has from before its checkpoint was never checked
  const stale = (at: number) => later(at) ?? sha256(Uint8Array.of(at))
  expect(await peer.ask(first.job, { hashAt: stale, oldest: 9 })).toEqual(shown)
  const other = (reply: Uint8Array) => {
    if (numberOf(reply) !== headersReply.number) return reply
    const { headers, certificate } = headersReply.decode(reply)
    return headersReply.encode({ headers: headers.slice(0, -1), certificate })
  }
  expect(await peer.ask(first.job, { hashAt: later, oldest: 9, change: other })).toBeUndefined()
  expect(await peer.ask(first.job, { hashAt: () => sha256(new Uint8Array()) })).toBeUndefined()
  expect(await peer.ask(first.job, { seat: 7 })).toBeUndefined()
  // another draw's proof, and one whose tickets are missing
  const [, second] = jobs.filter(({ state }) => state === 'running')
  const proofs = peer.seats.shown((second ?? first).job, 0)
  expect(proofs?.claim.job).not.toBe(first.job)
  const lying = (proof: Uint8Array) => (reply: Uint8Array) => {
    const said = seatShown.decode(reply).shown
    return seatShown.encode({ shown: said && { ...said, proof } })
  }
  expect(await peer.ask(first.job, { change: lying(proofs?.proof as Uint8Array) })).toBeUndefined()
  const countedBefore = peer.counted.length
  expect(await peer.ask(first.job, { change: lying(Uint8Array.of(0x80)) })).toBeUndefined()
  expect(peer.counted.slice(countedBefore)).toEqual(['SEAT_UNSHOWN'])
  // of who has another `matureCycles` a right proof has a ticket too many, or lacks one: so this is nobody's fault
  const right = decodeSeatProof((shown as NonNullable<typeof shown>).proof)
  expect(await peer.ask(first.job, { change: lying(encodeSeatProof({ ...right, tickets: [] })) })).toBeUndefined()
  expect(peer.counted.slice(countedBefore)).toEqual(['SEAT_UNSHOWN'])
  expect(height).toBeGreaterThan(1)
  expect(decodeSeatProof((shown as NonNullable<typeof shown>).proof).tickets.length).toBeGreaterThan(0)
})

test('a member proves a draw that is older than the states at hand, also after a restart, until it has left', async () => {
  const { records, jobs } = await chain(24)
  const seatRecords = memoryStore().records('seats')
  const all = tipsOf(records, 'genesis')
  const member = new DrawnSeats({ self: self.peerId, records: seatRecords, count: () => {} })
  const passerBy = new DrawnSeats({ self: stranger, records: memoryStore().records('seats'), count: () => {} })
  for (const tip of all) for (const seats of [member, passerBy]) seats.onTip(tip)
  const old = jobs.find(({ job, state }) => state === 'running' && (member.shown(job, 0)?.height ?? 24) <= 8)
  if (old === undefined) throw new Error('no draw is so old')
  expect(passerBy.shown(old.job, 0)).toBeUndefined()
  expect(seatShown.decode(passerBy.answer(wantSeat.encode({ job: bytesOfContentId(old.job), seat: 0 }))).shown).toBeNull()
  const restarted = asked(records, { seatRecords, from: 'checkpoints' })
  expect(await restarted.ask(old.job)).toMatchObject({ height: member.shown(old.job, 0)?.height, peer: self.peerId })
  const left = new DrawnSeats({ self: stranger, records: seatRecords, count: () => {} })
  left.onTip(all.at(-1) as Tip<NetworkState>)
  expect(left.shown(old.job, 0)).toBeUndefined()
  expect(seatRecords.keys('')).toEqual([])
})

test('a draw is found in a block without anything that a recovery showed being read, and in a seat that is none at once', async () => {
  const { records, show, jobs } = await chain(10)
  const [first] = jobs.filter(({ state }) => state === 'running')
  if (first === undefined) throw new Error('no job runs')
  const { job } = first
  const drawnAt = show(job)?.height as number
  const all = tipsOf(records, 'genesis')
  const without = (tip: Tip<NetworkState>, ...names: readonly string[]): Tip<NetworkState> => {
    const jobs = new Map([...tip.state.jobs].map(([key, entry]) => [key, unread({ ...entry, epoch: unread(entry.epoch, names) }, names)]))
    return { ...tip, state: { ...tip.state, jobs } }
  }
  const [before, at] = [all[drawnAt - 1], all[drawnAt]] as [Tip<NetworkState>, Tip<NetworkState>]
  const big = ['recovering', 'rerun', 'manifestEnvelope', 'last']
  expect(drawIn(without(before, ...big), without(at, ...big), job, 0)).toEqual(drawIn(before, at, job, 0))
  expect(drawIn(before, at, job, 0)).toBeDefined()
  const all2 = ['recovering', 'epoch', 'next', 'state', 'members']
  expect(drawIn(without(before, ...all2), without(at, ...all2), job, first.timetable.seats)).toBeUndefined()
})
/** The same, whose fields of these names nobody may read. */
function unread<T extends object>(value: T, names: readonly string[]): T {
  return new Proxy(value, {
    get: (from, name, self) => {
      if (names.includes(String(name))) throw new Error(`${String(name)} was read`)
      return Reflect.get(from, name, self)
    },
  })
}

test('of each seat that it left, and of no other, a member forgets the draw, also where blocks in between were not told', async () => {
  const { records, jobs } = await chain(10)
  const running = jobs.filter(({ state }) => state === 'running')
  const [gone, stays] = running
  if (gone === undefined || stays === undefined) throw new Error('no two jobs run')
  const all = tipsOf(records, 'genesis')
  const last = all.at(-1) as Tip<NetworkState>
  for (const step of [1, 2]) {
    const seatRecords = memoryStore().records('seats')
    const seats = new DrawnSeats({ self: self.peerId, records: seatRecords, count: () => {} })
    for (const tip of all) seats.onTip(tip)
    const kept = seatRecords.keys('')
    expect(kept).toContain(`${gone.job}/0`)
    expect(kept).toContain(`${stays.job}/0`)
    const left = { ...gone, epoch: { ...gone.epoch, members: [stranger] }, next: null }
    const jobsThen = new Map(last.state.jobs).set(gone.job, left)
    seats.onTip({ ...last, height: last.height + step, state: { ...last.state, jobs: jobsThen } })
    expect(seatRecords.keys('')).toEqual(kept.filter((key) => key !== `${gone.job}/0`))
    expect(seats.shown(stays.job, 0)).toBeDefined()
  }
})

test('a disk that does not even begin to write is counted, and the draws are shown from the states', async () => {
  const { records, jobs } = await chain(10)
  const counted: string[] = []
  const broken: RecordStore = {
    ...memoryStore().records('seats'),
    put: () => {
      throw new Error('broken')
    },
  }
  const seats = new DrawnSeats({ self: self.peerId, records: broken, count: (code) => void counted.push(code) })
  for (const tip of tipsOf(records, 'genesis')) seats.onTip(tip)
  expect(counted).toContain('SEAT_UNWRITTEN')
  expect(jobs.some(({ job }) => seats.shown(job, 0) !== undefined)).toBe(true)
})

/** A peer that lacks all blocks and is given them in one message. */
async function givenAtOnce(records: RecordStore, height: number, onTip: (tip: Tip<NetworkState>) => void) {
  const [failed, counted]: [unknown[], string[]] = [[], []]
  const count = (code: string) => void counted.push(code)
  const [given, store] = [new ChainStore(records, count), new ChainStore(memoryStore().records('chain'), count)]
  const blocks = Array.from({ length: height }, (_, i) => given.block(i + 1) as Uint8Array)
  const shell = new ChainShell<NetworkState>({
    ...{
      genesis,
      application: networkApplication(genesis.network),
      signer: createSigner(sha256(Uint8Array.of(9))),
      store,
      log,
      count,
      onTip,
    },
    overlay: { send: () => {}, request: () => Promise.reject(new Error('nobody')) } as never,
    now: () => genesis.startMs + 60_000,
    ...{ onBlock: () => {}, onFault: () => {}, fail: (error: unknown) => void failed.push(error) },
  })
  shell.onMessage(self.peerId, blocksReply(blocks, self, genesis.network) as Uint8Array)
  await shell.written()
  await shell.stop()
  expect(failed).toEqual([])
  return { tip: shell.tip, store, counted }
}

test('who catches up by many blocks in one message keeps the draws of each of them', async () => {
  const { records, hashes } = await chain(10)
  const [one, each] = [memoryStore().records('seats'), memoryStore().records('seats')]
  const count = () => {}
  const seats = new DrawnSeats({ self: self.peerId, records: one, count })
  const heights: number[] = []
  const { tip } = await givenAtOnce(records, 10, (at) => {
    heights.push(at.height)
    seats.onTip(at)
  })
  expect(hexOf(tip.hash)).toBe(hashes.get(10))
  expect(heights).toEqual(Array.from({ length: 11 }, (_, i) => i))
  const slow = new DrawnSeats({ self: self.peerId, records: each, count })
  for (const at of tipsOf(records, 'genesis')) slow.onTip(at)
  expect(each.keys('')).not.toEqual([])
  expect(one.keys('').map((key) => one.get(key))).toEqual(each.keys('').map((key) => each.get(key)))
})

test('a chain goes on and writes its blocks where whoever is told of a new one throws', async () => {
  const { records, hashes } = await chain(4)
  const { tip, store, counted } = await givenAtOnce(records, 4, ({ height }) => {
    if (height > 0) throw new Error('broken')
  })
  expect(hexOf(tip.hash)).toBe(hashes.get(4))
  expect(store.last()?.height).toBe(4)
  expect(counted.filter((code) => code === 'CHAIN_STEP_FAILED')).toHaveLength(4)
})

test('peers that show one header at a time, or nothing, keep who asks for no longer than a minute', async () => {
  const { jobs } = await chain(4)
  const { job } = jobs[0] as (typeof jobs)[number]
  const headers = new Map<number, Uint8Array>()
  const [header] = tipsOf((await chain(1)).records, 'genesis').flatMap(({ header: one }) => one ?? [])
  if (header === undefined) throw new Error('no block')
  // a chain of headers of its own, which leads as far as it likes
  const oldest = 5_000
  let previous = sha256(new Uint8Array())
  for (let height = 1; height <= oldest; height++) {
    const bytes = headerMessage.encode({ ...header, height, previous })
    headers.set(height, bytes)
    previous = sha256(bytes)
  }
  const run = async (answerMs: number, { stopAfter = Number.POSITIVE_INFINITY, isSilent = false } = {}) => {
    let nowMs = 0
    const [stop, timeouts, asked, counted]: [AbortController, number[], PeerId[], string[]] = [new AbortController(), [], [], []]
    const request = async (_: PeerId, body: Uint8Array, { timeoutMs = 30_000 } = {}): Promise<Uint8Array> => {
      timeouts.push(timeoutMs)
      if (timeouts.length >= stopAfter) stop.abort()
      nowMs += Math.min(answerMs, timeoutMs)
      if (isSilent || answerMs > timeoutMs) throw new Error('timeout')
      if (numberOf(body) !== wantHeaders.number)
        return seatShown.encode({ shown: { height: 1, isNext: false, proof: Uint8Array.of(0x80) } })
      return headersReply.encode({ headers: [headers.get(wantHeaders.decode(body).fromHeight) as Uint8Array], certificate: null })
    }
    const shown = await askSeat(job, 0, {
      overlay: { request },
      peers: Array.from({ length: 50 }, (_, i) => createSigner(sha256(Uint8Array.of(7, i))).peerId),
      hashAt: () => previous,
      oldest,
      state: { jobs: new Map(), settings: genesis.settings },
      nowMs: () => nowMs,
      signal: stop.signal,
      onAsk: (peer) => void asked.push(peer),
      log,
      count: (code) => void counted.push(code),
    })
    expect(shown).toBeUndefined()
    return { nowMs, requests: timeouts.length, last: timeouts.at(-1), asked: new Set(asked).size, counted: counted.length }
  }
  // two peers of 30 s: three requests of 9.9 s each, and what is left
  expect(await run(9_900)).toEqual({ nowMs: 60_000, requests: 8, last: 300, asked: 2, counted: 2 })
  expect(await run(20_000, { isSilent: true })).toEqual({ nowMs: 60_000, requests: 6, last: 10_000, asked: 6, counted: 6 })
  // however quick they are: 64 requests for headers beside the first one, of 40 peers
  expect(await run(0)).toMatchObject({ requests: 40 * 65, asked: 40, counted: 40 })
  expect(await run(1, { stopAfter: 1, isSilent: true })).toMatchObject({ requests: 1, asked: 1 })
})

test('who is silent keeps nobody from asking the next: it is asked beside, three at a time', async () => {
  const { records, jobs, show } = await chain(10)
  const [first] = jobs.filter(({ state }) => state === 'running')
  if (first === undefined) throw new Error('no job runs')
  const holder = asked(records)
  const { state } = tipsOf(records, 'genesis').at(-1) as Tip<NetworkState>
  const run = async (silent: number) => {
    const peers = Array.from({ length: silent + 1 }, (_, i) => createSigner(sha256(Uint8Array.of(8, i))).peerId)
    const [stop, open] = [new AbortController(), new Set<PeerId>()]
    const request = (to: PeerId, body: Uint8Array, { signal }: { signal?: AbortSignal } = {}) => {
      if (to === peers.at(-1)) return holder.answer(body)
      open.add(to)
      if (open.size === 3) setImmediate(() => stop.abort())
      return new Promise<Uint8Array>((_, reject) => {
        const gone = () => {
          open.delete(to)
          reject(new Error('aborted'))
        }
        signal?.addEventListener('abort', gone, { once: true })
      })
    }
    const onAsk: PeerId[] = []
    const shown = await askSeat(first.job, 0, {
      ...{ overlay: { request }, peers, hashAt: (height: number) => holder.store.hashAt(height), oldest: 1, state, log },
      ...{ count: () => {}, signal: stop.signal, nowMs: () => 0, hedgeMs: 1, onAsk: (peer: PeerId) => void onAsk.push(peer) },
    })
    return { shown, asked: onAsk.length, open: open.size }
  }
  expect(await run(2)).toEqual({ shown: show(first.job), asked: 3, open: 0 })
  expect(await run(3)).toEqual({ shown: undefined, asked: 3, open: 0 })
})
