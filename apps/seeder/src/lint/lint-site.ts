import type { TreeFiles } from '@interpeer/content-store'
import type { SiteConfiguration } from '@interpeer/php-runtime-bridge'
import { startPhpRuntime } from '@interpeer/php-runtime-bridge/node'
import { type Finding, findingOf, linesOfFinding, sortedFindings } from '../findings.js'
import { HISTORY, HISTORY_WHY, isHistory } from '../folder/history.js'
import { readFolder } from '../folder/read-folder.js'
import { print, tell } from '../print.js'
import { configurationOf } from '../site-check.js'
import { SLOT_LIMITS, userCacheFolder } from '../slot.js'
import { checkSyntax } from './check-syntax.js'
import { lookAtFiles } from './look-at-files.js'
import { namedScripts } from './named-scripts.js'
import { isPhp } from './read-texts.js'
import { tryViews } from './try-views.js'

export interface LintOptions {
  readonly view: readonly string[]
  readonly run: boolean
  readonly strict?: boolean
  readonly cache?: string
  readonly guardMs: number
  readonly json?: boolean
}
/** Of the command, where it could look: 0 where it found nothing of weight. */
const EXIT_ERRORS = 2

/**
 * `interpeer site lint`: says what of a folder would not run, what hosts could read, and which views write. Exit code 2 where it found errors (with `strict`: or warnings), 1 where it could not
 * look, else 0.
 * @throws {ContentStoreError | SiteCheckError} what would be refused when it is published
 */
export async function lintSite(folder: string, options: LintOptions): Promise<void> {
  const configuration = configurationOf(folder)
  tell('reading the folder')
  const snapshot = await readFolder(folder, { unfit: 'leave-out', passOver: HISTORY })
  const tree = snapshot.files()
  const history = snapshot.leftOut.filter(isHistory).map(({ path }) => ({ path }))
  const findings = [
    ...(history.length === 0 ? [] : [findingOf('info', 'LEFT_OUT', `HISTORY: ${HISTORY_WHY}`, history)]),
    ...snapshot.leftOut
      .filter((one) => !isHistory(one))
      .map(({ path, code, target }) =>
        findingOf('error', 'LEFT_OUT', `${code}: publishing refuses it`, [{ path: target === undefined ? path : `${path} -> ${target}` }]),
      ),
    ...lookAtFiles(tree, documentRootOf(configuration, tree)),
    ...namedScripts(tree, configuration),
    ...(options.run ? await running(tree, configuration, options) : []),
  ]
  const sorted = sortedFindings(findings)
  const count = (level: Finding['level']) => sorted.filter((finding) => finding.level === level).length
  const facts = { errors: count('error'), warnings: count('warning'), findings: sorted }
  print(facts, [...sorted.flatMap(linesOfFinding), `${facts.errors} errors, ${facts.warnings} warnings`], options)
  if (facts.errors > 0 || (options.strict === true && facts.warnings > 0)) process.exitCode = EXIT_ERRORS
}

async function running(tree: TreeFiles, configuration: SiteConfiguration, { view, cache, guardMs }: LintOptions): Promise<Finding[]> {
  const runtime = await startPhpRuntime({
    guardMs,
    limits: SLOT_LIMITS,
    cacheFolder: cache ?? userCacheFolder(),
    hostCalls: { effects: ['after', 'pay', 'outbox'] },
  })
  try {
    await runtime.load('site', tree.files, tree.directories, tree.symlinks)
    const targets = view.length > 0 ? view : configuration.warmUp.length > 0 ? configuration.warmUp : ['/']
    return [
      ...(await checkSyntax(
        runtime,
        'site',
        configuration,
        tree.files.filter(({ path }) => isPhp(path)),
        tell,
      )),
      ...(await tryViews(runtime, 'site', configuration, documentRootOf(configuration, tree), targets, tell)),
    ]
  } finally {
    await runtime.close()
  }
}

function documentRootOf({ documentRoot }: SiteConfiguration, { files }: TreeFiles): string {
  if (documentRoot !== undefined) return documentRoot === '.' ? '' : documentRoot
  return files.some(({ path }) => path === 'public/index.php') ? 'public' : ''
}
