// Makes MediaWiki's site of Debian's package. README.md says what is done here, and why.
import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { putWarmUp } from '../../tools/apps/src/site/put-warm-up.ts'
import { recordClasses } from '../../tools/apps/src/site/record-classes.ts'
import { changeSiteFolder, setTimes } from '../../tools/apps/src/site/site-folder.ts'
import { SiteInProcess } from '../../tools/apps/src/site/site-in-process.ts'

export const debian = ['mediawiki', 'mediawiki-classes']

/** Languages of the user interface; each adds about 1 MB. The first is the wiki's own. */
const LANGUAGES = ['en', 'de', 'fr', 'es']
const EXTENSIONS = ['Cite', 'ParserFunctions', 'WikiEditor']
const ENTRIES = ['index.php', 'load.php', 'api.php', 'rest.php', 'thumb.php', 'opensearch_desc.php', 'autoload.php']
/** What nobody needs at run time: tests, documentation, tools of developers. */
const UNWANTED =
  /^(tests?|docs?|jsduck|screenshots|node_modules|\.git.*|.*\.md|CHANGELOG|HISTORY|Gruntfile\.js|jest\..*\.js|Doxyfile|phpunit\..*)$/
/** The site while it is being made: any of its files may change, and work has five times the room. */
const WORKSHOP = { php: '8.2', slots: 5, extensions: ['intl'] }

/** @param {import('../../tools/apps/src/site/recipe.ts').RecipeKit} kit */
export async function build({ site, own, debian: packages, title, admin, password }) {
  const from = join(packages, 'usr/share/mediawiki')
  const to = join(site, 'public')
  const take = (/** @type {string} */ path, source = path) =>
    cpSync(join(from, source), join(to, path), { recursive: true, filter: (one) => !UNWANTED.test(basename(one)) })
  for (const path of [...ENTRIES, 'includes', 'languages', 'resources', 'vendor', 'skins/Vector']) take(path)
  for (const name of EXTENSIONS) take(`extensions/${name}`, `extensions-core/${name}`)
  for (const path of ['maintenance/sqlite', 'maintenance/interwiki.list', 'maintenance/tables.sql', 'maintenance/update-keys.sql'])
    take(path)
  keepLanguages(to)
  for (const path of ['data/cache', 'l10n', 'bundled', 'public/images']) mkdirSync(join(site, path), { recursive: true })

  writeFileSync(join(site, 'interpeer.json'), JSON.stringify(WORKSHOP))
  const account = { title, admin, password, language: /** @type {string} */ (LANGUAGES[0]) }
  await run(site, own, 'install.php', account, /installed$/)
  cpSync(join(own, 'files'), site, { recursive: true })
  putWarmUp(site, 'data')
  writeFileSync(join(site, 'interpeer/owner.php'), ownerSettings(account))
  await run(site, own, 'texts.php', { languages: LANGUAGES.join(' ') }, /^made$/)
  // they are in l10n now
  for (const entry of readdirSync(to, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory() && entry.name === 'i18n') rmSync(join(entry.parentPath, entry.name), { recursive: true })
  }
  await run(site, own, 'first-pages.php', { admin, text: readFileSync(join(own, 'main-page.wiki'), 'utf8') }, /^made$/)
  await bundle(site)
  await recordClasses(site, WORKSHOP, (running) => write(running, { admin, password }))
  rmSync(join(to, 'maintenance'), { recursive: true })
  cpSync(join(own, 'interpeer.json'), join(site, 'interpeer.json'))
  // without caches: warm-up is to run what makes them
  const isCache = (/** @type {string} */ path) => path.startsWith(`${join(site, 'data/cache')}/`)
  cpSync(join(site, 'data'), join(site, 'initial/data'), { recursive: true, filter: (path) => !isCache(path) })
}

/**
 * One of this recipe's own scripts, called once as a page of the site; what it changed stays.
 * @param {string} site
 * @param {string} own
 * @param {string} name
 * @param {Record<string, string>} form
 * @param {RegExp} expected
 */
async function run(site, own, name, form, expected) {
  const script = join(site, 'public', name)
  cpSync(join(own, name), script)
  setTimes(site)
  const running = await SiteInProcess.open(site)
  const { status, text, log, fuel } = await running.ask(`/${name}`, { form })
  console.error(`${name}: ${status}, ${Math.round(fuel / 1e6)} million fuel`)
  running.close()
  rmSync(script)
  if (status !== 200 || !expected.test(text)) throw new Error(`${name}: ${status} ${text.slice(-2000)} ${log}`)
  changeSiteFolder(site, running.changes)
}

/** Where the scripts and stylesheets that visitors most often load are asked for. */
const SEEN = [
  '/wiki/Main_Page',
  '/index.php?title=Main_Page&action=edit',
  '/index.php?title=Main_Page&action=history',
  '/index.php?title=Special:RecentChanges&days=9000',
  '/index.php?search=peers&fulltext=1',
  '/wiki/Special:Upload',
  '/wiki/Special:UserLogin',
]
/** What scripts ask for later. */
const LATER = [
  'mediawiki.action.view.postEdit',
  'mediawiki.searchSuggest',
  'mediawiki.notification',
  'ext.wikiEditor',
  'mediawiki.page.ready',
  'jquery.ui',
]

/** Has MediaWiki minify and compile, once and for all, what those pages load, and keep what each view asks for: see SiteCache.php. @param {string} site */
async function bundle(site) {
  setTimes(site)
  const running = await SiteInProcess.open(site)
  const wanted = new Set(LATER)
  for (const page of SEEN) {
    const { text } = await running.ask(page)
    for (const name of JSON.parse(/RLPAGEMODULES=(\[[^\]]*\])/.exec(text)?.[1] ?? '[]')) wanted.add(name)
    for (const [, link = ''] of text.matchAll(/<link rel="stylesheet" href="([^"]+)"/g)) await running.ask(link.replaceAll('&amp;', '&'))
  }
  const startup = await running.ask('/load.php?lang=en&modules=startup&only=scripts&raw=1&skin=vector')
  const names = withAllTheyNeed([...wanted], startup.text)
  for (let i = 0; i < names.length; i += 10) {
    await running.ask(`/load.php?lang=en&skin=vector&modules=${encodeURIComponent(names.slice(i, i + 10).join('|'))}`)
  }
  running.close()
  changeSiteFolder(
    site,
    running.changes.filter(({ path }) => path.startsWith('bundled/') || path.startsWith('data/cache/')),
  )
}

/**
 * What people do beside reading. It leaves nothing but the names of the classes that it takes.
 * @param {SiteInProcess} site
 * @param {{ admin: string, password: string }} who
 */
async function write(site, { admin, password }) {
  /** @param {string} target @param {string} page @param {Record<string, string>} fields */
  const send = async (target, page, fields, done = 302) => {
    const { status, text } = await site.ask(target, { form: { ...hiddenFieldsOf(page), ...fields } })
    if (status !== done) throw new Error(`${target}: ${status} ${text.slice(-2000)}`)
    return text
  }
  const logIn = '/index.php?title=Special:UserLogin'
  await send(logIn, (await site.ask(logIn)).text, { wpName: admin, wpPassword: password })
  await site.ask('/index.php?title=Main_Page')
  for (const text of ["'''Tomatoes''' want [[Sun]].\n\n== Water ==\n* some\n\n[[Category:Garden]]", 'Tomatoes want [[Rain]].']) {
    const submit = '/index.php?title=Tomatoes&action=submit'
    const form = (await site.ask('/index.php?title=Tomatoes&action=edit')).text
    const shown = await send(submit, form, { wpTextbox1: text, wpPreview: 'Show preview' }, 200)
    await send(submit, shown, { wpTextbox1: text, wpSummary: 'more', wpSave: 'Save page' })
    await site.ask('/index.php?title=Tomatoes')
  }
  for (const special of ['Upload', 'Preferences', 'Watchlist', 'MovePage/Tomatoes', `Contributions/${admin}`])
    await site.ask(`/index.php?title=Special:${special}`)
  await site.ask('/index.php?title=Tomatoes&action=history')
  await site.ask('/index.php?title=Tomatoes&diff=cur&oldid=prev')
}

/** @param {string} page */
function hiddenFieldsOf(page) {
  /** @type {Record<string, string>} */
  const fields = {}
  for (const [input] of page.matchAll(/<input[^>]*type=["']hidden["'][^>]*>/g)) {
    const [name, value] = ['name', 'value'].map((one) => new RegExp(`\\b${one}=["']([^"']*)["']`).exec(input)?.[1] ?? '')
    fields[/** @type {string} */ (name)] = /** @type {string} */ (value).replaceAll('&quot;', '"').replaceAll('&amp;', '&')
  }
  // the search form's: the address says which page is meant
  delete fields.title
  return fields
}

/** @param {string[]} names @param {string} startup MediaWiki's list of modules: name, version, what each needs by its place in the list */
function withAllTheyNeed(names, startup) {
  /** @type {[string, string, number[]?][]} */
  const list = JSON.parse(/mw\.loader\.register\((\[[\s\S]*?\])\);/.exec(startup)?.[1] ?? '[]')
  const places = new Map(list.map(([name], i) => [name, i]))
  const found = new Set(names.map((name) => places.get(name)).filter((place) => place !== undefined))
  for (const place of found) for (const other of list[place]?.[2] ?? []) found.add(other)
  return [...found].map((place) => list[place]?.[0] ?? '').sort()
}

/** A language whose texts are not there must not be offered: MediaWiki goes by these files. @param {string} root */
function keepLanguages(root) {
  const messages = LANGUAGES.map((code) => `Messages${code.charAt(0).toUpperCase()}${code.slice(1)}.php`)
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    const isText = entry.parentPath.split('/').includes('i18n') && entry.name.endsWith('.json')
    const isMessages = basename(entry.parentPath) === 'messages' && entry.name.startsWith('Messages')
    if ((isText && !LANGUAGES.includes(entry.name.slice(0, -5))) || (isMessages && !messages.includes(entry.name)))
      rmSync(join(entry.parentPath, entry.name))
  }
}

/** Keys that MediaWiki's tokens are made with: whoever hosts the site can read them, as everything in it. @param {{ title: string, admin: string, password: string, language: string }} account */
function ownerSettings({ title, language, ...account }) {
  const key = (/** @type {string} */ use) =>
    createHash('sha256')
      .update(JSON.stringify([use, title, account]))
      .digest('hex')
  return `<?php
$wgSitename = ${phpText(title)};
$wgLanguageCode = ${phpText(language)};
$wgSecretKey = '${key('secret')}';
$wgUpgradeKey = '${key('upgrade').slice(0, 16)}';
`
}

/** @param {string} text */
const phpText = (text) => `'${text.replaceAll(/[\\']/g, '\\$&')}'`
