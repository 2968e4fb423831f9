import { type AccountId, accountOfBytes, type PeerId, peerIdOfKey } from '@interpeer/crypto-ids'
import { hexOf } from '@interpeer/wire-codec'
import type { ChangeOrder, ChangeVote } from './change-orders.js'
import { ChainError } from './errors.js'
import { ratingPerMille } from './rating.js'
import { isMature, type PeerEntry, type Registry, standingFor } from './registry.js'
import { SETTINGS, type SettingName, type Settings } from './settings.js'

/** What a request changes: settings, and where something went wrong on the chain (§8.3), coins and accounts. */
export interface ChangePatch {
  readonly settings: readonly { readonly name: string; readonly value: bigint }[]
  /** As much of `amount` as the account holds then. */
  readonly moves: readonly { readonly from: AccountId; readonly to: AccountId; readonly amount: bigint }[]
  readonly ends: readonly PeerId[]
}
export type ChangeOutcome = 'open' | 'applied' | 'refused'
/** One request in the `settings` data set. */
export interface ChangeRequest {
  /** SHA-256 of the signed request, hexadecimal. */
  readonly id: string
  readonly proposer: PeerId
  readonly reason: string
  readonly patch: ChangePatch
  readonly proposedHeight: number
  /** The first height that the patch applies to. */
  readonly validHeight: number
  /** It needs an explicit yes: silence does not pass it. */
  readonly isProtected: boolean
  readonly outcome: ChangeOutcome
  /** Once it is settled: how many could vote, and how many did. */
  readonly tally: ChangeTally | null
  readonly votes: ReadonlyMap<PeerId, { readonly vote: 'no' | 'yes'; readonly turn: number }>
}
export interface ChangeTally {
  readonly voters: number
  readonly yes: number
  readonly no: number
}
/** By id. Open ones, and the last that were settled. */
export type Changes = ReadonlyMap<string, ChangeRequest>
export type ChangeRules = Pick<
  Settings,
  'matureCycles' | 'activeCycles' | 'changeCyclesMin' | 'changeVetoPerMille' | 'changeYesPerMille' | 'changeRatingMinPerMille'
>

/** Most requests that are open at once, and settled ones that are remembered. */
export const CHANGES_OPEN_MAX = 64
export const CHANGES_SETTLED_MAX = 64
/** How often a voter says what it thinks of one request: votes cost nothing, so they must end. */
const CHANGE_TURNS_MAX = 8
/** How many times `changeCyclesMin` a request may be ahead, at most: otherwise some that never come would hold all the places for ever. */
const CHANGE_AHEAD_MAX = 100

/** Who may propose and vote: active, mature peers "with over a certain rating" (§6.8). */
export function mayVote(entry: PeerEntry, height: number, rules: ChangeRules): boolean {
  const isActive = height - entry.activeHeight <= rules.activeCycles
  const rating = Math.min(ratingPerMille(entry.connection), ratingPerMille(entry.agreement))
  return entry.standing === 'joined' && isActive && isMature(entry, height, rules) && rating >= rules.changeRatingMinPerMille
}

/** What a request is recorded by. */
export interface RequestContext {
  readonly height: number
  readonly registry: Registry
  readonly rules: ChangeRules
  /** `activeCycles` of the genesis: `trustedCycles` goes by it for ever, so electors must not leave sooner than that. */
  readonly activeCyclesMin: number
}
/**
 * Records a request. Its fee is the caller's to take.
 * @throws {ChainError} CHANGE_VOTER: who may not vote may not propose; CHANGE_EARLY; CHANGE_LATE; CHANGE_PATCH: a setting that there is not, is fixed, or
 *   out of range; CHANGES_FULL: too many are open, or one of this peer's, or of a key before it; CHANGE_KNOWN
 */
export function withChangeRequest(
  changes: Changes,
  { id, proposer, validHeight, reason, patch }: ChangeOrder,
  { height, registry, rules, activeCyclesMin }: RequestContext,
): Changes {
  const by = peerIdOfKey(proposer)
  assertVoter(registry, by, height, rules)
  const earliest = height + rules.changeCyclesMin
  if (validHeight < earliest) throw new ChainError({ code: 'CHANGE_EARLY', earliest })
  const latest = height + CHANGE_AHEAD_MAX * rules.changeCyclesMin
  if (validHeight > latest) throw new ChainError({ code: 'CHANGE_LATE', latest })
  const name = hexOf(id)
  if (changes.has(name)) throw new ChainError({ code: 'CHANGE_KNOWN' })
  const open = [...changes.values()].filter(({ outcome }) => outcome === 'open')
  if (open.length >= CHANGES_OPEN_MAX || open.some((one) => standingFor(registry, one.proposer)?.peer === by)) {
    throw new ChainError({ code: 'CHANGES_FULL' })
  }
  const wanted: ChangePatch = {
    settings: patch.settings,
    moves: patch.moves.map(({ from, to, amount }) => ({ from: accountOfBytes(from), to: accountOfBytes(to), amount })),
    ends: patch.ends.map(peerIdOfKey),
  }
  return new Map(changes).set(name, {
    id: name,
    proposer: by,
    reason,
    patch: wanted,
    proposedHeight: height,
    validHeight,
    isProtected: assertPatch(wanted, activeCyclesMin),
    outcome: 'open',
    tally: null,
    votes: new Map(),
  })
}
/** Whether a patch needs an explicit yes. @throws {ChainError} CHANGE_PATCH */
function assertPatch({ settings, moves, ends }: ChangePatch, activeCyclesMin: number): boolean {
  if (settings.length + moves.length + ends.length === 0) throw new ChainError({ code: 'CHANGE_PATCH', item: 'nothing' })
  if (new Set(settings.map(({ name }) => name)).size !== settings.length) throw new ChainError({ code: 'CHANGE_PATCH', item: 'twice' })
  let isProtected = moves.length + ends.length > 0
  for (const { name, value } of settings) {
    const range = Object.hasOwn(SETTINGS, name) ? SETTINGS[name as SettingName] : undefined
    const min = name === 'activeCycles' ? activeCyclesMin : (range?.min ?? 0)
    const fits = range !== undefined && range.fixedFor === undefined && value >= BigInt(min) && value <= BigInt(range.max)
    if (!fits) throw new ChainError({ code: 'CHANGE_PATCH', item: name })
    isProtected ||= range.isProtected === true
  }
  return isProtected
}

/** @throws {ChainError} CHANGE_UNKNOWN, CHANGE_VOTER, CHANGE_VOTE_OLD: its turn is not after that of the vote that counts now, CHANGE_VOTE_SAME: it says what that says, CHANGE_TURNS: it changed its mind as often as it may */
export function withChangeVote(
  changes: Changes,
  { voter, request, turn, vote }: ChangeVote,
  { height, registry, rules }: { readonly height: number; readonly registry: Registry; readonly rules: ChangeRules },
): Changes {
  const change = changes.get(hexOf(request))
  if (change === undefined || change.outcome !== 'open') throw new ChainError({ code: 'CHANGE_UNKNOWN' })
  const by = peerIdOfKey(voter)
  assertVoter(registry, by, height, rules)
  const before = change.votes.get(by)
  if (turn >= CHANGE_TURNS_MAX) throw new ChainError({ code: 'CHANGE_TURNS', most: CHANGE_TURNS_MAX })
  if (before !== undefined && turn <= before.turn) throw new ChainError({ code: 'CHANGE_VOTE_OLD' })
  // Votes cost nothing: one that changes nothing would be a block's bytes for free.
  if (before?.vote === vote) throw new ChainError({ code: 'CHANGE_VOTE_SAME' })
  return new Map(changes).set(change.id, { ...change, votes: new Map(change.votes).set(by, { vote, turn }) })
}
function assertVoter(registry: Registry, peer: PeerId, height: number, rules: ChangeRules): void {
  const entry = registry.get(peer)
  if (entry === undefined || !mayVote(entry, height, rules)) throw new ChainError({ code: 'CHANGE_VOTER' })
}

/** Votes as they count at a height: of those who may vote then. */
export function tallyOf({ votes }: Pick<ChangeRequest, 'votes'>, registry: Registry, height: number, rules: ChangeRules): ChangeTally {
  let [voters, yes, no] = [0, 0, 0]
  for (const entry of registry.values()) {
    if (!mayVote(entry, height, rules)) continue
    voters++
    const vote = votes.get(entry.peer)?.vote
    if (vote === 'yes') yes++
    if (vote === 'no') no++
  }
  return { voters, yes, no }
}
/**
 * "If a high enough percentage vote against the changes, they are not applied. But otherwise the change will become valid" (§6.8). Protected
 * ones need a share of yes as well, and nothing passes where nobody may vote.
 */
export function passes({ isProtected }: Pick<ChangeRequest, 'isProtected'>, { voters, yes, no }: ChangeTally, rules: ChangeRules): boolean {
  const isVetoed = voters === 0 || no * 1_000 >= rules.changeVetoPerMille * voters
  return !isVetoed && (!isProtected || yes * 1_000 >= rules.changeYesPerMille * voters)
}

/**
 * Settles the requests that are valid from this height on, in the order in which they came. Before anything else in the block, so that all
 * of it is done by the settings that they make.
 */
export function withSettled(
  changes: Changes,
  { height, registry, rules }: { readonly height: number; readonly registry: Registry; readonly rules: ChangeRules },
): { readonly changes: Changes; readonly patches: readonly ChangePatch[] } {
  const due = [...changes.values()].filter(({ outcome, validHeight }) => outcome === 'open' && validHeight <= height)
  if (due.length === 0) return { changes, patches: [] }
  due.sort((a, b) => a.validHeight - b.validHeight || a.proposedHeight - b.proposedHeight || (a.id < b.id ? -1 : 1))
  const next = new Map(changes)
  const patches: ChangePatch[] = []
  for (const change of due) {
    const tally = tallyOf(change, registry, height, rules)
    const isPassed = passes(change, tally, rules)
    if (isPassed) patches.push(change.patch)
    next.set(change.id, { ...change, outcome: isPassed ? 'applied' : 'refused', tally, votes: new Map() })
  }
  return { changes: withoutOldSettled(next), patches }
}
function withoutOldSettled(changes: Map<string, ChangeRequest>): Changes {
  const settled = [...changes.values()].filter(({ outcome }) => outcome !== 'open')
  settled.sort((a, b) => b.validHeight - a.validHeight || (a.id < b.id ? -1 : 1))
  for (const { id } of settled.slice(CHANGES_SETTLED_MAX)) changes.delete(id)
  return changes
}

/** Settings with those of a patch in their place. */
export function patchedSettings(settings: Settings, patch: Pick<ChangePatch, 'settings'>): Settings {
  const values = patch.settings.map(({ name, value }) => [name, typeof settings[name as SettingName] === 'bigint' ? value : Number(value)])
  return { ...settings, ...Object.fromEntries(values) }
}
