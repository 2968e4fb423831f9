import type { ContentId, NetworkId, PeerId } from '@interpeer/crypto-ids'
import { type Verification, verifyReveals } from '@interpeer/peer-group'
import type { ServedState } from '../served-state.js'
import { partakersOf, type SiteView } from '../site-view.js'
import { holdDag } from './block-source.js'
import { repair } from './repair.js'
import { type AuditedSite, SiteAudits } from './site-audits.js'

export interface CopiesSurroundings extends Omit<AuditedSite, 'state' | 'signers' | 'repair'> {
  readonly network: NetworkId
  readonly verification?: Verification | undefined
  readonly view: () => SiteView
  readonly served: () => ServedState | undefined
}

/** How long a visitor waits for what a repair is to bring, three times at most (`withRepair`); then another member is asked. */
const VISITOR_REPAIR_MS = 5_000
const AUDIT_REPAIR_MS = 60_000

/** Who may have what a site needs. Where a jury's answer stands, only the jurors may have its state. */
const sourcesIn = (view: SiteView): readonly PeerId[] => [...partakersOf(view), ...view.judges]

/** One site's blocks on this peer: fetches the states that its epochs begin from, makes lost copies again, and audits others' (design §4). */
export class SiteCopies {
  readonly #around: CopiesSurroundings
  readonly #audits: SiteAudits
  readonly #stop = new AbortController()
  /** States that are being fetched, each once at a time, and the last epoch that wants it. */
  readonly #holding = new Map<ContentId, { epoch: number; readonly held: Promise<boolean> }>()

  constructor(around: CopiesSurroundings) {
    this.#around = around
    this.#audits = new SiteAudits({
      ...around,
      state: () => around.served()?.state,
      signers: () => this.#signers(),
      repair: (missing) => this.#repair(missing, AUDIT_REPAIR_MS),
    })
  }

  /** What is on its way here. */
  get wanted(): Iterable<ContentId> {
    return this.#holding.keys()
  }

  /** Fetches a state until it is here; false when the epochs that wanted it are over. */
  hold(state: ContentId, epoch: number): Promise<boolean> {
    const known = this.#holding.get(state)
    if (known !== undefined) {
      known.epoch = Math.max(known.epoch, epoch)
      return known.held
    }
    const { view } = this.#around
    const isWanted = () => (this.#holding.get(state)?.epoch ?? epoch) >= view().epoch
    const held = holdDag(state, this.#around, () => sourcesIn(view()), this.#stop.signal, isWanted).finally(() =>
      this.#holding.delete(state),
    )
    this.#holding.set(state, { epoch, held })
    return held
  }

  /** Makes again, for a visitor who waits, what is missing here. */
  repairForVisitor(missing: readonly ContentId[]): Promise<boolean> {
    return this.#repair(missing, VISITOR_REPAIR_MS)
  }

  /** Something that this peer should have is missing here. */
  lookSoon(): void {
    this.#audits.soon()
  }

  close(): void {
    this.#stop.abort()
    this.#audits.close()
  }

  #repair(missing: readonly ContentId[], timeoutMs: number): Promise<boolean> {
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(timeoutMs)])
    return repair(missing, this.#around, sourcesIn(this.#around.view()), signal)
  }

  /** Who signed the state that is served, and so said that it holds all below it. Nobody, where only the chain names it. */
  #signers(): readonly PeerId[] {
    const { network, verification, view, served } = this.#around
    const { job, epoch, members } = view()
    const state = served()
    const certificate = state?.epoch === epoch ? state.certificate : null
    if (certificate === null) return []
    try {
      return verifyReveals(certificate, { network, job, epoch, members }, verification).agreed
    } catch {
      return [] // of a group that the chain has not named: what it signed binds nobody here
    }
  }
}
