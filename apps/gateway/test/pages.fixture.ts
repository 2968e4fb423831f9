import type { NetworkStatus } from '../src/pages/index.js'

const NOW_MS = 1_795_383_000_000
const ids = ['a9Xw3k', 'Bq7TzN', 'cV2mPd', 'Fh8RsK', 'gJ5tYe', 'kL4nWb', 'sD6vQx'].map(
  (end, i) => `z6Mk${'pTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWs'.slice(i)}${'xyzABCD'.slice(0, i)}${end}`,
)
const seedOf = (i: number) => ids[i % ids.length] ?? ''

/** Seven peers and one site, as the local network of `npm start` looks after some minutes. */
export const busyNetwork: NetworkStatus = {
  network: 'bafyreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku',
  nowMs: NOW_MS,
  gatewayPeer: 'z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK',
  height: 1_284,
  blockTimeMs: NOW_MS - 1_700,
  cycleMs: 3_000,
  tenureMs: 75_000,
  seedHex: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  rootGroup: { members: ids.slice(0, 5), needed: 4 },
  peers: ids.map((peerId, i) => ({
    peerId,
    name: `seeder-${i + 1}`,
    online: i !== 5,
    balance: String(1_000_000_000_000n + 7_345_678_901n * BigInt(i)),
    tickets: 1 + (i % 3),
    jobsDone: 12 * (7 - i),
    outcomes: { agreed: 1_204 - 91 * i, late: i === 4 ? 2 : 0, absent: i === 5 ? 3 : 0, contradicted: i === 2 ? 1 : 0, unresolved: 0 },
    seats: i < 5 ? 1 : 0,
    standing: 'joined',
    ratings: { connection: 1_000, agreement: 1_000 - 40 * i },
  })),
  jobs: [
    {
      jobId: 'bafyreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy',
      name: 'wiki',
      url: 'http://wiki.localhost:8080/',
      state: 'serving',
      epoch: 17,
      step: 42,
      root: 'bafyreifzjut3te7nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e',
      escrow: '812345600000',
      members: [0, 1, 2, 3, 4].map((seat) => ({
        seat,
        peerId: seedOf(seat),
        sinceMs: NOW_MS - 15_000 * (4 - seat) - 9_000,
        untilMs: NOW_MS + 15_000 * (seat + 1) - 9_000,
      })),
      next: { seat: 0, peerId: seedOf(6), atMs: NOW_MS + 6_000 },
      lastCertificates: [42, 41, 40, 39].map((step, i) => ({
        step,
        rank: i === 2 ? 1 : 0,
        batch: `${step}f4c8996fb92427ae41e4649b934ca495991b7852b855e3b0c44298fc1c149a`,
        agreed: i === 1 ? 4 : 5,
        members: 5,
        timeMs: NOW_MS - 4_000 - 61_000 * i,
      })),
      accusations: [
        {
          ...{
            id: 'a7'.repeat(32),
            accuser: seedOf(3),
            accused: seedOf(2),
            kind: 'own-part',
            outcome: 'open',
            deadlineMs: NOW_MS + 11_000,
          },
          ...{ jury: [seedOf(5), seedOf(6)], heard: [seedOf(6)], leave: [] },
        },
        {
          ...{ id: 'a8'.repeat(32), accuser: seedOf(0), accused: seedOf(2), kind: 'read', outcome: 'accused-lied', deadlineMs: NOW_MS },
          ...{ jury: [seedOf(5), seedOf(6)], heard: [seedOf(5), seedOf(6)], leave: [seedOf(2)] },
        },
      ],
      falseReads: [{ peerId: seedOf(2), accuser: seedOf(0), evidence: 'c1'.repeat(32), timeMs: NOW_MS - 90_000 }],
    },
  ],
  readChecks: { same: 48, contradicted: 1, abstained: 3 },
  supply: { minted: '8500000000000', balances: '7154259256921', escrows: '1340000000000', burned: '5740743079' },
  settings: [{ name: 'publishFee', value: '100000000', meaning: 'burned for each job published' }],
  changes: [
    {
      ...{ id: 'd4'.repeat(32), proposer: seedOf(1), reason: 'Sites should be cheaper.', items: ['publishFee: 100000000 to 50000000'] },
      ...{ validHeight: 1_340, outcome: 'open', isProtected: false, tally: { voters: 7, yes: 1, no: 2 }, passes: true },
    },
  ],
}

export const startingNetwork: NetworkStatus = {
  ...busyNetwork,
  height: 0,
  blockTimeMs: 0,
  peers: busyNetwork.peers.slice(0, 2),
  jobs: [],
  rootGroup: undefined,
}
