import { tstr } from './cose.js'
import { type EntryVector, entriesOfPeers, entriesOfSettings, keyOfUnit, mapOf, provenIn, withValue } from './data-sets.js'
import { hexOfWords, named, uint } from './maker.js'

const peerKey = (n: number): string => named(`peer ${n}`)
const outcomes = { agreed: 0, late: 0, absent: 0, contradicted: 0, unresolved: 0 }
const fresh = { good: 0, bad: 0 }
const newcomer = {
  standing: 'joined' as 'joining' | 'joined' | 'left' | 'rotated' | 'terminated',
  joinedHeight: 0,
  activeHeight: 0,
  awaySinceHeight: null as number | null,
  orders: 0,
  termsHeight: 0,
  recovery: null as string | null,
  heir: null as string | null,
  former: [] as readonly string[],
  slots: 32,
  declines: [] as readonly string[],
  seats: 0,
  tickets: 1,
  ticketsNew: 0,
  intervalHeight: 0,
  jobsDone: 0,
  jobsInterval: 0,
  jobsIntervalBefore: 0,
  ...outcomes,
  connection: fresh,
  agreement: fresh,
}
const peerOf = (n: number, changes: Partial<typeof newcomer> = {}) => ({ peer: peerKey(n), ...newcomer, ...changes })
const FOUR = [
  peerOf(1, {
    ...{ jobsDone: 3, jobsInterval: 1, jobsIntervalBefore: 2, agreed: 300, late: 1, absent: 24, contradicted: 1, unresolved: 2 },
    ...{
      activeHeight: 64,
      seats: 2,
      slots: 3,
      orders: 5,
      termsHeight: 61,
      recovery: named('a recovery key'),
      intervalHeight: 60,
      former: [peerKey(4)],
    },
    ...{
      declines: [named('an uploader'), named('an account of a job')],
      connection: { good: 3_250, bad: 0 },
      agreement: { good: 2_000, bad: 1_000 },
    },
  }),
  peerOf(2, { awaySinceHeight: 70_000, standing: 'joining' }),
  peerOf(3, { joinedHeight: 23, tickets: 3, ticketsNew: 2 }),
  peerOf(4, { tickets: 0, standing: 'rotated', heir: peerKey(1) }),
]
const REGISTRIES = {
  nobody: [],
  'one peer of the genesis': [peerOf(1)],
  'tickets, outcomes, one away, one rotated': FOUR,
  'sixty peers': Array.from({ length: 60 }, (_, i) => peerOf(i, { jobsDone: i })),
}
const USUAL = {
  ...{ cycleMs: '2000', tenureMs: '80000', groupSizeMax: '9', roundMs: '1500', blockBytesMax: '262144', txPoolMax: '2000' },
  ...{ recoveryCycles: '5', secondRecoveryCycles: '10', seatPricePerCycle: '1000000', blockReward: '70000000' },
  ...{ publishFee: '100000000', transferTaxPerMille: '5', rootGroupSize: '512', lookBack: '8' },
  ...{ matureCycles: '30', activeCycles: '400', intervalCycles: '300' },
  ...{ ticketsUnpaid: '16', ticketsMax: '64', slotsMax: '32', joiningFee: '1000000000', ratingMinPerMille: '500' },
  ...{ changeCyclesMin: '60', changeVetoPerMille: '340', changeYesPerMille: '667', changeRatingMinPerMille: '700' },
  ...{
    changeFee: '100000000',
    programVersion: '1',
    disputeFetchCycles: '5',
    disputeAnswerCycles: '5',
    disputeCycles: '10',
    jurorFee: '1000000',
    checkpointCycles: '100',
    newAccountMin: '10000000',
  },
}
const OTHERS = { ...USUAL, cycleMs: '3600000', blockReward: '1000000000000', publishFee: '0' }

/** The maps of peers and of settings, and proofs of them, by the CDDL and the rule of maps. */
export function chainDataSetVectors() {
  const [usual, four] = [entriesOfSettings(USUAL), entriesOfPeers(FOUR)]
  const { cycleMs: _, ...without } = USUAL
  return {
    registries: Object.entries(REGISTRIES).map(([name, peers]) => ({ name, peers, ...mapOf(entriesOfPeers(peers)) })),
    peers: [...peerProofs(four), ...spoiledPeers(four)],
    settings: [
      { name: 'the usual ones', settings: USUAL, ...mapOf(usual) },
      { name: 'others', settings: OTHERS, ...mapOf(entriesOfSettings(OTHERS)) },
    ],
    settingProofs: [
      ...Object.entries(USUAL).map(([setting, shows]) => settingProof(setting, 'ok', usual, setting, { shows })),
      settingProof('none of that name', 'ok', entriesOfSettings(without), 'cycleMs', { shows: null }),
      {
        ...settingProof('another setting’s proof', 'MAP_PROOF_WRONG', usual, 'cycleMs'),
        proof: provenIn(usual, hexOfWords('roundMs')).proof,
      },
      settingProof(
        'a setting that is text',
        'WIRE_SHAPE',
        withValue(usual, hexOfWords('cycleMs'), () => tstr('ab')),
        'cycleMs',
      ),
    ],
  }
}

function settingProof(name: string, expect: string, entries: readonly EntryVector[], setting: string, more = {}) {
  return { name, expect, setting, ...provenIn(entries, hexOfWords(setting)), ...more }
}

/** Of each peer and each ticket, and of a peer that is not there. */
function peerProofs(entries: readonly EntryVector[]) {
  const { total } = mapOf(entries)
  const shown = (key: string) => ({ shows: { peer: FOUR.find(({ peer }) => peer === key) ?? null, tickets: total } })
  const ofPeer = (name: string, peer: string) => ({ name, expect: 'ok', ask: { peer }, ...provenIn(entries, peer), ...shown(peer) })
  return [
    ...FOUR.map(({ peer }, i) => ofPeer(`peer ${i + 1}`, peer)),
    ofPeer('a stranger', peerKey(99)),
    ...Array.from({ length: Number(total) }, (_, ticket) => {
      const key = keyOfUnit(entries, BigInt(ticket))
      return { name: `ticket ${ticket}`, expect: 'ok', ask: { ticket: `${ticket}` }, ...provenIn(entries, key), ...shown(key) }
    }),
  ]
}

function spoiledPeers(entries: readonly EntryVector[]) {
  const { total } = mapOf(entries)
  const first = keyOfUnit(entries, 0n)
  const last = keyOfUnit(entries, BigInt(total) - 1n)
  const wrong = (name: string, ask: object, key: string) => ({ name, expect: 'MAP_PROOF_WRONG', ask, ...provenIn(entries, key) })
  const [, , , without] = FOUR.map(({ peer }) => peer) as [string, string, string, string]
  const spoiled = (name: string, change: (value: string) => string) => ({
    name,
    expect: 'WIRE_SHAPE',
    ask: { peer: peerKey(1) },
    ...provenIn(withValue(entries, peerKey(1), change), peerKey(1)),
  })
  return [
    wrong('another peer’s ticket', { ticket: '0' }, last),
    wrong('a ticket past the last', { ticket: total }, last),
    wrong('a ticket, by a peer without one', { ticket: '0' }, without),
    wrong('a ticket, by proof that somebody is not there', { ticket: '0' }, peerKey(99)),
    { ...wrong('another registry’s root', { peer: first }, first), root: mapOf(entriesOfPeers(REGISTRIES['sixty peers'])).root },
    spoiled('a record without its last field', (value) => `9818${value.slice(4, -14)}`),
    spoiled('a sixth standing', (value) => `9819${uint(5)}${value.slice(6)}`),
  ]
}
