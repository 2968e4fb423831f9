export { CRON_LINES_MAX, type CronLine } from './configuration/cron-line.js'
export { type CronSchedule, parseSchedule, type ScheduleFault } from './configuration/cron-schedule.js'
export {
  configurationSchema,
  EFFECT_KINDS,
  type EffectKind,
  EXTENSIONS,
  type ExtensionName,
} from './configuration/fields.js'
export { siteConfiguration } from './configuration/of-site.js'
export {
  CONFIGURATION_BYTES_MAX,
  type ConfigurationFault,
  type ConfigurationReading,
  faultText,
  parseConfiguration,
} from './configuration/parse.js'
export { CONFIGURATION_FILE, isConfigurationName } from './configuration/reserved.js'
export type { JsonSchema } from './configuration/shape.js'
export {
  canonicalText,
  type ErrorPageStatus,
  kindOfPath,
  type PathKind,
  type SiteConfiguration,
  usualConfiguration,
} from './configuration/site-configuration.js'
export { contentTypeOf } from './content-types.js'
export { PhpRuntimeError, type PhpRuntimeFailure } from './errors.js'
export { bytesOf, type Page, type Pages, type StoredPage } from './file-pages.js'
export type { FileDigests } from './file-pieces.js'
export {
  deriveTree,
  findNode,
  followNode,
  type PagedFile,
  type TreeDirectory,
  type TreeFile,
  type TreeNode,
  type TreeSymlink,
  treeOf,
} from './file-tree.js'
export type { DirectoryEntry, FileChange, FileEntry, FileStream, SymlinkEntry } from './files.js'
export type { ChildFailure, ChildJobRecord } from './host-calls/child-task.js'
export type {
  AfterEffect,
  Effect,
  HttpOutboxRequest,
  MailOutboxRequest,
  OutboxEffect,
  OutboxRequest,
  PayEffect,
} from './host-calls/effects.js'
export type { JobFacts } from './host-calls/host-calls.js'
export { type ConvertedHtaccess, convertHtaccess, type HtaccessFile } from './htaccess/convert.js'
export type { UntakenLine } from './htaccess/read-htaccess.js'
export { SLOT, SLOTS_MAX, type SlotLimits, slotsOf } from './limits.js'
export {
  type Abstained,
  type AbstainReason,
  type AnswerCode,
  type Answered,
  answerCodes,
  type ScriptOutcome,
} from './outcome.js'
export { phpIni, SESSION_FOLDER, SITE_FOLDER } from './php-ini.js'
export { DEFAULT_PHP_VERSION, type PhpVersion, phpVersions } from './php-version.js'
export { faultOf, type OutboxAnswer, type RequestLimits, requestLimits, type ScriptEvent, type ScriptRequest } from './request.js'
export { documentRootOf, type Redirect, type Refused, type Route, type Routed, routeOf, routeRequest, type ScriptRoute } from './route.js'
