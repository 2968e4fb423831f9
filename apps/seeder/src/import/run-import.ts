import { textOfFinding } from '../findings.js'
import { harmless, jsonOf } from '../log-text.js'
import { type ImportedSite, importSite } from './import-site.js'

export interface ImportCommandOptions {
  readonly out: string
  readonly sql?: string
  readonly root: readonly string[]
  readonly json?: boolean
}

/** `interpeer site import`: progress on stderr, what came of it on stdout. */
export async function runImport(folder: string, { out, sql, root, json = false }: ImportCommandOptions): Promise<void> {
  const say = (line: string): void => void process.stderr.write(`${harmless(line)}\n`)
  const imported = await importSite(folder, { out, roots: root, say, ...(sql === undefined ? {} : { sql }) })
  process.stdout.write(`${json ? jsonOf(imported) : textOf(imported, out)}\n`)
}

function textOf(imported: ImportedSite, out: string): string {
  const {
    application,
    version,
    folder,
    files,
    bytes,
    pathsChanged,
    filesChanged,
    linksChanged,
    earlierRoots,
    configuration,
    database,
    advice,
    findings,
  } = imported
  const undone =
    pathsChanged + linksChanged.length === 0
      ? []
      : [
          `Paths of ${earlierRoots.join(', ')} are paths of /site now: ${pathsChanged} in ${filesChanged.length} files, and ${linksChanged.length} links.`,
        ]
  const rows = database?.tables.reduce((total, table) => total + table.rows, 0) ?? 0
  return [
    `${application ?? 'No application that is known'}${version === null ? '' : ` ${version}`}${folder === '' ? '' : ` in ${folder}/`}: ${files} files, ${(bytes / 2 ** 20).toFixed(1)} MiB, in ${out}`,
    ...undone,
    ...(database === null ? [] : [`${database.path}: ${database.tables.length} tables, ${rows.toLocaleString('en')} rows`]),
    ...(configuration === null ? ['No interpeer.json was written.'] : ['interpeer.json:', JSON.stringify(configuration, null, 2)]),
    ...(advice.length === 0 ? [] : ['', 'To be done by hand:', ...advice.map((line) => `- ${line}`)]),
    ...(findings.length === 0 ? [] : ['', 'What will not work, and what to know:', ...findings.map(textOfFinding)]),
    '',
    `Try it: interpeer site dev ${out}`,
  ]
    .flatMap((text) => text.split('\n'))
    .map(harmless)
    .join('\n')
}
