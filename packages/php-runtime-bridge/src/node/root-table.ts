import { PhpRuntimeError } from '../errors.js'
import type { TreeDirectory } from '../file-tree.js'
import type { SiteImage } from './image-library.js'

/** A tree under the name that its caller gave. Workers know it by its key: another tree of the same name is another one to them. */
export interface Root {
  readonly key: number
  readonly tree: TreeDirectory
  readonly image: SiteImage
}
interface Kept extends Root {
  /** Runs that wait or go on. */
  users: number
}

/** The trees of a runtime. One that is forgotten while runs on it wait stays with the workers until they ended. */
export class RootTable {
  /** What workers must know, by key. */
  readonly trees = new Map<number, TreeDirectory>()
  readonly #named = new Map<string, Kept>()
  readonly #drop: (key: number, tree: TreeDirectory) => void
  #keys = 0

  /** @param drop called when nothing needs a tree any more */
  constructor(drop: (key: number, tree: TreeDirectory) => void) {
    this.#drop = drop
  }

  has(name: string): boolean {
    return this.#named.has(name)
  }

  set(name: string, tree: TreeDirectory, image: SiteImage): Root {
    this.forget(name)
    const root = { key: ++this.#keys, tree, image, users: 0 }
    this.#named.set(name, root)
    this.trees.set(root.key, tree)
    return root
  }

  forget(name: string): void {
    const root = this.#named.get(name)
    this.#named.delete(name)
    if (root?.users === 0) this.#end(root)
  }

  /** @throws {PhpRuntimeError} ROOT_UNKNOWN */
  get(name: string): Root {
    return this.#known(name)
  }

  /** Calls `use` and keeps the tree until it is done. @throws {PhpRuntimeError} ROOT_UNKNOWN */
  async while<T>(name: string, use: (root: Root) => Promise<T>): Promise<T> {
    const root = this.#known(name)
    root.users++
    try {
      return await use(root)
    } finally {
      root.users--
      if (root.users === 0 && this.#named.get(name) !== root) this.#end(root)
    }
  }

  #known(name: string): Kept {
    const root = this.#named.get(name)
    if (!root) throw new PhpRuntimeError({ code: 'ROOT_UNKNOWN', root: name })
    return root
  }

  #end(root: Kept): void {
    if (this.trees.delete(root.key)) this.#drop(root.key, root.tree)
  }
}
