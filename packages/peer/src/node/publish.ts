import { setTimeout } from 'node:timers/promises'
import type { BlockStore } from '@interpeer/content-store'
import { type ImportedFolder, importFolder } from '@interpeer/content-store/node'
import type { JobId, NetworkId, Signer } from '@interpeer/crypto-ids'
import { jobNamed, jobOfManifest, signManifest, signPublish } from '@interpeer/job-scheduler'
import { firstStateBlock } from '@interpeer/peer-group'
import { PeerError } from '../errors.js'
import type { NetworkState } from '../network/index.js'
import { SITE_FILE_MAX_BYTES, SITE_MAX_BYTES } from '../site-size.js'
import type { ChainShell } from './chain-shell.js'
import type { SiteAnswer } from './site-answer.js'

export interface Publication {
  /** The site's files. Symbolic links inside it are kept; those that lead out are refused. */
  readonly folder: string
  readonly name: string
  readonly groupSize: number
  /** Units set aside to pay for it. */
  readonly escrow: bigint
  readonly runtimeId: string
  /** Names of folders that are left out at any depth, without being read, and told. Default: none. */
  readonly passOver?: readonly string[]
  readonly progress: (line: string) => void
}
export interface Published {
  readonly job: JobId
  readonly name: string
}
const POLL_MS = 100
const SERVED_DEADLINE_MS = 120_000
/** Each member of the group fetches the whole site, mostly from here: a slow line has that long for each MiB. */
const FETCHED_MS_PER_MIB = 5_000

interface PublishAt {
  readonly signer: Signer
  readonly network: NetworkId
  readonly store: BlockStore
  /** Keeps what is put from now until the function returned is called. */
  readonly holdBlocks: () => () => void
  readonly chain: ChainShell<NetworkState>
  readonly now: () => number
  readonly lookAt: (name: string) => Promise<SiteAnswer>
  /** Aborted when the peer closes. */
  readonly signal: AbortSignal
}

/**
 * Publishes a site (WP §6.1): keeps its blocks, signs its manifest, hands the chain the publication, and stays until the group that was
 * drawn has taken the blocks over: before that nobody else has them.
 * @throws {PeerError} PUBLISH_REFUSED, CLOSED; ContentStoreError when the folder cannot be imported, or the disk refuses
 */
export async function publishSite(publication: Publication, at: PublishAt): Promise<Published> {
  // until the chain names the site's first state nothing else refers to it; after that this peer, as its uploader, keeps it
  const release = at.holdBlocks()
  try {
    return await publishHeld(publication, at)
  } finally {
    release()
  }
}

async function publishHeld(publication: Publication, at: PublishAt): Promise<Published> {
  const { signer, network, chain, now, lookAt } = at
  const { name, groupSize, escrow, runtimeId, progress } = publication
  const site = await storeSite(publication, at)
  progress(`${site.files} files, ${(site.bytes / 1024).toFixed(1)} KiB, root ${site.root}`)
  if (site.leftOutCount > 0) progress(leftOutLine(site))

  await until(() => chain.tip.height > 0, at, 'the chain did not answer: are the peers of --bootstrap running?')
  if (jobNamed(chain.tip.state.jobs, name) !== undefined)
    throw new PeerError({ code: 'PUBLISH_REFUSED', reason: `the name "${name}" is taken` })
  const given = { name, seats: groupSize, files: site.root, runtime: runtimeId, createdMs: now() }
  const manifest = signManifest(given, signer, network)
  const job = jobOfManifest(manifest)
  chain.submit(signPublish(manifest, escrow, signer, network))
  progress(`job ${job}: waiting for a block that records it`)

  await until(() => chain.tip.state.jobs.has(job), at, 'no block recorded the publication')
  progress(`recorded at height ${chain.tip.height}: the next block's seed draws its group`)
  await until(() => chain.tip.state.jobs.get(job)?.state !== 'waiting', at, 'no group could be drawn: too few peers may have seats')
  progress(`${groupSize} peers were drawn`)
  const certificate = () =>
    lookAt(name).then(
      (answer) => answer.certificate,
      () => undefined,
    )
  // a certificate of the group's first step says that a quorum holds the whole site
  await until(async () => (await certificate()) !== undefined, at, 'the group did not take the site over', takenOverMs(site.bytes))
  progress('the group holds the site and has certified it')
  return { job, name }
}

/** Left free in a site that is published: it can still be written to, and loaded. */
const SITE_SPARE_BYTES = 64 * 1024 ** 2

/** @throws {PeerError} CLOSED, when the peer closes its store meanwhile */
async function storeSite({ folder, passOver = [] }: Publication, { store, signal }: PublishAt): Promise<ImportedFolder> {
  try {
    const limits = { maxFileBytes: SITE_FILE_MAX_BYTES, maxBytes: SITE_MAX_BYTES - SITE_SPARE_BYTES }
    const site = await importFolder(folder, store, { ...limits, passOver })
    await store.put([firstStateBlock(site.root, true)])
    return site
  } catch (cause) {
    throw signal.aborted ? new PeerError({ code: 'CLOSED' }, { cause }) : cause
  }
}

/** What was passed over; what else does not fit was refused. */
function leftOutLine({ leftOut, leftOutCount }: ImportedFolder): string {
  const told = leftOut.slice(0, LEFT_OUT_TOLD).map(({ path }) => path)
  return `left out: ${told.join(', ')}${leftOutCount > told.length ? ` and ${leftOutCount - told.length} more` : ''}`
}
const LEFT_OUT_TOLD = 5

/** How long a group may take to fetch and try a site of so many bytes, ms. */
export function takenOverMs(bytes: number): number {
  return SERVED_DEADLINE_MS + Math.ceil((bytes / 2 ** 20) * FETCHED_MS_PER_MIB)
}

/** Looks again and again; a peer that closes meanwhile ends it. @throws {PeerError} PUBLISH_REFUSED, CLOSED */
async function until(
  isDone: () => boolean | Promise<boolean>,
  { signal }: PublishAt,
  reason: string,
  withinMs = SERVED_DEADLINE_MS,
): Promise<void> {
  const deadlineMs = performance.now() + withinMs
  while (!(await isDone())) {
    if (performance.now() > deadlineMs) throw new PeerError({ code: 'PUBLISH_REFUSED', reason })
    await setTimeout(POLL_MS, undefined, { signal }).catch(() => {
      throw new PeerError({ code: 'CLOSED' })
    })
  }
}
