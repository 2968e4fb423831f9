import { contentIdOfBytes, type NetworkId, sha256 } from '@interpeer/crypto-ids'
import {
  type CertifiedReveals,
  type GroupContext,
  provesFinal,
  provesResponse,
  type SiteReply,
  type Verification,
  verifyReveals,
} from '@interpeer/peer-group'
import { hexOf } from '@interpeer/wire-codec'
import { blocksOfResponse } from '../site-response-block.js'
import type { SiteView } from '../site-view.js'

const CERTIFICATES_MAX = 64

/** Certificates that held, each for one group: all replies to the writes of one step bring the same. */
export class KnownCertificates {
  /** Newest first. */
  #held: readonly KnownCertificate[] = []

  /** @throws {PeerGroupError} CERTIFICATE_INVALID */
  verify(certificate: Uint8Array, context: GroupContext, verification: Verification): CertifiedReveals {
    const known = this.#held.find(({ bytes, context: of }) => isSame(bytes, certificate) && isSameGroup(of, context))
    if (known !== undefined) return known.certified
    const certified = verifyReveals(certificate, context, verification)
    const digest = hexOf(sha256(certificate))
    this.#held = [{ bytes: certificate.slice(), context, certified, digest }, ...this.#held.slice(0, CERTIFICATES_MAX - 1)]
    return certified
  }

  /** SHA-256 of a certificate, in hexadecimal. */
  digestOf(certificate: Uint8Array): string {
    return this.#held.find(({ bytes }) => isSame(bytes, certificate))?.digest ?? hexOf(sha256(certificate))
  }

  /** One that held, by its SHA-256 in hexadecimal. */
  get(digest: string): Uint8Array | undefined {
    return this.#held.find((one) => one.digest === digest)?.bytes
  }
}
interface KnownCertificate {
  readonly bytes: Uint8Array
  readonly context: GroupContext
  readonly certified: CertifiedReveals
  readonly digest: string
}

const isSame = (a: Uint8Array, b: Uint8Array): boolean => a === b || Buffer.compare(a, b) === 0

const isSameGroup = (a: GroupContext, b: GroupContext): boolean =>
  a.epoch === b.epoch &&
  a.job === b.job &&
  a.network === b.network &&
  a.members.length === b.members.length &&
  a.members.every((member, seat) => member === b.members[seat])

export interface ProvenPlace {
  readonly epoch: number
  readonly step: number
  /** False: q members agree, and others may still dissent. Only a job that wants its visitors answered so early has such answers. */
  readonly final: boolean
  /** It is final over a member's dissent, against this step or one before it, that no jury could judge. */
  readonly unjudged: boolean
  /** Its own certificate. Undefined: the chain itself names the state. */
  readonly certified: CertifiedReveals | undefined
  /** The newest certificate that says so: its own, or the later one that names it. */
  readonly newest: (CertifiedReveals & { readonly members: number }) | undefined
}

/**
 * Where a reply's state stands, if it is proven: certified by a quorum of a group that the chain knows, or the one that the chain itself names.
 * Of the epoch before only the state that this one began from: whoever left may still sign, and after a recovery what else it certified is undone
 * (design §6). A write may be answered after its epoch was closed: what was final then is under the closing certificate. Undefined: not proven.
 */
export function provenPlace(
  { certificate, named, state: root, ran }: Pick<SiteReply, 'certificate' | 'named' | 'state' | 'ran'>,
  view: SiteView,
  network: NetworkId,
  verification: Verification,
  known: KnownCertificates = new KnownCertificates(),
): ProvenPlace | undefined {
  const state = contentIdOfBytes(root)
  if (certificate === null) {
    return state === view.start
      ? { epoch: view.epoch, step: 0, final: true, unjudged: false, certified: undefined, newest: undefined }
      : undefined
  }
  const { job } = view
  const isBefore = state === view.start || (ran === 'write' && view.openedByClosing)
  const groups = [
    { epoch: view.epoch, members: view.members },
    { epoch: view.epoch + 1, members: view.judged ? [] : (view.next?.members ?? []) },
    ...(isBefore ? [{ epoch: view.previousEpoch, members: view.previousMembers }] : []),
  ]
  for (const { epoch, members } of groups) {
    if (members.length === 0 || epoch < 0) continue
    try {
      const context = { network, job, epoch, members }
      const certified = known.verify(certificate, context, verification)
      if (certified.state !== state) continue
      const later = named === null ? undefined : known.verify(named, context, verification)
      // what the chain itself names is final, whatever its certificate says
      const final = state === view.start || provesFinal(certified, later)
      if (!final && (ran !== 'write' || !view.answersProvisional)) continue
      const newest = later ?? certified
      const { step } = certified
      const { disputed } = newest.answer
      const unjudged = final && disputed > 0 && disputed <= Math.min(newest.answer.final, step)
      return { epoch, step, final, unjudged, certified, newest: { ...newest, members: members.length } }
    } catch {
      // of another epoch, perhaps: the next group is tried
    }
  }
  return undefined
}

/** Whether this very answer to this very request is among those that the step's quorum certified. */
export function provesWrite(reply: SiteReply, { certified }: ProvenPlace): boolean {
  if (certified === undefined || reply.proof === null) return false
  return provesResponse(certified.answer.responses, blocksOfResponse(reply).cid, reply.proof)
}
