/** The file at a site's root that says how the site runs. */
export const CONFIGURATION_FILE = 'interpeer.json'

/** Whether a name at a site's root is the configuration's, in any case: on many disks it would be the same file. */
export function isConfigurationName(name: string): boolean {
  return name.length === CONFIGURATION_FILE.length && name.toLowerCase() === CONFIGURATION_FILE
}

/** The configuration and what would lie below it: never served, and no script changes it. */
export function isConfigurationPath(path: string): boolean {
  const slash = path.indexOf('/')
  return isConfigurationName(slash < 0 ? path : path.slice(0, slash))
}
