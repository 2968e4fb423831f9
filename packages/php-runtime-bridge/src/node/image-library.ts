import { createHash } from 'node:crypto'
import { bytesOfPage, type Page } from '../file-pages.js'
import type { TreeNode } from '../file-tree.js'
import { treeForm } from '../tree-form.js'
import { type Image, type ImageOrder, RUNS_OF_EACH } from './image-builder.js'
import { type Pause, pauses } from './pauses.js'
import type { Snapshot } from './php-instance.js'
import type { KeptImage } from './worker-messages.js'
import type { WorkerPool } from './worker-pool.js'

/** Images kept, beside the plain one, and what they may hold in all; those used longest ago go first, and are made anew when they are wanted. */
const IMAGES_MAX = 8
const IMAGES_BYTES_MAX = 512 * 1024 * 1024
/** Wall time for making one, however many requests it takes. */
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
  readonly #guardMs: number
  readonly #images: Map<string, KeptImage>
  /** The one used last comes last. */
  readonly #kept = new Map<string, Kept>()

  /**
   * @param guardMs wall time for one request of warm-up
   * @param images what new workers are born with: kept up to date here
   */
  constructor(pool: WorkerPool, guardMs: number, images: Map<string, KeptImage>) {
    this.#pool = pool
    this.#guardMs = guardMs
    this.#images = images
  }

  /** Calls `use` while all workers have the image. @returns undefined where it cannot be made here */
  async with<T>(wanted: SiteImage, use: (image: Image) => Promise<T>): Promise<T | undefined> {
    const kept = this.#find(wanted)
    kept.users++
    try {
      const image = await kept.making
      return image && (await use(image))
    } finally {
      kept.users--
    }
  }

  #find(wanted: SiteImage): Kept {
    const { id } = wanted
    let kept = this.#kept.get(id)
    const failedAtMs = kept?.failedAtMs
    if (kept === undefined || (failedAtMs !== undefined && performance.now() - failedAtMs > RETRY_MS)) {
      const made: Kept = {
        making: this.#make(wanted).then((image) => this.#made(made, image)),
        image: undefined,
        failedAtMs: undefined,
        users: 0,
      }
      // one that could not even be asked for is asked for again
      made.making.catch(() => {
        if (this.#kept.get(id) === made) this.#kept.delete(id)
      })
      kept = made
    }
    this.#kept.delete(id)
    this.#kept.set(id, kept)
    return kept
  }

  async #make({ id, build, order }: SiteImage): Promise<Image | undefined> {
    const guardMs = Math.min(BUILD_MS_MAX, this.#guardMs * (1 + RUNS_OF_EACH * (order?.configuration.warmUp.length ?? 0)))
    const result = await this.#pool.run('read', { type: 'build', build, order }, guardMs)
    if (result.type !== 'built') return undefined
    const image = { build, snapshot: result.image.snapshot }
    this.#images.set(id, image)
    this.#pool.tell({ type: 'image', id, image })
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
      this.#images.delete(id)
      this.#pool.tell({ type: 'forget-image', id })
      bytes -= bytesOf(kept)
    }
  }
}

/**
 * Digest of all that decides an image's bytes: the runtime, the site as it was published, what of its configuration the image depends on. Others may
 * work in between.
 * @throws {PhpRuntimeError} PAGE_UNREAD
 */
export async function imageIdOf(runtimeId: string, build: string, { initial, configuration }: ImageOrder): Promise<string> {
  await digestFiles(initial, pauses())
  const hash = createHash('sha256')
  const { mutable, scratch, caches, warmUp } = configuration
  hash.update(`interpeer php image 2;${runtimeId};${build};${JSON.stringify([mutable, scratch, caches, warmUp])};`)
  for (const part of treeForm(initial, ({ pages }) => digests.get(pages) as string)) hash.update(part)
  return hash.digest('hex')
}

/** Digest of an image itself, for comparing machines: hexadecimal SHA-256. */
export function imageDigestOf({ memory, filled: _, ...rest }: Snapshot): string {
  const linked = rest.linked.map((one) => ({ ...one, addresses: [...one.addresses] }))
  return createHash('sha256')
    .update(memory)
    .update(JSON.stringify({ ...rest, linked }))
    .digest('hex')
}

/** What a root of the runtime runs on. */
export interface SiteImage {
  readonly id: string
  /** Name of the build of PHP. */
  readonly build: string
  /** undefined: PHP as it starts. */
  readonly order: ImageOrder | undefined
}

/** Of files of trees, which never change. */
const digests = new WeakMap<readonly Page[], string>()

async function digestFiles(node: TreeNode, pause: Pause): Promise<void> {
  if (node.kind === 'directory') for (const entry of node.entries.values()) await digestFiles(entry, pause)
  if (node.kind !== 'file' || digests.has(node.pages)) return
  const hash = createHash('sha256')
  for (const page of node.pages) {
    hash.update(bytesOfPage(page))
    await pause(page.length)
  }
  digests.set(node.pages, hash.digest('hex'))
}
