import { REWRITE_LINES_MAX } from '../configuration/fields.js'
import { PATTERNS_SIZE_MAX } from '../rewrite/pattern.js'
import { canonicalLine, parseRewriteLine, sizeOfLine } from '../rewrite/rule-line.js'
import { accessRules, fileRule } from './access.js'
import { literal } from './literal.js'
import { type HtaccessReading, readHtaccess, type UntakenLine } from './read-htaccess.js'

/** One .htaccess: `folder` is where it lies below the document root: 'wiki'; '' is the document root itself. */
export interface HtaccessFile {
  readonly folder: string
  readonly text: string
}
/** What the .htaccess files of a site come to in an interpeer.json, and what of them does not. */
export interface ConvertedHtaccess {
  /** Lines for `rewrite`, in their order: what is closed, then rules of folders, then those of the document root. */
  readonly rewrite: readonly string[]
  /** How many of them are the document root's own. */
  readonly topLines: number
  readonly entry?: string
  readonly errorPages: Readonly<Record<string, string>>
  readonly maxAge: Readonly<Record<string, number>>
  /** Lines that were not taken and that somebody should look at. What is only of no use here is not among them. */
  readonly untaken: readonly (UntakenLine & { readonly folder: string })[]
}

interface Read extends HtaccessReading {
  readonly folder: string
}

/**
 * Reads .htaccess files, a subset of what Apache's have, and says line by line what it could not take. As Apache has it, who may see a file is asked first, the
 * deepest folder's word on a folder counts, and that on names of files beyond it; and a folder that has rules of its own has none of those above. A pure function;
 * never throws. It looks at 1,000 files.
 */
export function convertHtaccess(given: readonly HtaccessFile[]): ConvertedHtaccess {
  const depthOf = (folder: string) => (folder === '' ? 0 : folder.split('/').length)
  const sorted = [...given].sort((a, b) => depthOf(b.folder) - depthOf(a.folder) || (a.folder < b.folder ? -1 : 1))
  const files: Read[] = sorted.slice(0, FILES_MAX).map(({ text, folder }) => ({ folder, ...readHtaccess(text, folder) }))
  const rewrite: string[] = []
  let size = 0
  const untaken = files.flatMap(({ folder, untaken: lines }) => lines.map((line) => ({ folder, ...line })))
  for (const { folder } of sorted.slice(FILES_MAX))
    untaken.push({ folder, line: 1, text: '.htaccess', why: `it is one of more than ${FILES_MAX} files` })
  const take = (folder: string, lines: readonly string[], line: UntakenLine) => {
    const made = lines.map(canonicalLine)
    if (made.some((one) => 'found' in parseRewriteLine(one) || one.length > LINE_UNITS_MAX)) untaken.push({ folder, ...line })
    else if (rewrite.length + made.length > REWRITE_LINES_MAX)
      untaken.push({ folder, ...line, why: `a configuration has up to ${REWRITE_LINES_MAX} lines` })
    else if (size + sizeOf(made) > PATTERNS_SIZE_MAX)
      untaken.push({ folder, ...line, why: 'a configuration has patterns with fewer repetitions in all' })
    else {
      size += sizeOf(made)
      rewrite.push(...made)
    }
  }
  for (const { folder, access } of files) {
    for (const said of access.toReversed()) {
      if (said.files === undefined || (said.isAllowed && !isClosed(files, folder))) continue
      take(folder, [fileRule(folder, said.files, said.isAllowed) ?? ''], { ...said.line, why: 'names of a form that is not known' })
    }
  }
  const opened = files.filter((one) => ofFolder(one)?.isAllowed === true).map(({ folder }) => folder)
  for (const one of files) {
    const said = ofFolder(one)
    if (said === undefined || said.isAllowed) continue
    const inside = opened.filter((folder) => folder !== one.folder && isIn(folder, one.folder))
    take(one.folder, accessRules(one.folder, inside), { ...said.line, why: 'too many folders in it are open' })
  }
  let topLines = 0
  for (const { folder, rules, isOwn } of files) {
    const before = rewrite.length
    const stop = isOwn && folder !== '' ? [`RewriteRule ${quoted(`^${literal(folder)}/`)} - [L]`] : []
    if (rules.length + stop.length > 0)
      take(folder, [...rules, ...stop], { line: 1, text: 'RewriteEngine', why: 'rules that are too long' })
    if (folder === '') topLines = rewrite.length - before
  }
  const entry = files.find((one) => one.folder === '')?.entry
  return {
    rewrite,
    topLines,
    ...(entry === undefined ? {} : { entry }),
    errorPages: files.find((one) => one.folder === '')?.errorPages ?? {},
    maxAge: Object.assign({}, ...files.map(({ maxAge }) => maxAge)),
    untaken: untaken.slice(0, UNTAKEN_MAX),
  }
}
const FILES_MAX = 1_000
const UNTAKEN_MAX = 1_000
const LINE_UNITS_MAX = 1024

const sizeOf = (lines: readonly string[]): number => lines.reduce((sum, line) => sum + sizeOfLine(line), 0)

const quoted = (text: string) => `"${text.replaceAll('"', '\\"')}"`

const isIn = (folder: string, above: string): boolean => above === '' || folder === above || folder.startsWith(`${above}/`)

/** Its last word on the folder itself. */
const ofFolder = ({ access }: Read) => access.findLast(({ files }) => files === undefined)

/** Whether something closes files of this folder that one of its lines could open again. */
const isClosed = (files: readonly Read[], folder: string): boolean =>
  files.some((one) => isIn(folder, one.folder) && one.access.some(({ isAllowed }) => !isAllowed))
