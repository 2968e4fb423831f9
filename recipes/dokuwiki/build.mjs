// Makes DokuWiki's site of Debian's packages. README.md says what is done here, and why.
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { putWarmUp } from '../../tools/apps/src/site/put-warm-up.ts'
import { changeSiteFolder, setTimes } from '../../tools/apps/src/site/site-folder.ts'
import { SiteInProcess } from '../../tools/apps/src/site/site-in-process.ts'

export const debian = [
  'dokuwiki',
  'libjs-jquery',
  'libjs-jquery-ui',
  'libjs-jquery-cookie',
  'libphp-simplepie',
  'php-geshi',
  'php-phpseclib',
]

/** From where Debian has it to where the site has it. Only `public` can be fetched. */
const FOLDERS = {
  'usr/share/dokuwiki': 'public',
  'var/lib/dokuwiki/lib/plugins': 'public/lib/plugins',
  'var/lib/dokuwiki/lib/tpl': 'public/lib/tpl',
  'etc/dokuwiki': 'conf',
  'var/lib/dokuwiki/data': 'data',
  'usr/share/php-geshi': 'php/geshi',
  'usr/share/php/phpseclib': 'php/phpseclib',
  'usr/share/php/simplepie': 'php/simplepie',
  'usr/share/javascript': 'javascript',
}
/** Absolute paths in Debian's files. */
const PATHS = [
  ['/usr/share/php-geshi', '/site/php/geshi'],
  ['/usr/share/php/', '/site/php/'],
  ['/usr/share/javascript/', '/site/javascript/'],
  ['/etc/dokuwiki', '/site/conf'],
  ['/var/lib/dokuwiki/data', '/site/data'],
  ['/var/lib/dokuwiki/farm', '/site/farm'],
]
const UNWANTED = ['bin', 'install.php', '.htaccess', 'lib/plugins/extension', 'lib/plugins/popularity']
/** What scripts change; warm-up begins with copies of it. */
const MUTABLE_CONF = ['local.php', 'users.auth.php', 'acl.auth.php', 'plugins.local.php']

/** @param {import('../../tools/apps/src/site/recipe.ts').RecipeKit} kit */
export async function build({ site, own, debian: packages, title, admin, password }) {
  for (const [from, to] of Object.entries(FOLDERS)) {
    // Debian links these two to /var/lib; the folders themselves are copied after
    const isLink = (/** @type {string} */ path) =>
      ['usr/share/dokuwiki/lib/plugins', 'usr/share/dokuwiki/lib/tpl'].some((end) => path.endsWith(end))
    cpSync(join(packages, from), join(site, to), { recursive: true, verbatimSymlinks: true, filter: (path) => !isLink(path) })
  }
  for (const path of UNWANTED) rmSync(join(site, 'public', path), { recursive: true })
  for (const path of ['data/.htaccess', 'data/deleted.files', 'conf/acl.auth.php', 'conf/users.auth.php']) rmSync(join(site, path))
  for (const name of readdirSync(join(site, 'conf')).filter((one) => /\.(dist|example)$/.test(one))) rmSync(join(site, 'conf', name))
  movePaths(site)

  cpSync(join(own, 'files'), site, { recursive: true })
  putWarmUp(site, 'data/pages')
  cpSync(join(own, 'interpeer.json'), join(site, 'interpeer.json'))
  const local = join(site, 'conf/local.php')
  writeFileSync(local, readFileSync(local, 'utf8').replace('TITLE', phpText(title)))
  await install(site, admin, password)
  // without caches: warm-up is to run what makes them
  const isCache = (/** @type {string} */ path) => path.startsWith(`${join(site, 'data/cache')}/`)
  cpSync(join(site, 'data'), join(site, 'initial/data'), { recursive: true, filter: (path) => !isCache(path) })
  for (const name of MUTABLE_CONF) cpSync(join(site, 'conf', name), join(site, 'initial/conf', name))
}

/** @param {string} site */
function movePaths(site) {
  for (const folder of ['public', 'conf']) {
    for (const entry of readdirSync(join(site, folder), { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name)
      if (!entry.isFile() || !entry.name.endsWith('.php')) continue
      const text = readFileSync(path, 'latin1')
      const moved = PATHS.reduce((so, [from, to]) => so.replaceAll(/** @type {string} */ (from), /** @type {string} */ (to)), text)
      const left = /['"]\/(usr\/share|var\/lib|etc)\/(?!passwd|ssl)\w[^'"]*/.exec(moved)
      if (left !== null) throw new Error(`${path}: nothing is known of ${left[0]}`)
      if (moved !== text) writeFileSync(path, moved, 'latin1')
    }
  }
}

/**
 * DokuWiki's own code, in the runtime itself, makes the account, and what else it would make when the first visitors come: metadata and the search index of the pages
 * that are there, the salt that its tokens are made with, and the caches of pages, stylesheet and scripts.
 * @param {string} site
 * @param {string} admin
 * @param {string} password
 */
async function install(site, admin, password) {
  const script = join(site, 'public/install.php')
  cpSync(join(import.meta.dirname, 'install.php'), script)
  setTimes(site) // pages remember when they were changed
  const running = await SiteInProcess.open(site)
  const { status, text, log } = await running.ask('/install.php', { form: { admin, password } })
  if (status !== 200 || !text.startsWith('pages: ')) throw new Error(`DokuWiki was not installed: ${status} ${text} ${log}`)
  // the first visitor of a page has its last change noted
  for (const id of text.slice('pages: '.length).split(' ')) await running.ask(`/doku.php?id=${id}`)
  const first = (await running.ask('/doku.php?id=start')).text
  const made = [...first.matchAll(/(?:href|src)="(\/lib\/exe\/(?:css|js|jquery)\.php[^"]*)"/g)].map(([, link = '']) =>
    link.replaceAll('&amp;', '&'),
  )
  if (made.length === 0) throw new Error('DokuWiki’s first page has no stylesheet')
  for (const link of made) await running.ask(link)
  running.close()
  rmSync(script)
  changeSiteFolder(site, running.changes)
}

/** @param {string} text */
const phpText = (text) => `'${text.replaceAll(/[\\']/g, '\\$&')}'`
