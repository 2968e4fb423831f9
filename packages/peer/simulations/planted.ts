import type { PlantedBug } from '@interpeer/simulator'

const inJuries = { scenario: 'juries', peers: 16, seedsMax: 12 }

/** Bugs in what the chain makes of juries that the simulation must find: `npm run sim -- --planted`. */
export const planted: readonly PlantedBug[] = [
  {
    name: 'liar-stays',
    says: 'who lied, as a jury found, keeps its seat',
    patches: [{ file: 'src/network/accusations.ts', search: '.flatMap(({ leave }) => leave)', replace: '.flatMap(() => [])' }],
    foundBy: [{ ...inJuries, seedFrom: 11 }],
  },
  {
    name: 'debtor-stays',
    says: 'who calls juries in vain and has no coins pays nothing, and may do so again',
    patches: [{ file: 'src/network/judge-disputes.ts', search: 'debtors: debtorsIn(state, judgment)', replace: 'debtors: []' }],
    foundBy: [{ ...inJuries, seedFrom: 4 }],
  },
  {
    name: 'jury-without-deadline',
    says: 'jurors that never judge hold a group up for ever',
    patches: [
      {
        file: 'src/network/judge-disputes.ts',
        search: '(!heard && moment.timeMs < one.deadlineMs)',
        replace: '!heard',
      },
    ],
    foundBy: [inJuries],
  },
  {
    name: 'accuser-does-not-pay',
    says: 'who accuses falsely pays nobody',
    patches: [{ file: 'src/network/judge-accusations.ts', search: 'ledger: paidJurors(marked, pay)', replace: 'ledger: marked.ledger' }],
    foundBy: [inJuries],
  },
]
