import { lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  CONFIGURATION_BYTES_MAX,
  CONFIGURATION_FILE,
  type ConfigurationReading,
  configurationSchema,
  faultText,
  isConfigurationName,
  parseConfiguration,
  type SiteConfiguration,
  usualConfiguration,
} from '@interpeer/php-runtime-bridge'
import { printJson } from './print.js'

export interface CheckOptions {
  readonly json?: boolean
}
const INDENT = 2
type Invalid = ConfigurationReading & { readonly type: 'invalid' }

/** A folder that would be no good site: every fault of its interpeer.json. */
export class SiteCheckError extends Error {
  override readonly name = 'SiteCheckError'
  readonly code = 'CONFIGURATION_INVALID'
  /** One for each fault. */
  readonly lines: readonly string[]

  constructor(file: string, { faults, unlisted }: Invalid) {
    const lines = [...faults.map((fault) => `${file}:${faultText(fault)}`), ...(unlisted === 0 ? [] : [`and ${unlisted} more`])]
    super(lines.join('\n'))
    this.lines = lines
  }
}

/** Looks at a folder as `site publish` does, and prints the configuration that the site would have. @throws {SiteCheckError} */
export function checkSite(folder: string, options: CheckOptions): void {
  const { file, reading } = readConfiguration(folder)
  if (options.json === true) printJson({ file, ...reading })
  if (reading.type === 'invalid') throw new SiteCheckError(file, reading)
  if (options.json !== true) printJson(reading.configuration, INDENT)
}

/** @throws {SiteCheckError} before anything was stored, asked for or paid */
export function configurationOf(folder: string): SiteConfiguration {
  const { file, reading } = readConfiguration(folder)
  if (reading.type === 'invalid') throw new SiteCheckError(file, reading)
  return reading.configuration
}

/** For editors that are not where the package is installed. */
export function printSchema(): void {
  printJson(configurationSchema, INDENT)
}

/** What visitors would be told, and beside that paths that no script could ever make. Links stay links, as when it is published. */
export function readConfiguration(folder: string): { readonly file: string; readonly reading: ConfigurationReading } {
  const names = readdirSync(folder).filter(isConfigurationName)
  const other = names.find((name) => name !== CONFIGURATION_FILE)
  const file = join(folder, other ?? CONFIGURATION_FILE)
  if (other !== undefined) return { file, reading: refused(`a file named "${other}"`, `"${CONFIGURATION_FILE}"`) }
  if (names.length === 0) return { file, reading: { type: 'valid', configuration: usualConfiguration } }
  const about = lstatSync(file)
  if (!about.isFile()) return { file, reading: refused('something that is no file', 'a file') }
  if (about.size > CONFIGURATION_BYTES_MAX) return { file, reading: refused(`${about.size} bytes`, `at most ${CONFIGURATION_BYTES_MAX}`) }
  const isReal = (path: string) => lstatSync(join(folder, path), { throwIfNoEntry: false })?.isDirectory() === true
  const isFolder = (path: string) => path.split('/').every((_, i, names) => isReal(names.slice(0, i + 1).join('/')))
  return { file, reading: parseConfiguration(readFileSync(file), isFolder) }
}

function refused(found: string, allowed: string): Invalid {
  return { type: 'invalid', faults: [{ line: 1, column: 1, name: '', found, allowed }], unlisted: 0 }
}
