/**
 * Final or frozen: a chain of certified steps, several of them provisional at once, and what its batches name (design §6).
 *
 * That one step has one certified batch is what the model one-step shows; here it is taken for granted, for each batch that enough honest
 * members may seal free. A bound rank adds nothing to that: whatever is certified was sealed free once. What a member was shown can
 * only forbid it seals, so all that may seal do as soon as the step opens: who is shown a dissent between its seal and the certificate is
 * shown it after the certificate here. Windows may be over at any time: an open one only forbids seals.
 * With fewer than q traitors every certified result is right, so a dissent is always a traitor's second answer, or a lie of *withheld*.
 */
import type { Model } from './explore.js'
import { type Group, honestOf, withAt } from './group.js'

export interface NamingRules {
  /** A batch names no less than the one before it. */
  readonly finalIsMonotone: boolean
  /** A batch carries dissents only from steps that it does not name clear. */
  readonly dissentsAreOfOpenSteps: boolean
  /** After a certified naming with a dissent nobody names that step clear, nor any after it, also who was shown no dissent. */
  readonly freezeBinds: boolean
  /** A certified naming freezes the lowest step that it carries a dissent from. */
  readonly freezesLowest: boolean
  /** A frozen group can still name a dissent from a step before the frozen one. */
  readonly freezeMovesDown: boolean
  /** A closing batch names everything clear up to the freeze, not up to its own step. */
  readonly closingStopsAtFreeze: boolean
  /** A closing batch carries dissents too: after the epoch's end there is no other free batch. */
  readonly closingCarriesDissents: boolean
  /** N matching reveals make a step final only where its batch named all before it. */
  readonly unanimityNeedsAllBefore: boolean
  /** A dissent is stored before it is handed on. */
  readonly dissentIsDurable: boolean
  /** Who was shown a dissent seals no clear. */
  readonly dissentForbidsClear: boolean
  /** Not even where it has N matching reveals: its own word of the dissent would prove it a liar. */
  readonly dissentOutweighsUnanimity: boolean
  /** A batch carries one dissent for each step, so that its room does for every step. */
  readonly oneDissentForEachStep: boolean
  /** The answers to a batch of an earlier epoch, run again, name nothing: its numbers are of that epoch's steps. */
  readonly rerunNamesNothing: boolean
}

export const namingRules: NamingRules = {
  finalIsMonotone: true,
  dissentsAreOfOpenSteps: true,
  freezeBinds: true,
  freezesLowest: true,
  freezeMovesDown: true,
  closingStopsAtFreeze: true,
  closingCarriesDissents: true,
  unanimityNeedsAllBefore: true,
  dissentIsDurable: true,
  dissentForbidsClear: true,
  dissentOutweighsUnanimity: true,
  oneDissentForEachStep: true,
  rerunNamesNothing: true,
}

/** Sets of steps are bit sets: bit s is step s. */
interface Batch {
  readonly final: number
  /** `final` as its answers repeat it: that is what visitors see. */
  readonly told: number
  readonly dissents: number
  readonly closing: boolean
}

/** What the certified batches of an epoch decide, the same for whoever holds them; and, for the checks, what they did wrong. */
interface Chain {
  readonly last: number
  readonly final: number
  /** The lowest step named with a dissent; 0: none. */
  readonly frozen: number
  readonly closed: boolean
  /** Steps whose own batch named all before them. */
  readonly namesAllBefore: number
  /** What a visitor with any one certificate takes for final. */
  readonly finalMax: number
  /** The lowest step named, as the rules want it, whatever a variant freezes. */
  readonly disputed: number
  /** A step that one certified batch names clear, and another with a dissent; 0: none. */
  readonly contradicted: number
  /** Unjudged: steps that certified batches carry dissents from. */
  readonly answered: number
  /** Unjudged: a step that was named clear without a word although every honest member was shown a dissent; 0: none. */
  readonly silenced: number
}

interface Member {
  readonly shown: number
  /** Steps of which it handed a dissent on: that is signed and stays, whatever the member forgets. */
  readonly handedOn: number
}

interface Naming {
  readonly chain: Chain
  /** Steps with N matching reveals, in whosever hands: every member may have got them too, for not having them only forbids seals. */
  readonly unanimous: number
  readonly members: readonly Member[]
  /** A step that an honest member cleared although its own word of a dissent seems to prove it a liar. */
  readonly convictedOf: number
}

const has = (steps: number, step: number) => ((steps >> step) & 1) === 1
/** 0 where there is none: steps count from 1. */
const lowest = (steps: number) => (steps === 0 ? 0 : 31 - Math.clz32(steps & -steps))
const highest = (steps: number) => (steps === 0 ? 0 : 31 - Math.clz32(steps))

function certified({ chain, members }: Naming, batch: Batch, { isUnjudged = false }: NamingSize, rules: NamingRules): Chain {
  const last = chain.last + 1
  const lower = (frozen: number, named: number) => (frozen === 0 || (named !== 0 && named < frozen) ? named : frozen)
  const named = rules.freezesLowest ? lowest(batch.dissents) : highest(batch.dissents)
  const frozen = isUnjudged ? 0 : lower(chain.frozen, named)
  const disputed = isUnjudged ? 0 : lower(chain.disputed, lowest(batch.dissents))
  const answered = isUnjudged ? chain.answered | batch.dissents : 0
  const known = members.reduce((steps, one) => steps & one.shown, -1)
  const silenced = !isUnjudged ? 0 : lowest(known & ~answered & ((2 << batch.final) - (2 << chain.final)))
  const finalMax = Math.max(chain.finalMax, batch.told)
  const contradicted = disputed !== 0 && finalMax >= disputed ? disputed : chain.contradicted
  const namesAllBefore = chain.namesAllBefore | (batch.told >= last - 1 ? 1 << last : 0)
  return { last, final: batch.final, frozen, closed: batch.closing, namesAllBefore, finalMax, disputed, contradicted, answered, silenced }
}

/** Every batch that an honest member may seal free at the next step, if what it names is clear in its view. */
function* proposals(
  { last, final: before, frozen }: Chain,
  { disputedMax, rerun, endsAfter, isUnjudged = false }: NamingSize,
  rules: NamingRules,
): Generator<Batch> {
  const step = last + 1
  if (step <= rerun) {
    // in its own epoch it was a later step
    yield { final: before, told: rules.rerunNamesNothing ? before : step + OLD_STEPS, dissents: 0, closing: false }
    return
  }
  const [mayClose, mayGoOn] = [endsAfter === undefined || last >= endsAfter, endsAfter === undefined || last < endsAfter]
  let nameable = 0
  for (let of = rules.dissentsAreOfOpenSteps ? before + 1 : 1; of < step && of <= disputedMax; of++)
    if (frozen === 0 || (of < frozen && rules.freezeMovesDown)) nameable |= 1 << of
  for (let dissents = nameable; ; dissents = (dissents - 1) & nameable) {
    const carried = isUnjudged ? 0 : lowest(dissents)
    const stop = frozen !== 0 && (carried === 0 || frozen < carried) ? frozen : carried
    for (let final = rules.finalIsMonotone ? before : 0; final < step && mayGoOn; final++) {
      if (rules.dissentsAreOfOpenSteps && carried !== 0 && final >= carried) break
      if (rules.freezeBinds && frozen !== 0 && final >= frozen) break
      yield { final, told: final, dissents, closing: false }
    }
    if (mayClose && (dissents === 0 || rules.closingCarriesDissents)) {
      const final = (stop !== 0 && rules.closingStopsAtFreeze ? stop : step) - 1
      yield { final, told: final, dissents, closing: true }
    }
    if (dissents === 0) break
  }
}

function maySeal(
  { chain, unanimous }: Naming,
  member: Member,
  batch: Batch,
  { isUnjudged = false }: NamingSize,
  rules: NamingRules,
): boolean {
  for (let step = chain.final + 1; step <= batch.final; step++) {
    if (has(unanimous, step) && !rules.dissentOutweighsUnanimity) continue
    if (isUnjudged && has(chain.answered | batch.dissents, step)) continue
    if (rules.dissentForbidsClear && has(member.shown, step)) return false
  }
  return true
}

/** The epoch is over and everybody was told everything: a closing batch can be sealed by all. */
function goesOn(group: Group, state: Naming, size: NamingSize, rules: NamingRules): boolean {
  const { chain } = state
  if (size.endsAfter === undefined || chain.last < size.endsAfter || chain.closed) return true
  const shown = state.members.reduce((steps, one) => steps | one.shown, 0)
  const eachStep = rules.oneDissentForEachStep ? 1 : group.traitors
  const room = Math.floor((size.dissentsMax ?? 31) / eachStep)
  let carried = 0
  let left = shown & ~chain.answered
  for (let fits = 0; fits < room && left !== 0; fits++, left &= left - 1) carried |= left & -left
  for (const batch of proposals(chain, size, rules)) {
    const isCarried = (batch.dissents & ~carried) === 0
    if (isCarried && batch.closing && maySeal(state, { shown, handedOn: shown }, batch, size, rules)) return true
  }
  return false
}

/** The first step that handed-on dissents prove this free seal to lie about. */
function lieOf({ chain }: Naming, member: Member, batch: Batch): number {
  for (let step = chain.final + 1; step <= batch.final; step++) if (has(member.handedOn, step)) return step
  return 0
}

export interface NamingSize {
  /** How many first steps can be dissented from: so many are provisional at once. */
  readonly disputedMax: number
  readonly stepsMax: number
  /** How many first steps are batches of an epoch before, run again. */
  readonly rerun: number
  /** The epoch ends after so many steps: then every free batch closes, before it none. Undefined: at any time. */
  readonly endsAfter?: number
  /** Without a jury a step that a certified batch carries a dissent from is *unjudged*: answered by that, and named clear all the same. */
  readonly isUnjudged?: boolean
  /** How many dissents fit into a batch. */
  readonly dissentsMax?: number
}
const OLD_STEPS = 3

export function naming(group: Group, size: NamingSize, rules: NamingRules = namingRules): Model<Naming> {
  const { disputedMax, stepsMax } = size
  const members = honestOf(group)
  const chain = {
    last: 0,
    final: 0,
    frozen: 0,
    closed: false,
    namesAllBefore: 0,
    finalMax: 0,
    disputed: 0,
    contradicted: 0,
    answered: 0,
    silenced: 0,
  }
  return {
    start: [{ chain, unanimous: 0, members: members.map(() => ({ shown: 0, handedOn: 0 })), convictedOf: 0 }],
    next(state, emit) {
      const { chain } = state
      if (chain.closed) return
      // what is decided is asked no more
      const decided = rules.finalIsMonotone ? chain.final : 0
      for (let step = decided + 1; step <= chain.last && step <= disputedMax; step++) {
        const bit = 1 << step
        if (!has(state.unanimous, step))
          emit({ ...state, unanimous: state.unanimous | bit }, () => `somebody gets N matching reveals of step ${step}`)
        for (const at of members) {
          const member = state.members[at] as Member
          const put = (one: Partial<Member>): Naming => ({ ...state, members: withAt(state.members, at, { ...member, ...one }) })
          if (!has(member.shown, step)) {
            const seen = { shown: member.shown | bit, handedOn: member.handedOn | bit }
            emit(put(seen), () => `a traitor shows h${at} a dissent from step ${step}, and h${at} hands it on`)
          } else if (!rules.dissentIsDurable)
            emit(put({ shown: member.shown & ~bit }), () => `h${at} crashes and forgets the dissent from step ${step}`)
        }
      }
      if (chain.last >= stepsMax) return
      for (const batch of proposals(chain, size, rules)) {
        const sealers = members.filter((at) => maySeal(state, state.members[at] as Member, batch, size, rules))
        const lies = sealers.map((at) => lieOf(state, state.members[at] as Member, batch))
        const liar = lies.findIndex((step) => step > 0)
        const convictedOf = size.isUnjudged === true ? 0 : Math.max(0, lies[liar] ?? 0)
        if (convictedOf > 0) emit({ ...state, convictedOf }, () => `step ${chain.last + 1}: h${sealers[liar]} seals ${say(batch)}`)
        if (sealers.length < group.quorumHonest) continue
        const next = certified(state, batch, size, rules)
        // of what is named clear only the chain's own fields matter from now on
        const undecided = rules.finalIsMonotone ? ~((2 << next.final) - 1) : -1
        const members_ = state.members.map((one) => ({ shown: one.shown & undecided, handedOn: one.handedOn & undecided }))
        const chain_ = { ...next, namesAllBefore: next.namesAllBefore & undecided, answered: next.answered & undecided }
        emit(
          { ...state, chain: chain_, unanimous: state.unanimous & undecided, members: members_ },
          () => `step ${next.last} is certified: ${say(batch)}; ${sealers.map((at) => `h${at}`).join(' ')} may seal it`,
        )
      }
    },
    key({ chain, members, unanimous, convictedOf }) {
      const rows = members.map((one) => (one.shown << 8) | one.handedOn).sort((one, other) => one - other)
      const { last, final, frozen, closed, namesAllBefore, finalMax, disputed, contradicted, answered, silenced } = chain
      const decided = [last, final, frozen, closed ? 1 : 0, namesAllBefore, finalMax, disputed, contradicted, answered, silenced]
      return String.fromCharCode(...rows, ...decided, unanimous, convictedOf)
    },
    broken(state) {
      const { chain, unanimous, convictedOf } = state
      if (!goesOn(group, state, size, rules)) return 'the epoch cannot be closed: nothing can be sealed'
      if (convictedOf !== 0) return `an honest member seems to have cleared step ${convictedOf} over a dissent`
      if (chain.silenced !== 0) return `step ${chain.silenced} is named clear without the dissent that every honest member was shown`
      if (chain.contradicted !== 0)
        return `step ${chain.contradicted} is final for who holds one certificate, and frozen for who holds another`
      if (chain.disputed === 0) return undefined
      for (let step = chain.disputed + 1; step <= chain.last; step++)
        if (has(unanimous, step) && (!rules.unanimityNeedsAllBefore || has(chain.namesAllBefore, step)))
          return `step ${step} is final by unanimity, beyond the frozen step ${chain.disputed}`
      return undefined
    },
  }
}

function say({ final, told, dissents, closing }: Batch): string {
  const steps = Array.from({ length: 31 }, (_, step) => step).filter((step) => has(dissents, step))
  const kind = closing ? 'closing, ' : ''
  const inAnswers = told === final ? '' : ` but ${told} in its answers`
  return `${kind}final ${final}${inAnswers}${steps.length > 0 ? `, dissents from ${steps.join(' ')}` : ''}`
}
