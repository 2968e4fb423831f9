import { linesOfFinding } from '../findings.js'
import { print, tell } from '../print.js'
import { type ImportedSite, importSite } from './import-site.js'

export interface ImportCommandOptions {
  readonly out: string
  readonly sql?: string
  readonly root: readonly string[]
  readonly json?: boolean
}

/** `interpeer site import`: progress on stderr, what came of it on stdout. */
export async function runImport(folder: string, { out, sql, root, json = false }: ImportCommandOptions): Promise<void> {
  const imported = await importSite(folder, { out, roots: root, say: tell, ...(sql === undefined ? {} : { sql }) })
  print(imported, linesOf(imported, out), { json })
}

function linesOf(imported: ImportedSite, out: string): readonly string[] {
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
    ...(configuration === null
      ? ['No interpeer.json was written.']
      : ['interpeer.json:', ...JSON.stringify(configuration, null, 2).split('\n')]),
    ...(advice.length === 0 ? [] : ['', 'To be done by hand:', ...advice.map((line) => `- ${line}`)]),
    ...(findings.length === 0 ? [] : ['', 'What will not work, and what to know:', ...findings.flatMap(linesOfFinding)]),
    '',
    `Try it: interpeer site dev ${out}`,
  ]
}
