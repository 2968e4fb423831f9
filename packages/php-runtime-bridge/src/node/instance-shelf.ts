import type { PhpInstance } from './php-instance.js'
import type { KeptImage } from './worker-messages.js'

interface Kept {
  readonly php: PhpInstance
  /** It equals its image now. */
  pristine: boolean
}

/** Instances of different images that one worker keeps: each has memory of its own, from 15 MB to all that a slot may have. */
const INSTANCES_MAX = 3

/** The PHP instances of one worker, one for each image and level of child jobs, those used longest ago given up first. */
export class InstanceShelf {
  readonly #make: (build: string) => PhpInstance
  /** The one used last comes last. */
  readonly #kept = new Map<string, Kept>()

  constructor(make: (build: string) => PhpInstance) {
    this.#make = make
  }

  /** An instance that equals the snapshot, and will not after its use. */
  take(image: string, of: KeptImage): PhpInstance {
    this.makeReady(image, of)
    const kept = this.#kept.get(image) ?? { php: this.#restored(of), pristine: true }
    kept.pristine = false
    this.#keep(image, kept)
    return kept.php
  }

  /** Restores the image's instance where it was used; one whose memory grew is given up. */
  makeReady(image: string, { snapshot }: KeptImage): void {
    const kept = this.#kept.get(image)
    if (kept === undefined || kept.pristine) return
    kept.pristine = kept.php.restore(snapshot)
    if (!kept.pristine) this.#kept.delete(image)
  }

  /** Gives up the image's instance, and those that stand beside it under longer names: '(image) …'. */
  drop(image: string): void {
    for (const name of [...this.#kept.keys()]) if (name === image || name.startsWith(`${image} `)) this.#kept.delete(name)
  }

  #restored({ build, snapshot }: KeptImage): PhpInstance {
    const php = this.#make(build)
    php.restore(snapshot)
    return php
  }

  #keep(image: string, kept: Kept): void {
    this.#kept.delete(image)
    while (this.#kept.size >= INSTANCES_MAX) this.#kept.delete(this.#kept.keys().next().value as string)
    this.#kept.set(image, kept)
  }
}
