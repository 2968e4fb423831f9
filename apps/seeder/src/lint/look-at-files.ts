import type { FileEntry, TreeFiles } from '@interpeer/content-store'
import { type Finding, findingOf, groupsOf, type Place } from '../findings.js'
import { PhpUses } from './php-uses.js'
import { isPhp, textIn } from './read-texts.js'
import { privateKindOf, type SecretFound, secretsIn } from './secrets.js'

const [RANGES_ONLY_BYTES, DATABASE_BEGIN] = [8 * 1024 ** 2, Buffer.from('SQLite format 3\0', 'latin1')]
/** What a site may hold, as it is published. */
export const SITE_LIMITS = { fileBytes: 256 * 1024 ** 2, bytes: 1024 ** 3, entries: 100_000 } as const
const NEAR = 0.8

/** What can be said of a folder without running it. @param documentRoot '' for the site itself */
export function lookAtFiles({ files, directories, symlinks }: TreeFiles, documentRoot: string): Finding[] {
  const uses = new PhpUses()
  const secrets: SecretFound[] = []
  for (const { path, bytes } of files) {
    const text = textIn(bytes)
    if (text === undefined) continue
    if (isPhp(path)) uses.add(path, text)
    secrets.push(...secretsIn(path, text))
  }
  const entries = files.length + directories.length + symlinks.length
  return [
    ...uses.findings,
    ...secretFindings(secrets),
    ...privateFindings(files),
    ...fetchable(files, documentRoot),
    ...sizes(files, entries),
    ...alike([...files, ...directories, ...symlinks].map(({ path }) => path)),
  ]
}

function secretFindings(secrets: readonly SecretFound[]): Finding[] {
  const kinds = groupsOf(secrets, ({ kind }) => kind)
  return [...kinds].map(([kind, places]) =>
    findingOf(
      'error',
      'SECRET_READABLE',
      `${kind} can be read by every host: have another one made, and keep it out of the folder`,
      places.map(placeOf),
    ),
  )
}
const placeOf = ({ path, line }: Place): Place => (line === undefined ? { path } : { path, line })

function privateFindings(files: readonly FileEntry[]): Finding[] {
  const found = files.flatMap(({ path }) => {
    const kind = privateKindOf(path)
    return kind === undefined ? [] : [{ path, kind }]
  })
  return [...groupsOf(found, ({ kind }) => kind)].map(([kind, places]) =>
    findingOf(
      'warning',
      'PRIVATE_FILE',
      `${kind} would be published with the site`,
      places.map(({ path }) => ({ path })),
    ),
  )
}

/** A database where addresses begin can be had by whoever guesses its name. */
function fetchable(files: readonly FileEntry[], documentRoot: string): Finding[] {
  const begin = documentRoot === '' ? '' : `${documentRoot}/`
  const isHidden = (path: string) => path.split('/').some((name) => name.startsWith('.'))
  const places = files
    .filter(
      ({ path, bytes }) => path.startsWith(begin) && !isHidden(path) && DATABASE_BEGIN.equals(bytes.subarray(0, DATABASE_BEGIN.length)),
    )
    .map(({ path }) => ({ path }))
  if (places.length === 0) return []
  return [
    findingOf(
      'error',
      'DATA_FETCHABLE',
      'a database that visitors can fetch: put it beside the document root, or in a folder whose name begins with a dot',
      places,
    ),
  ]
}

function sizes(files: readonly FileEntry[], entries: number): Finding[] {
  const bytes = files.reduce((total, file) => total + file.bytes.length, 0)
  const text = `${entries.toLocaleString('en')} files and folders, ${(bytes / 2 ** 20).toFixed(1)} MiB`
  const isOver = bytes > SITE_LIMITS.bytes || entries > SITE_LIMITS.entries
  const isNear = bytes > NEAR * SITE_LIMITS.bytes || entries > NEAR * SITE_LIMITS.entries
  const limits = `a site holds ${SITE_LIMITS.entries.toLocaleString('en')} and ${SITE_LIMITS.bytes / 2 ** 20} MiB`
  const large = files.filter((file) => file.bytes.length > RANGES_ONLY_BYTES).sort((a, b) => b.bytes.length - a.bytes.length)
  return [
    findingOf(isOver ? 'error' : isNear ? 'warning' : 'info', 'SITE_LARGE', isOver || isNear ? `${text}: ${limits}` : text),
    ...(large.length === 0
      ? []
      : [
          findingOf(
            'info',
            'FILE_LARGE',
            'files of more than 8 MiB, which every member of the group holds',
            large.map(({ path }) => ({ path })),
          ),
        ]),
  ]
}

/** On the disks of many people these are one file. */
function alike(paths: readonly string[]): Finding[] {
  const groups = [...groupsOf(paths, (path) => path.normalize('NFC').toLowerCase()).values()].filter((group) => group.length > 1)
  if (groups.length === 0) return []
  const places = groups.flat().map((path) => ({ path }))
  return [
    findingOf(
      'warning',
      'NAMES_ALIKE',
      'names that differ in case or Unicode form alone: this site has both, other disks have one of them',
      places,
    ),
  ]
}
