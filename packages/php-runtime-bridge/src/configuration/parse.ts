import { parentOf } from '../path.js'
import { configurationShape, PATHS_MAX } from './fields.js'
import { JsonFault, type JsonString, type JsonValue, parseJson, type Span, shown } from './json-text.js'
import { placeOf } from './place.js'
import type { Report, ShapeFault } from './shape.js'
import { configurationOf, isWithin, type SiteConfiguration } from './site-configuration.js'
import { utf8Text } from './utf8-text.js'

/** What is wrong at one place of an interpeer.json, for the one who wrote it. All texts are printable ASCII and short. */
export interface ConfigurationFault {
  /** From 1. */
  readonly line: number
  /** From 1, in UTF-16 units, as editors count. */
  readonly column: number
  /** Which value: 'mutable[2]'; '' is the whole. */
  readonly name: string
  readonly found: string
  readonly allowed: string
  /** What was probably meant. */
  readonly meant?: string
}
export type ConfigurationReading =
  | { readonly type: 'valid'; readonly configuration: SiteConfiguration }
  /** In the order of the file; `unlisted` more were found. */
  | { readonly type: 'invalid'; readonly faults: readonly ConfigurationFault[]; readonly unlisted: number }

export const CONFIGURATION_BYTES_MAX = 64 * 1024
/** Faults that are told of one file. */
export const FAULTS_MAX = 32

/**
 * Reads an interpeer.json: strict JSON in UTF-8, at most 64 KiB, as its schema says. Of malformed JSON the first fault is told, else all.
 * @param isFolder whether a path is a folder of the site. Where it is given, paths whose folder is missing are faults: nothing could ever be made there
 */
export function parseConfiguration(bytes: Uint8Array, isFolder?: (path: string) => boolean): ConfigurationReading {
  if (bytes.length > CONFIGURATION_BYTES_MAX) return tooLong(bytes.length)
  const text = utf8Text(bytes)
  if (typeof text !== 'string') return faulty({ line: text.badLine, found: 'bytes that are no UTF-8', allowed: 'JSON in UTF-8' })
  const root = parseJson(text)
  if (root instanceof JsonFault) return faulty({ ...placeOf(text, root.at), found: root.found, allowed: root.allowed })
  const found: { readonly at: Span; readonly fault: ShapeFault }[] = []
  const report: Report = (at, fault) => found.push({ at, fault })
  const values = configurationShape.read(root, '', report)
  checkPaths(root, report, isFolder)
  if (found.length === 0 && values !== undefined) {
    const { $schema: _, ...given } = values
    return { type: 'valid', configuration: configurationOf(given) }
  }
  const inOrder = found.sort((a, b) => a.at.start - b.at.start)
  const faults = inOrder.slice(0, FAULTS_MAX).map(({ at, fault }) => toldFault(placeOf(text, at.start), fault))
  return { type: 'invalid', faults, unlisted: inOrder.length - faults.length }
}

/** What is said of an interpeer.json of more than CONFIGURATION_BYTES_MAX. */
export const tooLong = (bytes: number): ConfigurationReading =>
  faulty({ found: `${bytes} bytes`, allowed: `at most ${CONFIGURATION_BYTES_MAX}` })

function toldFault(place: { readonly line: number; readonly column: number }, { meant, ...fault }: ShapeFault): ConfigurationFault {
  const word = meant?.()
  return { ...place, ...fault, ...(word === undefined ? {} : { meant: word }) }
}

/** '3:12: slots: found 0; allowed: a whole number from 1 to 5'. */
export function faultText({ line, column, name, found, allowed, meant }: ConfigurationFault): string {
  return `${line}:${column}: ${name === '' ? '' : `${name}: `}found ${found}; ${meant === undefined ? '' : `did you mean "${meant}"? `}allowed: ${allowed}`
}

/** What else can be wrong with a site's configuration: that of a file that is none. */
export function faulty(fault: Pick<ConfigurationFault, 'found' | 'allowed'> & Partial<ConfigurationFault>): ConfigurationReading {
  return { type: 'invalid', faults: [{ line: 1, column: 1, name: '', ...fault }], unlisted: 0 }
}

/** A path counts once: what is said of it twice, or two ways, is a mistake. */
function checkPaths(root: JsonValue, report: Report, isFolder: ((path: string) => boolean) | undefined): void {
  const [mutable, scratch, caches] = [textsIn(root, 'mutable'), textsIn(root, 'scratch'), textsIn(root, 'caches')]
  for (const list of [mutable, scratch, caches]) {
    for (const { name, at, path } of list) {
      const around = list.find((one) => one.path !== path && isWithin(path, one.path))
      if (around !== undefined)
        report(at, { name, found: shown(path), allowed: `nothing that lies in another entry: it lies in ${around.name}` })
    }
  }
  for (const { name, at, path } of [...mutable, ...caches]) {
    const around = scratch.find((one) => isWithin(path, one.path))
    if (around === undefined) continue
    report(at, { name, found: shown(path), allowed: `no scratch: what lies in ${around.name} is not kept` })
  }
  for (const { name, at, path } of [...mutable, ...scratch]) {
    const around = caches.find((one) => isWithin(path, one.path))
    if (around === undefined) continue
    report(at, { name, found: shown(path), allowed: `no cache: what reads change in ${around.name} is dropped` })
  }
  const all = [...mutable, ...scratch, ...caches]
  if (isFolder === undefined) return
  for (const { name, at, path } of all) {
    const folder = parentOf(path)
    if (folder === '/' || isFolder(folder) || all.some((one) => one.path !== path && isWithin(path, one.path))) continue
    report(at, {
      name,
      found: shown(path),
      allowed: `what lies in a folder of the site: ${shown(folder)} is none, and no script could make it`,
    })
  }
}

interface NamedPath {
  readonly name: string
  readonly at: JsonString
  readonly path: string
}
function textsIn(root: JsonValue, key: string): readonly NamedPath[] {
  const value = root.type === 'object' ? root.members.find((member) => member.key.value === key)?.value : undefined
  if (value?.type !== 'array') return []
  const texts = value.items.flatMap((at, i) => (at.type === 'string' ? [{ name: `${key}[${i}]`, at, path: at.value }] : []))
  return texts.slice(0, PATHS_MAX)
}
