import { hexOf } from '@interpeer/wire-codec'
import type { Group, OpenStep } from './group-state.js'
import type { Reveal, Timeout } from './messages.js'
import { collatorOrder } from './quorum.js'
import { RANK_WINDOW } from './settings.js'
import type { Opened } from './verifier.js'

export function newOpenStep({ setup, settings }: Pick<Group, 'setup' | 'settings'>, step: number): OpenStep {
  return {
    step,
    order: collatorOrder(setup.chainSeed, step, setup.members.length),
    rank: 0,
    timerAtMs: undefined,
    timerSinceMs: undefined,
    resendAtMs: undefined,
    resendEveryMs: settings.resendMs,
    proposals: new Map(),
    batches: new Map(),
    runs: new Map(),
    bodies: new Map(),
    seals: new Map(),
    reveals: new Map(),
    timeouts: new Map(),
    tallies: new Map(),
    blamed: new Set(),
    sealed: undefined,
    revealed: undefined,
    bound: undefined,
    lockRank: undefined,
    proposed: undefined,
    ownTimeouts: [],
    givenUp: -1,
    proof: undefined,
    quorumAtMs: undefined,
    toldStuck: false,
  }
}

export const revealsIn = ({ reveals }: Pick<OpenStep, 'reveals'>): readonly Opened<Reveal>[] =>
  [...reveals.values()].flatMap((bySeat) => [...bySeat.values()])
export const timeoutsIn = ({ timeouts }: Pick<OpenStep, 'timeouts'>): readonly Opened<Timeout>[] => [...timeouts.values()].flat()

/** Forgets ranks far below the current one, but for that of the commit set, and batches that nothing is about any more: a step may stay open for days. */
export function forgetRanks(open: OpenStep): void {
  const { proposals, batches, runs, seals, reveals, blamed, bound, sealed } = open
  const isOver = (rank: number): boolean => rank < open.rank - RANK_WINDOW && rank !== bound?.rank
  for (const byRank of [proposals, seals, reveals]) for (const rank of byRank.keys()) if (isOver(rank)) byRank.delete(rank)
  for (const rank of blamed) if (isOver(rank)) blamed.delete(rank)
  const signed = [...seals.values(), ...reveals.values()].flatMap((bySeat) => [...bySeat.values()])
  const hashes = [...[...proposals.values()].map(({ batch }) => batch.hash), ...signed.map(({ value }) => value.batch)]
  for (const hash of [bound?.hash, sealed?.batch.hash]) if (hash !== undefined) hashes.push(hash)
  const wanted = new Set(hashes.map(hexOf))
  for (const byName of [batches, runs]) for (const name of byName.keys()) if (!wanted.has(name)) byName.delete(name)
}
