import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { cacheFolder } from '../../apps/src/site/cache-folder.ts'
import { findDebianPackages, unpackDebianPackages } from '../../apps/src/site/debian-packages.ts'
import { type PhpServer, phpVersion, startPhpServer } from '../php-server.ts'

/** What MediaWiki asks for beside what comes with Debian's php-cli, in the order in which they can be loaded, and the packages' other libraries. */
const EXTENSIONS = ['mbstring', 'dom', 'xml', 'simplexml', 'xmlreader', 'xmlwriter', 'intl', 'gd']
const packagesOf = (minor: string) => [...['mbstring', 'xml', 'intl', 'gd'].map((name) => `php${minor}-${name}`), 'libonig5', 'libgd3']

/**
 * Serves a folder with this machine's own PHP and opcache on, as it is set up to ask no file whether it changed (ours asks none either). Extensions that the machine
 * lacks come from Debian's packages, unpacked into the cache, never installed.
 */
export async function startNativePhp(documentRoot: string, readyPath: string): Promise<PhpServer> {
  const version = phpVersion()
  if (version === undefined) throw new Error('no PHP with SQLite on this machine. On Debian: apt-get install php-cli php-sqlite3')
  const { settings, libraries } = extensionsOf(version.split('.').slice(0, 2).join('.'))
  const sessions = join(dirname(documentRoot), '.sessions')
  mkdirSync(sessions, { recursive: true })
  const opcache = [
    'opcache.enable=1',
    'opcache.memory_consumption=128',
    'opcache.interned_strings_buffer=16',
    'opcache.validate_timestamps=0',
  ]
  return startPhpServer(documentRoot, version, {
    settings: [...settings, ...opcache, 'memory_limit=256M', 'log_errors=0', 'display_errors=0', `session.save_path=${sessions}`],
    env: { LD_LIBRARY_PATH: libraries },
    readyPath,
  })
}

function extensionsOf(minor: string): { readonly settings: readonly string[]; readonly libraries: string } {
  const script = 'echo ini_get("extension_dir"), "\\n", implode("\\n", array_map("strtolower", get_loaded_extensions()));'
  const [folder = '', ...loaded] = execFileSync('php', ['-r', script], { encoding: 'utf8' }).split('\n')
  const missing = EXTENSIONS.filter((name) => !loaded.includes(name))
  if (!loaded.includes('zend opcache')) throw new Error('this machine’s PHP has no opcache. On Debian: apt-get install php-cli')
  if (missing.length === 0) return { settings: [], libraries: '' }
  const packages = findDebianPackages(packagesOf(minor))
  const kept = join(cacheFolder, 'native-php', packages.map(({ digest }) => digest.slice(0, 6)).join('-'))
  if (!existsSync(kept)) {
    mkdirSync(kept, { recursive: true })
    unpackDebianPackages(packages, kept)
  }
  const libraries = readdirSync(join(kept, 'usr/lib')).map((name) => join(kept, 'usr/lib', name))
  return { settings: missing.map((name) => `extension=${join(kept, folder, name)}.so`), libraries: libraries.join(':') }
}
