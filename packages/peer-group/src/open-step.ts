import type { Group, OpenStep } from './group-state.js'
import { collatorOrder } from './quorum.js'

export function newOpenStep({ setup, settings }: Pick<Group, 'setup' | 'settings'>, step: number): OpenStep {
  return {
    step,
    order: collatorOrder(setup.chainSeed, step, setup.members.length),
    rank: 0,
    timerAtMs: undefined,
    resendAtMs: undefined,
    resendEveryMs: settings.resendMs,
    proposals: new Map(),
    batches: new Map(),
    runs: new Map(),
    bodies: new Set(),
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
    disputed: false,
  }
}
