import { createSigner, type PeerId, sha256, signMessage } from '@interpeer/crypto-ids'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { beginTip, makeBlock } from '../src/candidate.js'
import {
  type Application,
  openChain,
  parseGenesis,
  stepChain,
  transactionBytesMax,
  transactionMessage,
  wantBlocksMessage,
} from '../src/index.js'
import { inTurn, type Pool, type Sender, withWaiting } from '../src/pool.js'
import { genesisJson, signers, type Toy, toy } from './chains.js'

const [own] = signers(1) as [ReturnType<typeof createSigner>]
const genesis = parseGenesis(genesisJson([own]))
const strangers = Array.from({ length: 40 }, (_, i) => createSigner(sha256(Uint8Array.of(77, i))))
const DUE_MS = genesis.startMs + genesis.settings.cycleMs
/** What a leader's VRF gives, of which making a block checks nothing. */
const lottery = { proof: new Uint8Array(80), output: new Uint8Array(64) }
/** The toy refuses what begins with 0xee; here that may change. */
const hopeful: Application<Toy> = { ...toy, check: (_, bytes) => (bytes[0] === 0xee ? { later: 'TOY_REFUSED' } : undefined) }
const large = (first: number, name: number): Uint8Array => new Uint8Array(97_000).fill(name).fill(first, 0, 1)

const begin = (application: Application<Toy>) =>
  openChain({ genesis, application, signer: own, blocks: [], record: undefined, nowMs: genesis.startMs })
type State = ReturnType<typeof begin>['state']
function handIn(state: State, by: ReturnType<typeof createSigner>, transaction: Uint8Array): ReturnType<typeof stepChain<Toy>> {
  const envelope = signMessage(transactionMessage, { transaction, sender: by.publicKey }, by, genesis.network)
  return stepChain(state, { type: 'message', from: by.peerId, envelope, nowMs: genesis.startMs })
}
const countsOf = ({ effects }: ReturnType<typeof stepChain<Toy>>) => effects.flatMap((one) => (one.type === 'count' ? [one.code] : []))
function nextBlock(state: State) {
  const step = stepChain(state, { type: 'time', nowMs: DUE_MS })
  const blocks = step.effects.flatMap((one) => (one.type === 'block' ? [one.block] : []))
  return { ...step, transactions: blocks[0]?.body.transactions }
}

test('three large transactions that never apply, from a stranger, hold up nobody’s', () => {
  let { state } = begin(hopeful)
  for (let i = 0; i < 3; i++) state = handIn(state, strangers[0] as never, large(0xee, i)).state
  expect(state.pool.size).toBeGreaterThanOrEqual(2)
  state = handIn(state, strangers[1] as never, Uint8Array.of(1)).state
  expect(nextBlock(state).transactions).toEqual([Uint8Array.of(1)])
})

test('a block takes what applies and fits, past what does neither', () => {
  const { fixed } = begin(toy).state
  const waiting = [large(0xee, 1), large(0xee, 2), large(0xee, 3), large(1, 4), large(1, 5), large(1, 6), Uint8Array.of(7)]
  const { body, state } = makeBlock(fixed, beginTip(fixed), lottery, waiting, DUE_MS)
  expect(body.transactions.map((one) => one.at(-1))).toEqual([4, 5, 7])
  expect(state.seen.size).toBe(3)
})

test('making a block tries a bounded part of what waits', () => {
  let tried = 0
  const counting: Application<Toy> = {
    ...toy,
    apply(state, transactions, info) {
      tried += transactions.length
      return toy.apply(state, transactions, info)
    },
  }
  const { fixed } = begin(counting).state
  const tip = beginTip(fixed)
  const small = Array.from({ length: 5_000 }, (_, i) => Uint8Array.of(0xee, i & 0xff, i >> 8))
  makeBlock(fixed, tip, lottery, small, DUE_MS)
  expect(tried).toBe(2048)
  tried = 0
  const many = Array.from({ length: 50 }, (_, i) => large(0xee, i))
  makeBlock(fixed, tip, lottery, many, DUE_MS)
  expect(tried).toBe(21) // eight blocks' bytes
})

const of = (sender: Sender, from: string, name: number, later = false, length = 4) => ({
  bytes: Uint8Array.from({ length }, (_, i) => (name >> (8 * i)) & 0xff),
  from: from as PeerId,
  sender,
  sinceHeight: 0,
  later,
})
function filled(waiting: Iterable<ReturnType<typeof of>>): { readonly pool: Pool; readonly codes: ReadonlyMap<string, number> } {
  let pool: Pool = new Map()
  const codes = new Map<string, number>()
  for (const one of waiting) {
    const next = withWaiting(pool, one, 2_000)
    if (typeof next === 'string') codes.set(next, (codes.get(next) ?? 0) + 1)
    else pool = next
  }
  return { pool, codes }
}

test('strangers fill a part of the pool, of what applies to no state yet a smaller one; the rest is kept for electors', () => {
  const later = filled(Array.from({ length: 400 }, (_, i) => of('stranger', `s${i % 20}`, i, true)))
  expect(later.pool.size).toBe(250)
  expect(later.codes.get('TX_POOL_FULL')).toBe(150)
  expect(filled(Array.from({ length: 60 }, (_, i) => of('stranger', 's', i, true))).pool.size).toBe(31)
  expect(filled(Array.from({ length: 200 }, (_, i) => of('stranger', 's', i))).pool.size).toBe(125)
  expect(filled(Array.from({ length: 200 }, (_, i) => of('elector', 'e', i, true))).pool.size).toBe(125)
  expect(filled(Array.from({ length: 600 }, (_, i) => of('elector', 'e', i))).pool.size).toBe(500)
  const all = filled(Array.from({ length: 1_200 }, (_, i) => of('stranger', `s${i % 40}`, i)))
  expect(all.pool.size).toBe(1_000)
  expect(withWaiting(all.pool, of('elector', 'e', 5_000, true), 2_000)).toBeInstanceOf(Map)
  expect(withWaiting(new Map(), of('stranger', 's', 1, true), 1)).toBeInstanceOf(Map)
})

test('a stranger’s bytes that apply to no state yet are a 64th of the pool’s', () => {
  const { pool, codes } = filled([1, 2, 3].map((name) => of('stranger', 's', name, true, 97_000)))
  expect([pool.size, codes.get('TX_SENDER_FULL')]).toEqual([2, 1])
})

test('senders are tried in turn, electors and strangers by halves, what applied before what did not', () => {
  const strange = Array.from({ length: 6 }, (_, i) => of('stranger', `s${i % 2}`, 10 + i))
  const { pool } = filled([...strange, of('elector', 'e', 1, true), of('elector', 'e', 2), of('self', 'self', 3), of('elector', 'f', 4)])
  expect([...inTurn(pool)].map(([name]) => name)).toEqual([2, 10, 3, 11, 4, 12, 1, 13, 14, 15])
})

test('where the host gives out on what waits, the block is made without it, and a block that is final stays so', () => {
  const fault = (): never => {
    throw new RangeError('Maximum call stack size exceeded')
  }
  const { state } = handIn(begin(toy).state, strangers[0] as never, Uint8Array.of(9))
  const weak: Application<Toy> = {
    ...toy,
    check: fault,
    apply: (s, given, info) => (given.length > 0 ? fault() : toy.apply(s, given, info)),
  }
  const step = nextBlock({ ...state, fixed: { ...state.fixed, application: weak } })
  expect(step.transactions).toEqual([])
  expect(countsOf(step)).toEqual(['TX_HOST_FAULT'])
  expect([step.state.tip.height, step.state.pool.size]).toEqual([1, 0])
})

test('who asks for blocks again and again is answered a few times at once, then at a pace', () => {
  let { state } = nextBlock(begin(toy).state)
  const [asker] = strangers as [(typeof strangers)[number]]
  const envelope = signMessage(wantBlocksMessage, { fromHeight: 1, sender: asker.publicKey }, asker, genesis.network)
  const ask = (times: number, nowMs: number) => {
    const codes: string[] = []
    let served = 0
    for (let i = 0; i < times; i++) {
      const step = stepChain(state, { type: 'message', from: asker.peerId, envelope, nowMs })
      state = step.state
      served += step.effects.filter(({ type }) => type === 'serve').length
      codes.push(...countsOf(step))
    }
    return { served, codes: codes.length, code: codes[0] }
  }
  expect(ask(30, DUE_MS)).toEqual({ served: 8, codes: 22, code: 'WANT_BLOCKS_OFTEN' })
  expect(ask(30, DUE_MS + 200)).toMatchObject({ served: 2 })
  expect(ask(30, DUE_MS + 300)).toMatchObject({ served: 1 })
})

test('what no block can carry does not wait, whoever hands it in', () => {
  const most = transactionBytesMax(genesis.settings.blockBytesMax)
  const [fits, tooLarge] = [new Uint8Array(most).fill(1), new Uint8Array(most + 1).fill(1)]
  const { state } = begin(toy)
  expect(countsOf(handIn(state, strangers[0] as never, tooLarge))).toEqual(['TX_TOO_LARGE'])
  const own = (transaction: Uint8Array) => stepChain(state, { type: 'submit', transaction, nowMs: genesis.startMs })
  expect([countsOf(own(tooLarge)), own(tooLarge).state.pool.size]).toEqual([['TX_TOO_LARGE'], 0])
  expect(nextBlock(own(fits).state).transactions?.map(({ length }) => length)).toEqual([most])
})

/** Of an account, for a fee. */
const paying = (owner: string, name: number, fee: bigint, turn?: string, length = 4) => ({
  ...of('elector', `e${name % 9}`, name, false, length),
  price: { of: owner, turn, fee },
})

test('where the pool is full what pays least for a byte goes first, and what is free keeps half of it', () => {
  let pool: Pool = new Map()
  const codes = new Map<string, number>()
  const put = (waiting: ReturnType<typeof paying> | ReturnType<typeof of>): void => {
    const next = withWaiting(pool, waiting, 100)
    if (typeof next === 'string') codes.set(next, (codes.get(next) ?? 0) + 1)
    else pool = next
  }
  for (let i = 0; i < 100; i++) put(paying(`a${i}`, i, BigInt(10 + i)))
  expect(pool.size).toBe(100)
  put(paying('poor', 200, 10n))
  expect(codes.get('TX_FEE_LOW')).toBe(1)
  put(paying('rich', 201, 1_000n))
  const fees = () => [...pool.values()].map((one) => one.price?.fee ?? 0n)
  expect([pool.size, fees().includes(10n), fees().includes(1_000n)]).toEqual([100, false, true])
  put(paying('long', 202, 1_000n, undefined, 4_000)) // less for a byte than any
  expect(codes.get('TX_FEE_LOW')).toBe(2)
  for (let i = 0; i < 80; i++) put(of('elector', `f${i % 20}`, 300 + i))
  expect(fees().filter((fee) => fee === 0n)).toHaveLength(50)
  expect(
    fees()
      .filter((fee) => fee > 0n)
      .sort((a, b) => Number(a - b))[0],
  ).toBe(61n)
  expect(codes.get('TX_POOL_FULL')).toBe(30)
})

test('what does not apply yet pays nothing yet: it drives nobody out, and goes first where there is no room', () => {
  const promise = (name: number, fee: bigint) => ({ ...paying(`made up ${name}`, name, fee), later: true })
  const honest = Array.from({ length: 1_800 }, (_, i) => paying(`a${i}`, i, 10n))
  const { pool, codes } = filled([...honest, ...Array.from({ length: 400 }, (_, i) => promise(5_000 + i, 2n ** 63n))])
  const of = (all: Pool, which: 'a' | 'made up') => [...all.values()].filter(({ price }) => price?.of.startsWith(which)).length
  expect([of(pool, 'a'), of(pool, 'made up'), codes.get('TX_POOL_FULL')]).toEqual([1_800, 200, 200])
  const more = Array.from({ length: 150 }, (_, i) => paying(`a${2_000 + i}`, 2_000 + i, 1n))
  const next = more.reduce<Pool>((all, one) => withWaiting(all, one, 2_000) as Pool, pool)
  expect([of(next, 'a'), of(next, 'made up')]).toEqual([1_950, 50])
})

test('what does not apply yet is a quarter of the pool, from however many neighbours', () => {
  const { pool, codes } = filled(Array.from({ length: 1_000 }, (_, i) => of('elector', `e${i % 20}`, i, true)))
  expect([pool.size, codes.get('TX_POOL_FULL')]).toEqual([500, 500])
  expect(withWaiting(pool, of('self', 'self', 5_000, true), 2_000)).toBeInstanceOf(Map)
})

test('a block’s maker tries what bids a fee that it may not have after everything else', () => {
  const { pool } = filled([
    { ...paying('poor', 1, 2n ** 63n), later: true },
    { ...paying('poor', 2, 2n ** 63n), later: true },
    paying('a', 3, 1n),
    of('stranger', 's', 4),
    { ...paying('b', 5, 9n), later: true },
    of('elector', 'e', 6, true),
  ])
  expect([...inTurn(pool)].map(([name]) => name)).toEqual([6, 4, 3, 1, 5, 2])
})

test('what an owner has waiting after what a block took is looked at again first', () => {
  // of one owner, one a block: the toy's second byte counts up
  const isEarly = ({ seen }: Toy, [kind, n]: Uint8Array) => kind === 0xee || n !== seen.size
  const counting: Application<Toy> = {
    ...toy,
    check: (at, bytes) => (isEarly(at, bytes) ? { later: 'TOY_REFUSED' } : undefined),
    priceOf: (_, [kind, n]) => ({ of: kind === 1 ? 'chain' : `${n}`, turn: undefined, fee: 1n }),
    apply: (at, given, info) =>
      toy.apply(
        at,
        given.map((one) => (isEarly(at, one) ? Uint8Array.of(0xee) : one)),
        info,
      ),
  }
  let { state } = begin(counting)
  const own = (...bytes: number[]) => {
    state = stepChain(state, { type: 'submit', transaction: Uint8Array.from(bytes), nowMs: genesis.startMs }).state
  }
  for (let i = 0; i < 300; i++) own(0xee, i & 0xff, i >> 8)
  own(1, 0)
  own(1, 1)
  const ofChain = (pool: Pool) => [...pool.values()].filter(({ price }) => price?.of === 'chain').map(({ later }) => later)
  expect(ofChain(state.pool)).toEqual([false, true])
  const next = nextBlock(state)
  expect(next.transactions).toEqual([Uint8Array.of(1, 0)])
  expect(ofChain(next.state.pool)).toEqual([false])
})

test('one account fills a part of the pool, whoever passes its transactions on', () => {
  const filledBy = filled(Array.from({ length: 400 }, (_, i) => paying('spammer', i, 1n)))
  expect([filledBy.pool.size, filledBy.codes.get('TX_SENDER_FULL')]).toEqual([125, 275])
})

test('of transactions of which one can be carried out one waits, and another takes its place for an eighth more', () => {
  const { pool, codes } = filled([
    paying('a', 1, 800n, 'n'),
    paying('a', 2, 899n, 'n'),
    paying('a', 3, 900n, 'n'),
    paying('b', 4, 0n, 'm'),
    paying('b', 5, 0n, 'm'),
  ])
  expect([...pool.values()].map(({ bytes }) => bytes[0])).toEqual([3, 4])
  expect(codes.get('TX_FEE_LOW')).toBe(2)
})

test('a block’s maker tries what pays most for a byte first, each account’s in order, and what is free beside it', () => {
  const { pool } = filled([
    paying('a', 1, 5n),
    paying('a', 2, 90n),
    paying('b', 3, 20n),
    paying('c', 4, 10n),
    of('elector', 'e', 5),
    of('elector', 'f', 6),
  ])
  expect([...inTurn(pool)].map(([name]) => name)).toEqual([5, 3, 6, 4, 1, 2])
})

test('who hands in what is of no use again and again is not looked at any more at that height', () => {
  let { state } = begin(toy)
  const codes: string[] = []
  for (let i = 0; i < 300; i++) {
    const step = handIn(state, strangers[0] as never, new Uint8Array())
    state = step.state
    codes.push(...countsOf(step))
  }
  expect([codes.filter((code) => code === 'TOY_EMPTY').length, codes.filter((code) => code === 'TX_SENDER_OFTEN').length]).toEqual([
    256, 44,
  ])
  expect(countsOf(handIn(state, strangers[1] as never, Uint8Array.of(3)))).toEqual([])
})

test('of all owners’ next ones that which pays most for a byte is tried first, however many wait', () => {
  const waiting = Array.from({ length: 3_000 }, (_, i) => {
    const [of, fee] = [`${i % 2_900}`, BigInt(1 + ((i * 7_919) % 101))]
    const bytes = new Uint8Array(100 + (i % 7)).fill(i & 0xff)
    return {
      bytes,
      from: strangers[0]?.peerId as PeerId,
      sender: 'elector',
      sinceHeight: 1,
      later: false,
      price: { of, turn: undefined, fee },
    } as const
  })
  const pool: Pool = new Map(waiting.map((one, i) => [`${i}`, one]))
  const queues = new Map<string, (typeof waiting)[number][]>()
  for (const one of waiting) queues.set(one.price.of, [...(queues.get(one.price.of) ?? []), one])
  const worth = ({ price, bytes }: (typeof waiting)[number]) => Number(price.fee) / bytes.length
  const left = [...queues.values()]
  const expected: Uint8Array[] = []
  while (left.length > 0) {
    const next = left.reduce((a, b) => (worth(b[0] as never) > worth(a[0] as never) ? b : a))
    expected.push((next.shift() as (typeof waiting)[number]).bytes)
    if (next.length === 0) left.splice(left.indexOf(next), 1)
  }
  const tried = [...inTurn(pool)]
  expect(tried.length).toBe(3_000)
  expect(tried.every((bytes, i) => bytes === expected[i])).toBe(true)
})

test('what a pool remembers of itself says the same as a walk through it', () => {
  const one = fc.record({
    from: fc.constantFrom('a', 'b', 'c'),
    sender: fc.constantFrom('self', 'elector', 'stranger') as fc.Arbitrary<Sender>,
    later: fc.boolean(),
    size: fc.constantFrom(10, 400_000, 900_000, 3_000_000),
    price: fc.option(
      fc.record({
        of: fc.constantFrom('x', 'y'),
        turn: fc.option(fc.constantFrom('1', '2'), { nil: undefined }),
        fee: fc.bigInt({ min: 0n, max: 40n }),
      }),
      { nil: undefined },
    ),
    isOld: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(one, { maxLength: 60 }), fc.integer({ min: 4, max: 48 }), (all, countMax) => {
      let [pool, before]: [Pool, Pool] = [new Map(), new Map()]
      all.forEach(({ size, isOld, ...given }, i) => {
        const waiting = { ...given, from: given.from as PeerId, bytes: new Uint8Array(size).fill(i + 1, 0, 2), sinceHeight: 1 }
        const from = isOld ? before : pool // also one whose successor has its index
        const next = withWaiting(from, waiting, countMax)
        const walked = withWaiting(new Map(from), waiting, countMax)
        expect(typeof next === 'string' ? next : [...next.keys()]).toEqual(typeof walked === 'string' ? walked : [...walked.keys()])
        if (typeof next !== 'string') [before, pool] = [from, next]
      })
    }),
    { numRuns: 30 },
  )
})
