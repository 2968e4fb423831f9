// Makes Shaarli's site of Debian's packages. README.md says what is done here, and why.
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { changeSiteFolder, setTimes } from '../../tools/apps/src/site/site-folder.ts'
import { SiteInProcess } from '../../tools/apps/src/site/site-in-process.ts'

export const debian = [
  'shaarli',
  'fonts-fork-awesome',
  'libjs-jquery',
  'php-arthurhoaro-web-thumbnailer',
  'php-gettext-languages',
  'php-klogger',
  'php-malkusch-lock',
  'php-netscape-bookmark-parser',
  'php-nikic-fast-route',
  'php-oscarotero-gettext',
  'php-parsedown',
  'php-parsedown-extra',
  'php-pimple',
  'php-psr-container',
  'php-psr-http-message',
  'php-psr-log',
  'php-pubsubhubbub-publisher',
  'php-slim',
  'php-text-template',
]

/** Absolute paths in Debian's files, and how often they are there: all others are asked of these. */
const PATHS = [
  { file: 'index.php', from: '/usr/share/shaarli/autoload.php', to: '/site/start.php', times: 1 },
  { file: 'init.php', from: '/usr/share/shaarli/autoload.php', to: '/site/start.php', times: 2 },
  { file: 'application/config/ConfigManager.php', from: '/var/lib/shaarli/data', to: '/site/data', times: 9 },
  { file: 'application/config/ConfigManager.php', from: '/var/cache/shaarli/', to: '/site/cache/', times: 3 },
]

/** @param {import('../../tools/apps/src/site/recipe.ts').RecipeKit} kit */
export async function build({ site, own, debian: packages, title, admin, password }) {
  const share = join(packages, 'usr/share')
  rmSync(join(share, 'shaarli/cache'))
  // Debian links to fonts that other packages have: here they are files
  execFileSync('cp', ['-rL', join(share, 'shaarli'), join(site, 'public')])
  rmSync(join(site, 'public/doc'), { recursive: true })
  rmSync(join(site, 'public/.htaccess'))
  cpSync(join(share, 'php'), join(site, 'php'), { recursive: true })
  for (const { file, from, to, times } of PATHS) {
    const path = join(site, 'public', file)
    const parts = readFileSync(path, 'utf8').split(from)
    if (parts.length !== times + 1) throw new Error(`${file} has ${from} ${parts.length - 1} times`)
    writeFileSync(path, parts.join(to))
  }
  for (const folder of ['data', 'initial', 'cache/tmp', 'cache/pagecache', 'cache/cache'])
    mkdirSync(join(site, folder), { recursive: true })
  cpSync(join(own, 'files'), site, { recursive: true })
  // the installer wants more than a slot
  writeFileSync(join(site, 'interpeer.json'), JSON.stringify({ slots: 5 }))
  setTimes(site)
  await install(site, { title, admin, password })
  cpSync(join(site, 'data'), join(site, 'initial'), { recursive: true })
  rmSync(join(site, '.interpeer'), { recursive: true, force: true })
  cpSync(join(own, 'interpeer.json'), join(site, 'interpeer.json'))
}

/**
 * Shaarli's own installer, in the runtime itself; then its first visitors, of whom templates stay compiled.
 * @param {string} site
 * @param {{ title: string, admin: string, password: string }} options
 */
async function install(site, { title, admin, password }) {
  const first = await SiteInProcess.open(site)
  const form = { setlogin: admin, setpassword: password, title, continent: 'Etc', city: 'UTC', language: 'auto' }
  const { status, text, log } = await first.ask('/install', { form })
  first.close()
  changeSiteFolder(site, first.changes)
  const path = join(site, 'data/config.json.php')
  if (status !== 200 && status !== 302) throw new Error(`Shaarli was not installed: ${status} ${text.slice(0, 2000)} ${log}`)
  writeFileSync(path, configured(readFileSync(path, 'utf8')))

  const visited = await SiteInProcess.open(site)
  for (const target of [
    '/',
    '/login',
    '/tags/cloud',
    '/tags/list',
    '/daily',
    '/picture-wall',
    '/?searchterm=nothing',
    '/feed/atom',
    '/feed/rss',
    '/not-there',
  ]) {
    const answer = await visited.ask(target)
    if (answer.status >= 500) throw new Error(`Shaarli's ${target}: ${answer.status} ${answer.text.slice(0, 2000)} ${answer.log}`)
  }
  const token = /name="token" value="([^"]+)"/.exec((await visited.ask('/login')).text)?.[1] ?? ''
  await visited.ask('/login', { form: { login: admin, password, token, returnurl: '/' } })
  for (const target of [
    '/',
    '/admin/tools',
    '/admin/add-shaare',
    '/admin/shaare',
    '/admin/configure',
    '/admin/plugins',
    '/admin/tags',
    '/admin/export',
  ]) {
    const answer = await visited.ask(target)
    if (answer.status !== 200) throw new Error(`Shaarli's ${target}: ${answer.status} ${answer.text.slice(0, 2000)} ${answer.log}`)
  }
  visited.close()
  // the log-in, with its session and its line in the log, is nobody's
  changeSiteFolder(
    site,
    visited.changes.filter(({ path: changed }) => !changed.startsWith('.interpeer') && changed !== 'data/log.txt'),
  )
}

/** @param {string} text a file of JSON that PHP would not print */
function configured(text) {
  const [head, tail] = [text.indexOf('{'), text.lastIndexOf('}') + 1]
  const given = JSON.parse(text.slice(head, tail))
  const config = {
    ...given,
    // everybody is 0.0.0.0: a ban for wrong passwords would be everybody's
    security: { ...given.security, trusted_proxies: ['0.0.0.0'] },
    // nothing outside can be asked: for pictures of pages, their titles, or new versions
    thumbnails: { ...given.thumbnails, mode: 'none' },
    general: { ...given.general, retrieve_description: false, enable_async_metadata: false },
    updates: { ...given.updates, check_updates: false },
  }
  return text.slice(0, head) + JSON.stringify(config, null, 4) + text.slice(tail)
}
