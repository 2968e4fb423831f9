import { bytesOfContentId, type ContentId, contentIdOf, contentIdOfBytes } from '@interpeer/crypto-ids'
import {
  bool,
  bytes,
  bytesOfHex,
  decodeWith,
  encodeWith,
  hexOf,
  type Infer,
  link,
  list,
  nullable,
  struct,
  uint53,
} from '@interpeer/wire-codec'
import { type Agenda, agendaBlock, isNoAgenda, NO_AGENDA, readAgenda } from './agenda/agenda.js'
import type { StateEvent, StoredBlock } from './api.js'
import type { KnownBatch } from './batch.js'
import { PeerGroupError } from './errors.js'
import { changeIndex, emptyIndex, findIn, type Named, type RequestIndex } from './request-index.js'
import { BATCH_REQUESTS_LIMIT, PAGE_REQUESTS_MAX, STATE_PAGES_MAX } from './settings.js'

/**
 * The group state block: what a certificate's root names (dag-cbor, links as tag 42). The request ids make a write run once however often it is sent: they are
 * part of the state at least until their own ms plus ten minutes (design §6, Writes). They stand in pages, so that a step writes only the last one anew.
 * `fresh`: the job has run no batch yet, so what its configuration plans is not in the agenda. `agenda`: null where nothing is planned.
 */
export const stateSchema = struct({ files: link, fresh: bool, agenda: nullable(link), pages: list(link, STATE_PAGES_MAX) })
/** One page: requests in the order in which they ran. Only a state's last page has fewer than `PAGE_REQUESTS_MAX`, and none is empty. */
export const pageSchema = list(struct({ id: bytes(16), ms: uint53, response: link }), PAGE_REQUESTS_MAX)
export const STATE_BLOCK_MAX_BYTES = 1024 * 1024

export interface AnsweredRequest extends Named {
  /** The request's id, in hexadecimal. */
  readonly name: string
  readonly ms: number
  readonly response: ContentId
}
interface Page {
  readonly cid: ContentId
  /** The highest `ms` in it. */
  readonly lastMs: number
  readonly requests: readonly AnsweredRequest[]
  /** As they are written, while there is room for more. */
  readonly open: Infer<typeof pageSchema> | undefined
}
/** A value: a step's state shares with the one before what both have, pages and index. */
export interface GroupState {
  readonly root: ContentId
  /** The root of the file tree. */
  readonly files: ContentId
  /** No batch has run: the first one reads what the site's configuration plans. */
  readonly isFresh: boolean
  readonly agenda: Agenda
  readonly agendaCid: ContentId | null
  readonly pages: readonly Page[]
  readonly index: RequestIndex<AnsweredRequest>
}

/** What the state says was answered to a request, by its id in hexadecimal. */
export function answeredBy(state: GroupState | undefined, name: string): AnsweredRequest | undefined {
  return state === undefined ? undefined : findIn(state.index, name)
}

/** How many requests the state holds. */
export const requestCount = (state: GroupState): number => state.index.size

/** The state of a job that has run nothing yet: to be stored by whoever publishes it. `isFresh` false: its configuration plans nothing, and is not read. */
export function firstStateBlock(files: ContentId, isFresh = false): StoredBlock {
  return stateBlock({ files, isFresh, agendaCid: null, pages: [] })
}

export interface StateHead {
  readonly files: ContentId
  readonly isFresh: boolean
  readonly agenda: ContentId | null
  /** The blocks that it is read with: the agenda's where there is one, then those of its pages. */
  readonly parts: readonly ContentId[]
}
/** What the block alone says. @throws {PeerGroupError} STATE_INVALID */
export function readStateBlock(block: Uint8Array): StateHead {
  return reading(() => {
    const { files, fresh, agenda: link, pages } = decodeWith(stateSchema, block, STATE_BLOCK_MAX_BYTES)
    const agenda = link === null ? null : contentIdOfBytes(link)
    return {
      files: contentIdOfBytes(files),
      isFresh: fresh,
      agenda,
      parts: [...(agenda === null ? [] : [agenda]), ...pages.map(contentIdOfBytes)],
    }
  })
}

/** The whole state. `parts`: the blocks that it is read with, in order. @throws {PeerGroupError} STATE_INVALID */
export function readState(block: Uint8Array, parts: readonly Uint8Array[]): GroupState {
  const { files, isFresh, agenda: agendaCid, parts: named } = readStateBlock(block)
  if (parts.length !== named.length) throw invalid('other pages')
  const [cids, pages] = agendaCid === null ? [named, parts] : [named.slice(1), parts.slice(1)]
  return reading(() => {
    const agenda = agendaCid === null ? NO_AGENDA : readAgenda(parts[0] as Uint8Array)
    if (agendaCid !== null && contentIdOf(parts[0] as Uint8Array, 'dag-cbor') !== agendaCid) throw invalid('another agenda')
    const read = pages.map((page, i) => readPage(page, i === cids.length - 1))
    if (read.some(({ cid }, i) => cid !== cids[i])) throw invalid('other pages')
    const requests = read.flatMap((page) => page.requests)
    const index = changeIndex(emptyIndex<AnsweredRequest>(), [], requests)
    if (index.size !== requests.length) throw invalid('an id twice')
    return { root: contentIdOf(block, 'dag-cbor'), files, isFresh, agenda, agendaCid, pages: read, index }
  })
}

/** What a state has planned, out of a store; undefined where a block is missing or none of these. */
export function agendaIn(root: ContentId, get: (cid: ContentId) => Uint8Array | undefined): Agenda | undefined {
  const block = get(root)
  if (block === undefined) return undefined
  try {
    const { agenda } = readStateBlock(block)
    if (agenda === null) return NO_AGENDA
    const written = get(agenda)
    return written === undefined ? undefined : reading(() => readAgenda(written))
  } catch (error) {
    if (!(error instanceof PeerGroupError)) throw error
    return undefined
  }
}

/** What the event `state` brings, out of a store; undefined where a block is missing or none of these. */
export function stateEventOf(root: ContentId, get: (cid: ContentId) => Uint8Array | undefined): StateEvent | undefined {
  const block = get(root)
  if (block === undefined) return undefined
  try {
    const parts = readStateBlock(block).parts.map(get)
    return parts.includes(undefined) ? undefined : { type: 'state', root, block, pages: parts as Uint8Array[] }
  } catch (error) {
    if (!(error instanceof PeerGroupError)) throw error
    return undefined
  }
}

/**
 * The state after a batch, and the blocks that are new in it. Pages whose requests are all too old for its time go, and old requests of a last page that
 * is not full; the batch's own are added in order. `agenda`: what is planned after it, if that is another.
 */
export function nextState(
  state: GroupState,
  batch: KnownBatch,
  files: ContentId,
  responses: readonly ContentId[],
  requestsKeptMs: number,
  agenda: Agenda = state.agenda,
): { readonly state: GroupState; readonly blocks: readonly StoredBlock[] } {
  const isKept = ({ lastMs }: { readonly lastMs: number }) => lastMs + requestsKeptMs >= batch.value.timeMs
  const kept = state.pages.filter(isKept)
  const gone = state.pages.filter((page) => !isKept(page)).flatMap(({ requests }) => requests)
  const last = kept.at(-1)?.open === undefined ? undefined : kept.pop()
  const stays = ({ ms }: { readonly ms: number }) => ms + requestsKeptMs >= batch.value.timeMs
  const old = (last?.requests ?? []).filter((one) => !stays(one))
  const added = batch.requests.map(({ id, ms }, i) => ({ name: hexOf(id), ms, response: responses[i] as ContentId }))
  const blocks: StoredBlock[] = []
  if (last !== undefined && added.length + old.length === 0) kept.push(last)
  else {
    const requests = [...(last?.requests ?? []).filter(stays), ...added]
    const written = [...(last?.open ?? []).filter(stays), ...added.map(writtenOf)]
    for (let at = 0; at < requests.length; at += PAGE_REQUESTS_MAX) {
      const open = written.slice(at, at + PAGE_REQUESTS_MAX)
      const block = encodeWith(pageSchema, open)
      kept.push(pageOf(contentIdOf(block, 'dag-cbor'), requests.slice(at, at + PAGE_REQUESTS_MAX), open))
      blocks.push({ cid: contentIdOf(block, 'dag-cbor'), bytes: block })
    }
  }
  let agendaCid = isNoAgenda(agenda) ? null : state.agendaCid
  if (agenda !== state.agenda && !isNoAgenda(agenda)) {
    const written = agendaBlock(agenda)
    agendaCid = written.cid
    blocks.push(written)
  }
  const block = stateBlock({ files, isFresh: false, agendaCid, pages: kept })
  blocks.push(block)
  const index = changeIndex(state.index, [...gone, ...old], added)
  return { state: { root: block.cid, files, isFresh: false, agenda, agendaCid, pages: kept, index }, blocks }
}

/** How many requests a batch of this time may add: exactly, or at least `wanted`, which is cheaper. Never negative, so an empty batch always fits. */
export function roomIn(state: GroupState, timeMs: number, requestsKeptMs: number, wanted = BATCH_REQUESTS_LIMIT): number {
  const free = (STATE_PAGES_MAX - state.pages.length) * PAGE_REQUESTS_MAX
  if (free >= wanted) return free
  const kept = state.pages.filter(({ lastMs }) => lastMs + requestsKeptMs >= timeMs)
  const room = (STATE_PAGES_MAX - kept.length) * PAGE_REQUESTS_MAX
  const open = kept.at(-1)?.open
  return open === undefined ? room : room + PAGE_REQUESTS_MAX - open.filter(({ ms }) => ms + requestsKeptMs >= timeMs).length
}

function readPage(block: Uint8Array, isLast: boolean): Page {
  const written = decodeWith(pageSchema, block)
  if (written.length === 0 || (!isLast && written.length < PAGE_REQUESTS_MAX)) throw invalid('a page that is not full')
  const requests = written.map(({ id, ms, response }) => ({ name: hexOf(id), ms, response: contentIdOfBytes(response) }))
  return pageOf(contentIdOf(block, 'dag-cbor'), requests, written)
}

function pageOf(cid: ContentId, requests: readonly AnsweredRequest[], written: Infer<typeof pageSchema>): Page {
  const lastMs = requests.reduce((highest, { ms }) => Math.max(highest, ms), 0)
  return { cid, lastMs, requests, open: written.length < PAGE_REQUESTS_MAX ? written : undefined }
}

const writtenOf = ({ name, ms, response }: AnsweredRequest): Infer<typeof pageSchema>[number] => ({
  id: bytesOfHex(name),
  ms,
  response: bytesOfContentId(response),
})

function stateBlock({ files, isFresh, agendaCid, pages }: Pick<GroupState, 'files' | 'isFresh' | 'agendaCid' | 'pages'>): StoredBlock {
  const agenda = agendaCid === null ? null : bytesOfContentId(agendaCid)
  const value = { files: bytesOfContentId(files), fresh: isFresh, agenda, pages: pages.map(({ cid }) => bytesOfContentId(cid)) }
  const block = encodeWith(stateSchema, value, STATE_BLOCK_MAX_BYTES)
  return { cid: contentIdOf(block, 'dag-cbor'), bytes: block }
}

const invalid = (reason: string): PeerGroupError => new PeerGroupError({ code: 'STATE_INVALID', reason })

/** @throws {PeerGroupError} STATE_INVALID */
function reading<T>(read: () => T): T {
  try {
    return read()
  } catch (cause) {
    if (cause instanceof PeerGroupError) throw cause
    throw new PeerGroupError({ code: 'STATE_INVALID', reason: 'not a group state block' }, { cause })
  }
}
