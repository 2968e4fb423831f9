import { randomInt } from 'node:crypto'
import type { ContentId, PeerId } from '@interpeer/crypto-ids'
import {
  type AgreedCheckpoints,
  type Application,
  agreedCheckpoints,
  type Certificate,
  ChainError,
  checkCertificateLightly,
  checkpointReply,
  createVerification,
  ELECTORATE_SET,
  electorateStands,
  type Genesis,
  HEADERS_MAX,
  type Header,
  hashOfHeader,
  headersReply,
  type LightChain,
  lightFromHeader,
  linkedHeaders,
  type MadeCheckpoint,
  type NamedCheckpoint,
  pickVotes,
  proofOfElector,
  proofsReply,
  readCheckpoint,
  readingCheckpoint,
  stateDigestOf,
  type Tip,
  type ToldTip,
  tipReply,
  trustedCycles,
  votersAt,
  wantCheckpoint,
  wantHeaders,
  wantProofs,
  wantTip,
} from '@interpeer/vote-chain'
import { sameBytes } from '@interpeer/wire-codec'
import { PeerError } from '../errors.js'
import type { SyncSources } from './sync-sources.js'

/** A source alone could say anything: where there is another, two have to say the same. */
const SOURCES_MIN = 2
const NAMED = 4
/** Who does not say how far it is within this time is not waited for. */
const TIP_MS = 3_000

export interface ChainSyncOptions<S> {
  readonly genesis: Genesis
  readonly application: Application<S>
  readonly sources: SyncSources
  readonly now: () => number
  /** The hash of a checkpoint's header that the owner trusts: it, and the one before or after it, are taken from whoever has them. */
  readonly checkpoint?: Uint8Array | undefined
  /** Dice: which votes are looked at. */
  readonly below?: (count: number) => number
  /** Parts of states that are here already: they have their names, so it is nothing who gave them. */
  readonly held?: (cid: ContentId) => Uint8Array | undefined
}
export interface SyncedCheckpoint {
  readonly height: number
  readonly checkpoint: MadeCheckpoint
  /** The newer one, which shows that the chain went on from it. */
  readonly newest: number
}

/**
 * Finds a state to start from, as design §7 says: the last two checkpoints, the same from most sources, none too old. The newer one's hash shows all
 * headers since the older one, these show who votes after it, and both certificates are looked at. All parts of the older one's state are fetched that are not here.
 * @throws {ChainError} SYNC_SOURCES, SYNC_OLD @throws {PeerError} SYNC_UNANSWERED, SYNC_TOO_LARGE
 */
export async function syncCheckpoint<S>(options: ChainSyncOptions<S>): Promise<SyncedCheckpoint> {
  const { sources } = options
  for (;;) {
    const agreed = await agree(options)
    const before = sources.lies
    try {
      return await startFrom(options, agreed)
    } catch (error) {
      // whoever helped to agree on what does not hold has been left: the others may say better
      const mayBeBetter = error instanceof PeerError || (error instanceof ChainError && error.code === 'CERTIFICATE_WRONG')
      if (!mayBeBetter || sources.lies === before || sources.peers.length === 0) throw error
    }
  }
}

/** The last two checkpoints as most sources name them, and the height that each source tells; who names others is left. @throws {ChainError} SYNC_SOURCES */
export async function agree({
  genesis,
  sources,
  checkpoint,
}: Pick<ChainSyncOptions<unknown>, 'genesis' | 'sources' | 'checkpoint'>): Promise<
  AgreedCheckpoints<PeerId> & { readonly heights: readonly number[] }
> {
  const { peers } = sources
  const answers = await Promise.allSettled(
    peers.map(async (source) => ({ source, tip: await sources.ask(source, wantTip.encode({ checkpoints: NAMED }), tipReply, TIP_MS) })),
  )
  const told = answers.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const { checkpointCycles } = genesis.settings
  const sourcesMin = checkpoint === undefined ? Math.min(SOURCES_MIN, peers.length) : 1
  const agreed = agreedCheckpoints(
    checkpoint === undefined ? told : told.flatMap((one) => besideNamed(one, checkpoint, checkpointCycles)),
    {
      checkpointCycles,
      sourcesMin,
    },
  )
  for (const liar of agreed.liars) sources.leave(liar, new ChainError({ code: 'CHECKPOINT_WRONG', reason: 'header' }))
  sources.keepOnly(agreed.sources)
  return { ...agreed, heights: told.map(({ tip }) => tip.height) }
}

/** What a source says of a checkpoint that the owner named, and of those next to it: headers show whether they belong together. Nothing where it does not have that. */
function besideNamed({ source, tip }: ToldTip<PeerId>, checkpoint: Uint8Array, checkpointCycles: number): readonly ToldTip<PeerId>[] {
  const named = tip.checkpoints.find(({ block }) => sameBytes(block, checkpoint))
  if (named === undefined) return []
  const checkpoints = tip.checkpoints.filter(({ height }) => Math.abs(height - named.height) <= checkpointCycles)
  return [{ source, tip: { ...tip, checkpoints } }]
}

async function startFrom<S>(options: ChainSyncOptions<S>, { start, newest }: AgreedCheckpoints<PeerId>): Promise<SyncedCheckpoint> {
  const { genesis, application, sources } = options
  const { bytes, giver } = await sources.first('checkpoint', async (peer) => {
    const { checkpoint } = await sources.ask(peer, wantCheckpoint.encode({ height: start.height }), checkpointReply)
    if (checkpoint === null) return undefined
    const read = readCheckpoint(checkpoint)
    const isAgreed = sameBytes(hashOfHeader(read.at), start.block) && sameBytes(stateDigestOf(read), start.state)
    if (!isAgreed) throw new ChainError({ code: 'CHECKPOINT_WRONG', reason: 'header' })
    return { bytes: checkpoint, giver: peer }
  })
  const { at } = readCheckpoint(bytes)
  if (options.checkpoint === undefined) assertYoung(at, options)
  const headers = await headersUntil(options, lightFromHeader(at, genesis.settings.rootGroupSize), newest, (header) => header)
  const reading = readingCheckpoint({ genesis, application }, bytes)
  const parts = new Map<ContentId, Uint8Array>()
  const partOf = (cid: ContentId): Uint8Array | undefined => {
    const here = parts.get(cid) ?? options.held?.(cid)
    if (here !== undefined) parts.set(cid, here)
    return here
  }
  for (;;) {
    const read = reading.next(partOf)
    if ('missing' in read) {
      await sources.parts(read.missing, parts)
      continue
    }
    assertElectorates(options, read.tip, headers)
    try {
      assertCertificate(options, read.tip)
    } catch (error) {
      // nobody else said anything of the certificate: it is not among what sources name
      sources.leave(giver, error)
      throw error
    }
    return { height: start.height, newest: newest.height, checkpoint: { bytes, parts } }
  }
}

/** None older than what its electors are bound by (`trustedCycles`). */
function assertYoung<S>({ height, timeMs }: Header, { genesis, now }: ChainSyncOptions<S>): void {
  if (timeMs < now() - trustedCycles(genesis) * genesis.settings.cycleMs) throw new ChainError({ code: 'SYNC_OLD', height, timeMs })
}

/**
 * What `keep` keeps of all headers up to a checkpoint, whose hash shows each of them, and its certificate, by votes of this peer's choice.
 * @throws {PeerError} SYNC_UNANSWERED
 */
export async function headersUntil<T>(
  options: Pick<ChainSyncOptions<unknown>, 'genesis' | 'sources' | 'below'>,
  from: LightChain,
  { height, block }: Pick<NamedCheckpoint, 'height' | 'block'>,
  keep: (header: Header) => T,
): Promise<readonly T[]> {
  const { genesis, sources } = options
  const { rootGroupSize } = genesis.settings
  return sources.first('headers', async (peer) => {
    const kept: T[] = []
    let [before, last] = [from, from]
    let certificate: Certificate | null = null
    while (last.height < height) {
      const count = Math.min(HEADERS_MAX, height - last.height)
      const reply = await sources.ask(peer, wantHeaders.encode({ fromHeight: last.height + 1, count }), headersReply)
      if (reply.headers.length === 0) return undefined
      for (const header of linkedHeaders(last, reply.headers)) {
        kept.push(keep(header))
        ;[before, last] = [last, lightFromHeader(header, rootGroupSize)]
      }
      certificate = reply.certificate
    }
    if (last.header === null || last.height !== height || !sameBytes(last.hash, block)) throw new ChainError({ code: 'HEADER_WRONG' })
    if (certificate === null) return undefined
    return (await checkAfar(options, peer, { certificate, before, header: last.header })) ? kept : undefined
  })
}

/**
 * Checks a certificate by votes of this peer's own choice, which a source proves. False: the source does not have that electorate.
 * @throws {ChainError} CERTIFICATE_WRONG @throws {ContentStoreError} MAP_PROOF_MALFORMED, MAP_PROOF_WRONG
 */
export async function checkAfar(
  { genesis, sources, below }: Pick<ChainSyncOptions<unknown>, 'genesis' | 'sources' | 'below'>,
  peer: PeerId,
  {
    certificate,
    before,
    header,
  }: { readonly certificate: Certificate; readonly before: Pick<Header, 'seed' | 'electorate'>; readonly header: Header },
): Promise<boolean> {
  const places = pickVotes(certificate, below ?? randomInt)
  const wanted = { height: header.height, set: ELECTORATE_SET, keys: [...votersAt(certificate, places)] }
  const { proofs } = await sources.ask(peer, wantProofs.encode(wanted), proofsReply)
  if (proofs.length === 0 && places.length > 0) return false
  checkVotes({ genesis }, certificate, before, header, places, proofs)
  return true
}
function checkVotes(
  { genesis }: Pick<ChainSyncOptions<unknown>, 'genesis'>,
  certificate: Certificate,
  before: Pick<Header, 'seed' | 'electorate'>,
  header: Header,
  places: readonly number[],
  proofs: readonly Uint8Array[],
): void {
  const block = { height: header.height, hash: hashOfHeader(header) }
  const group = { height: block.height, seed: before.seed, electorate: before.electorate, sizeMax: genesis.settings.rootGroupSize }
  const picked = { places, proofs: new Map(places.map((place, i) => [place, proofs[i] ?? new Uint8Array()])) }
  checkCertificateLightly(certificate, block, group, picked, createVerification(genesis.network))
}

/** The older checkpoint's own certificate. */
function assertCertificate<S>(options: ChainSyncOptions<S>, tip: Tip<S>): void {
  const { header, before, certificate, groupBefore, hash } = tip
  if (header === null || before === null || certificate === null || groupBefore === undefined) throw wrong('header')
  if (!sameBytes(certificate.block, hash)) throw wrong('header')
  const places = pickVotes(certificate, options.below ?? randomInt)
  const proofs = votersAt(certificate, places).map((key) => proofOfElector(groupBefore.electorate, key))
  checkVotes(options, certificate, before, header, places, proofs)
}
/** Its electorates: what votes on the heights after it goes by. */
function assertElectorates<S>(options: ChainSyncOptions<S>, tip: Tip<S>, headers: readonly Header[]): void {
  const { lookBack } = options.genesis.settings
  if (headers.length < lookBack - 1) throw wrong('electorate') // who votes next would be shown by nothing
  if (headers.some((later) => !electorateStands(tip, later, lookBack))) throw wrong('electorate')
}
const wrong = (reason: 'header' | 'electorate'): ChainError => new ChainError({ code: 'CHECKPOINT_WRONG', reason })
