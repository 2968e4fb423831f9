import {
  accountOfPeer,
  bytesOfContentId,
  type ContentId,
  contentIdOf,
  createSigner,
  type JobId,
  type PeerId,
  type Signer,
  sha256,
  signMessage,
} from '@interpeer/crypto-ids'
import { assertConserved } from '@interpeer/intercoin-ledger'
import { groupQuorum, type Job, jobOfManifest, signManifest, signPublish } from '@interpeer/job-scheduler'
import {
  batchMessage,
  certificateMessage,
  type MemberOutcome,
  type Payment,
  responsesDigest,
  revealMessage,
  showMessage,
} from '@interpeer/peer-group'
import { type Application, type Applied, type BlockInfo, type Genesis, parseGenesis, SETTINGS } from '@interpeer/vote-chain'
import { bytes, message, uint16, uint32 } from '@interpeer/wire-codec'
import { type NetworkState, networkApplication } from '../src/network/index.js'

export const START_MS = 1_000_000
export const signers: readonly Signer[] = Array.from({ length: 7 }, (_, i) => createSigner(sha256(Uint8Array.of(9, i))))
export const uploader = createSigner(sha256(Uint8Array.of(8)))
export const signerOf = (peer: PeerId): Signer => signers.find(({ peerId }) => peerId === peer) as Signer
/** Of what a block refused. */
export const codes = (refused: readonly { readonly code: string }[]): readonly string[] => refused.map(({ code }) => code)
export const filesRoot = contentIdOf(Uint8Array.of(0x80), 'dag-cbor')

export function networkGenesis(
  settings: Record<string, number> = {},
  peers = signers.length,
  balances: ReadonlyMap<PeerId, bigint> = new Map(),
): Genesis {
  const usual = Object.fromEntries(Object.entries(SETTINGS).map(([name, { usual }]) => [name, usual]))
  return parseGenesis(
    JSON.stringify({
      protocol: 1,
      settings: { ...usual, cycleMs: 1_000, tenureMs: 15_000, roundMs: 400, ...settings },
      peers: signers.slice(0, peers).map(({ peerId }) => peerId),
      balances: [...new Map([[uploader.peerId, 10_000_000_000n], ...balances])].map(([peer, amount]) => ({
        account: accountOfPeer(peer),
        amount: String(amount),
      })),
      seed: 'a5'.repeat(32),
      startMs: START_MS,
    }),
  )
}

/** Blocks without a chain: applies transactions height by height, and asserts at each that coins are conserved. */
export class Ledgerless {
  readonly genesis: Genesis
  readonly application: Application<NetworkState>
  state: NetworkState
  height = 0

  constructor(settings: Record<string, number> = {}, balances?: ReadonlyMap<PeerId, bigint>) {
    this.genesis = networkGenesis(settings, signers.length, balances)
    this.application = networkApplication(this.genesis.network)
    this.state = this.application.begin(this.genesis)
  }
  get timeMs(): number {
    return START_MS + this.height * this.genesis.settings.cycleMs
  }
  /** Of the last block. */
  get info(): BlockInfo {
    const { height, timeMs } = this
    const certifiers = height === 1 ? [] : this.genesis.peers.slice(0, 5)
    const seed = sha256(Uint8Array.of(height & 0xff, height >> 8))
    return { height, timeMs, seed, leader: this.genesis.peers[0] as PeerId, certifiers }
  }
  block(...transactions: Uint8Array[]): Applied<NetworkState>['refused'] {
    this.height++
    const { info } = this
    const { state, refused } = this.application.apply(this.state, transactions, info)
    const accepted = transactions.filter((_, i) => !refused.some(({ index }) => index === i))
    const again = this.application.apply(this.state, accepted, info)
    if (JSON.stringify(hashes(this.application, again.state)) !== JSON.stringify(hashes(this.application, state))) {
      throw new Error('a refused transaction changed something')
    }
    assertConserved(state.ledger)
    // as on a peer that started from this height
    this.state = this.height % 4 === 0 ? rereadState(this.application, this.genesis, state) : state
    return refused
  }
  blocksUntil(done: () => boolean, most = 200): void {
    for (let left = most; !done(); left--) {
      if (left === 0) throw new Error('it never came')
      this.block()
    }
  }
  job(id: JobId): Job {
    return this.state.jobs.get(id) as Job
  }
}
/** What a peer has that knows of a state no more than its snapshot, whose parts come one after another. */
export function rereadState(application: Application<NetworkState>, genesis: Genesis, state: NetworkState): NetworkState {
  const snapshots = application.snapshots as NonNullable<typeof application.snapshots>
  const { head, parts } = snapshots.of(state)
  const at = { ...application.dataSets(state), height: state.height, timeMs: state.timeMs }
  const reading = snapshots.reading(genesis, head, at)
  const here = new Map<ContentId, Uint8Array>()
  for (;;) {
    const read = reading.next((cid) => here.get(cid))
    if (!('missing' in read)) return read.state
    if (read.missing.length === 0) throw new Error('it asks for nothing')
    for (const cid of read.missing) {
      const part = parts.get(cid)
      if (part === undefined) throw new Error(`no part ${cid}`)
      here.set(cid, part)
    }
  }
}
const hashes = (application: Application<NetworkState>, state: NetworkState) =>
  Object.values(application.dataSets(state)).map((hash) => [...hash])

export function publication(
  genesis: Genesis,
  options: { name?: string; seats?: number; escrow?: bigint; by?: Signer; createdMs?: number } = {},
) {
  const { name = 'wiki', seats = 5, escrow = 1_000_000_000n, by = uploader, createdMs = 1 } = options
  const given = { name, seats, files: filesRoot, runtime: 'php-test', createdMs }
  const manifest = signManifest(given, by, genesis.network)
  return { job: jobOfManifest(manifest), transaction: signPublish(manifest, escrow, by, genesis.network) }
}

/** Agreed in each of three steps. */
export const AGREED: MemberOutcome = { agreed: 3, late: 0, absent: 0, contradicted: 0, unresolved: 0 }

/** A group's closing certificate as peer-group makes it: q reveals of one batch, here by the members named. */
export function closingOf(
  genesis: Genesis,
  { job, epoch, next, paid }: Pick<Job, 'job' | 'epoch' | 'next' | 'paid'>,
  {
    by,
    outcomes,
    root,
    timeMs,
    responses,
    step = 4,
    disputed = 0,
    payments = [],
    closing = true,
  }: {
    by?: readonly PeerId[]
    outcomes?: readonly MemberOutcome[]
    root?: ContentId
    timeMs?: number
    responses?: readonly ContentId[]
    step?: number
    disputed?: number
    payments?: readonly Payment[]
    /** False: it is any other step. */
    closing?: boolean
  } = {},
): { certificate: Uint8Array; batch: Uint8Array; root: ContentId } {
  const { members, number } = epoch
  const after = root ?? contentIdOf(Uint8Array.of(0x81, number), 'dag-cbor')
  const batch = batchMessage.encode({
    job: bytesOfContentId(job),
    epoch: number,
    step,
    ancestors: [],
    from: bytesOfContentId(after),
    collator: signerOf(members[0] as PeerId).publicKey,
    timeMs: timeMs ?? (next?.atMs ?? 0) + 5,
    proof: new Uint8Array(80),
    requests: [],
    events: [],
    final: step - 1,
    disputed,
    dissents: [],
    closing,
    settled: paid,
    mayPay: epoch.mayPay,
    outcomes: outcomes ?? members.map(() => AGREED),
    payments,
  })
  const place = { job: bytesOfContentId(job), epoch: number, step, rank: 0, batch: sha256(batch) }
  const reveals = members
    .filter((peer) => (by ?? members.slice(0, groupQuorum(members.length))).includes(peer))
    .map((peer) => {
      const answer = {
        root: bytesOfContentId(after),
        responses: responses === undefined ? new Uint8Array(32) : responsesDigest(responses),
        effects: new Uint8Array(32),
        fuel: 0,
        final: step - 1,
        disputed,
        own: new Uint8Array(32),
      }
      const from = signerOf(peer).publicKey
      const value = { ...place, from, start: bytesOfContentId(after), salt: new Uint8Array(32), answer }
      return signMessage(revealMessage, value, signerOf(peer), genesis.network)
    })
  return { certificate: certificateMessage.encode({ ...place, reveals }), batch, root: after }
}

/** What a member of a group that did nothing yet shows. */
export function showOf(
  genesis: Genesis,
  { job, epoch }: Job,
  peer: PeerId,
  last: { certificate: Uint8Array; batch: Uint8Array } | null = null,
  seen = 0xffff_ffff,
): Uint8Array {
  const signer = signerOf(peer)
  const steps = last === null ? [] : [{ ...last, dissents: [] }]
  const held = { steps, bound: null, boundBatch: null, reveal: null, seen }
  const value = { job: bytesOfContentId(job), epoch: epoch.number, from: signer.publicKey, ...held }
  return signMessage(showMessage, value, signer, genesis.network)
}

const hash = bytes(32)
const sealMessage = message('group-seal', 50, 1, {
  ...{ job: bytes(36), epoch: uint32, step: uint32, rank: uint16 },
  ...{ batch: hash, from: hash, seal: hash },
})
/** What a member shows that saw a quorum of seals for its group's first batch, and no certificate. */
export function boundShowOf(genesis: Genesis, { job, epoch }: Job, peer: PeerId, boundBatch: Uint8Array): Uint8Array {
  const place = { job: bytesOfContentId(job), epoch: epoch.number }
  const batch = sha256(boundBatch)
  const seals = epoch.members.slice(0, groupQuorum(epoch.members.length)).map((member) => {
    const signer = signerOf(member)
    const value = { ...place, step: 1, rank: 0, batch, from: signer.publicKey, seal: new Uint8Array(32) }
    return signMessage(sealMessage, value, signer, genesis.network)
  })
  const signer = signerOf(peer)
  const value = { ...place, from: signer.publicKey, steps: [], bound: { rank: 0, batch, seals }, boundBatch, reveal: null, seen: 0 }
  return signMessage(showMessage, value, signer, genesis.network)
}
