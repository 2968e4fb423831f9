/**
 * The network as this gateway sees it: what `/status.json` answers and the network page shows. Times are network time in ms
 * since 1970; amounts are decimal strings of units (1 coin = 10^9 units), because they can pass 2^53. Peers are listed sorted
 * by PeerId, so that each keeps its colour.
 */
export interface NetworkStatus {
  readonly network: string
  readonly nowMs: number
  readonly gatewayPeer: string
  readonly height: number
  /** When the newest block was made; 0: there is none beside the genesis. */
  readonly blockTimeMs: number
  readonly cycleMs: number
  readonly tenureMs: number
  readonly seedHex?: string | undefined
  /** Who signs the next block, and how many of them it takes. */
  readonly rootGroup?: { readonly members: readonly string[]; readonly needed: number } | undefined
  readonly peers: readonly PeerStatus[]
  readonly jobs: readonly JobStatus[]
  readonly supply: SupplyStatus
  /** Name, value and meaning of each setting. */
  readonly settings: readonly { readonly name: string; readonly value: string; readonly meaning: string }[]
  /** Open change requests, the next to be settled first; then settled ones, the newest first. */
  readonly changes: readonly ChangeStatus[]
  /** Page views that this gateway had a second member run again since its start, by what that one said. `abstained`: or did not answer. */
  readonly readChecks: { readonly same: number; readonly contradicted: number; readonly abstained: number }
}

export interface ChangeStatus {
  /** 64 hexadecimal digits: what `interpeer change vote` takes. */
  readonly id: string
  readonly proposer: string
  readonly reason: string
  /** What it would change, in words. */
  readonly items: readonly string[]
  readonly validHeight: number
  readonly outcome: 'open' | 'applied' | 'refused'
  readonly isProtected: boolean
  readonly tally: { readonly voters: number; readonly yes: number; readonly no: number }
  readonly passes: boolean
}

export interface PeerStatus {
  readonly peerId: string
  readonly name?: string | undefined
  readonly online: boolean
  readonly balance: string
  readonly tickets: number
  readonly jobsDone: number
  /** In how many steps it did what. */
  readonly outcomes: {
    readonly agreed: number
    readonly late: number
    readonly absent: number
    readonly contradicted: number
    readonly unresolved: number
  }
  /** How many seats it holds now. */
  readonly seats: number
  /** `terminated`: a provable lie ended its account. */
  readonly standing: string
  /** In thousandths: whether it was there, and whether its results were right. */
  readonly ratings: { readonly connection: number; readonly agreement: number }
}

export interface JobStatus {
  readonly jobId: string
  readonly name: string
  /** The site's own origin: http or https. */
  readonly url: string
  readonly state: 'serving' | 'recovering' | 'starting' | 'disputed'
  readonly epoch: number
  readonly step: number
  /** CID of the site's newest final root. */
  readonly root: string
  readonly escrow: string
  readonly members: readonly { readonly seat: number; readonly peerId: string; readonly sinceMs: number; readonly untilMs: number }[]
  readonly next?: { readonly seat: number; readonly peerId: string; readonly atMs: number } | undefined
  /** The last dispute of this epoch. `jury`: null until it is drawn. `heard`: jurors whose verdict is on the chain. */
  readonly dispute?:
    | {
        readonly id: string
        readonly step: number
        readonly jury: readonly string[] | null
        readonly heard: readonly string[]
        readonly deadlineMs: number
        readonly outcome: 'open' | 'stands' | 'overturned' | 'dropped' | 'unjudged'
        readonly marked: readonly string[]
      }
    | undefined
  /** What members accuse each other of, newest first: at most two for each of them. */
  readonly accusations: readonly AccusationStatus[]
  /** Newest first. `agreed` of `members` revealed the answer that was certified. */
  readonly lastCertificates: readonly CertificateStatus[]
  /** Reads that a member answered falsely, as most of the others say who ran them again. Oldest first, at most 32 of all sites. */
  readonly falseReads: readonly FalseReadStatus[]
}

/** `jury`: null until it is drawn. `heard`: jurors whose verdict is on the chain. `leave`: who loses its seat for it. */
export interface AccusationStatus {
  readonly id: string
  readonly accuser: string
  readonly accused: string
  readonly kind: 'read' | 'own-part' | 'two-signed'
  readonly jury: readonly string[] | null
  readonly heard: readonly string[]
  readonly deadlineMs: number
  readonly outcome:
    | 'open'
    | 'unjudged'
    | 'settled'
    | 'undecided'
    | 'not-fetched'
    | 'unfit'
    | 'accused-lied'
    | 'accuser-lied'
    | 'both-lied'
    | 'not-ended'
  readonly leave: readonly string[]
}

export interface FalseReadStatus {
  /** Who answered, and who signed the evidence. */
  readonly peerId: string
  readonly accuser: string
  /** SHA-256 of the evidence that the gateway keeps, in hex. */
  readonly evidence: string
  readonly timeMs: number
}

export interface CertificateStatus {
  readonly step: number
  readonly rank: number
  /** SHA-256 of the batch, in hex. */
  readonly batch: string
  readonly agreed: number
  readonly members: number
  readonly timeMs: number
}

/** `minted` equals the other three together, at every height. */
export interface SupplyStatus {
  readonly minted: string
  readonly burned: string
  readonly balances: string
  readonly escrows: string
}
