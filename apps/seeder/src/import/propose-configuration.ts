import { type ConfigurationFault, parseConfiguration } from '@interpeer/php-runtime-bridge'
import { type FoundApplication, inFolder } from './find-application.js'

/** What an interpeer.json is made of here: the keys that the folder gives reasons for. */
export type Proposal = Readonly<Record<string, unknown>>
export interface ProposalParts {
  readonly found: FoundApplication
  /** Of the folder as it will be. */
  readonly isFolder: (path: string) => boolean
  readonly isThere: (path: string) => boolean
  /** Lines of rewriting from the site's own .htaccess files, the last `topLines` of them from the one of the document root. */
  readonly rewrite: readonly string[]
  readonly topLines: number
  readonly entry?: string
  readonly maxAge: Readonly<Record<string, number>>
  readonly errorPages: Readonly<Record<string, string>>
}

/** More than that an interpeer.json does not hold. */
const REWRITE_LINES_MAX = 256

/** Whether the runtime reads a line of Apache's rewriting. */
function isRewriteTaken(line: string): boolean {
  const lines = /^\s*rewritecond/i.test(line) ? [line, 'RewriteRule ^ -'] : [line]
  return parseConfiguration(Buffer.from(JSON.stringify({ rewrite: lines }))).type === 'valid'
}

/** The folder that addresses begin at; '' for the site itself. */
export const documentRootOf = ({ application, folder }: FoundApplication): string => inFolder(folder, application.documentRoot ?? '')

/** How a site should run, by what is known of its application and what its folder says. */
export function proposeConfiguration({ found, isFolder, isThere, rewrite, topLines, errorPages, maxAge, ...own }: ProposalParts): Proposal {
  const { application, folder } = found
  const documentRoot = documentRootOf(found)
  const here = (paths: readonly string[] = []): string[] => paths.map((path) => inFolder(folder, path))
  const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')))
  const possible = (path: string): boolean => isThere(path) || parentOf(path) === '' || isFolder(parentOf(path))
  const mutable = here(application.mutable).filter(possible)
  const apart = (paths?: readonly string[]) =>
    here(paths).filter((path) => isThere(path) || (isFolder(parentOf(path)) && parentOf(path) !== ''))
  const [scratch, caches] = [apart(application.scratch), apart(application.caches)]
  const denied = documentRoot === folder ? (application.denied ?? []).filter((name) => isFolder(inFolder(folder, name))) : []
  const closes = denied.map((name) => `RewriteRule ^${name}(/|$) - [F]`).filter((line) => !rewrite.includes(line))
  // what folders close and rewrite does not say how the site's own addresses are answered
  const lines = [...closes, ...rewrite, ...(topLines > 0 ? [] : (application.rewrite ?? []))].filter(isRewriteTaken)
  const { entry = own.entry, intl = false, slots = 1, outbox = false, cron = [] } = application
  return {
    ...(slots === 1 ? {} : { slots }),
    ...(documentRoot === '' ? {} : { documentRoot }),
    ...(lines.length === 0 ? {} : { rewrite: lines.slice(0, REWRITE_LINES_MAX) }),
    ...(entry === undefined ? {} : { entry }),
    ...(Object.keys(errorPages).length === 0 ? {} : { errorPages }),
    ...(Object.keys(maxAge).length === 0 ? {} : { maxAge }),
    ...(mutable.length === 0 ? {} : { mutable }),
    ...(scratch.length === 0 ? {} : { scratch }),
    ...(caches.length === 0 ? {} : { caches }),
    // without a list of what changes there is no code to compile
    ...(application.warmUp === undefined || mutable.length === 0 ? {} : { warmUp: application.warmUp }),
    ...(intl ? { extensions: ['intl'] } : {}),
    ...(cron.length === 0 ? {} : { cron }),
    ...(outbox ? { effects: ['after', 'outbox'] } : {}),
  }
}

/** What is wrong with a proposal, if anything is: it is written down for its uploader to correct. */
export function faultsOf(proposal: Proposal, isFolder: (path: string) => boolean): readonly ConfigurationFault[] {
  const reading = parseConfiguration(Buffer.from(textOfProposal(proposal)), isFolder)
  return reading.type === 'valid' ? [] : reading.faults
}

export const textOfProposal = (proposal: Proposal): string => `${JSON.stringify(proposal, null, 2)}\n`
