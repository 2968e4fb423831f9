export { AccountMap } from './account-map.js'
export { LedgerError, type LedgerFailure } from './errors.js'
export {
  type Account,
  AMOUNT_MAX,
  accountOf,
  assertConserved,
  balanceOf,
  beginLedger,
  burn,
  COMMONS,
  closeEscrow,
  EMPTY_LEDGER,
  escrowOf,
  type Holding,
  type Ledger,
  mint,
  move,
  openEscrow,
  payFromEscrow,
  type Supply,
  supplyOf,
  type TransferOrder,
  taxOf,
  transfer,
  UNITS_PER_COIN,
  useNonce,
} from './ledger.js'
export {
  assertTotal,
  checkAccount,
  checkSupply,
  ledgerEdits,
  ledgerEntries,
  ledgerFrom,
  type ProvenAccount,
  SUPPLY_KEY,
} from './ledger-map.js'
export { openTransfer, signTransfer, type Transfer, transferMessage } from './transfer.js'
