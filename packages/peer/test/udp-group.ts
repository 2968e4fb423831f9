import { randomBytes, randomInt } from 'node:crypto'
import {
  AuditProver,
  auditBlocks,
  buildTree,
  type ContentStore,
  type GetBlock,
  memoryStore,
  reachableBlocks,
} from '@interpeer/content-store'
import { type ContentId, contentIdOf, createSigner, jobIdOf, networkIdOf, type PeerId, type Signer } from '@interpeer/crypto-ids'
import { type Overlay, openOverlay } from '@interpeer/overlay/node'
import { certificateAsk, createVerification, firstStateBlock, isRequestNumber, readCheck } from '@interpeer/peer-group'
import { expect } from 'vitest'
import { liveRoots } from '../src/live-roots.js'
import { numberOf } from '../src/message-number.js'
import { BlockKeeper, type KeeperOptions } from '../src/node/block-keeper.js'
import { exchangeOver } from '../src/node/block-source.js'
import { asksForContent, contentService } from '../src/node/content-service.js'
import type { OutboxSender } from '../src/node/outbox-shell.js'
import type { ReadEvidence } from '../src/node/read-evidence.js'
import type { ReadSharing } from '../src/node/read-sharing.js'
import { ScriptQueue } from '../src/node/script-queue.js'
import { SentBodies } from '../src/node/sent-bodies.js'
import { SiteClient } from '../src/node/site-client.js'
import { SiteHosts } from '../src/node/site-hosts.js'
import type { SiteView } from '../src/site-view.js'
import { CounterRuntime } from './counter-runtime.js'
import { readDuties } from './read-duties.js'
import { UNDISPUTED } from './undisputed.js'

export const network = networkIdOf(new Uint8Array([1]))
export const job = jobIdOf(contentIdOf(new Uint8Array([0x80]), 'dag-cbor'))
const files = buildTree([{ path: 'log', mode: 0o644, mtimeS: 0, bytes: new Uint8Array() }])
export const start = firstStateBlock(files.root)

export interface Member {
  readonly signer: Signer
  readonly overlay: Overlay
  readonly runtime: CounterRuntime
  readonly hosts: SiteHosts
  readonly keeper: BlockKeeper
  readonly counts: ReadonlyMap<string, number>
  readonly warnings: readonly { readonly about: { readonly peer?: string }; readonly sentence: string }[]
  readonly store: ContentStore
  readonly closed: readonly { certificate: Uint8Array; batch: Uint8Array }[]
  readonly close: () => Promise<void>
  readonly evidence: ReadEvidence
  /** Blocks that are kept and can't be read, as on a disk that spoiled them, until they are put again. */
  readonly spoiled: Set<ContentId>
  /** Of requests that it sends itself. */
  readonly bodies: SentBodies
  /** Set on one that lies to auditors: the blocks it makes its digests from. */
  shown: GetBlock | undefined
}
const opened: Member[] = []
export async function closeMembers(): Promise<void> {
  await Promise.all(opened.splice(0).map((member) => member.close()))
}

export interface MemberOptions {
  readonly signer?: Signer
  readonly store?: ContentStore
  readonly runtime?: CounterRuntime
  readonly collection?: Pick<KeeperOptions, 'graceMs' | 'everyMs' | 'maxBytes'>
  /** Default: never. */
  readonly auditEveryMs?: number
  readonly outbox?: OutboxSender
  /** Whom it sends nothing, and gives nothing: all others hear of its group's work. */
  readonly keepsOut?: (peer: PeerId) => boolean
  /** Whom it does not hear. */
  readonly isDeafTo?: (peer: PeerId) => boolean
  /** Hands the chain what it shows. */
  readonly submitShow?: (show: Uint8Array) => void
  /** Hands the chain what it complains of. */
  readonly submit?: (transaction: Uint8Array) => void
}

function spoilable(store: ContentStore, spoiled: Set<ContentId>): ContentStore {
  const get: GetBlock = (cid) => (spoiled.has(cid) ? undefined : store.blocks.get(cid))
  const put: ContentStore['blocks']['put'] = async (blocks, how) => {
    await store.blocks.put(blocks, how)
    for (const { cid } of blocks) spoiled.delete(cid)
  }
  return { ...store, blocks: { ...store.blocks, get, put } }
}

function boundTo(overlay: Overlay, name: string | symbol): unknown {
  const value: unknown = Reflect.get(overlay, name, overlay)
  return typeof value === 'function' ? value.bind(overlay) : value
}

/** One peer's shells over a real socket; the chain's part is played by the test. */
export async function openMember(options: MemberOptions = {}): Promise<Member> {
  const { signer = createSigner(new Uint8Array(randomBytes(32))), runtime = new CounterRuntime() } = options
  const spoiled = new Set<ContentId>()
  const store = spoilable(options.store ?? memoryStore(), spoiled)
  const { keepsOut = () => false } = options
  const whole = await openOverlay({ signer, network, host: '127.0.0.1', port: 0 })
  const send: Overlay['send'] = (to, message) => (keepsOut(to) ? undefined : whole.send(to, message))
  const overlay: Overlay = new Proxy(whole, { get: (_, name) => (name === 'send' ? send : boundTo(whole, name)) })
  const counts = new Map<string, number>()
  const count = (code: string, by = 1) => void counts.set(code, (counts.get(code) ?? 0) + by)
  const warnings: Member['warnings'][number][] = []
  const warn = (about: object, sentence: string): void => void warnings.push({ about, sentence })
  const log = { debug: () => {}, info: () => {}, warn, error: () => {} }
  const closed: { certificate: Uint8Array; batch: Uint8Array }[] = []
  const keeper: BlockKeeper = new BlockKeeper({
    ...{ store, now: () => Date.now(), nowMs: () => performance.now(), count, log },
    ...{ graceMs: 3_600_000, everyMs: 3_600_000, ...options.collection },
    roots: () => liveRoots(hosts.holdings(), [], signer.peerId),
    tidy: () => hosts.forgetLeft(),
    mend: (cids) => hosts.mend(cids),
  })
  const { readChecks, readEvidence, complaints } = readDuties(store, count, options.submit)
  const content = contentService({ store: keeper.blocks, self: signer.peerId, count, onLacked: (asker) => hosts.onLacked(asker) })
  const bodies = new SentBodies()
  const sent = contentService({ store: bodies, self: signer.peerId, count, onLacked: () => {} })
  const hosts: SiteHosts = new SiteHosts({
    signer,
    network,
    overlay,
    exchange: exchangeOver(overlay, keeper.blocks, count, log),
    store: keeper.blocks,
    holdBlocks: keeper.hold,
    self: signer.peerId,
    scripts: new ScriptQueue(runtime, keeper.blocks),
    log,
    now: () => Date.now(),
    count,
    fail: (error) => {
      throw error
    },
    groupRecords: store.records('groups'),
    siteRecords: store.records('sites'),
    outboxRecords: store.records('outbox'),
    audits: { everyMs: options.auditEveryMs ?? Number.POSITIVE_INFINITY, below: randomInt, nonce: () => new Uint8Array(randomBytes(32)) },
    readChecks,
    readEvidence,
    complaints,
    outbox: options.outbox,
    submitClose: (_, certificate, batch) => void closed.push({ certificate, batch }),
    submitShow: options.submitShow ?? (() => {}),
  })
  overlay.onMessage((from, message) => options.isDeafTo?.(from) !== true && void hosts.onMessage(from, message))
  overlay.onRequest(async (from, request) => {
    if (keepsOut(from)) throw new Error('kept out')
    const { shown } = member
    if (shown !== undefined && numberOf(request) === auditBlocks.number) {
      return new AuditProver(signer.peerId).answer(from, request, shown, 0).reply
    }
    if (asksForContent(numberOf(request))) return bodies.mayAsk(from) ? sent(from, request) : content(from, request)
    if (isRequestNumber(numberOf(request))) return hosts.answer(from, request)
    if (numberOf(request) === certificateAsk.number) return hosts.answerCertificate(request)
    if (numberOf(request) === readCheck.number) return hosts.check(from, request)
    throw new Error('unknown')
  })
  keeper.start()
  const close = async () => {
    readChecks.close()
    await keeper.close()
    await hosts.close()
    await overlay.close()
  }
  const member: Member = {
    signer,
    overlay,
    runtime,
    hosts,
    keeper,
    counts,
    warnings,
    store,
    closed,
    close,
    evidence: readEvidence,
    spoiled,
    bodies,
    shown: undefined,
  }
  opened.push(member)
  return member
}

export function introduce(members: readonly Member[]): void {
  for (const a of members) for (const b of members) if (a !== b) a.overlay.setAddress(b.signer.peerId, b.overlay.address)
}

export function viewOf(members: readonly Member[], more: Partial<SiteView> = {}): SiteView {
  const ids = members.map(({ signer }) => signer.peerId)
  return {
    job,
    name: 'log',
    uploader: ids[0] as PeerId,
    runtime: 'counter',
    epoch: 0,
    members: ids,
    previousMembers: [],
    openedByClosing: true,
    chainSeed: new Uint8Array(32).fill(7),
    start: start.cid,
    startTimeMs: 0,
    opensMs: 0,
    rerun: [],
    next: null,
    recovering: false,
    closing: null,
    shows: [],
    disputes: [],
    ended: false,
    cycleMs: 1_000,
    answersProvisional: false,
    previousEpoch: 0,
    ...UNDISPUTED,
    ...more,
  }
}

export const clientOf = (
  { signer, overlay, bodies }: Member,
  view: () => SiteView,
  { now = () => Date.now(), sharing }: { now?: () => number; sharing?: ReadSharing } = {},
) =>
  new SiteClient({
    ...{ signer, network, overlay, bodies, verification: createVerification(network), now, viewOf: view },
    ...(sharing === undefined ? {} : { sharing }),
  })
export const asking = (method: string, target: string, body = '') => ({
  method,
  target,
  host: 'log.localhost',
  https: false,
  headers: [],
  body: new TextEncoder().encode(body),
})

/** Everything that the member must hold for the site, as it serves it now. */
export function heldBy({ hosts, store }: Member): readonly ContentId[] {
  const held = reachableBlocks(store.blocks.get, hosts.hosted()[0]?.state as ContentId)
  if ('missing' in held) throw new Error(`${held.missing.length} blocks are missing`)
  return held.blocks
}

/** Before that they say SITE_STARTING. */
export const isReady = (group: readonly Member[]) =>
  expect.poll(() => group.map(({ hosts }) => hosts.hosted().length)).toEqual(group.map(() => 1))

/** What one member has, when it is no longer behind. */
export async function readAt(client: SiteClient, member: Member, target = '/'): Promise<string> {
  const read = async () => client.ask('log', asking('GET', target), { member: member.signer.peerId })
  let answer = await read()
  await expect
    .poll(async () => {
      if (answer.ran === 'refused') answer = await read()
      return answer.ran
    })
    .not.toBe('refused')
  return new TextDecoder().decode(answer.body)
}

/** `size` members of one site with its blocks at the first, and two more peers. */
export async function startGroup(size: number, options: (i: number) => MemberOptions = () => ({}), more: Partial<SiteView> = {}) {
  const members: Member[] = []
  for (let i = 0; i < size + 2; i++) members.push(await openMember(options(i)))
  introduce(members)
  const [group, asker, spare] = [members.slice(0, size), members[size] as Member, members[size + 1] as Member]
  await group[0]?.store.blocks.put([...files.blocks, start])
  const view = viewOf(group, more)
  for (const member of group) member.hosts.onViews([view])
  return { group, asker, spare, view }
}
