import { bytesOfContentId, contentIdOf, createSigner, type PeerId, type Signer, sha256, signMessage } from '@interpeer/crypto-ids'
import { certificateMessage, disputeMessage, type Finding, revealMessage, verdictMessage, withheldMessage } from '@interpeer/peer-group'
import { bytesOfHex, encodeCbor, hexOf } from '@interpeer/wire-codec'
import { describe, expect, test } from 'vitest'
import { Closing } from './closing-world.js'
import { answer, sent } from './dispute-worlds.js'
import { codes, signerOf } from './network-world.js'

type Stretch = { readonly after: number; readonly through: number }
interface Asked {
  readonly step?: number
  /** The seat of who was kept out. */
  readonly out?: number
  /** What is shown to be final before it. */
  readonly base?: number | undefined
  /** The step after it is shown, which names it final. */
  readonly isNamed?: boolean | undefined
  readonly statement?: Uint8Array
}
const last = createSigner(sha256(Uint8Array.of(45)))
const anyone = (peer: PeerId): Signer => (peer === last.peerId ? last : signerOf(peer))
const rootOf = (step: number) => contentIdOf(encodeCbor(['a state', step]), 'dag-cbor')
const batchOf = (step: number) => sha256(encodeCbor(['a batch', step]))
/** The last step, and the seat of who was kept out. */
const [STEP, OUT] = [200, 3]

/** What a member says that was kept out of many steps, and what comes of it. */
class Far extends Closing {
  #place(step: number) {
    return { job: bytesOfContentId(this.site), epoch: 1, step, batch: batchOf(step) }
  }
  /** All but this seat signed it, and that it names all before it final. */
  #certified(step: number, out: number): Uint8Array {
    const place = { ...this.#place(step), rank: 0 }
    const reveals = this.members.toSpliced(out, 1).map((peer) => {
      const by = anyone(peer)
      const value = { ...place, from: by.publicKey, start: bytesOfContentId(rootOf(step - 1)), salt: new Uint8Array(32) }
      const revealed = { ...value, answer: { ...answer(rootOf(step)), final: step - 1 } }
      return signMessage(revealMessage, revealed, by, this.genesis.network)
    })
    return certificateMessage.encode({ ...place, reveals })
  }
  said(stretch: Stretch, { step = STEP, out = OUT }: Asked = {}): Uint8Array {
    const by = anyone(this.members[out] as PeerId)
    return signMessage(withheldMessage, { ...this.#place(step), rank: 0, from: by.publicKey, stretch }, by, this.genesis.network)
  }
  asks(stretch: Stretch, asked: Asked = {}): Uint8Array {
    const { step = STEP, out = OUT, base, isNamed = false, statement = this.said(stretch, asked) } = asked
    const steps = [step, ...(isNamed ? [step + 1] : [])].map((one) => this.#certified(one, out))
    const led = { base: base === undefined ? null : this.#certified(base, out), steps }
    return disputeMessage.encode({ ...this.#place(step), ...led, evidence: { type: 'objection', statements: [statement] } })
  }
  /** A block draws the jury, and the next has what all of it found. */
  find(finding: Finding): void {
    this.block()
    const one = [...this.state.disputes.values()].find(({ judgment }) => judgment === null)
    const verdicts = (one?.jury ?? []).map((peer) => {
      const by = anyone(peer)
      const place = { job: bytesOfContentId(this.site), epoch: 1, dispute: bytesOfHex(one?.id ?? '') }
      return signMessage(verdictMessage, { ...place, from: by.publicKey, finding }, by, this.genesis.network)
    })
    expect(verdicts.length).toBeGreaterThan(2)
    expect(this.block(...verdicts)).toEqual([])
  }
  brings(dispute: Uint8Array): readonly string[] {
    return codes(this.block(dispute))
  }
}
const HOLDS: Finding = { type: 'holds' }
const MIDDLE = { after: 64, through: 128 }

describe('a dispute that asks for a stretch', () => {
  test('is recorded with what it asks for, and a jury may find that it holds', () => {
    const world = new Far()
    world.block(world.close(3, STEP))
    expect(world.brings(world.asks(MIDDLE))).toEqual([])
    world.expectReadable()
    world.find(HOLDS)
    expect(world.outcomes).toEqual(['stands'])
    world.expectReadable()
  })
  test('is none without it, or where no jurors can run it', () => {
    const world = new Far()
    for (const stretch of [
      { after: 64, through: 129 },
      { after: 64, through: 64 },
      { after: 150, through: 201 },
    ]) {
      expect(world.brings(world.asks(stretch))).toEqual(['DISPUTE_INVALID'])
    }
    expect(world.brings(world.asks({ after: 2, through: 4 }, { base: 3 }))).toEqual(['DISPUTE_INVALID'])
    expect(world.brings(world.asks(MIDDLE, { base: 150 }))).toEqual(['DISPUTE_INVALID'])
    expect(world.state.disputes.size).toBe(0)
  })
  test('goes by what its member signed: an accomplice can bring that, and have no other stretch looked at in its name', () => {
    const world = new Far()
    world.block(world.close(3, STEP))
    const statement = world.said(MIDDLE)
    const text = hexOf(statement)
    expect(text).toContain('8218401880') // [64, 128]
    for (const other of ['8218411880', '821840187f', '821841187f']) {
      const forged = bytesOfHex(text.replace('8218401880', other))
      expect(world.brings(world.asks(MIDDLE, { statement: forged }))).toEqual(['DISPUTE_INVALID'])
    }
    expect(world.brings(world.asks(MIDDLE, { statement }))).toEqual([])
    world.find(HOLDS)
    for (const base of [undefined, 1, 60]) expect(world.brings(world.asks(MIDDLE, { statement, base }))).toEqual(['DISPUTE_OPEN'])
    // whose word it was may still ask for the rest
    expect(world.brings(world.asks({ after: 128, through: 192 }))).toEqual([])
  })
})

describe('after a stretch that holds, of an epoch whose closing is kept', () => {
  function held() {
    const world = new Far()
    world.block(world.close(3, STEP))
    world.block(world.asks(MIDDLE))
    world.find(HOLDS)
    expect(world.outcomes).toEqual(['stands'])
    return world
  }
  test.each<[string, Stretch, Asked]>([
    ['the same', MIDDLE, {}],
    ['part of it', { after: 70, through: 100 }, {}],
    ['the same, in the name of another', MIDDLE, { out: 2 }],
    ['the same, from another base', MIDDLE, { base: 20 }],
  ])('%s is not looked at again', (_, stretch, asked) => {
    const world = held()
    expect(world.brings(world.asks(stretch, asked))).toEqual(['DISPUTE_OPEN'])
  })
  test.each<[string, Stretch, Asked]>([
    ['what comes after it', { after: 128, through: 192 }, {}],
    ['what is before it', { after: 0, through: 64 }, {}],
    ['what reaches further at its end', { after: 65, through: 129 }, {}],
    ['what reaches further at its beginning', { after: 63, through: 127 }, {}],
    ['the same steps, of what leads to another step', MIDDLE, { step: STEP - 1 }],
  ])('%s is', (_, stretch, asked) => {
    const world = held()
    expect(world.brings(world.asks(stretch, asked))).toEqual([])
  })
})

describe('after a stretch that holds, of an epoch that goes on', () => {
  function held() {
    const world = new Far()
    world.block(world.asks(MIDDLE, { isNamed: true }))
    world.find(HOLDS)
    expect([...world.state.disputes.values()].map(({ judgment }) => [judgment?.outcome, judgment?.opens])).toEqual([['stands', undefined]])
    return world
  }
  test('the same is known', () => {
    const world = held()
    for (const isNamed of [true, false]) expect(world.brings(world.asks(MIDDLE, { isNamed }))).toEqual(['DISPUTE_KNOWN'])
  })
  test('another is taken', () => {
    for (const after of [0, 63, 65, 128]) {
      const world = held()
      expect(world.brings(world.asks({ after, through: after + 64 }))).toEqual([])
    }
  })
  test('the same from elsewhere is known, too: or an accomplice uses up the room of its member, which pays for each', () => {
    const world = held()
    for (const base of [1, 2, 3]) {
      expect(world.brings(world.asks(MIDDLE, { isNamed: true, base }))).toEqual(['DISPUTE_KNOWN'])
    }
  })
})

describe('the room that a member has', () => {
  /** Four that one member asked for, one after another, each of which holds. */
  function usedUp(coins = 0n) {
    const world = new Far()
    if (coins > 0n) expect(world.block(sent(world, world.members[OUT] as PeerId, coins))).toEqual([])
    world.block(world.close(3, STEP))
    for (const after of [100, 110, 120, 130]) {
      expect(world.brings(world.asks({ after, through: after + 60 }))).toEqual([])
      world.find(HOLDS)
    }
    expect(world.outcomes).toEqual(['stands', 'stands', 'stands', 'stands'])
    return world
  }
  test('is not used up by what a jury found right, and its member paid for: who is given nothing may need many', () => {
    const world = usedUp(100_000_000n)
    expect([...world.state.disputes.values()].map(({ debtors }) => debtors)).toEqual([[], [], [], []])
    expect(world.brings(world.asks({ after: 136, through: 200 }))).toEqual([])
  })
  test('is used up by four of them that it could not pay for', () => {
    const world = usedUp()
    for (const after of [100, 101, 136]) expect(world.brings(world.asks({ after, through: after + 64 }))).toEqual(['DISPUTE_KNOWN'])
  })
  test('but what begins further back than all is taken all the same, wherever it is shown to go back to', () => {
    for (const [stretch, base] of [
      [{ after: 99, through: 100 }, undefined],
      [{ after: 99, through: 163 }, 99],
      [{ after: 0, through: 64 }, undefined],
    ] as const) {
      const world = usedUp()
      expect(world.brings(world.asks(stretch, { base }))).toEqual([])
    }
  })
  test('is not that of others', () => {
    const world = usedUp()
    expect(world.brings(world.asks({ after: 136, through: 200 }, { out: 2 }))).toEqual([])
  })
})
