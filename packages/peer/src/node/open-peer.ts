import { randomBytes, randomInt } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { contentClaim, type RecordStore } from '@interpeer/content-store'
import { openDiskStore } from '@interpeer/content-store/node'
import type { ContentId, JobId, NetworkId, PeerId } from '@interpeer/crypto-ids'
import { OverlayError } from '@interpeer/overlay'
import { openOverlay } from '@interpeer/overlay/node'
import { certificateAsk, createVerification, isRequestNumber, readCheck } from '@interpeer/peer-group'
import { CHAIN_MESSAGE_NUMBERS, parseGenesis } from '@interpeer/vote-chain'
import { hexOf } from '@interpeer/wire-codec'
import { addressExchange } from '../address-record.js'
import { PeerError } from '../errors.js'
import { jobLogs } from '../job-log/messages.js'
import { liveRoots } from '../live-roots.js'
import { numberOf } from '../message-number.js'
import {
  chainProofOf,
  disputeTransactions,
  epochCloseTransaction,
  type NetworkState,
  networkApplication,
  presentTransaction,
  showTransactions,
} from '../network/index.js'
import { hasPartIn, isJudge, mayExchange, type SiteView, speaksFor } from '../site-view.js'
import { type SiteViews, siteViews } from '../site-views.js'
import { AccusationJury } from './accusation-jury.js'
import { Accuser } from './accuser.js'
import { AddressBook, mayHaveSeats } from './address-book.js'
import { afterSleep } from './after-sleep.js'
import { askSeat } from './ask-seat.js'
import { BlockKeeper } from './block-keeper.js'
import { exchangeOver } from './block-source.js'
import { ChainShell, type ChainSurroundings } from './chain-shell.js'
import { ChainStore } from './chain-store.js'
import { ClaimDesk, claimAtMembers } from './claim-desk.js'
import { Complaints } from './complaints.js'
import { asksForContent, contentService } from './content-service.js'
import { DrawnSeats } from './drawn-seats.js'
import { isReachable } from './endpoint.js'
import { JuryDesk } from './jury-desk.js'
import { KnownRequests } from './known-requests.js'
import type { Peer, PeerOptions } from './peer-api.js'
import { lockFolder } from './process-lock.js'
import { provenBlocks } from './proven-blocks.js'
import { publishSite } from './publish.js'
import { ReadCheckQueue } from './read-check-queue.js'
import { ReadEvidence } from './read-evidence.js'
import { readJobLogs } from './read-job-logs.js'
import { ReadSharing } from './read-sharing.js'
import { ScriptQueue } from './script-queue.js'
import { SentBodies } from './sent-bodies.js'
import { showSeat } from './show-seat.js'
import { SiteClient } from './site-client.js'
import { SiteHosts } from './site-hosts.js'
import { openBegun } from './start-from-checkpoint.js'
import { asksForParts, countsNow, SYNC_DESK_NUMBERS, SyncDesk } from './sync-desk.js'

const COLLECTION = { graceMs: 3_600_000, everyMs: 300_000 }
const AUDIT_EVERY_MS = 60_000
const READ_CHECKS_PER_MILLE = 20

/**
 * Starts a whole peer. What is wrong with genesis, port or disk is told by the package that takes it.
 * @throws {PeerError} DATA_IN_USE, DATA_OTHER_NETWORK, SYNC_REFUSED @throws {OverlayError} ADDRESS_SYNTAX: `advertise` is not where anyone can send to
 * @throws {ChainError} @throws {DgramError} @throws {ContentStoreError}
 */
export async function openPeer(options: PeerOptions): Promise<Peer> {
  const { signer, log, advertise } = options
  if (advertise !== undefined && !isReachable(advertise)) throw new OverlayError({ code: 'ADDRESS_SYNTAX', ...advertise })
  const genesis = parseGenesis(options.genesis)
  const { network } = genesis
  mkdirSync(options.data, { recursive: true, mode: 0o700 })
  const unlock = lockFolder(options.data)
  const undo: (() => Promise<void> | void)[] = [unlock]
  const stop = new AbortController()
  const undoAll = async () => {
    stop.abort()
    const failures: unknown[] = []
    for (const step of undo.splice(0).reverse()) {
      try {
        await step()
      } catch (error) {
        failures.push(error) // what comes after is still to be let go of
      }
    }
    if (failures.length > 0) throw failures[0]
  }
  let closing: Promise<void> | undefined
  const close = () => {
    closing ??= undoAll()
    return closing
  }
  try {
    const { maxStoreBytes: maxBytes, collection = COLLECTION } = options
    const store = openDiskStore(join(options.data, 'store'), { kind: options.store, ...(maxBytes === undefined ? {} : { maxBytes }) })
    undo.push(() => store.close())
    await keepToNetwork(options.data, store.records('peer'), network)

    const counters = new Map<string, number>()
    const count = (code: string, by = 1): void => void counters.set(code, (counters.get(code) ?? 0) + by)
    const now = (): number => Date.now() // network time is the system clock until its own issue
    let fail: (error: unknown) => void = () => {}
    const failed = new Promise<never>((_, reject) => {
      fail = (error) => {
        log.error({ err: error }, 'the peer stops: it could not write what it must not forget, or may not go on')
        reject(error)
      }
    })
    failed.catch(() => {})

    const overlay = await openOverlay({ signer, network, host: options.host, port: options.port })
    undo.push(() => overlay.close())
    let registry: NetworkState['registry'] = new Map()
    const founders = new Set(genesis.peers)
    const isRegistered = (peer: PeerId): boolean => (registry.size === 0 ? founders.has(peer) : mayHaveSeats(peer, registry))
    const records = store.records('addresses')
    const own = advertise ?? (isReachable(overlay.address) ? overlay.address : undefined)
    if (own === undefined)
      log.warn({ ...overlay.address }, 'this peer tells nobody where it is: it listens on all addresses, and none to advertise was given')
    const addresses = new AddressBook({
      ...{ signer, network, overlay, records, bootstrap: options.bootstrap, log, own, isRegistered, now },
      clock: { nowMs: () => performance.now(), after },
    })
    undo.push(() => addresses.stop())

    const verification = createVerification(network)
    const readEvidence = new ReadEvidence(store.records('read-evidence'), count)
    const readChecks = new ReadCheckQueue({ nowMs: () => performance.now(), after }, count)
    undo.push(() => readChecks.close())
    const keeper: BlockKeeper = new BlockKeeper({
      ...{ store, maxBytes, ...collection, now, nowMs: () => performance.now(), count, log },
      roots: () =>
        liveRoots(
          hosts.holdings(),
          [...claims.roots(), ...readEvidence.roots, ...accuser.references(), ...juryReferences()],
          signer.peerId,
        ),
      tidy: () => Promise.all([hosts.forgetLeft(), claims.tidy(), readEvidence.tidy(now())]),
      mend: (cids) => hosts.mend(cids),
    })
    const scripts = options.runtime === null ? null : new ScriptQueue(options.runtime, keeper.blocks)
    const audits = { everyMs: options.auditEveryMs ?? AUDIT_EVERY_MS, below: randomInt, nonce: () => new Uint8Array(randomBytes(32)) }
    const accuser: Accuser = new Accuser({
      ...{ signer, network, store: keeper.blocks, count, log },
      submit: (transaction) => chain.submit(transaction),
      answerMs: () => chain.tip.state.settings.disputeAnswerCycles * genesis.settings.cycleMs,
    })
    const complaints: Complaints = new Complaints({
      accuser,
      inParts: (dispute, of) => disputeTransactions(dispute, { ...of, blockBytesMax: genesis.settings.blockBytesMax }, signer, network),
      ...{ records: store.records('evidence'), disputeRecords: store.records('disputes'), verification, count, log },
      submit: (transaction) => chain.submit(transaction),
    })
    const exchange = exchangeOver(overlay, keeper.blocks, count, log)
    const hosts: SiteHosts = new SiteHosts({
      complaints,
      accuser,
      verification,
      signer,
      network,
      overlay,
      exchange,
      store: keeper.blocks,
      holdBlocks: keeper.hold,
      self: signer.peerId,
      scripts,
      log,
      now,
      count,
      fail,
      groupRecords: store.records('groups'),
      siteRecords: store.records('sites'),
      outboxRecords: store.records('outbox'),
      audits,
      readChecks,
      readEvidence,
      outbox: options.outbox,
      submitClose: (job, certificate, batch) => chain.submit(epochCloseTransaction(job, certificate, batch)),
      submitShow: (envelope) => {
        for (const part of showTransactions(envelope, genesis.settings.blockBytesMax, signer, network)) chain.submit(part)
      },
    })
    undo.push(() => hosts.close())
    const juries =
      scripts === null
        ? undefined
        : new JuryDesk({
            ...{ exchange, store: keeper.blocks, holdBlocks: keeper.hold, self: signer.peerId, signer, verification },
            ...{ scripts, requests: new KnownRequests(network), records: store.records('juries'), log, now, count, fail },
            submit: (verdict) => chain.submit(verdict),
          })
    undo.push(() => juries?.close())
    const accusationJury =
      scripts === null
        ? undefined
        : new AccusationJury({
            ...{ exchange, store: keeper.blocks, holdBlocks: keeper.hold, self: signer.peerId, signer, network, verification },
            ...{ scripts, requests: new KnownRequests(network), records: store.records('accusations'), log, now, count },
            submit: (verdict) => chain.submit(verdict),
          })
    undo.push(() => accusationJury?.close())
    function* juryReferences() {
      yield* juries?.references() ?? []
      yield* accusationJury?.references() ?? []
    }
    let views: SiteViews = new Map()
    // after a restart the chain's state does not tell who was a member before: what this peer served, it has
    const isHere = (view: SiteView): boolean => hasPartIn(view, signer.peerId) || hosts.hasServed(view.job)
    const mayClaim = (job: JobId, from: PeerId): boolean => {
      const view = views.get(job)
      return view !== undefined && isHere(view) && speaksFor(view, from)
    }
    const claims = new ClaimDesk({ records: store.records('claims'), network, now, mayClaim })
    const onState = (state: NetworkState) => {
      registry = state.registry
      views = siteViews(state.jobs, genesis.settings.cycleMs, views, state.disputes, state.accusations)
      hosts.onViews([...views.values()])
      juries?.onState(state)
      accusationJury?.onState(state)
      accuser.onState(state)
      complaints.onState(state)
      // who was taken to be gone and is back gets seats again
      const present = options.runtime === null ? undefined : presentTransaction(state, signer)
      if (present !== undefined) chain.submit(present)
    }
    const chainStore = new ChainStore(store.records('chain'), count)
    const application = networkApplication(network)
    const bootstrap = options.bootstrap.map(({ peer }) => peer)
    const starting = { genesis, self: signer.peerId, overlay, addresses, bootstrap, now, log, count, signal: stop.signal }
    const seats = new DrawnSeats({ self: signer.peerId, records: store.records('seats'), count })
    const isKnown = (peer: PeerId): boolean => countsNow(peer, registry, founders)
    const desk = new SyncDesk<NetworkState>({
      store: chainStore,
      mapOf: ({ maps }, set) => maps[set],
      nowMs: () => performance.now(),
      isKnown,
      seats,
    })
    // how far this peer is others may ask before its chain is open: where all start at once, each waits for the others' word
    overlay.onRequest(async (from, request) => {
      const number = numberOf(request)
      if (number === addressExchange.number) return addresses.answer(from, request)
      if (number !== undefined && SYNC_DESK_NUMBERS.includes(number)) return desk.answer(from, number, request)
      throw new PeerError({ code: 'SYNC_NOTHING' })
    })
    const proven = options.sync === 'genesis' ? await provenBlocks(starting) : undefined
    const surroundings: ChainSurroundings<NetworkState> = {
      genesis,
      application,
      signer,
      overlay,
      store: chainStore,
      sync: options.sync,
      proven,
      onTip: (tip) => {
        seats.onTip(tip)
        desk.onTip(tip)
      },
      now,
      onBlock: onState,
      onFault: (fault) => complaints.accuse(null, fault),
      count,
      log,
      fail,
      onSleep: async (tip) => {
        log.warn({ height: tip.height }, 'this peer slept for long: it asks whether it may go on from where it stopped')
        const way = await afterSleep(starting, { ...tip, hashAt: (height) => chainStore.hashAt(height) })
        if (way === 'anew') throw new PeerError({ code: 'SYNC_SLEPT', height: tip.height })
      },
    }
    const openShell = () => new ChainShell(surroundings)
    const begins = { ...starting, application, checkpoint: options.checkpoint, store: chainStore }
    const chain: ChainShell<NetworkState> = options.sync === 'genesis' ? openShell() : await openBegun(begins, openShell)
    undo.push(() => chain.stop())
    const viewOf = (name: string): SiteView | undefined => [...views.values()].find((view) => view.name === name && !view.ended)
    const bodies = new SentBodies()
    const client = new SiteClient({
      bodies,
      onOtherPiece: (about) => {
        count(about.what === 'false' ? 'PIECE_FALSE' : 'PIECE_OTHER')
        if (about.what === 'false') log.warn(about, 'of two members that say they have the same file, one gave or promised a false piece')
      },
      signer,
      network,
      overlay,
      verification,
      now,
      viewOf,
      sharing: new ReadSharing({
        ...{ self: signer.peerId, network, overlay, verification, readEvidence, now, count, log },
        habits: { perMille: options.readChecksPerMille ?? READ_CHECKS_PER_MILLE, below: randomInt },
      }),
    })

    const served = {
      get: (cid: ContentId, asker: PeerId) => bodies.get(cid, asker) ?? keeper.blocks.get(cid),
      has: (cid: ContentId) => keeper.blocks.has(cid),
    }
    const content = contentService({ store: served, self: signer.peerId, count, onLacked: (asker) => hosts.onLacked(asker) })
    // whom this peer asked something gets the body of that, and nothing else
    const sent = contentService({ store: bodies, self: signer.peerId, count, onLacked: () => {} })
    // the states of checkpoints are nobody's secret
    const publicParts = { get: (cid: ContentId) => chainStore.part(cid), has: (cid: ContentId) => chainStore.hasPart(cid) }
    const parts = contentService({ store: publicParts, self: signer.peerId, count, onLacked: () => {} })
    overlay.onMessage((from, message) => {
      const number = numberOf(message)
      if (number === undefined) count('MESSAGE_UNREADABLE')
      else if (CHAIN_MESSAGE_NUMBERS.includes(number)) chain.onMessage(from, message)
      else if (!hosts.onMessage(from, message)) count('MESSAGE_UNKNOWN')
    })
    overlay.onRequest(async (from, request) => {
      const number = numberOf(request)
      if (number === addressExchange.number) return addresses.answer(from, request)
      if (asksForContent(number)) {
        // a CID is no secret, what a site stores may be: only those who run the site, or are about to, get its blocks, or learn who has them
        const mayHave = [...views.values()].some((view) => mayExchange(view, from) && (isHere(view) || isJudge(view, signer.peerId)))
        if (mayHave) return content(from, request)
        if (bodies.mayAsk(from)) return sent(from, request)
        if (asksForParts(request, chainStore)) return parts(from, request)
        count('BLOCKS_REFUSED')
        throw new PeerError({ code: 'BLOCKS_REFUSED', peer: from })
      }
      if (number !== undefined && SYNC_DESK_NUMBERS.includes(number)) return desk.answer(from, number, request)
      if (isRequestNumber(number)) return hosts.answer(from, request)
      if (number === certificateAsk.number) return hosts.answerCertificate(request)
      if (number === readCheck.number) return hosts.check(from, request)
      if (number === jobLogs.number) return hosts.answerLogs(request)
      if (number === contentClaim.number) {
        await claims.take(request)
        return new Uint8Array()
      }
      count('REQUEST_UNKNOWN')
      throw new PeerError({ code: 'REQUEST_MALFORMED', reason: `no such request (from ${from})` })
    })
    onState(chain.tip.state)
    addresses.start()
    keeper.start()
    undo.push(() => keeper.close())
    undo.push(() => client.close())

    return {
      peerId: signer.peerId,
      network,
      address: overlay.address,
      advertised: own,
      failed,
      chain: () => ({ height: chain.tip.height, timeMs: chain.tip.timeMs, seed: hexOf(chain.tip.seed), state: chain.tip.state }),
      proof: (what) => chainProofOf(chain.tip, what),
      showSeat: async (job, seat) => {
        await chain.written()
        return showSeat(job, seat, { genesis, application, signer, store: chainStore, log })
      },
      askSeat: async (job, seat, onAsk) => {
        await chain.written()
        const { state } = chain.tip
        const entry = state.jobs.get(job)
        const asked = new Set([...(entry?.epoch.members ?? []), ...(entry?.next?.members ?? []), ...bootstrap, ...genesis.peers])
        const peers = [...asked].filter((peer) => peer !== signer.peerId && addresses.known.includes(peer))
        const hashAt = (height: number) => chainStore.hashAt(height)
        const whom = { overlay, peers, nowMs: () => performance.now(), signal: stop.signal, onAsk }
        return askSeat(job, seat, { ...whom, hashAt, oldest: chainStore.checkpoints.at(-1) ?? 1, state, log, count })
      },
      submit: (transaction) => chain.submit(transaction),
      findTransaction: (transaction, fromHeight) => chain.find(transaction, fromHeight),
      hosted: () => hosts.hosted(),
      observed: (job) => client.observed(job),
      heardMs: (peer) => addresses.heardMs(peer),
      askSite: (name, request, ask) => client.ask(name, request, ask),
      isDisputed: (name) => viewOf(name)?.disputed ?? false,
      lookAt: async (name) => void (await client.lookAt(name)),
      claim: async (job, roots, untilMs) => {
        const view = views.get(job)
        if (view === undefined) throw new PeerError({ code: 'SITE_UNKNOWN', name: job })
        return claimAtMembers(view, { roots, untilMs }, { signer, network, overlay, own: claims, now })
      },
      jobLogs: async (name, since = new Map()) => {
        const view = viewOf(name)
        if (view === undefined) throw new PeerError({ code: 'SITE_UNKNOWN', name })
        return readJobLogs(view, since, { signer, network, overlay, own: (envelope) => hosts.answerLogs(envelope), now })
      },
      publish: (publication) =>
        publishSite(publication, {
          signer,
          network,
          store: keeper.blocks,
          holdBlocks: keeper.hold,
          chain,
          now,
          lookAt: (name) => client.lookAt(name),
          signal: stop.signal,
        }),
      storage: () => ({ usedBytes: keeper.usedBytes, maxBytes: maxBytes ?? null }),
      contradictions: () => readEvidence.all,
      counters: () => ({ ...overlay.counters(), ...Object.fromEntries(counters), BLOCKS_CORRUPT: store.blocks.counters().corrupt }),
      close,
    }
  } catch (error) {
    await close().catch(() => {}) // the first failure tells more
    throw error
  }
}

function after(ms: number, wake: () => void): () => void {
  const timer = setTimeout(wake, ms)
  return () => clearTimeout(timer)
}

/** A folder belongs to the network that it was first used with: what was signed there must not be forgotten, nor mixed. */
async function keepToNetwork(folder: string, records: RecordStore, network: NetworkId): Promise<void> {
  const stored = records.get('network')
  if (stored === undefined) return records.put([['network', new TextEncoder().encode(network)]])
  const known = new TextDecoder().decode(stored)
  if (known !== network) throw new PeerError({ code: 'DATA_OTHER_NETWORK', folder, stored: known, given: network })
}
