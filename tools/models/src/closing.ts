/**
 * The end of an epoch and the opening of the next: a closing certificate that may be hidden, against a recovery by the chain (design §6,
 * Epochs, Recovery, Hand-over; rules 33 to 36). A leaver's seat goes to a newcomer. All provisional steps are certified and the closing
 * batch is sealed when the model begins; who opens the next epoch can work in it at once.
 */
import type { Model } from './explore.js'
import { count, type Group, honestOf, subsets, withAt } from './group.js'

export interface ClosingRules {
  /** A closing batch that only a commit set shows closes the epoch as its certificate does. Otherwise it is run again. */
  readonly boundClosingCloses: boolean
  /** A member that has shown signs nothing more in the epoch. */
  readonly showIsLast: boolean
  /** A show carries the certificate or the commit set that its member has. */
  readonly showsCarryAll: boolean
  /** A recovery from fewer than q shows opens the epoch after the next, which no closing certificate can open. */
  readonly fewerShowsSkipAnEpoch: boolean
  /** A member that has shown opens only what a block says: not needed where the others hold, and no substitute for the first. */
  readonly whoShowedWaitsForBlock: boolean
  /** Who opened the next epoch otherwise than its block says only sits it out: that keeps nobody from losing what is final there. */
  readonly openingsMayDiffer: boolean
}
export const closingRules: ClosingRules = {
  boundClosingCloses: true,
  showIsLast: true,
  showsCarryAll: true,
  fewerShowsSkipAnEpoch: true,
  whoShowedWaitsForBlock: false,
  openingsMayDiffer: false,
}

/** What the next epoch begins as. */
type Opening = 'none' | 'closing' | 'rerun' | 'skipping'
const NOTHING = 0
const COMMIT_SET = 1
const CERTIFICATE = 2
const holdings = ['nothing of the closing batch', 'its commit set', 'the closing certificate']

interface Old {
  readonly revealed: boolean
  readonly holds: boolean
  /** -1: has not shown. */
  readonly shown: number
  readonly opened: Opening
  readonly leaves: boolean
}
interface Closing {
  readonly old: readonly Old[]
  readonly newcomer: Opening
  /** The chain's opening, once a block records one. */
  readonly block: Opening
  /** Seats of traitors in the next epoch. */
  readonly traitorsStay: number
}

export function closing(group: Group, rules: ClosingRules = closingRules): Model<Closing> {
  const indices = honestOf(group)
  const fewer = group.members - group.quorum + 1
  const isCertified = ({ old }: Closing) => count(old, (one) => one.revealed) >= group.quorumHonest
  const begin = (leaver: number): Closing => ({
    old: indices.map((at) => ({ revealed: false, holds: false, shown: -1, opened: 'none', leaves: at === leaver })),
    newcomer: 'none',
    block: 'none',
    traitorsStay: group.traitors - (leaver < 0 ? 1 : 0),
  })

  return {
    // the leaver is an honest member, or a traitor
    start: [begin(0), ...(group.traitors > 0 ? [begin(-1)] : [])],
    next(state, emit) {
      const certified = isCertified(state)
      for (const at of indices) {
        const member = state.old[at] as Old
        const put = (one: Partial<Old>): Closing => ({ ...state, old: withAt(state.old, at, { ...member, ...one }) })
        const signs = member.shown < 0 || !rules.showIsLast
        if (!member.revealed && signs) emit(put({ revealed: true }), () => `h${at} reveals the closing batch`)
        if (certified && !member.holds) emit(put({ holds: true }), () => `h${at} gets the closing certificate`)
        if (member.shown < 0) {
          const has = member.holds ? CERTIFICATE : member.revealed ? COMMIT_SET : NOTHING
          const shown = rules.showsCarryAll ? has : NOTHING
          emit(put({ shown }), () => `h${at} shows ${holdings[shown]}`)
        }
        if (member.leaves || member.opened !== 'none') continue
        if (member.holds && !(rules.whoShowedWaitsForBlock && member.shown >= 0))
          emit(put({ opened: 'closing' }), () => `h${at} opens the next epoch from the closing certificate`)
        if (state.block !== 'none') emit(put({ opened: state.block }), () => `h${at} opens the next epoch as the block says`)
      }
      if (state.newcomer === 'none') {
        // it may not know the newest block: whoever hands it a certificate need not tell
        if (certified) emit({ ...state, newcomer: 'closing' }, () => 'the newcomer opens the next epoch from the closing certificate')
        if (state.block !== 'none') emit({ ...state, newcomer: state.block }, () => 'the newcomer opens the next epoch as the block says')
      }
      if (state.block !== 'none') return
      for (const shows of new Set([group.quorum, fewer])) {
        for (const chosen of subsets(
          indices.filter((at) => (state.old[at] as Old).shown >= 0),
          Math.max(0, shows - group.traitors),
        )) {
          const own = Math.max(NOTHING, ...chosen.map((at) => (state.old[at] as Old).shown))
          // the traitors show nothing, the commit set, or the certificate if there is one
          for (let best = own; best <= (certified ? CERTIFICATE : COMMIT_SET); best++) {
            const closes = best === CERTIFICATE || (best === COMMIT_SET && rules.boundClosingCloses)
            const complete = shows === group.quorum
            const block = closes ? 'closing' : complete || !rules.fewerShowsSkipAnEpoch ? 'rerun' : 'skipping'
            const who = () => chosen.map((at) => `h${at}`).join(' ')
            const label = () => `a block records ${shows} shows, of ${who()} and traitors, with ${holdings[best]}: ${sayOf[block]}`
            emit({ ...state, block }, label)
          }
        }
      }
    },
    key({ old, newcomer, block, traitorsStay }) {
      const rows = old.map(
        (one) =>
          (one.revealed ? 1 : 0) |
          (one.holds ? 2 : 0) |
          ((one.shown + 1) << 2) |
          (openings.indexOf(one.opened) << 4) |
          (one.leaves ? 64 : 0),
      )
      const rest = [openings.indexOf(newcomer), openings.indexOf(block), traitorsStay]
      return String.fromCharCode(...rows.sort((one, other) => one - other), ...rest)
    },
    broken(state) {
      const opened = [...state.old.map((one) => one.opened), state.newcomer]
      // `skipping` opens an epoch of another number
      if (!rules.openingsMayDiffer && opened.includes('closing') && opened.includes('rerun')) return 'the next epoch is opened in two ways'
      const workers = count(opened, (one) => one === 'closing') + state.traitorsStay
      if (workers >= group.quorum && state.block === 'rerun')
        return 'a block opens the next epoch anew although a quorum works in it already'
      return undefined
    },
  }
}

const openings: readonly Opening[] = ['none', 'closing', 'rerun', 'skipping']
const sayOf = {
  closing: 'the next epoch opens from the closing batch',
  rerun: 'the next epoch opens from the last certificates, later batches are run again',
  skipping: 'the epoch after the next opens; writes may be lost',
}
