import type { PlantedBug } from '@interpeer/simulator'
import { plantedInDisputes } from './planted-disputes.js'

const SEEDS_MAX = 150
const inGroup = { scenario: 'group', peers: 5, seedsMax: SEEDS_MAX }
const ofFour = { scenario: 'group', peers: 4, seedsMax: SEEDS_MAX }
const inTraitors = { scenario: 'group-traitors', peers: 5, seedsMax: SEEDS_MAX }
const inLocks = { scenario: 'group-locks', peers: 5, seedsMax: 600 }
const inEpochs = { scenario: 'group-epochs', peers: 5, seedsMax: 60 }
const inDisputes = { scenario: 'group-disputes', peers: 5, seedsMax: 200 }
const inEvents = { scenario: 'group-events', peers: 5, seedsMax: 10 }
const inJury = { scenario: 'jury', peers: 5, seedsMax: 200 }

/**
 * Bugs that the simulations must find: `npm run sim -- --planted`. Each is put into a source of this package when it is loaded. One whose text is not in its source
 * any more fails too, so whoever changes a rule changes its bug.
 */
export const planted: readonly PlantedBug[] = [
  {
    name: 'salt-left-out',
    says: 'a seal says what was answered to whoever can guess it',
    patches: [{ file: 'src/answer.ts', search: '[...placeOf(context), salt, [root,', replace: '[...placeOf(context), [root,' }],
    foundBy: [{ ...inTraitors, seedFrom: 9, seedsMax: 20 }],
  },
  {
    name: 'quorum-off-by-one',
    says: 'floor(2N/3) members are enough',
    patches: [{ file: 'src/quorum.ts', search: 'Math.floor((2 * memberCount) / 3) + 1', replace: 'Math.floor((2 * memberCount) / 3)' }],
    foundBy: [ofFour],
  },
  {
    name: 'lock-not-durable',
    says: 'a member that restarts has forgotten on which commit set it revealed',
    patches: [
      {
        file: 'src/durable.ts',
        search: 'bound: open.bound === undefined ? null : { rank: open.bound.rank, batch: open.bound.hash, seals: open.bound.seals },',
        replace: 'bound: null,',
      },
      { file: 'src/durable.ts', search: 'lockRank: open.lockRank ?? null,', replace: 'lockRank: null,' },
    ],
    foundBy: [{ ...inGroup, seedFrom: 424, seedsMax: 20 }],
  },
  {
    name: 'seal-not-durable',
    says: 'a member that restarts has forgotten what it sealed',
    patches: [
      {
        file: 'src/durable.ts',
        search:
          'open.sealed === undefined ? null : { ...open.sealed, batch: open.sealed.batch.bytes, start: bytesOfContentId(open.sealed.start) },',
        replace: 'null,',
      },
    ],
    foundBy: [{ ...inLocks, seedFrom: 71, seedsMax: 20 }],
  },
  {
    name: 'sent-before-durable',
    says: 'what was signed leaves before it is on the disk',
    patches: [
      {
        file: 'src/group.ts',
        search:
          "  if (t.durable) effects.push({ type: 'persist', bytes: writeRecord(t.g), ...(t.answers ? { bodies: true } : {}) })\n  effects.push(...t.effects)\n",
        replace:
          "  effects.push(...t.effects)\n  if (t.durable) effects.push({ type: 'persist', bytes: writeRecord(t.g), ...(t.answers ? { bodies: true } : {}) })\n",
      },
    ],
    foundBy: [inGroup],
  },
  {
    name: 'bodies-not-durable',
    says: 'a member seals a batch whose requests only its memory holds',
    patches: [{ file: 'src/run.ts', search: '  t.answers = true\n', replace: '' }],
    foundBy: [inGroup],
  },
  {
    name: 'lock-not-raised',
    says: 'the first commit set seen is kept, not the highest',
    patches: [
      {
        file: 'src/timeouts.ts',
        search: 'if (open.bound !== undefined && open.bound.rank >= set.rank) return false',
        replace: 'if (open.bound !== undefined) return false',
      },
      {
        file: 'src/rounds.ts',
        search: 'if (rank <= (open.bound?.rank ?? -1)) continue',
        replace: 'if (open.bound !== undefined) continue',
      },
    ],
    foundBy: [inGroup],
  },
  {
    name: 'reveals-of-ranks-mixed',
    says: 'q reveals of one batch make a certificate, whatever their ranks',
    patches: [
      {
        file: 'src/rounds.ts',
        search: 'of groupBy([...bySeat.values()], (one) =>',
        replace: 'of groupBy([...new Map([...open.reveals.values()].flatMap((seats) => [...seats])).values()], (one) =>',
      },
    ],
    foundBy: [inGroup],
  },
  {
    name: 'timeouts-of-ranks-mixed',
    says: 'a proposal may show time-outs of any rank before its own',
    patches: [
      { file: 'src/timeouts.ts', search: 'timeout.value.rank !== value.rank - 1', replace: 'timeout.value.rank > value.rank - 1' },
      {
        file: 'src/timeouts.ts',
        search: 'flatMap((seen) => seen.filter((one) => one.value.rank === rank))',
        replace: 'flatMap((seen) => seen.filter((one) => one.value.rank <= rank).slice(-1))',
      },
    ],
    foundBy: [inGroup],
  },
  {
    name: 'reveal-after-timeout',
    says: 'a member reveals at a rank that it has given up',
    patches: [{ file: 'src/rounds.ts', search: ' || open.givenUp >= sealed.rank || ', replace: ' || ' }],
    foundBy: [inGroup],
  },
  {
    name: 'timeout-hides-commit-set',
    says: 'a time-out does not carry the commit set that its sender has seen',
    patches: [
      {
        file: 'src/timeouts.ts',
        search:
          'const bound = open.bound === undefined ? null : { rank: open.bound.rank, batch: open.bound.hash, seals: open.bound.seals }',
        replace: 'const bound = null',
      },
    ],
    foundBy: [inGroup],
  },
  {
    name: 'seal-without-own-run',
    says: 'a member seals the state before as the one after, without a run',
    patches: [
      {
        file: 'src/run.ts',
        search: "  open.runs.set(name, { type: 'running', rank: open.rank, sinceMs: t.nowMs })\n",
        replace:
          "  if (open.rank > 0) {\n    finish(t, batch, before, { type: 'ran', files: before.files, ...NOTHING_RAN, responses: batch.requests.map(({ cid }) => cid) })\n    return true\n  }\n  open.runs.set(name, { type: 'running', rank: open.rank, sinceMs: t.nowMs })\n",
      },
    ],
    foundBy: [inGroup],
  },
  {
    name: 'reveal-without-commit-set',
    says: 'a member reveals as soon as it has sealed',
    patches: [
      {
        file: 'src/rounds.ts',
        search: 'if (sealed === undefined || bound === undefined || bound.rank !== sealed.rank) return false',
        replace: 'if (sealed === undefined) return false',
      },
      { file: 'src/rounds.ts', search: 'if (!sameBytes(bound.hash, sealed.batch.hash) || open.givenUp', replace: 'if (open.givenUp' },
    ],
    foundBy: [inGroup],
  },
  {
    name: 'any-commit-set',
    says: 'a proposal is bound to the lowest commit set that it shows',
    patches: [
      {
        file: 'src/timeouts.ts',
        search:
          'for (const { boundSet } of timeouts) if (boundSet !== undefined && boundSet.rank > (highest?.rank ?? -1)) highest = boundSet',
        replace:
          'for (const { boundSet } of timeouts) if (boundSet !== undefined && boundSet.rank < (highest?.rank ?? 65_536)) highest = boundSet',
      },
    ],
    foundBy: [inLocks],
  },
  {
    name: 'old-epochs-certificate',
    says: 'a certificate of an earlier epoch counts in this one',
    patches: [
      { file: 'src/verifier.ts', search: 'else if (claimed.epoch !== context.epoch)', replace: 'else if (claimed.epoch > context.epoch)' },
      { file: 'src/certificate.ts', search: ' || value.epoch !== context.epoch)', replace: ' || value.epoch > context.epoch)' },
    ],
    foundBy: [inEpochs],
  },
  {
    name: 'stale-state-accepted',
    says: 'a member goes on from whatever state it is given',
    patches: [
      {
        file: 'src/finality.ts',
        search: 'if (state.root !== root || !takeState(t, state))',
        replace: 'if (!takeState(t, { ...state, root }))',
      },
    ],
    foundBy: [inEpochs],
  },
  {
    name: 'request-ids-not-checked',
    says: 'a batch may hold a request that has run',
    patches: [
      {
        file: 'src/check-batch.ts',
        search: "if (batch.requests.some(({ id }) => answeredBy(state, hexOf(id)) !== undefined)) return 'BATCH_REPEATS'",
        replace: '',
      },
    ],
    foundBy: [{ ...inTraitors, seedFrom: 50, seedsMax: 20 }],
  },
  {
    name: 'ids-not-their-askers',
    says: 'whoever signs a request under an id has it in the group, whoever chose it',
    patches: [{ file: 'src/write-id.ts', search: 'sha256(from, id)', replace: 'sha256(id)' }],
    foundBy: [{ ...inTraitors, seedFrom: 16, seedsMax: 60 }],
  },
  {
    name: 'batch-bytes-not-checked',
    says: 'a collator may have members run as many bytes of requests as it likes',
    patches: [
      { file: 'src/run.ts', search: "if (!proposal.bound && isOverfull(t, batch)) return refuse(t, 'BATCH_TOO_LARGE')", replace: '' },
    ],
    foundBy: [{ ...inTraitors, seedFrom: 20, seedsMax: 60 }],
  },
  {
    name: 'two-batches-at-one-rank',
    says: 'a member that has sealed at a rank seals there again when another batch is proposed',
    patches: [
      {
        file: 'src/propose.ts',
        search: "if (earlier !== undefined) return accuse(t, 'two-proposals', opened.seat, earlier.envelope, opened.envelope)",
        replace: '',
      },
      {
        file: 'src/run.ts',
        search: '|| (open.sealed?.rank ?? -1) >= open.rank) return false',
        replace: '|| (open.sealed?.rank ?? -1) > open.rank || open.sealed?.batch === proposal.batch) return false',
      },
    ],
    foundBy: [inTraitors],
  },
  {
    name: 'dissent-ignored',
    says: 'a member names a step final although something is signed against it',
    patches: [{ file: 'src/steps.ts', search: "if (one.dissents.size > 0 && !isAnswered) return 'no'", replace: '' }],
    foundBy: [{ ...inDisputes, seedFrom: 100, seedsMax: 20 }],
  },
  {
    name: 'window-not-waited',
    says: 'a step is named final as soon as it is certified',
    patches: [
      {
        file: 'src/steps.ts',
        search: 'fromMs = Math.max(fromMs, one.sinceMs + g.settings.dissentWindowMs)',
        replace: 'fromMs = 0',
      },
    ],
    foundBy: [inGroup],
  },
  {
    name: 'dissent-not-durable',
    says: 'a member that restarts has forgotten what it handed on',
    patches: [{ file: 'src/durable.ts', search: 'dissents: dissentsToKeep(dissents, g.seat),', replace: 'dissents: [],' }],
    foundBy: [inDisputes],
  },
  {
    name: 'unanimous-without-all',
    says: 'a step is final at once when all but one agree',
    patches: [
      { file: 'src/steps.ts', search: 'return reveals.size === memberCount &&', replace: 'return reveals.size >= memberCount - 1 &&' },
    ],
    foundBy: [inGroup],
  },
  {
    name: 'naming-not-checked',
    says: 'a batch may name itself final, or fewer steps than the one before',
    patches: [{ file: 'src/check-batch.ts', search: "if (final < namedThrough(g) || final >= step) return 'BATCH_FINAL'", replace: '' }],
    foundBy: [{ ...inTraitors, seedFrom: 86, seedsMax: 20 }],
  },
  {
    name: 'rerun-names-steps',
    says: 'the answer to a batch of an earlier epoch names steps of this one',
    patches: [{ file: 'src/batch.ts', search: 'batch.epoch === epoch ?', replace: 'batch.epoch <= epoch ?' }],
    foundBy: [inEpochs],
  },
  {
    name: 'timeout-hides-dissents',
    says: 'a time-out does not carry what its sender holds against a step',
    patches: [
      {
        file: 'src/timeouts.ts',
        search: 'const dissents = openDissents(t).map(({ envelope }) => envelope)',
        replace: 'const dissents = []',
      },
    ],
    foundBy: [inDisputes],
  },
  {
    name: 'own-proposal-bound',
    says: 'a member that restarts seals its own proposal whatever it was shown since',
    patches: [
      {
        file: 'src/durable.ts',
        search: 'const bound = isForced(t, boundBy(showTimeouts(t, opened) ?? []))',
        replace: 'const bound = true',
      },
    ],
    foundBy: [{ ...inGroup, seedFrom: 5603, seedsMax: 10 }],
  },
  {
    name: 'late-reveal-over-dissent',
    says: 'a member that handed a dissent on reveals late what calls the step final',
    patches: [{ file: 'src/adopt.ts', search: ' || isOverDissent(t, known)) return', replace: ') return' }],
    foundBy: [{ ...inDisputes, seedFrom: 692, seedsMax: 10 }],
  },
  {
    name: 'hidden-batch-not-told',
    says: 'a member that is shown a certificate, and not given its batch, says nothing',
    patches: [{ file: 'src/clock.ts', search: '  sayUnseen(t)\n', replace: '' }],
    foundBy: [inDisputes],
  },
  {
    name: 'bodies-of-one-source',
    says: 'a member waits for one silent source of a body for half the window, and then says that it was given nothing',
    patches: [{ file: 'src/settings.ts', search: 'BODIES_STRAGGLER_MS = 150', replace: 'BODIES_STRAGGLER_MS = 1_000' }],
    foundBy: [{ ...inDisputes, seedFrom: 35, seedsMax: 20 }],
  },
  {
    name: 'jury-of-who-spoke',
    says: 'more than half of the jurors that have spoken are a majority',
    patches: [
      {
        file: 'src/jury/judge.ts',
        search: 'if (2 * alike.length > jury.length && 2 * sumOf(alike, weights) > total)',
        replace: 'if (2 * alike.length > spoken.length)',
      },
    ],
    foundBy: [inJury],
  },
  {
    name: 'timer-stays',
    says: 'a timer that has run is still in the agenda',
    patches: [{ file: 'src/agenda/due.ts', search: 'agenda.timers.filter((one) => one !== event.timer) })', replace: 'agenda.timers })' }],
    foundBy: [inEvents],
  },
  {
    name: 'outbox-stays',
    says: 'a request that a member reported as sent still waits to be sent',
    patches: [
      {
        file: 'src/agenda/outbox-turns.ts',
        search: "{ type: 'ended', entry, agenda: withEntry(agenda, key, undefined) }",
        replace: "{ type: 'ended', entry, agenda }",
      },
    ],
    foundBy: [inEvents],
  },
  ...plantedInDisputes,
]
