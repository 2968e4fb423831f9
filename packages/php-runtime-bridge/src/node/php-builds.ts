import type { ExtensionName } from '../configuration/fields.js'
import type { SiteConfiguration } from '../configuration/site-configuration.js'
import type { PhpVersion } from '../php-version.js'
import { loadPhpBinary } from './binary.js'
import type { PhpParts } from './php-instance.js'

/** A version of PHP with the extensions of a site that are not in its binary. */
interface Build {
  readonly php: PhpVersion
  readonly extensions: readonly ExtensionName[]
}
/** '8.4', '8.2 intl': for ids, so never to be changed. */
const nameOf = ({ php, extensions }: Build): string => [php, ...extensions].join(' ')

/** The builds that sites of this runtime have asked for: at most as many as there are versions and sets of extensions. */
export class PhpBuilds {
  readonly #shared: Pick<PhpParts, 'limits' | 'carriedOut'>
  readonly #folder: string | undefined
  readonly #known = new Map<string, Build>()
  /** Those that are there, by name: what new workers are born with. */
  readonly loaded = new Map<string, PhpParts>()

  /**
   * @param shared what all builds have in common
   * @param folder where metered binaries are kept
   */
  constructor(shared: Pick<PhpParts, 'limits' | 'carriedOut'>, folder: string | undefined) {
    this.#shared = shared
    this.#folder = folder
  }

  /** Name of the build that a site runs on. */
  of({ php, extensions }: Pick<SiteConfiguration, 'php' | 'extensions'>): string {
    const name = nameOf({ php, extensions })
    this.#known.set(name, { php, extensions })
    return name
  }

  /** Loads what is not there yet. @throws {PhpRuntimeError} VERSION_MISSING, BUILD_UNKNOWN, START_FAILED, LINK_FAILED */
  async load(name: string): Promise<PhpParts> {
    const there = this.loaded.get(name)
    if (there) return there
    const { php, extensions } = this.#known.get(name) as Build
    const parts = { ...(await loadPhpBinary(php, extensions, this.#folder)), ...this.#shared }
    this.loaded.set(name, parts)
    return parts
  }
}
