import { createHash } from 'node:crypto'
import { type Block, buildTree, memoryStore } from '@interpeer/content-store'
import {
  bytesOfContentId,
  type ContentId,
  contentIdOf,
  createSigner,
  jobIdOf,
  networkIdOf,
  type PeerId,
  type Signer,
  signMessage,
} from '@interpeer/crypto-ids'
import type { Overlay } from '@interpeer/overlay/node'
import { createVerification, firstStateBlock, readMoment, siteRequest } from '@interpeer/peer-group'
import { type PhpRuntime, startPhpRuntime } from '@interpeer/php-runtime-bridge/node'
import { jobFacts } from '../../../packages/peer/src/job-facts.js'
import { exchangeOver } from '../../../packages/peer/src/node/block-source.js'
import { Complaints } from '../../../packages/peer/src/node/complaints.js'
import { EpochRecords } from '../../../packages/peer/src/node/epoch-records.js'
import { GroupShell } from '../../../packages/peer/src/node/group-shell.js'
import { KnownRequests } from '../../../packages/peer/src/node/known-requests.js'
import { ScriptQueue } from '../../../packages/peer/src/node/script-queue.js'
import { isPure, type ScriptRequest, type ScriptRuntime } from '../../../packages/peer/src/script-runtime.js'
import { readResponse } from '../../../packages/peer/src/site-response-block.js'
import { cacheFolder } from './site/cache-folder.ts'
import type { FolderContent } from './site/site-folder.ts'

const SEATS = 5
const EPOCH = 0
const network = networkIdOf(Uint8Array.of(1))
const job = jobIdOf(contentIdOf(Uint8Array.of(0x80), 'dag-cbor'))
/** Network time of all groups: it passes as everywhere, but it is the time at which sites are built. */
export const groupTime = (): number => 1_700_000_100_000 + Math.floor(performance.now())
const keyOf = (...what: (string | number)[]): Signer => createSigner(createHash('sha256').update(what.join()).digest())

/** A final step of a group: what it agreed on, and the state that it came to. */
export interface FinalStep {
  readonly batch: Uint8Array
  /** The state block: its link names files, requests and what is planned. */
  readonly state: ContentId
}
export interface Answer {
  readonly status: number
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Uint8Array
}
/** What another group is to run again: the batches of this one, and the blocks that they name. */
export interface Replay {
  readonly batches: readonly Uint8Array[]
  readonly requests: readonly Block[]
}

/**
 * A group of five members with keys, stores and PHP of their own, in one process: the shells that peers run, but that messages go from hand to hand. They
 * seal, reveal and certify each step.
 */
export class GroupInProcess {
  readonly #php: PhpRuntime
  readonly #members: readonly Member[]
  readonly #visitor = keyOf('visitor')
  readonly #requests: Block[] = []
  #asked = 0

  private constructor(php: PhpRuntime, members: readonly Member[]) {
    this.#php = php
    this.#members = members
  }

  /** @param name decides the members' keys @param replay what they have to run before all else */
  static async start(name: string, { files, directories, symlinks }: FolderContent, replay?: Replay): Promise<GroupInProcess> {
    const hostCalls = { effects: ['after', 'outbox'] as const }
    const php = await startPhpRuntime({ cacheFolder: `${cacheFolder}/php`, guardMs: 300_000, hostCalls, workers: 2 })
    const tree = buildTree(files, directories, symlinks)
    const start = firstStateBlock(tree.root, true)
    const signers = Array.from({ length: SEATS }, (_, seat) => keyOf(name, seat))
    const members: Member[] = []
    const send = (from: PeerId, to: PeerId, envelope: Uint8Array) =>
      setImmediate(() => members.find(({ peerId }) => peerId === to)?.take(from, envelope))
    for (const signer of signers) {
      const store = memoryStore()
      await store.blocks.put([...tree.blocks, start, ...(replay?.requests ?? [])])
      const setup = { signer, signers, start: start.cid, files: tree.root, rerun: replay?.batches ?? [] }
      members.push(new Member(setup, store, php, send))
    }
    for (const member of members) member.begin()
    return new GroupInProcess(php, members)
  }

  /** What is final at each member, in order: the first member's steps that all the others have too. */
  get steps(): readonly FinalStep[] {
    const all = this.#members.map(({ steps }) => steps)
    const [first = []] = all
    return first.filter(({ state }, i) => all.every((steps) => steps[i]?.state === state))
  }

  get replay(): Replay {
    return { batches: this.steps.map(({ batch }) => batch), requests: this.#requests }
  }

  /** Waits until so many steps are final at each member, and throws where two members have other states for one. */
  async untilFinal(count: number): Promise<void> {
    while (this.steps.length < count) {
      if (this.#members.every(({ steps }) => steps.length >= count)) throw new Error('members are of different minds')
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  /** A visitor's request: a read is run by one member, and what changes something by all. */
  async ask(request: ScriptRequest): Promise<Answer> {
    const [member] = this.#members as readonly [Member]
    const ms = groupTime()
    const id = createHash('sha256')
      .update(`request ${++this.#asked}`)
      .digest()
      .subarray(0, 16)
    if (request.method === 'GET') {
      const outcome = await member.read(request, { ms, id })
      if (isPure(outcome)) return outcome
    }
    const { method, target, host, https, body } = request
    const headers = request.headers.map(([name, value]) => ({ name: name.toLowerCase(), value }))
    const asked = { from: this.#visitor.publicKey, job: bytesOfContentId(job), id, ms, seenEpoch: EPOCH, seenStep: 0, parts: [] }
    const bytes = signMessage(siteRequest, { ...asked, method, target, host, https, headers, body }, this.#visitor, network)
    const block = { cid: contentIdOf(bytes, 'raw'), bytes }
    this.#requests.push(block)
    const answer = await member.write({ id, ms, ...block })
    await this.untilFinal(member.steps.length)
    return answer
  }

  async close(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.close()))
    await this.#php.close()
  }
}

interface MemberSetup {
  readonly signer: Signer
  readonly signers: readonly Signer[]
  readonly start: ContentId
  readonly files: ContentId
  readonly rerun: readonly Uint8Array[]
}

class Member {
  readonly peerId: PeerId
  readonly steps: FinalStep[] = []
  readonly #shell: GroupShell
  readonly #scripts: ScriptQueue
  readonly #store: ReturnType<typeof memoryStore>
  readonly #waiting = new Map<string, (answer: Answer) => void>()
  #files: ContentId

  constructor(
    { signer, signers, start, files, rerun }: MemberSetup,
    store: ReturnType<typeof memoryStore>,
    php: PhpRuntime,
    send: (from: PeerId, to: PeerId, envelope: Uint8Array) => void,
  ) {
    const { peerId } = signer
    this.peerId = peerId
    this.#store = store
    this.#files = files
    this.#scripts = new ScriptQueue(withNamesOf(peerId, php), store.blocks)
    const overlay = {
      send: (to: PeerId, envelope: Uint8Array) => void send(peerId, to, envelope),
      request: () => Promise.reject(new Error('each member has all blocks')),
    } as unknown as Overlay
    const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
    const count = () => {}
    const fail = (error: unknown) => {
      throw error
    }
    const setup = {
      ...{ network, job, epoch: EPOCH, members: signers.map((one) => one.peerId), chainSeed: new Uint8Array(32), start, rerun },
      settings: { idleEveryMs: 3_600_000 },
    }
    const verification = createVerification(network)
    const around = {
      ...{ overlay, log, count, fail, signer, network, store: store.blocks, self: peerId, scripts: this.#scripts },
      ...{ now: groupTime, holdBlocks: () => () => {}, requests: new KnownRequests(network) },
      verification,
      // no chain hears them
      complaints: new Complaints({
        ...{ records: store.records('evidence'), disputeRecords: store.records('disputes'), verification, count, log },
        submit: () => {},
      }),
      exchange: exchangeOver(overlay, store.blocks, count, log),
    }
    const nothing = () => {}
    this.#shell = new GroupShell(
      setup,
      around,
      new EpochRecords(store.records('groups'), count),
      {
        ...{ provisional: nothing, renewed: nothing, closed: nothing, show: nothing, repeated: nothing },
        final: async (_, { batch, state, files: now, requests }) => {
          this.steps.push({ batch, state })
          this.#files = now
          for (const { id, response } of requests) this.#settle(id, response)
        },
        refused: (_, id, code) => this.#waiting.get(hex(id))?.({ status: 503, headers: [], body: Buffer.from(code) }),
      },
      () => [],
    )
  }

  begin(): void {
    this.#shell.start()
  }

  take(from: PeerId, envelope: Uint8Array): void {
    this.#shell.give({ type: 'message', from, envelope })
  }

  /** On a copy of the last final state, at the time and with the seed that follow from the request, as peers answer reads. */
  async read(request: ScriptRequest, about: { readonly ms: number; readonly id: Uint8Array }) {
    const outcome = await this.#scripts.read(this.#files, request, { ...readMoment(about), job: jobFacts(job, this.steps.length) })
    if (!('type' in outcome) || outcome.type !== 'answered') throw new Error(`${request.target} could not be run`)
    return outcome
  }

  write(write: { id: Uint8Array; ms: number; cid: ContentId; bytes: Uint8Array }): Promise<Answer> {
    return new Promise((resolve) => {
      this.#waiting.set(hex(write.id), resolve)
      this.#shell.write(write)
    })
  }

  close(): Promise<void> {
    return this.#shell.close()
  }

  #settle(id: Uint8Array, cid: ContentId): void {
    const response = readResponse(this.#store.blocks.get, cid)
    if (response === undefined) return
    const headers = response.headers.map(({ name, value }) => [name, value] as const)
    this.#waiting.get(hex(id))?.({ ...response, headers })
  }
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** Members share the threads that run PHP, but no tree: each has its own under its own names, as each has its own runtime elsewhere. */
function withNamesOf(member: PeerId, php: PhpRuntime): ScriptRuntime {
  const own = (root: string) => `${member} ${root}`
  return {
    runtimeId: php.runtimeId,
    readers: php.readers,
    has: (root) => php.has(own(root)),
    load: (root, ...content) => php.load(own(root), ...content),
    derive: (root, from, changes) => php.derive(own(root), own(from), changes),
    forget: (root) => php.forget(own(root)),
    cron: (root) => php.cron(own(root)),
    run: (root, request, at, options) => php.run(own(root), request, at, options),
    close: () => php.close(),
  }
}
