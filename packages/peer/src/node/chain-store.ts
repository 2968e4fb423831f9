import { RECORD_MAX_BYTES, type RecordStore } from '@interpeer/content-store'
import type { ContentId } from '@interpeer/crypto-ids'
import {
  ChainError,
  type ChainOptions,
  type ChainStep,
  decodeBlock,
  type Header,
  hashOfHeader,
  isTrusted,
  type MadeCheckpoint,
  openChain,
  readCheckpoint,
  type Tip,
  withoutCertificate,
} from '@interpeer/vote-chain'
import { concatBytes, decodeWith, encodeWith, list, sameBytes, struct, uint53 } from '@interpeer/wire-codec'
import { PeerError } from '../errors.js'
import type { PeerLog } from './log.js'

/** What this peer voted for: of the largest groups and blocks it is more than one record holds, so it has a second, most often empty. */
const [VOTES_KEY, MORE_VOTES_KEY, CHECKPOINTS_KEY] = ['votes', 'votes-more', 'checkpoints']
const padded = (height: number): string => height.toString().padStart(16, '0')
const blockKey = (height: number): string => `block/${padded(height)}`
const checkpointKey = (height: number): string => `checkpoint/${padded(height)}`
const PART = 'part/'
/** So many checkpoints are kept: new peers start from the last two that most of those whom they ask know (§6.7), and some are a block behind. */
const KEPT = 3
/** What this peer wrote does not hold: its owner has to look at the disk, whatever can be read of it. */
const STORED_WRONG: readonly string[] = ['STORED_BLOCK_WRONG', 'STORED_RECORD_WRONG']
/** Heights of the checkpoints that are kept, the newest first. */
export const heightsSchema = struct({ heights: list(uint53, KEPT) })

type Entry = readonly [key: string, bytes: Uint8Array]

/**
 * The chain on disk: blocks by height, what this peer must not forget having signed, and the last checkpoints with the parts of their states. A checkpoint is
 * written together with its block, all or nothing; parts that none needs any more go afterwards.
 */
export class ChainStore {
  readonly #records: RecordStore
  readonly #count: (code: string) => void
  #heights: readonly number[]
  /** Keys of checkpoints that a crash left between the write that gave them up and their end. */
  #left: readonly string[]
  /** Parts that are on disk, and those of each checkpoint as far as this run has made it. */
  readonly #stored: Set<string>
  readonly #partsOf = new Map<number, ReadonlySet<string>>()

  constructor(records: RecordStore, count: (code: string) => void) {
    this.#records = records
    this.#count = count
    this.#heights = this.#readHeights()
    this.#stored = this.#listParts()
    this.#left = this.#listLeft()
  }

  /** Heights of the kept checkpoints, the newest first. */
  get checkpoints(): readonly number[] {
    return this.#heights
  }

  /**
   * Opens the chain from the newest checkpoint that can be read, or from its first block; up to the first block that can't be read: the rest is fetched again.
   * @param from `genesis`: from the first block, whatever else there is; `oldest`: from the oldest checkpoint that can be read
   * @throws {ChainError} STORED_BLOCK_WRONG, STORED_RECORD_WRONG @throws {ContentStoreError} RECORD_CORRUPT
   * @throws {PeerError} CHAIN_UNREADABLE: what can be read ends before anything that this peer may go on from
   */
  open<S>(
    options: Omit<ChainOptions<S>, 'blocks' | 'record' | 'checkpoint'>,
    log: PeerLog,
    from: 'checkpoints' | 'oldest' | 'genesis' = 'checkpoints',
  ): ChainStep<S> {
    const record = this.record
    const heights = from === 'oldest' ? this.#heights.toReversed() : this.#heights
    const openFrom = (first: number, checkpoint?: ChainOptions<S>['checkpoint']): ChainStep<S> => {
      const cut: number[] = []
      const blocks = this.#blocksFrom(first, (height) => {
        cut.push(height)
        log.warn({ height }, 'a block can not be read from the disk: the chain opens before it, and what comes after is fetched again')
      })
      const step = openChain({ ...options, blocks, record, checkpoint })
      if (cut.length > 0 && from === 'checkpoints') this.#assertMayGoOn(step.state.tip, options)
      return step
    }
    let wrong: unknown
    for (const height of from === 'genesis' ? [] : heights) {
      const bytes = this.checkpoint(height)
      if (bytes === undefined) continue
      try {
        return openFrom(height + 1, { bytes, get: (cid: ContentId) => this.part(cid) })
      } catch (error) {
        this.#count('CHAIN_CHECKPOINT_UNREADABLE')
        log.warn({ err: error, height }, 'the chain can not be opened from this checkpoint')
        if (error instanceof ChainError && STORED_WRONG.includes(error.code)) wrong ??= error
      }
    }
    // who began at a checkpoint has no first block, and must not follow from the genesis
    if (from !== 'genesis' && heights.length > 0 && this.block(1) === undefined) throw wrong ?? this.#unreadable()
    return openFrom(1)
  }
  /** What opens may end before what the peer was taken to have when it was asked whether it slept too long (`last`). */
  #assertMayGoOn<S>(tip: Tip<S>, { genesis, nowMs }: Pick<ChainOptions<S>, 'genesis' | 'nowMs'>): void {
    if (tip.height < (this.last()?.height ?? 0) && !isTrusted(genesis, tip, nowMs)) throw this.#unreadable()
  }
  #unreadable(): PeerError {
    return new PeerError({ code: 'CHAIN_UNREADABLE', checkpoints: [...this.#heights] })
  }
  *#blocksFrom(first: number, onCut: (height: number) => void): Generator<Uint8Array> {
    for (let height = first; ; height++) {
      const block = this.block(height)
      if (block === undefined && this.#records.keys(blockKey(height)).length > 0) onCut(height)
      if (block === undefined) return
      yield block
    }
  }
  /** Gives up checkpoints, and blocks from the first that can't be read on: the peer begins with what is left. Parts stay, for a state that shares them. */
  async forget(): Promise<void> {
    let first = 1
    while (this.block(first) !== undefined) first++
    const blocks = this.#records.keys('block/').filter((key) => key >= blockKey(first))
    await this.#records.delete([CHECKPOINTS_KEY, ...this.#records.keys('checkpoint/'), ...blocks])
    this.#heights = []
    this.#left = []
    this.#partsOf.clear()
  }

  /** The header of the newest block that a start would come to; undefined: there is none. */
  last(): Header | undefined {
    const checkpoint = this.#heights.flatMap((height) => this.checkpoint(height) ?? [])[0]
    let header = checkpoint && readCheckpoint(checkpoint).at
    let last: Uint8Array | undefined
    for (let height = header?.height ?? 0; ; height++) {
      const next = this.block(height + 1)
      if (next === undefined) break
      last = next
    }
    if (last !== undefined) header = decodeBlock(last).header
    return header
  }
  /** The hash of a block that is here. */
  hashAt(height: number): Uint8Array | undefined {
    const [block, checkpoint] = [this.block(height), this.checkpoint(height)]
    if (block !== undefined) return hashOfHeader(decodeBlock(block).header)
    return checkpoint && hashOfHeader(readCheckpoint(checkpoint).at)
  }

  /** What was persisted last. @throws {ContentStoreError} RECORD_CORRUPT */
  get record(): Uint8Array | undefined {
    const [first, more] = [this.#records.get(VOTES_KEY), this.#records.get(MORE_VOTES_KEY)]
    return first === undefined || more === undefined || more.length === 0 ? first : concatBytes(first, more)
  }
  /** Takes the place of the record before. */
  persist(bytes: Uint8Array): Promise<void> {
    return this.#records.put([
      [VOTES_KEY, bytes.subarray(0, RECORD_MAX_BYTES)],
      [MORE_VOTES_KEY, bytes.subarray(RECORD_MAX_BYTES)],
    ])
  }
  /**
   * A block that is final, and the checkpoint that it makes.
   * @param spare an old height whose certificate goes
   */
  async put(height: number, bytes: Uint8Array, checkpoint: MadeCheckpoint | undefined, spare?: number): Promise<void> {
    const written: Entry[] = [[blockKey(height), bytes], ...this.#withoutCertificate(spare)]
    if (checkpoint === undefined) return this.#records.put(written)
    await this.putCheckpoint(height, checkpoint, written)
  }
  #withoutCertificate(height: number | undefined): readonly Entry[] {
    const old = height === undefined ? undefined : this.block(height)
    const bytes = old && withoutCertificate(old)
    return height === undefined || bytes === undefined ? [] : [[blockKey(height), bytes]]
  }
  /** A checkpoint whose parts are whole: its own block need not be there, those after it follow. */
  async putCheckpoint(height: number, { bytes, parts }: MadeCheckpoint, more: readonly Entry[] = []): Promise<void> {
    const heights = [height, ...this.#heights.filter((kept) => kept !== height)].toSorted((a, b) => b - a).slice(0, KEPT)
    const entries = [...parts].filter(([name]) => !this.#stored.has(name)).map(([name, part]): Entry => [PART + name, part])
    const written: Entry[] = [
      [checkpointKey(height), bytes],
      [CHECKPOINTS_KEY, encodeWith(heightsSchema, { heights: [...heights] })],
    ]
    await this.#records.put([...more, ...entries, ...written])
    for (const name of parts.keys()) this.#stored.add(name)
    this.#partsOf.set(height, new Set(parts.keys()))
    await this.#dropOld(heights)
  }
  /**
   * A checkpoint to begin at, whatever was before: nothing opens from an older one any more. Blocks after it go, and those before it where they are another past's: else the
   * chain would go on from those.
   */
  async begin(height: number, checkpoint: MadeCheckpoint): Promise<void> {
    const here = this.block(height)
    const hash = hashOfHeader(readCheckpoint(checkpoint.bytes).at)
    const isOther = here !== undefined && !sameBytes(hashOfHeader(decodeBlock(here).header), hash)
    const gone = this.#records.keys('block/').filter((key) => isOther || key > blockKey(height))
    await this.#records.delete([CHECKPOINTS_KEY, ...this.#heights.map(checkpointKey), ...gone])
    this.#heights = []
    await this.putCheckpoint(height, checkpoint)
  }
  /** What no kept checkpoint needs. One of before this run may need anything that is there. */
  async #dropOld(heights: readonly number[]): Promise<void> {
    const gone = this.#heights.filter((height) => !heights.includes(height))
    this.#heights = heights
    for (const height of gone) this.#partsOf.delete(height)
    const needed = heights.map((height) => this.#partsOf.get(height))
    const isKnown = needed.every((parts) => parts !== undefined)
    const spare = isKnown ? [...this.#stored].filter((name) => !needed.some((parts) => parts?.has(name))) : []
    for (const name of spare) this.#stored.delete(name)
    const keys = [...gone.map(checkpointKey), ...this.#left, ...spare.map((name) => PART + name)]
    this.#left = []
    if (keys.length > 0) await this.#records.delete(keys)
  }

  /** A block that the disk has spoiled is one that this peer can't serve. */
  block(height: number): Uint8Array | undefined {
    return this.#read(blockKey(height), 'CHAIN_BLOCK_UNREADABLE')
  }
  checkpoint(height: number): Uint8Array | undefined {
    return this.#read(checkpointKey(height), 'CHAIN_CHECKPOINT_UNREADABLE')
  }
  hasPart(cid: ContentId): boolean {
    return this.#stored.has(cid)
  }
  part(cid: ContentId): Uint8Array | undefined {
    if (!this.#stored.has(cid)) return undefined
    const bytes = this.#read(PART + cid, 'CHAIN_CHECKPOINT_UNREADABLE')
    if (bytes === undefined) this.#stored.delete(cid) // the next checkpoint writes it again
    return bytes
  }
  #read(key: string, code: string): Uint8Array | undefined {
    try {
      return this.#records.get(key)
    } catch {
      this.#count(code)
      return undefined
    }
  }

  #readHeights(): readonly number[] {
    const bytes = this.#read(CHECKPOINTS_KEY, 'CHAIN_CHECKPOINT_UNREADABLE')
    try {
      if (bytes !== undefined) return decodeWith(heightsSchema, bytes).heights
    } catch {
      this.#count('CHAIN_CHECKPOINT_UNREADABLE')
    }
    // the list is spoiled, or there is none: what it would name are the newest
    const found = this.#records.keys('checkpoint/').map((key) => Number(key.slice('checkpoint/'.length)))
    return found.toSorted((a, b) => b - a).slice(0, KEPT)
  }
  #listLeft(): readonly string[] {
    const kept = this.#heights.map(checkpointKey)
    try {
      return [...this.#records.list('checkpoint/')].map(([key]) => key).filter((key) => !kept.includes(key))
    } catch {
      return [] // one is spoiled: the next start looks again
    }
  }
  #listParts(): Set<string> {
    const names = new Set<string>()
    try {
      for (const [key] of this.#records.list(PART)) names.add(key.slice(PART.length))
    } catch {
      this.#count('CHAIN_CHECKPOINT_UNREADABLE') // a spoiled one: what is listed after it is written again
    }
    return names
  }
}
