import { createHash } from 'node:crypto'
import { treeForm } from '../tree-form.js'
import type { Image, ImageOrder } from './image-builder.js'
import type { Snapshot } from './php-instance.js'
import { PLAIN_IMAGE } from './worker-messages.js'
import type { WorkerPool } from './worker-pool.js'

/** Images kept, beside the plain one, and what they may hold in all; those used longest ago go first, and are made anew when they are wanted. */
const IMAGES_MAX = 8
const IMAGES_BYTES_MAX = 512 * 1024 * 1024
/** Wall time for making one: many requests, twice. */
const BUILD_MS_MAX = 300_000
/** Until what could not be made here is tried again. */
const RETRY_MS = 60_000

interface Kept {
  readonly making: Promise<Image | undefined>
  image: Image | undefined
  failedAtMs: number | undefined
  /** Runs that wait or go on. */
  users: number
}

/** The images of sites, each made once, by one of the workers, for all of them. */
export class ImageLibrary {
  readonly #pool: WorkerPool
  readonly #snapshots: Map<string, Snapshot>
  /** The one used last comes last. */
  readonly #kept = new Map<string, Kept>()

  /** @param snapshots what new workers are born with: kept up to date here */
  constructor(pool: WorkerPool, snapshots: Map<string, Snapshot>) {
    this.#pool = pool
    this.#snapshots = snapshots
  }

  /** Calls `use` while all workers have the image. @returns undefined where it cannot be made here */
  async with<T>(id: string, order: ImageOrder, use: (image: Image) => Promise<T>): Promise<T | undefined> {
    const kept = this.#find(id, order)
    kept.users++
    try {
      const image = await kept.making
      return image && (await use(image))
    } finally {
      kept.users--
    }
  }

  #find(id: string, order: ImageOrder): Kept {
    let kept = this.#kept.get(id)
    const failedAtMs = kept?.failedAtMs
    if (kept === undefined || (failedAtMs !== undefined && performance.now() - failedAtMs > RETRY_MS)) {
      const made: Kept = {
        making: this.#make(id, order).then((image) => this.#made(made, image)),
        image: undefined,
        failedAtMs: undefined,
        users: 0,
      }
      kept = made
    }
    this.#kept.delete(id)
    this.#kept.set(id, kept)
    return kept
  }

  async #make(id: string, order: ImageOrder): Promise<Image | undefined> {
    const result = await this.#pool.run('read', { type: 'build', ...order }, BUILD_MS_MAX)
    if (result.type !== 'built') return undefined
    this.#snapshots.set(id, result.image.snapshot)
    this.#pool.tell({ type: 'image', id, snapshot: result.image.snapshot })
    return result.image
  }

  #made(kept: Kept, image: Image | undefined): Image | undefined {
    kept.image = image
    if (image === undefined) kept.failedAtMs = performance.now()
    this.#shrink()
    return image
  }

  #shrink(): void {
    const bytesOf = ({ image }: Kept) => image?.snapshot.memory.length ?? 0
    let bytes = [...this.#kept.values()].reduce((sum, kept) => sum + bytesOf(kept), 0)
    for (const [id, kept] of this.#kept) {
      if (this.#kept.size <= IMAGES_MAX && bytes <= IMAGES_BYTES_MAX) return
      if (kept.users > 0) continue
      this.#kept.delete(id)
      this.#snapshots.delete(id)
      this.#pool.tell({ type: 'forget-image', id })
      bytes -= bytesOf(kept)
    }
  }
}

/** Digest of all that decides an image's bytes: the runtime, the site as it was published, what of its configuration the image depends on. */
export function imageIdOf(runtimeId: string, { initial, configuration }: ImageOrder): string {
  const hash = createHash('sha256')
  const { mutable, scratch, warmUp } = configuration
  hash.update(`interpeer php image 1;${runtimeId};${JSON.stringify([mutable, scratch, warmUp])};`)
  for (const part of treeForm(initial, sha256)) hash.update(part)
  return hash.digest('hex')
}

/** Digest of an image itself, for comparing machines: hexadecimal SHA-256. */
export function imageDigestOf({ memory, pages, stackPointer, state, descriptors, places }: Snapshot): string {
  return createHash('sha256').update(memory).update(JSON.stringify({ pages, stackPointer, state, descriptors, places })).digest('hex')
}

/** What a root of the runtime runs on. */
export interface SiteImage {
  readonly id: string
  /** undefined: the plain image. */
  readonly order: ImageOrder | undefined
}
export const plainImage: SiteImage = { id: PLAIN_IMAGE, order: undefined }

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
