import type { SiteView } from '../src/site-view.js'

/** Of a site that nobody disputes, in a network too small for a jury. */
export const UNDISPUTED: Pick<SiteView, 'jurors' | 'funds' | 'disputed' | 'judged' | 'judges' | 'accusationJudges'> = {
  jurors: 0,
  funds: { settled: 0n, mayPay: 0n },
  disputed: false,
  judged: false,
  judges: [],
  accusationJudges: [],
}
