import { type BlockStore, memoryStore } from '@interpeer/content-store'
import { type ContentId, contentIdOf, createSigner, jobIdOf, networkIdOf, peekMessageNumber, sha256 } from '@interpeer/crypto-ids'
import {
  collatorOrder,
  createVerification,
  type ExecutionResult,
  firstStateBlock,
  type Group,
  type GroupEffect,
  type GroupEvent,
  type GroupSetup,
  openGroup,
  revealMessage,
  stateEventOf,
  stepGroup,
  type Wish,
  withoutEvent,
  withWishes,
} from '@interpeer/peer-group'
import { sameBytes } from '@interpeer/wire-codec'
import { expect, test } from 'vitest'
import { Accuser } from '../src/node/accuser.js'
import { OwnWorkShell } from '../src/node/own-work-shell.js'

const PARROT = 3
const signers = Array.from({ length: 4 }, (_, i) => createSigner(sha256(Uint8Array.of(63, i))))
const self = signers[0] as (typeof signers)[number]
const members = signers.map(({ peerId }) => peerId)
const network = networkIdOf(Uint8Array.of(1))
const job = jobIdOf(contentIdOf(Uint8Array.of(0x80), 'dag-cbor'))
const verification = createVerification(network)
const start = firstStateBlock(contentIdOf(Uint8Array.of(0x80), 'dag-cbor'))
const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
/** The parrot does not collate the first step: what it reveals there is not in its certificate unless it is sent. */
const chainSeed = Array.from({ length: 99 }, (_, i) => sha256(Uint8Array.of(i))).find(
  (seed) => collatorOrder(seed, 1, members.length)[0] === 0,
) as Uint8Array
type Execute = GroupEffect & { type: 'execute' }
type WithoutTime<T> = T extends unknown ? Omit<T, 'nowMs'> : never

/** Three members that run what is written, a parrot that makes its own part up, and the shell of the first. */
class Watched {
  readonly counted: string[] = []
  /** Accusations that the chain was handed. */
  readonly submitted: Uint8Array[] = []
  /** What the first member's runs are said to have taken. */
  tookMs = 1
  /** Nothing of the parrot's reaches anybody; what it reveals is kept for later. */
  isHeldBack = false
  /** Each run asks for something to be run a second later. */
  setsTimer = false
  /** Whether the parrot makes this one up. */
  isMadeUp: (effect: Execute) => boolean = () => true
  finals = 0
  readonly #held: (() => void)[] = []
  readonly #shell: OwnWorkShell
  readonly #groups: Group[] = []
  readonly #blocks = new Map<ContentId, Uint8Array>([[start.cid, start.bytes]])
  readonly #queue: (() => void)[] = []
  #nowMs = 1_700_000_000_000
  #writes = 0

  constructor() {
    const blocks = this.#blocks
    const store = memoryStore().blocks
    const count = (code: string) => void this.counted.push(code)
    const seen: Pick<BlockStore, 'put' | 'has' | 'get'> = { ...store, has: (cid) => blocks.has(cid) }
    const accuser = new Accuser({
      ...{ signer: self, network, store: seen, log: quiet, count, answerMs: () => 10_000 },
      submit: (transaction) => void this.submitted.push(transaction),
    })
    const around = { signer: self, now: () => this.#nowMs, verification, overlay: { send: () => {} }, log: quiet, count, accuser }
    const setup: GroupSetup = {
      ...{ network, job, epoch: 1, members, chainSeed, start: start.cid, rerun: [], settings: {} },
      startTimeMs: this.#nowMs - 1,
    }
    this.#shell = new OwnWorkShell(setup, around as never)
    for (const [i, signer] of signers.entries()) {
      const { state, effects } = openGroup(setup, signer, this.#nowMs, undefined, verification)
      this.#groups[i] = state
      this.#perform(i, effects)
    }
  }

  /** One more step with a write, until it is final. */
  async write(): Promise<void> {
    this.offer()
    await this.untilFinal(this.finals + 1)
  }
  offer(): void {
    const id = sha256(Uint8Array.of(this.#writes++)).slice(0, 16)
    const bytes = Uint8Array.of(0x40, this.#writes)
    this.#tell(0, { type: 'write', id, ms: this.#nowMs, cid: contentIdOf(bytes, 'raw'), bytes })
  }
  pass(ms: number): void {
    this.#deliver()
    this.#nowMs += ms
    for (const i of members.keys()) this.#tell(i, { type: 'time' })
    this.#deliver()
  }
  async untilFinal(finals: number): Promise<void> {
    for (let left = 100; left > 0 && this.finals < finals; left--) this.pass(200)
    expect(this.finals).toBeGreaterThanOrEqual(finals)
    await new Promise((resolve) => setImmediate(resolve)) // the accuser's store
  }
  /** What was held back reaches the others now. */
  async letGo(): Promise<void> {
    for (const act of this.#held.splice(0)) act()
    this.#deliver()
    await new Promise((resolve) => setImmediate(resolve))
  }

  #deliver(): void {
    for (let act = this.#queue.shift(); act !== undefined; act = this.#queue.shift()) act()
  }
  #tell(i: number, event: WithoutTime<GroupEvent>): void {
    const { state, effects } = stepGroup(this.#groups[i] as Group, { ...event, nowMs: this.#nowMs } as GroupEvent)
    this.#groups[i] = state
    if (i === 0) this.#shell.stepped(state, effects)
    this.#perform(i, effects)
  }
  #perform(i: number, effects: readonly GroupEffect[]): void {
    for (const effect of effects) {
      if (effect.type === 'store') for (const { cid, bytes } of effect.blocks) this.#blocks.set(cid, bytes)
      else if (effect.type === 'send') this.#send(i, effect)
      else if (effect.type === 'execute') this.#execute(i, effect)
      else if (effect.type === 'fetch-state') {
        const event = stateEventOf(effect.root, (cid) => this.#blocks.get(cid))
        if (event !== undefined) this.#queue.push(() => this.#tell(i, event))
      } else if (effect.type === 'fetch-bodies') this.#bodies(i, effect)
      else if (effect.type === 'final' && i === 0) this.finals += 1
    }
  }
  #bodies(i: number, effect: GroupEffect & { type: 'fetch-bodies' }): void {
    const requests = effect.requests.map((ref) => ({ ...ref, size: this.#blocks.get(ref.cid)?.length ?? 0 }))
    this.#queue.push(() => this.#tell(i, { type: 'bodies', requests }))
  }
  #send(i: number, { to, envelope }: GroupEffect & { type: 'send' }): void {
    const isHeld = this.isHeldBack && i === PARROT
    const isReveal = peekMessageNumber(envelope) === revealMessage.number
    for (const peer of isHeld && !isReveal ? [] : to) {
      const act = () => this.#tell(members.indexOf(peer), { type: 'message', from: members[i] as never, envelope })
      ;(isHeld ? this.#held : this.#queue).push(act)
    }
  }
  #execute(i: number, effect: Execute): void {
    const { batch, from, requests, events, timeMs } = effect
    const transcript = sha256(batch)
    const left = events.reduce((agenda, event) => withoutEvent(agenda, event, timeMs), effect.agenda)
    const wishes: readonly Wish[] = this.setsTimer
      ? [{ type: 'timer', name: 'again', seconds: 1, script: 'again.php', args: start.cid }]
      : []
    const result: ExecutionResult & { type: 'ran' } = {
      ...{ type: 'ran', files: from, responses: requests.map(({ cid }) => cid), fuel: 1, agenda: withWishes(left, wishes, timeMs) ?? left },
      transcript: i === PARROT && this.isMadeUp(effect) ? sha256(transcript) : transcript,
    }
    if (i === 0) this.#shell.ran({ ...result, type: 'ran', batch }, this.tookMs)
    this.#queue.push(() => this.#tell(i, { type: 'executed', batch, from, result }))
  }
}

test('a parrot whose first lie took too long to be judged is accused of the next, once', async () => {
  const watched = new Watched()
  watched.tookMs = 5_000
  await watched.write()
  expect([watched.submitted.length, watched.counted.filter((code) => code === 'ACCUSATION_SLOW').length]).toEqual([0, 1])
  watched.tookMs = 1
  for (let i = 0; i < 3; i++) await watched.write()
  expect(watched.submitted).toHaveLength(1)
})

test('one that reveals as late as that still counts is accused of it', async () => {
  const watched = new Watched()
  watched.isHeldBack = true
  let first: Uint8Array | undefined
  watched.isMadeUp = ({ batch }) => {
    first ??= batch
    return sameBytes(batch, first)
  }
  // nearly each step has a write, so that it names an earlier one
  for (let left = 200; left > 0 && watched.finals < 13; left--) {
    watched.offer()
    watched.pass(200)
  }
  expect([watched.finals, watched.submitted]).toEqual([13, []])
  await watched.letGo()
  expect([watched.submitted.length, watched.counted.filter((code) => code === 'ACCUSATION_LATE')]).toEqual([1, []])
})

test('one that makes up what it did for an event is accused, though nobody asked for anything', async () => {
  const watched = new Watched()
  watched.isMadeUp = ({ events, requests }) => events.length > 0 && requests.length === 0
  watched.setsTimer = true
  await watched.write()
  watched.setsTimer = false
  expect(watched.submitted).toEqual([])
  await watched.untilFinal(watched.finals + 2)
  expect([watched.submitted.length, watched.counted.filter((code) => code === 'ACCUSATION_LATE')]).toEqual([1, []])
})
