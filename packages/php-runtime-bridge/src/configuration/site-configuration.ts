import { compareText } from '../path.js'
import type { PhpVersion } from '../php-version.js'
import { canonicalLine } from '../rewrite/rule-line.js'
import type { CronLine } from './cron-line.js'
import { type EffectKind, type ExtensionName, fields } from './fields.js'
import { isConfigurationPath } from './reserved.js'
import type { ValuesOf } from './shape.js'

declare const brand: unique symbol
/** How a site runs: what its interpeer.json says, checked, and the defaults for the rest. Made by `parseConfiguration` only. */
export interface SiteConfiguration {
  readonly [brand]: 'SiteConfiguration'
  readonly php: PhpVersion
  /** Job slots of a request, 1 to `SLOTS_MAX`. */
  readonly slots: number
  /** What scripts may change for all members: paths of files, or of folders with all that is in them, sorted; none lies in another. */
  readonly mutable: 'everything' | readonly string[]
  /** What belongs to one peer and to reads only: the same. It may lie in what is mutable, never around it. */
  readonly scratch: readonly string[]
  /** State of which a read may change anything, as nobody keeps that: the same. It may lie in what is mutable, never around it, and apart from scratch. */
  readonly caches: readonly string[]
  /** Targets of GET requests, in their order. */
  readonly warmUp: readonly string[]
  /** Path of a folder of the site; '' is the site itself; undefined: public, where it has an index.php, else the site itself. */
  readonly documentRoot: string | undefined
  /** Lines of Apache's rewriting, in their order. */
  readonly rewrite: readonly string[]
  /** Path of a script of the site that is asked first. */
  readonly router: string | undefined
  /** Address of the script that answers what is no file. */
  readonly entry: string | undefined
  /** Addresses by the number of the error. */
  readonly errorPages: Readonly<Partial<Record<ErrorPageStatus, string>>>
  /** Seconds by the beginning of the address, sorted. */
  readonly maxAge: readonly (readonly [prefix: string, seconds: number])[]
  readonly extensions: readonly ExtensionName[]
  readonly effects: readonly EffectKind[]
  /** In their order. */
  readonly cron: readonly CronLine[]
}

/** Errors that a site can have pages of its own for. */
export type ErrorPageStatus = 403 | 404 | 405 | 410

type Given = Omit<ValuesOf<typeof fields>, '$schema'>

/** What was read, with defaults, lists that are sets in order. */
export function configurationOf(given: Given): SiteConfiguration {
  const mutable = given.mutable ?? fields.mutable.usual
  const maxAge: Readonly<Record<string, number>> = given.maxAge ?? fields.maxAge.usual
  const values: Omit<SiteConfiguration, typeof brand> = {
    php: given.php ?? fields.php.usual,
    slots: given.slots ?? fields.slots.usual,
    mutable: typeof mutable === 'string' ? mutable : sorted(mutable),
    scratch: sorted(given.scratch ?? fields.scratch.usual),
    caches: sorted(given.caches ?? fields.caches.usual),
    warmUp: given.warmUp ?? fields.warmUp.usual,
    documentRoot: given.documentRoot === '.' ? '' : given.documentRoot,
    rewrite: (given.rewrite ?? fields.rewrite.usual).map(canonicalLine),
    router: given.router,
    entry: given.entry,
    errorPages: given.errorPages ?? fields.errorPages.usual,
    maxAge: Object.entries(maxAge).sort(([a], [b]) => compareText(a, b)),
    extensions: sorted(given.extensions ?? fields.extensions.usual),
    effects: sorted(given.effects ?? fields.effects.usual),
    cron: given.cron ?? fields.cron.usual,
  }
  return values as SiteConfiguration
}

/** That of a site without an interpeer.json. */
export const usualConfiguration: SiteConfiguration = configurationOf({})

/** The one text of all files that mean the same: JSON, each key that has a value, nothing but ASCII as long as paths have nothing else. It means itself. For ids. */
export function canonicalText(configuration: SiteConfiguration): string {
  const { php, slots, mutable, scratch, caches, warmUp, rewrite, router, entry, extensions, effects, cron } = configuration
  const documentRoot = configuration.documentRoot === '' ? '.' : configuration.documentRoot
  const errorPages = Object.fromEntries(Object.entries(configuration.errorPages).filter(([, page]) => page !== undefined))
  const maxAge = Object.fromEntries(configuration.maxAge)
  const addresses = { documentRoot, rewrite, router, entry, errorPages, maxAge }
  return JSON.stringify({ php, slots, mutable, scratch, caches, warmUp, ...addresses, extensions, effects, cron })
}

/**
 * - immutable: code that the group never changes
 * - mutable: state that all members agree on
 * - scratch: caches of one peer
 * - cache: state too, but what reads change there is dropped
 */
export type PathKind = 'immutable' | 'mutable' | 'scratch' | 'cache'

/** @param path relative to the site; '' is the site itself, which is mutable where everything is */
export function kindOfPath({ mutable, scratch, caches }: SiteConfiguration, path: string): PathKind {
  if (isConfigurationPath(path)) return 'immutable'
  if (isWithin(path, RUNTIME_FOLDER)) return 'mutable'
  if (scratch.some((one) => isWithin(path, one))) return 'scratch'
  if (caches.some((one) => isWithin(path, one))) return 'cache'
  return mutable === 'everything' || mutable.some((one) => isWithin(path, one)) ? 'mutable' : 'immutable'
}
/** Sessions are in it: whatever a site says, they can be written. */
const RUNTIME_FOLDER = '.interpeer'

/** Whether a path is another one, or lies in it. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || (path.length > folder.length && path.startsWith(folder) && path[folder.length] === '/')
}

function sorted<T extends string>(texts: readonly T[]): readonly T[] {
  return [...texts].sort(compareText)
}
