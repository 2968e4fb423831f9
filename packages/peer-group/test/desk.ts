import { type ContentId, contentIdOf, type PeerId, peekMessageNumber } from '@interpeer/crypto-ids'
import { encodeCbor } from '@interpeer/wire-codec'
import { chainSeed, execute, job, network, signerAt, start, verification } from '../simulations/jobs.js'
import {
  batchBlockId,
  collatorOrder,
  type ExecutionResult,
  GROUP_DEFAULTS,
  type Group,
  type GroupContext,
  type GroupEffect,
  type GroupEvent,
  type GroupSetup,
  openGroup,
  type RequestRef,
  stateEventOf,
  stepGroup,
} from '../src/index.js'

export const NOW = 1_700_000_000_000
type WithoutTime<T> = T extends unknown ? Omit<T, 'nowMs'> : never
export interface Letter {
  readonly from: number
  readonly to: number
  readonly number: number
  readonly envelope: Uint8Array
}

/** Members side by side on one desk: the test decides which letter arrives. Runs and states of the own disk are answered at once. */
export class Desk {
  nowMs = NOW
  readonly setup: GroupSetup
  readonly groups: Group[] = []
  readonly records: (Uint8Array | undefined)[] = []
  readonly blocks = new Map<ContentId, Uint8Array>([[start.cid, start.bytes]])
  readonly effects: { readonly member: number; readonly effect: GroupEffect }[] = []
  letters: Letter[] = []
  /** Whether a member gets a block of the others that it asks for. */
  given: (member: number, cid: ContentId) => boolean = () => true
  /** What a member's run comes to; undefined: it has not ended yet. */
  run: (member: number, effect: GroupEffect & { type: 'execute' }) => ExecutionResult | undefined = (_, effect) => execute(effect)

  constructor(peers: number, changes: Partial<GroupSetup> = {}) {
    const members = Array.from({ length: peers }, (_, i) => signerAt(i).peerId)
    this.setup = { network, job, epoch: 1, members, chainSeed, start: start.cid, rerun: [], settings: {}, startTimeMs: NOW - 1, ...changes }
    for (const i of this.setup.members.keys()) this.open(i)
  }

  get context(): GroupContext {
    return this.setup
  }
  order(step: number): readonly number[] {
    return collatorOrder(chainSeed, step, this.setup.members.length)
  }
  peer(member: number): PeerId {
    return this.setup.members[member] as PeerId
  }
  group(member: number): Group {
    return this.groups[member] as Group
  }

  /** Starts a member anew from its disk; what was under way to it is lost. */
  open(member: number): void {
    const { state, effects } = openGroup(this.setup, signerAt(member), this.nowMs, this.records[member], verification)
    this.groups[member] = state
    this.letters = this.letters.filter(({ to }) => to !== member)
    this.perform(member, effects)
  }

  tell(member: number, event: WithoutTime<GroupEvent>): readonly GroupEffect[] {
    const { state, effects } = stepGroup(this.group(member), { ...event, nowMs: this.nowMs } as GroupEvent)
    this.groups[member] = state
    this.perform(member, effects)
    return effects
  }

  write(member: number, n: number, ms = this.nowMs): { id: Uint8Array; effects: readonly GroupEffect[] } {
    const id = Uint8Array.from({ length: 16 }, (_, i) => (i === 15 ? n : 0))
    const bytes = encodeCbor([id, 'a request'])
    return { id, effects: this.tell(member, { type: 'write', id, ms, cid: contentIdOf(bytes, 'raw'), bytes }) }
  }

  /** Delivers, in order, all letters that fit, and those that come of them, until none is left. Others stay under way. */
  deliver(fits: (letter: Letter) => boolean = () => true): void {
    for (let left = 10_000; left > 0; left--) {
      const at = this.letters.findIndex(fits)
      if (at < 0) return
      const [letter] = this.letters.splice(at, 1) as [Letter]
      this.tell(letter.to, { type: 'message', from: this.peer(letter.from), envelope: letter.envelope })
    }
    throw new Error('no end of letters')
  }
  drop(fits: (letter: Letter) => boolean = () => true): void {
    this.letters = this.letters.filter((letter) => !fits(letter))
  }

  /** Collators stop waiting for silent members: what q reveal alike is certified. */
  endGrace(fits?: (letter: Letter) => boolean, members?: readonly number[]): void {
    this.pass(GROUP_DEFAULTS.graceMs, members)
    this.deliver(fits)
  }
  /** Dissent windows end: what nothing is signed against may be named final, even where a first collator is silent. */
  endWindow(fits?: (letter: Letter) => boolean, members?: readonly number[]): void {
    for (const ms of [GROUP_DEFAULTS.dissentWindowMs, GROUP_DEFAULTS.graceMs, GROUP_DEFAULTS.rankTimerMs, GROUP_DEFAULTS.graceMs]) {
      this.pass(ms, members)
      this.deliver(fits)
    }
  }

  /** Lets time pass for these members, or all. */
  pass(ms: number, members: readonly number[] = this.groups.map((_, i) => i)): void {
    this.nowMs += ms
    for (const member of members) this.tell(member, { type: 'time' })
  }

  of<K extends GroupEffect['type']>(type: K, member?: number): (GroupEffect & { type: K })[] {
    return this.effects
      .filter((one) => one.effect.type === type && (member === undefined || one.member === member))
      .map(({ effect }) => effect as GroupEffect & { type: K })
  }
  counted(member: number): string[] {
    return this.of('count', member).map(({ code }) => code)
  }

  private perform(member: number, effects: readonly GroupEffect[]): void {
    const kinds = effects.map(({ type }) => type)
    const firstSend = kinds.indexOf('send')
    if (firstSend >= 0 && kinds.lastIndexOf('persist') > firstSend) throw new Error('sent before it was durable')
    for (const effect of effects) {
      this.effects.push({ member, effect })
      if (effect.type === 'persist') this.records[member] = effect.bytes
      if (effect.type === 'store') for (const { cid, bytes } of effect.blocks) this.blocks.set(cid, bytes)
      if (effect.type === 'send') {
        for (const peer of effect.to) {
          const to = this.setup.members.indexOf(peer)
          if (to >= 0) this.letters.push({ from: member, to, number: peekMessageNumber(effect.envelope) ?? -1, envelope: effect.envelope })
        }
      }
    }
    for (const effect of effects) {
      if (effect.type === 'execute') {
        const result = this.run(member, effect)
        if (result !== undefined) this.tell(member, { type: 'executed', batch: effect.batch, from: effect.from, result })
      } else if (effect.type === 'fetch-state') {
        const event = stateEventOf(effect.root, (cid) => this.blocks.get(cid))
        if (event !== undefined) this.tell(member, event)
      } else if (effect.type === 'fetch-batch') {
        const cid = batchBlockId(effect.hash)
        const bytes = this.given(member, cid) ? this.blocks.get(cid) : undefined
        if (bytes !== undefined) this.tell(member, { type: 'batch', bytes })
      } else if (effect.type === 'fetch-bodies') {
        const requests = effect.requests.filter(({ cid }) => this.blocks.has(cid) && this.given(member, cid))
        const isIt = (ref: RequestRef) => this.setup.checkRequest?.(ref, this.blocks.get(ref.cid) as Uint8Array) ?? true
        const held = requests.filter(isIt).map((ref) => ({ ...ref, size: (this.blocks.get(ref.cid) as Uint8Array).length }))
        this.tell(member, { type: 'bodies', requests: held })
      }
    }
  }
}
