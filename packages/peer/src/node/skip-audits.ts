import { bytesOfContentId, type ContentId, type PeerId, peekPayload, sha256 } from '@interpeer/crypto-ids'
import {
  type Dispute,
  GROUP_DEFAULTS,
  type GroupEvent,
  type GroupSetup,
  holdsBy,
  type RequestRef,
  verdictMessage,
} from '@interpeer/peer-group'
import type { Surroundings } from './group-shell.js'
import { JurorShell } from './juror-shell.js'
import type { VerdictRecord } from './jury-seats.js'
import { isHeldWriteOf } from './site-writes.js'

/** Others give what was certified within moments, or never; and a recovery waits for four cycles for what comes of it. */
const FETCH_CYCLES = 2
/** For as long as that it runs what others ran meanwhile; what takes longer it says nothing of. */
const ANSWER_MS = 60_000
const SLACK_MS = 2_000
type Audited = Extract<GroupEvent, { readonly type: 'audited' }>
interface To {
  /** Beside the members: jurors may have what those do not give. */
  readonly alsoAsk: () => readonly PeerId[]
  readonly give: (event: Omit<Audited, 'nowMs'>) => void
}
/** Its word goes to nobody, and a restart forgets what it was about. */
const NO_RECORD: VerdictRecord = { read: () => undefined, write: () => Promise.resolve() }

/** Runs what a member skipped, from its own last state and as a juror would, beside its group's work (docs/protocol/peer-group.md, 14). */
export class SkipAudits {
  readonly #setup: GroupSetup
  readonly #around: Surroundings
  readonly #to: To
  #isClosed = false
  readonly #running = new Map<JurorShell, NodeJS.Timeout>()

  constructor(setup: GroupSetup, around: Surroundings, to: To) {
    this.#setup = setup
    this.#around = around
    this.#to = to
  }

  begin(dispute: Dispute): void {
    if (this.#isClosed) return
    const { job, members, rerun } = this.#setup
    const { now, signer, count } = this.#around
    const of = { job: bytesOfContentId(job), members }
    const checkRequest = (ref: RequestRef) => isHeldWriteOf(of, ref, this.#around)
    const fetchMs = FETCH_CYCLES * (this.#setup.settings?.idleEveryMs ?? GROUP_DEFAULTS.idleEveryMs)
    const times = { fetchUntilMs: now() + fetchMs, answerUntilMs: now() + fetchMs + ANSWER_MS }
    const asked = { context: this.#setup, dispute, jury: [signer.peerId], rerun: rerun.map((batch) => sha256(batch)), ...times }
    const end = (holds: boolean, isOver: boolean, lacks = false) => {
      clearTimeout(this.#running.get(shell))
      if (!this.#running.delete(shell)) return
      void shell.end()
      this.#to.give({ type: 'audited', batch: dispute.batch, holds, isOver, lacks })
    }
    const submit = (verdict: Uint8Array) => {
      if (!this.#running.has(shell)) return
      const { finding } = verdictMessage.decode(peekPayload(verdict) as Uint8Array)
      count(`SKIPPED_${finding.type.toUpperCase().replace('-', '_')}`)
      end(holdsBy(finding, dispute), finding.type !== 'too-slow', finding.type === 'unfetchable')
    }
    const shell: JurorShell = new JurorShell(
      { ...asked, checkRequest, isOwn: true, alsoFrom: this.#to.alsoAsk() },
      { ...this.#around, submit },
      NO_RECORD,
    )
    // what this host has no room for it ends without a word
    this.#running.set(
      shell,
      setTimeout(() => end(true, false), fetchMs + ANSWER_MS + SLACK_MS),
    )
  }

  /** What the store has to keep for them. */
  *references(): Generator<ContentId> {
    for (const shell of this.#running.keys()) yield* shell.references()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    const running = [...this.#running.keys()]
    for (const timer of this.#running.values()) clearTimeout(timer)
    this.#running.clear()
    await Promise.all(running.map((shell) => shell.end()))
  }
}
