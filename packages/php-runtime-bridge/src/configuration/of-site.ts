import { bytesOf } from '../file-pages.js'
import type { TreeDirectory } from '../file-tree.js'
import { compareText } from '../path.js'
import { shown } from './json-text.js'
import { CONFIGURATION_BYTES_MAX, type ConfigurationReading, faulty, parseConfiguration, tooLong } from './parse.js'
import { CONFIGURATION_FILE, isConfigurationName } from './reserved.js'
import { usualConfiguration } from './site-configuration.js'

/** What was read from a tree or a file before: they never change, and each request asks. */
const known = new WeakMap<object, ConfigurationReading>()
const USUAL: ConfigurationReading = { type: 'valid', configuration: usualConfiguration }

/** How a site says that it runs: a function of its files, the same on every machine. */
export function siteConfiguration(site: TreeDirectory): ConfigurationReading {
  return remembered(site, () => {
    const names = [...site.entries.keys()].filter(isConfigurationName).sort(compareText)
    const other = names.find((name) => name !== CONFIGURATION_FILE)
    if (other !== undefined) return faulty({ found: `a file named ${shown(other)}`, allowed: `"${CONFIGURATION_FILE}"` })
    const node = site.entries.get(CONFIGURATION_FILE)
    if (node === undefined) return USUAL
    if (node.kind !== 'file') return faulty({ found: `something named "${CONFIGURATION_FILE}" that is no file`, allowed: 'a file' })
    return remembered(node, () => (node.size > CONFIGURATION_BYTES_MAX ? tooLong(node.size) : parseConfiguration(bytesOf(node))))
  })
}

function remembered(key: object, read: () => ConfigurationReading): ConfigurationReading {
  const before = known.get(key)
  if (before !== undefined) return before
  const reading = read()
  known.set(key, reading)
  return reading
}
