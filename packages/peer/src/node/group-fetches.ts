import { ContentStoreError } from '@interpeer/content-store'
import type { ContentId, PeerId } from '@interpeer/crypto-ids'
import {
  BODIES_STRAGGLER_MS,
  batchBlockId,
  type GroupEvent,
  type GroupSetup,
  type HeldRequest,
  isPieced,
  REQUEST_BODY_MAX_BYTES,
  type RequestRef,
  readRequestBlock,
  type StateEvent,
  stateEventOf,
} from '@interpeer/peer-group'
import { type BlockPlaces, blockIn, holdDag, sourcesOf } from './block-source.js'
import { ComingState } from './coming-state.js'
import { bodyOf } from './request-bodies.js'

/** The state that reads run on, the one that the next batch runs on, and one that is just being replaced. */
const WANTED_STATES = 3
/** Lists of bodies that are fetched of one member at a time: one that offers ever others and gives none must not use up what this peer may fetch in all. What is left out is offered again. */
const FETCHES_OF_SOURCE_MAX = 32

/**
 * Bodies in pieces that are fetched at a time: what all members may offer, one each at least, so that none who offers what never comes keeps another's waiting; and
 * what a batch names. More are asked for again.
 */
export const piecedAtOnce = (members: number): number => Math.max(PIECED_AT_ONCE_MIN, members + 1)
const PIECED_AT_ONCE_MIN = 16
/** After that another offer has them fetched anew, from who has them then. */
const PIECES_MS = 60_000
/** Pieces are fetched before their request is batched, and are larger: what comes twice counts for more. */
const PIECES_STRAGGLER_MS = 2 * BODIES_STRAGGLER_MS

/** This host's trouble, and no word about what others give. */
const OWN_TROUBLE: readonly string[] = ['FETCH_CROWDED', 'STORE_FULL']

/** What a group is told when what it lacked is here. */
type FetchedEvent =
  | Pick<Extract<GroupEvent, { readonly type: 'bodies' }>, 'type' | 'requests'>
  | Pick<Extract<GroupEvent, { readonly type: 'batch' }>, 'type' | 'bytes'>
  | Pick<Extract<GroupEvent, { readonly type: 'unasked' }>, 'type' | 'hash'>
  | StateEvent

/** Fetches what a group's machine says that it lacks, and gives it the event when it is here. */
export class GroupFetches {
  readonly #setup: GroupSetup
  readonly #around: BlockPlaces
  /** Who else may have the blocks of the epoch's first state. */
  readonly #alsoAsk: () => readonly PeerId[]
  readonly #give: (event: FetchedEvent) => void
  readonly #signal: AbortSignal
  /** Bodies that are being fetched, by who is asked: a member that offers one again and again does not make this peer ask as often. */
  readonly #fetching = new Map<string, Set<string>>()
  /** Batches that are being fetched: the group asks again while it waits. */
  readonly #fetchingBatches = new Set<ContentId>()
  /** Requests whose bodies' pieces are being fetched. */
  readonly #fetchingPieces = new Set<ContentId>()
  readonly #coming = new Map<ContentId, ComingState>()
  /** The last states asked for, newest last: earlier ones are not worth having any more. */
  #wantedStates: readonly ContentId[] = []

  constructor(
    setup: GroupSetup,
    around: BlockPlaces,
    to: { readonly alsoAsk: () => readonly PeerId[]; readonly give: (event: FetchedEvent) => void; readonly signal: AbortSignal },
  ) {
    this.#setup = setup
    this.#around = around
    this.#alsoAsk = to.alsoAsk
    this.#give = to.give
    this.#signal = to.signal
  }

  /** Blocks of requests that members offer or name; those whose bodies lie in further blocks are told of when these are here. */
  async bodies(requests: readonly RequestRef[], from: readonly PeerId[]): Promise<void> {
    const { store, count, exchange } = this.#around
    const [source, key] = [from.join(), requests.map(({ cid }) => cid).join()]
    const under = this.#fetching.get(source) ?? new Set()
    if (under.has(key)) return
    if (under.size >= FETCHES_OF_SOURCE_MAX) return count('FETCH_MANY')
    this.#fetching.set(source, under.add(key))
    try {
      const sources = sourcesOf(this.#around, from, this.#signal)
      await exchange.fetchBlocks(
        requests.map(({ cid }) => cid),
        { ...sources, stragglerMs: BODIES_STRAGGLER_MS },
      )
      const held = requests.flatMap((ref) => {
        const block = store.get(ref.cid) as Uint8Array
        return (this.#setup.checkRequest?.(ref, block) ?? true) ? [{ ...ref, size: block.length }] : []
      })
      this.#give({ type: 'bodies', requests: held.filter(({ cid }) => !isPieced(cid)) })
      // what takes long, or never comes, keeps nothing else waiting
      for (const ref of held) if (isPieced(ref.cid)) void this.#pieces(ref, from)
    } catch (error) {
      count(error instanceof ContentStoreError ? error.code : 'FETCH_FAILED')
    } finally {
      under.delete(key)
      if (under.size === 0) this.#fetching.delete(source)
    }
  }

  /** Whoever offered it may have it; the other members may have it by now. */
  async #pieces(ref: HeldRequest, from: readonly PeerId[]): Promise<void> {
    const { cid } = ref
    const { store, count, exchange } = this.#around
    if (this.#fetchingPieces.has(cid) || this.#fetchingPieces.size >= piecedAtOnce(this.#setup.members.length)) return
    this.#fetchingPieces.add(cid)
    try {
      const parts = readRequestBlock(cid, store.get(cid) as Uint8Array)?.parts ?? []
      const signal = AbortSignal.any([this.#signal, AbortSignal.timeout(PIECES_MS)])
      const sources = sourcesOf(this.#around, [...from, ...this.#setup.members], signal)
      await exchange.fetchBlocks(parts, {
        ...{ ...sources, stragglerMs: PIECES_STRAGGLER_MS },
        ...{ maxBlocks: parts.length, maxBytes: REQUEST_BODY_MAX_BYTES },
      })
      if (bodyOf(store.get, parts) === 'other') count('REQUEST_MISMATCH')
      else this.#give({ type: 'bodies', requests: [ref] })
    } catch (error) {
      count(error instanceof ContentStoreError ? error.code : 'FETCH_FAILED')
    } finally {
      this.#fetchingPieces.delete(cid)
    }
  }

  /** A certified batch, which those who ran it have in their stores, and jurors that were given it. */
  async batch(hash: Uint8Array, from: readonly PeerId[]): Promise<void> {
    const { store, count, exchange } = this.#around
    const cid = batchBlockId(hash)
    if (this.#fetchingBatches.has(cid)) return
    this.#fetchingBatches.add(cid)
    try {
      const sources = sourcesOf(this.#around, [...from, ...this.#alsoAsk()], this.#signal)
      await exchange.fetchBlocks([cid], { ...sources, stragglerMs: BODIES_STRAGGLER_MS })
      this.#give({ type: 'batch', bytes: store.get(cid) as Uint8Array })
    } catch (error) {
      const code = error instanceof ContentStoreError ? error.code : 'FETCH_FAILED'
      count(code)
      if (OWN_TROUBLE.includes(code)) this.#give({ type: 'unasked', hash })
    } finally {
      this.#fetchingBatches.delete(cid)
    }
  }

  /** A state that a batch is to run on, or that visitors are to be answered from. */
  async state(root: ContentId, from: readonly PeerId[]): Promise<void> {
    this.#wantedStates = [...this.#wantedStates.filter((one) => one !== root), root].slice(-WANTED_STATES)
    const known = this.#coming.get(root)
    if (known !== undefined) return known.ask(from)
    const coming = new ComingState(from, () => performance.now())
    this.#coming.set(root, coming)
    const isWanted = () => this.#wantedStates.includes(root)
    const sources = () => [...coming.from, ...this.#alsoAsk()]
    const isHere = await holdDag(root, this.#around, sources, this.#signal, isWanted, coming).finally(() => this.#coming.delete(root))
    const event = isHere ? stateEventOf(root, (cid) => blockIn(this.#around, cid)) : undefined
    if (event !== undefined) this.#give(event)
  }
}
