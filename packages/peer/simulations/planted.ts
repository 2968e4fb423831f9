import type { PlantedBug } from '@interpeer/simulator'

const inJuries = { scenario: 'juries', peers: 16, seedsMax: 12 }
const inSeats = { scenario: 'seats', peers: 30, seedsMax: 4 }
const inPayments = { scenario: 'chain-payments', peers: 7, seedsMax: 4 }

/** Bugs in what the chain makes of juries, payments and seats that the simulations must find: `npm run sim -- --planted`. */
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
    patches: [
      {
        file: 'src/network/judge-accusations.ts',
        search: 'paidJurors(marked, pay, { isInVain: liars.length === 0 })',
        replace: 'marked.ledger',
      },
    ],
    foundBy: [inJuries],
  },
  {
    name: 'orders-without-turn',
    says: 'an order is carried out whatever its number, so one that was signed twice is, too',
    patches: [
      {
        file: 'src/network/carry-out.ts',
        search: 'const order = { from: accountOfBytes(from), to: payeeOf(state, accountOfBytes(to)), amount, nonce }',
        replace:
          'const order = { from: accountOfBytes(from), to: payeeOf(state, accountOfBytes(to)), amount, nonce: state.ledger.accounts.get(accountOfBytes(from))?.nonce ?? nonce }',
      },
    ],
    foundBy: [inPayments],
  },
  {
    name: 'site-pays-twice',
    says: 'what a site paid reaches its payee twice',
    patches: [
      {
        file: 'src/network/close-epoch.ts',
        search: 'const settled = { ...state, ledger: payOut(state, entry, payments) }',
        replace: 'const settled = { ...state, ledger: payOut({ ...state, ledger: payOut(state, entry, payments) }, entry, payments) }',
      },
    ],
    foundBy: [inPayments],
  },
  {
    name: 'members-paid-from-nothing',
    says: 'who works for a site is paid with new coins, and its escrow stays',
    patches: [
      {
        file: 'src/network/pay.ts',
        search: 'payFromEscrow(ledger, escrow, accountOfPeer(payee.peer), amount)',
        replace: 'mint(ledger, accountOfPeer(payee.peer), amount)',
      },
    ],
    foundBy: [inPayments],
  },
  {
    name: 'terms-count-at-once',
    says: 'who may be drawn is looked up after the block’s own transactions, so its maker chooses by what it states',
    patches: [
      {
        file: 'src/network/application.ts',
        search: 'advanceJobs(state.jobs, recover, moment)',
        replace: 'advanceJobs(state.jobs, recover, momentOf(state, info, { cache, settings, mayPay: (job) => mayPayOf(state, job) }))',
      },
    ],
    foundBy: [inSeats],
  },
  {
    name: 'no-show-costs-nothing',
    says: 'who shows nothing in a recovery is not marked',
    patches: [
      {
        file: 'src/network/application.ts',
        search: 'const marked = withNoShows(registry, away, height, settings)',
        replace: 'const marked = registry',
      },
    ],
    foundBy: [inSeats],
  },
]
