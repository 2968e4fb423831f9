import { type PeerId, peekPayload, sha256 } from '@interpeer/crypto-ids'
import { type Dispute, holdsBy, verdictMessage } from '../src/index.js'
import { JurorNode } from './juror-node.js'
import type { Member } from './member.js'

const FETCH_MS = 2_000
const ANSWER_MS = 20_000

/** A member runs what it skipped, as a juror would, and keeps the word for itself. */
export function audit(member: Member, dispute: Dispute): void {
  const { setup, signer, life, around } = member
  const { world, hearers } = around
  const rerun = setup.rerun.map((batch) => sha256(batch))
  const times = { fetchUntilMs: world.nowMs + FETCH_MS, answerUntilMs: world.nowMs + ANSWER_MS }
  const jurors = around.jurors?.() ?? new Map<PeerId, (name: string) => Uint8Array | undefined>()
  const asked = { context: setup, dispute, jury: [signer.peerId], rerun, ...times, isOwn: true, alsoFrom: [...jurors.keys()] }
  const node: JurorNode = new JurorNode(member.index, signer, asked, world, {
    runMs: () => member.random.between(1, 60),
    isSlow: false,
    crashPerMille: 0,
    own: (name) => member.own(name),
    fetch: (_, from, name) => jurors.get(from)?.(name) ?? hearers(from, member).flatMap((other) => other.give(name, member.peer) ?? [])[0],
    onEffect: (_, effect) => {
      // jurors may have to begin from what it came to, and have that from nobody else
      if (effect.type === 'store') for (const { cid, bytes } of effect.blocks) member.hold(cid, bytes)
      if (effect.type !== 'verdict' || member.life !== life) return
      const { finding } = verdictMessage.decode(peekPayload(effect.envelope) as Uint8Array)
      const [isOver, lacks] = [finding.type !== 'too-slow', finding.type === 'unfetchable']
      member.tell({ type: 'audited', batch: dispute.batch, holds: holdsBy(finding, dispute), isOver, lacks })
      world.after(1, () => node.tell({ type: 'recorded' }))
    },
    onCrash: () => undefined,
  })
  node.open()
}
