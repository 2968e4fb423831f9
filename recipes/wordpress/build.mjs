// Makes WordPress's site of Debian's packages and the SQLite plug-in. README.md says what is done here, and why.
import { execFileSync } from 'node:child_process'
import { scryptSync } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { changeSiteFolder } from '../../tools/apps/src/site/site-folder.ts'
import { SiteInProcess } from '../../tools/apps/src/site/site-in-process.ts'
import { unpackZip } from '../../tools/apps/src/site/zip-archive.ts'

const BUILDS = '@wp-playground/wordpress-builds@0.9.19'
export const debian = ['wordpress', 'wordpress-theme-twentytwentythree', 'php-getid3', 'libjs-underscore', 'libjs-cropper']
export const npm = [BUILDS]

/** @param {import('../../tools/apps/src/site/recipe.ts').RecipeKit} kit */
export async function build({ site, own, debian: packages, npm: unpacked, title, admin, password }) {
  const wordpress = join(site, 'public')
  copyWithoutLinks(packages, wordpress)
  takePlugIn(join(unpacked(BUILDS), 'src/sqlite-database-integration/sqlite-database-integration.zip'), join(wordpress, 'wp-content'))
  cpSync(join(own, 'files'), site, { recursive: true })
  writeFileSync(join(site, 'wp-salts.php'), salts(title, admin, password))
  for (const folder of ['data', 'initial', 'public/wp-content/uploads']) mkdirSync(join(site, folder), { recursive: true })

  // what sets a site up takes more than one slot
  const configuration = JSON.parse(readFileSync(join(own, 'interpeer.json'), 'utf8'))
  writeFileSync(join(site, 'interpeer.json'), JSON.stringify({ ...configuration, slots: 5, warmUp: [] }))
  await install(site, title, admin, password)
  cpSync(join(own, 'interpeer.json'), join(site, 'interpeer.json'))
  cpSync(join(site, 'data/wordpress.sqlite'), join(site, 'initial/wordpress.sqlite'))
}

/**
 * Debian links to parts that other packages have: here they are files.
 * @param {string} packages
 * @param {string} wordpress
 */
function copyWithoutLinks(packages, wordpress) {
  // absolute links lead to this machine's own /etc, if anywhere
  for (const path of ['.htaccess', 'wp-includes/certificates/ca-bundle.crt']) rmSync(join(packages, 'usr/share/wordpress', path))
  execFileSync('cp', ['-rL', join(packages, 'usr/share/wordpress'), wordpress])
  rmSync(join(wordpress, 'wp-config.php'))
  // of these scripts and stylesheets WordPress loads the small form, but for SCRIPT_DEBUG: 14 of 55 MB
  for (const folder of ['wp-includes/js/dist', 'wp-includes/css/dist']) {
    for (const entry of readdirSync(join(wordpress, folder), { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name)
      if (/(?<!\.min)\.(js|css)$/.test(path) && existsSync(path.replace(/\.(js|css)$/, '.min.$1'))) rmSync(path)
    }
  }
  cpSync(join(packages, 'var/lib/wordpress/wp-content/index.php'), join(wordpress, 'wp-content/index.php'))
}

/**
 * @param {string} zip
 * @param {string} content
 */
function takePlugIn(zip, content) {
  const folder = mkdtempSync(join(tmpdir(), 'interpeer-plug-in-'))
  unpackZip(zip, folder)
  const plugIn = join(content, 'plugins/sqlite-database-integration')
  cpSync(join(folder, 'sqlite-database-integration-main'), plugIn, { recursive: true })
  rmSync(folder, { recursive: true })
  rmSync(join(plugIn, '.github'), { recursive: true })
  renameSync(join(plugIn, 'db.copy'), join(content, 'db.php'))
}

/**
 * With them, and the database, anybody can make themselves a log-in cookie. Whoever has not the password cannot tell them; the same choices give the same site.
 * @param {string} title
 * @param {string} admin
 * @param {string} password
 */
function salts(title, admin, password) {
  const names = ['AUTH', 'SECURE_AUTH', 'LOGGED_IN', 'NONCE'].flatMap((name) => [`${name}_KEY`, `${name}_SALT`])
  const line = (/** @type {string} */ name) =>
    `define('${name}', '${scryptSync(password, JSON.stringify(['wordpress', name, title, admin]), 48).toString('base64')}');\n`
  return `<?php\n${names.map(line).join('')}`
}

/**
 * WordPress's own installer, and the first visit of each kind of page that writes defaults, in the runtime itself.
 * @param {string} site
 * @param {string} title
 * @param {string} admin
 * @param {string} password
 */
async function install(site, title, admin, password) {
  const running = await SiteInProcess.open(site)
  /** @type {(what: string, reply: import('../../tools/apps/src/site/site-in-process.ts').Reply, ...allowed: number[]) => string} */
  const check = (what, { status, text, log }, ...allowed) => {
    if (!allowed.includes(status)) throw new Error(`WordPress could not be set up: ${what}: ${status} ${text.slice(0, 500)} ${log}`)
    return text
  }
  const form = { weblog_title: title, user_name: admin, admin_password: password, admin_password2: password, pw_weak: 'on' }
  const installed = await running.ask('/wp-admin/install.php?step=2', {
    form: { ...form, admin_email: `${admin}@example.org`, blog_public: '1', language: '', Submit: 'Install WordPress' },
  })
  if (!check('install', installed, 200).includes('wp-login.php')) throw new Error(`WordPress was not installed: ${installed.text}`)
  for (const path of ['/', '/?cat=1', '/?p=1', '/?feed=rss2', '/wp-login.php']) check(path, await running.ask(path), 200)
  await running.ask('/wp-login.php', { form: { log: admin, pwd: password, testcookie: '1', 'wp-submit': 'Log In' } })
  const settings = check('permalinks', await running.ask('/wp-admin/options-permalink.php'), 200)
  const nonce = /name="_wpnonce" value="([0-9a-f]+)"/.exec(settings)?.[1] ?? ''
  const permalinks = { _wpnonce: nonce, _wp_http_referer: '/wp-admin/options-permalink.php', option_page: 'permalink', action: 'update' }
  const chosen = {
    selection: '/%year%/%monthnum%/%day%/%postname%/',
    permalink_structure: '/%year%/%monthnum%/%day%/%postname%/',
    submit: 'Save',
  }
  check('permalinks', await running.ask('/wp-admin/options-permalink.php', { form: { ...permalinks, ...chosen } }), 200, 302)
  for (const path of ['index.php', 'edit.php', 'upload.php', 'plugins.php', 'themes.php', 'edit-comments.php', 'index.php']) {
    check(path, await running.ask(`/wp-admin/${path}`), 200)
  }
  running.close()
  changeSiteFolder(site, running.changes)
}
