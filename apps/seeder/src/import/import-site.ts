import { existsSync, mkdirSync, readdirSync, realpathSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve, sep } from 'node:path'
import type { TreeFiles } from '@interpeer/content-store'
import type { ImportCounts, LeftOut } from '@interpeer/content-store/node'
import { CONFIGURATION_FILE, convertHtaccess, type FileChange, faultText } from '@interpeer/php-runtime-bridge'
import { type Finding, findingOf, groupsOf, sortedFindings } from '../findings.js'
import { HISTORY, HISTORY_WHY, isHistory } from '../folder/history.js'
import { putChanges } from '../folder/put-changes.js'
import { type FolderSnapshot, readFolder } from '../folder/read-folder.js'
import { lookAtFiles, SITE_LIMITS } from '../lint/look-at-files.js'
import type { DumpReport } from '../sql/dump-writer.js'
import { importDump, isGzip } from '../sql/import-dump.js'
import { SiteImportError } from './errors.js'
import { type FoundApplication, findApplication, inFolder } from './find-application.js'
import { isRoot, oldRootsIn } from './old-roots.js'
import { documentRootOf, faultsOf, type Proposal, proposeConfiguration, textOfProposal } from './propose-configuration.js'
import { changesOf, undoLinks, undoPathsIn, undoPathsInText } from './undo-paths.js'

export interface ImportSiteOptions {
  readonly out: string
  readonly sql?: string
  /** Where the folder lay, if that is known. */
  readonly roots: readonly string[]
  /** How many files, directories and links are read; more are TREE_TOO_LARGE. Default: as many as a site holds, 100,000. */
  readonly maxEntries?: number
  readonly say: (line: string) => void
}
export interface ImportedSite {
  readonly application: string | null
  readonly version: string | null
  readonly folder: string
  readonly files: number
  readonly bytes: number
  /** Where it lay before, and how many paths were changed in how many files. */
  readonly earlierRoots: readonly string[]
  readonly pathsChanged: number
  readonly filesChanged: readonly string[]
  readonly linksChanged: readonly string[]
  /** null where the folder had one of its own, which was kept. */
  readonly configuration: Proposal | null
  readonly database: (DumpReport & { readonly path: string }) | null
  readonly advice: readonly string[]
  readonly findings: readonly Finding[]
}
const CACHES_ADVICE =
  'what is in "caches" only writes fill (ADR 0032): visit pages before the import, so that their caches come along; where no write fills them let a line of cron ask for the page, such as {"schedule": "7 * * * *", "target": "/"}, or each view makes them anew'
const PROGRESS_STEP = 0.1

/**
 * Makes a bundle of a folder, and of a MySQL dump, in a new folder. Nothing outside of the folder is read; what no site can hold is left out and told.
 * @throws {SiteImportError | ContentStoreError | SqlDumpError} Nothing is left of what was made then
 */
export async function importSite(folder: string, options: ImportSiteOptions): Promise<ImportedSite> {
  const { say, sql, maxEntries = SITE_LIMITS.entries } = options
  const out = emptyPlace(options.out, folder)
  for (const path of options.roots) if (!isRoot(path)) throw new SiteImportError({ code: 'IMPORT_ROOT_INVALID', path })
  if (sql !== undefined) isGzip(sql) // a slip in its path shows before anything is read or written
  say('reading the folder')
  const onProgress = every(
    SITE_LIMITS.bytes / 8,
    ({ bytes }: ImportCounts) => bytes,
    ({ bytes, files }) => say(`${files} files, ${(bytes / 2 ** 20).toFixed(0)} MiB`),
  )
  const snapshot = await readFolder(folder, { unfit: 'leave-out', passOver: HISTORY, onProgress, maxEntries })
  const tree = snapshot.files()
  const old = oldRootsIn(tree)
  const roots = [...new Set([realpathSync(folder), ...options.roots.map((root) => root.replace(/\/+$/, '')), ...old.roots])]
  const changes = changesOf(roots)
  const { links, left } = undoLinks(snapshot.leftOut, roots)
  const undone = undoPathsIn(tree.files, changes)
  const site: TreeFiles = { files: undone.files, directories: tree.directories, symlinks: [...tree.symlinks, ...links] }
  const found = findApplication(site)
  say(
    found === undefined
      ? 'no application was found'
      : `found ${found.application.name}${found.version === undefined ? '' : ` ${found.version}`}`,
  )
  const plan = planOf(site, found, sql)
  try {
    say(`writing ${site.files.length} files`)
    putChanges(out, bundleOf(site, plan))
    const database = sql === undefined ? null : await databaseOf(sql, out, plan, (text) => undoPathsInText(text, changes), say)
    return {
      application: found?.application.name ?? null,
      version: found?.version ?? null,
      folder: found?.folder ?? '',
      files: site.files.length,
      bytes: site.files.reduce((total, { bytes }) => total + bytes.length, 0),
      earlierRoots: undone.count + links.length === 0 ? [] : roots,
      pathsChanged: undone.count,
      filesChanged: undone.changed,
      linksChanged: links.map(({ path }) => path),
      configuration: plan.proposal ?? null,
      database,
      advice: [...(found?.application.advice ?? []), ...(plan.proposal?.caches === undefined ? [] : [CACHES_ADVICE])],
      findings: sortedFindings([
        ...leftOutFindings(left, snapshot),
        ...undone.findings,
        ...old.doubtful.filter((root) => !roots.includes(root)).map(doubtFinding),
        ...plan.findings,
        ...databaseFindings(database),
        ...lookAtFiles(site, found === undefined ? '' : documentRootOf(found)),
      ]),
    }
  } catch (error) {
    rmSync(out, { recursive: true, force: true })
    throw error
  }
}

interface Plan {
  readonly proposal: Proposal | undefined
  readonly database: { readonly path: string; readonly dialect: 'plain' | 'wordpress' }
  /** Folders to be made, so that scripts can write in them. */
  readonly folders: readonly string[]
  readonly findings: readonly Finding[]
}

function planOf(site: TreeFiles, found: FoundApplication | undefined, sql: string | undefined): Plan {
  const folder = found?.folder ?? ''
  const known = found?.application.database
  const database =
    known === undefined
      ? { path: `.data/${databaseName(sql)}`, dialect: 'plain' as const }
      : { ...known, path: inFolder(folder, known.path) }
  const folders = new Set([...site.directories.map(({ path }) => path), ...site.files.flatMap(({ path }) => parentsOf(path))])
  const made = [
    ...(sql === undefined ? [] : [dirname(database.path)]),
    ...(found?.application.mutable ?? []).map((path) => inFolder(folder, path)),
  ]
  const isThere = (path: string): boolean => folders.has(path) || site.files.some((file) => file.path === path)
  const missing = made.filter(
    (path) => !isThere(path) && (path === dirname(database.path) || parentsOf(path).every((one) => folders.has(one))),
  )
  for (const path of missing) for (const one of [...parentsOf(path), path]) folders.add(one)
  if (site.files.some(({ path }) => path === CONFIGURATION_FILE) || found === undefined)
    return { proposal: undefined, database, folders: missing, findings: [] }
  const { findings, ...said } = htaccessOf(site, documentRootOf(found))
  const isFolder = (path: string) => folders.has(path)
  const proposed = proposeConfiguration({ found, isFolder, isThere, ...said })
  const faults = faultsOf(proposed, isFolder).map((fault) =>
    findingOf('error', 'HTACCESS_LEFT', `the proposed configuration is to be corrected: ${faultText(fault)}`),
  )
  return { proposal: proposed, database, folders: missing, findings: [...findings, ...faults] }
}
const databaseName = (sql: string | undefined): string =>
  `${
    basename(sql ?? 'site')
      .replace(/\.(?:sql|dump)?(?:\.gz)?$/i, '')
      .replaceAll(/[^\w-]/g, '_') || 'site'
  }.sqlite`
const parentsOf = (path: string): string[] => {
  const names = path.split('/')
  return names.slice(1).map((_, i) => names.slice(0, i + 1).join('/'))
}

/** What all .htaccess files below the document root say. */
function htaccessOf(site: TreeFiles, documentRoot: string) {
  const below = documentRoot === '' ? '' : `${documentRoot}/`
  const files = site.files
    .filter(({ path }) => path.startsWith(below) && (path === `${below}.htaccess` || path.endsWith('/.htaccess')))
    .map(({ path, bytes }) => ({
      folder: path.slice(below.length, Math.max(below.length, path.length - '/.htaccess'.length)),
      text: Buffer.from(bytes).toString('utf8'),
    }))
  const { untaken, ...said } = convertHtaccess(files)
  const findings = [...groupsOf(untaken, ({ text, why }) => `"${text.slice(0, 80)}" of an .htaccess was not taken: ${why}`)].map(
    ([sentence, group]) =>
      findingOf(
        'warning',
        'HTACCESS_LEFT',
        sentence,
        group.map(({ folder, line }) => ({ path: `${below}${folder === '' ? '' : `${folder}/`}.htaccess`, line })),
        group.length,
      ),
  )
  return { ...said, findings }
}

function bundleOf(site: TreeFiles, { proposal, folders }: Plan): FileChange[] {
  const configuration =
    proposal === undefined ? [] : [{ path: CONFIGURATION_FILE, mode: 0o644, mtimeS: 0, bytes: Buffer.from(textOfProposal(proposal)) }]
  return [
    ...site.directories.map((entry) => ({ type: 'directory', ...entry }) as const),
    ...folders.map((path) => ({ type: 'directory', path, mode: 0o755 }) as const),
    ...[...site.files, ...configuration].map((entry) => ({ type: 'write', ...entry }) as const),
    // at last: nothing is written through them
    ...site.symlinks.map((entry) => ({ type: 'symlink', ...entry }) as const),
  ]
}

async function databaseOf(
  sql: string,
  out: string,
  { database: { path, dialect } }: Plan,
  change: (text: string) => string,
  say: (line: string) => void,
) {
  const at = join(out, path)
  if (existsSync(at)) throw new SiteImportError({ code: 'IMPORT_DATABASE_THERE', path })
  mkdirSync(dirname(at), { recursive: true })
  say(`reading the dump into ${path}`)
  const onProgress = every(
    PROGRESS_STEP,
    (share: number) => share,
    (share) => say(`${(100 * share).toFixed(0)} % of the dump`),
  )
  return { ...(await importDump(sql, at, { dialect, change, onProgress })), path, bytes: statSync(at).size }
}

function databaseFindings(database: (DumpReport & { readonly path: string; readonly bytes: number }) | null): Finding[] {
  if (database === null) return []
  const { notTaken, notes, brokenTexts, hugeNumbers, bytes, path } = database
  return [
    ...(notTaken.length === 0
      ? []
      : [findingOf('warning', 'SQL_LEFT', `not taken from the dump: ${notTaken.slice(0, 20).join(', ')}`, [], notTaken.length)]),
    ...notes.map((note) => findingOf('info', 'SQL_LEFT', note)),
    ...(brokenTexts === 0
      ? []
      : [findingOf('warning', 'SQL_LEFT', `${brokenTexts} texts are none in the dump's character set: they were kept byte by byte`)]),
    ...(hugeNumbers === 0 ? [] : [findingOf('warning', 'SQL_LEFT', `${hugeNumbers} numbers are beyond 64 bits: they were kept as texts`)]),
    ...(bytes <= SITE_LIMITS.fileBytes
      ? []
      : [
          findingOf('error', 'SITE_LARGE', `the database has ${bytes} bytes: a file of a site has at most ${SITE_LIMITS.fileBytes}`, [
            { path },
          ]),
        ]),
  ]
}

const doubtFinding = (root: string): Finding =>
  findingOf(
    'info',
    'PATHS_LEFT',
    `paths below ${root} were left as they are: if the folder lay there, and they are no addresses of the site, import it with --root ${root}`,
  )

function leftOutFindings(left: readonly LeftOut[], { leftOutCount, leftOut }: FolderSnapshot): Finding[] {
  const findings = [...groupsOf(left, (one) => (isHistory(one) ? 'HISTORY' : one.code))].map(([code, group]) =>
    findingOf(
      code === 'HISTORY' ? 'info' : 'warning',
      'LEFT_OUT',
      `${code}: ${REASONS[code] ?? 'no site can hold it'}`,
      group.map(({ path, target }) => ({ path: target === undefined ? path : `${path} -> ${target}` })),
    ),
  )
  const untold = leftOutCount - leftOut.length
  return untold === 0 ? findings : [...findings, findingOf('warning', 'LEFT_OUT', `${untold} more were left out, and are not listed`)]
}
const REASONS: Readonly<Record<string, string>> = {
  IMPORT_OUTSIDE: 'links that lead out of the folder: copy what they lead to, and import again',
  IMPORT_LOOP: 'links in a circle',
  IMPORT_KIND: 'devices, pipes or sockets',
  IMPORT_NAME: 'names that are not UTF-8: rename them, and import again',
  IMPORT_UNREADABLE: 'what this user may not read',
  FILE_PATH: 'paths that are too long or too deep, or have a backslash',
  FILE_TOO_LARGE: `files of more than ${SITE_LIMITS.fileBytes / 2 ** 20} MiB`,
  HISTORY: HISTORY_WHY,
}

/** Where the bundle goes: a new folder, or an empty one, that is not in the other, nor around it. @throws {SiteImportError} */
function emptyPlace(out: string, folder: string): string {
  const at = resolve(out)
  const [a, b] = [
    `${existsSync(at) ? realpathSync(at) : join(existsSync(dirname(at)) ? realpathSync(dirname(at)) : dirname(at), basename(at))}${sep}`,
    `${realpathSync(folder)}${sep}`,
  ]
  if (a.startsWith(b) || b.startsWith(a)) throw new SiteImportError({ code: 'IMPORT_OUT_INSIDE', path: out })
  if (existsSync(at) && (!statSync(at).isDirectory() || readdirSync(at).length > 0))
    throw new SiteImportError({ code: 'IMPORT_OUT_NOT_EMPTY', path: out })
  return at
}

/** Passes on what has come so much further than what was passed on before. */
function every<T>(step: number, of: (value: T) => number, tell: (value: T) => void): (value: T) => void {
  let next = step
  return (value) => {
    if (of(value) < next) return
    next = of(value) + step
    tell(value)
  }
}
