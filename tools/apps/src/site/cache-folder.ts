import { homedir } from 'node:os'
import { join } from 'node:path'

/** What is fetched and built for recipes is kept here, outside the tree: packages, the sites made of them, metered binaries. It can be deleted at any time. */
export const cacheFolder: string =
  process.env.INTERPEER_APPS_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'interpeer-apps')
