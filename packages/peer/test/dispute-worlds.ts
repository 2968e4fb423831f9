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
import { accountOf, signTransfer } from '@interpeer/intercoin-ledger'
import {
  type Answer,
  certificateMessage,
  disputeId,
  disputeMessage,
  revealMessage,
  showMessage,
  verdictMessage,
  withheldMessage,
} from '@interpeer/peer-group'
import { signJoin } from '@interpeer/vote-chain'
import { bytesOfHex, hexOf } from '@interpeer/wire-codec'
import { Ledgerless, publication, signerOf, signers, uploader } from './network-world.js'

const batch = sha256(Uint8Array.of(90))
export const [RIGHT, WRONG, OTHER] = [0x91, 0x92, 0x93].map((byte) => contentIdOf(Uint8Array.of(byte), 'dag-cbor')) as [
  ContentId,
  ContentId,
  ContentId,
]
export const answer = (root: ContentId): Answer => {
  const none = new Uint8Array(32)
  return { root: bytesOfContentId(root), responses: none, effects: none, fuel: 0, final: 0, disputed: 0, own: none }
}

export const sent = (world: Ledgerless, to: PeerId, amount: bigint, ahead = 0): Uint8Array => {
  const { nonce } = accountOf(world.state.ledger, accountOfPeer(uploader.peerId))
  return signTransfer({ to: accountOfPeer(to), amount, nonce: nonce + ahead }, uploader, world.genesis.network)
}
/** A group of three among seven: so four outsiders, who are all jurors. Two of its members answer rightly and one wrongly: of three, three must agree. */
export class Disputed extends Ledgerless {
  readonly site: JobId
  constructor(settings: Record<string, number> = {}) {
    super({ disputeFetchCycles: 2, disputeAnswerCycles: 2, disputeCycles: 2, blockReward: 0, ...settings })
    this.block(...signers.map(({ peerId }, nonce) => sent(this, peerId, 10_000_000n, nonce)))
    const { job, transaction } = publication(this.genesis, { seats: 3 })
    this.site = job
    this.block(transaction)
    this.block()
  }
  get members(): readonly PeerId[] {
    return this.job(this.site).epoch.members
  }
  dispute(roots: readonly ContentId[] = [RIGHT, RIGHT, WRONG]): Uint8Array {
    const { epoch } = this.job(this.site)
    const place = { job: bytesOfContentId(this.site), epoch: epoch.number, step: 1, rank: 0, batch }
    const reveals = this.members.map((peer, seat) => {
      const value = { ...place, from: signerOf(peer).publicKey, start: bytesOfContentId(epoch.start), salt: new Uint8Array(32) }
      return signMessage(revealMessage, { ...value, answer: answer(roots[seat] as ContentId) }, signerOf(peer), this.genesis.network)
    })
    const { rank: _, ...named } = place
    return disputeMessage.encode({ ...named, base: null, steps: [], evidence: { type: 'split', rank: 0, reveals } })
  }
  get id(): Uint8Array {
    const { epoch } = this.job(this.site)
    return disputeId(
      { network: this.genesis.network, job: this.site, epoch: epoch.number, members: epoch.members },
      { step: 1, batch, start: epoch.start },
    )
  }
  get record() {
    return this.state.disputes.get(hexOf(this.id))
  }
  verdict(by: Signer, root: ContentId): Uint8Array {
    const finding = { type: 'answered', step: 1, answer: answer(root) } as const
    const value = { job: bytesOfContentId(this.site), epoch: 1, dispute: this.id, from: by.publicKey, finding }
    return signMessage(verdictMessage, value, by, this.genesis.network)
  }
  get jurors(): readonly Signer[] {
    return (this.record?.jury ?? []).map(signerOf)
  }
}

const eighth = createSigner(sha256(Uint8Array.of(45)))
const anyone = (peer: PeerId): Signer => (peer === eighth.peerId ? eighth : signerOf(peer))
/** A group of four, three of which certified a step; the fourth says that it was not given the batch. */
export class Withheld extends Ledgerless {
  readonly site: JobId
  /** @param others outsiders: three, or four with one that joins */
  constructor(others: 3 | 4) {
    super({ disputeFetchCycles: 2, disputeAnswerCycles: 2, disputeCycles: 2, blockReward: 0, matureCycles: 1 })
    if (others === 4) {
      this.block(sent(this, eighth.peerId, 2_000_000_000n))
      this.block(signJoin({ slots: 1 }, eighth, this.genesis.network))
      this.block()
    }
    const { job, transaction } = publication(this.genesis, { seats: 4 })
    this.site = job
    this.block(transaction)
    this.block()
  }
  get epoch() {
    return this.job(this.site).epoch
  }
  /**
   * About a step that begins from what the one before came to; each comes to the next of `roots`. With a base the first of them is known to be final, by the later ones.
   * @param out the seat of who was not given it
   * @param branch of which its batches are
   */
  dispute(roots: readonly ContentId[] = [RIGHT], hasBase = false, out = 3, branch = 0): Uint8Array {
    const { number, members, start } = this.epoch
    const { network } = this.genesis
    const steps = roots.map((root, i) => {
      const place = { job: bytesOfContentId(this.site), epoch: number, step: i + 1, rank: 0, batch: batchOf(i + 1, branch) }
      const reveals = members.toSpliced(out, 1).map((peer) => {
        const by = anyone(peer)
        const value = { ...place, from: by.publicKey, start: bytesOfContentId(roots[i - 1] ?? start), salt: new Uint8Array(32) }
        return signMessage(revealMessage, { ...value, answer: { ...answer(root), final: hasBase ? i : 0 } }, by, network)
      })
      return certificateMessage.encode({ ...place, reveals })
    })
    const step = roots.length
    const place = { job: bytesOfContentId(this.site), epoch: number, step, batch: batchOf(step, branch) }
    const last = anyone(members[out] as PeerId)
    const said = signMessage(withheldMessage, { ...place, rank: 0, from: last.publicKey, stretch: null }, last, network)
    const [base = null, ...rest] = steps
    const led = hasBase ? { base, steps: rest } : { base: null, steps }
    return disputeMessage.encode({ ...place, ...led, evidence: { type: 'objection', statements: [said] } })
  }
  /** All jurors' on the dispute that is open. */
  verdicts(step = 1, root = RIGHT, final = 0): readonly Uint8Array[] {
    const one = [...this.state.disputes.values()].find(({ judgment }) => judgment === null)
    return (one?.jury ?? []).map((peer) => {
      const by = anyone(peer)
      const finding = { type: 'answered', step, answer: { ...answer(root), final } } as const
      const place = { job: bytesOfContentId(this.site), epoch: 1, dispute: bytesOfHex(one?.id ?? '') }
      return signMessage(verdictMessage, { ...place, from: by.publicKey, finding }, by, this.genesis.network)
    })
  }
  show(peer: PeerId, epoch = 1): Uint8Array {
    const place = { job: bytesOfContentId(this.site), epoch, from: anyone(peer).publicKey }
    const held = { steps: [], bound: null, boundBatch: null, reveal: null, seen: 0 }
    return signMessage(showMessage, { ...place, ...held }, anyone(peer), this.genesis.network)
  }
}
const batchOf = (step: number, branch = 0): Uint8Array =>
  step === 1 && branch === 0 ? batch : sha256(Uint8Array.of(90 + step, ...(branch === 0 ? [] : [branch])))
