import type { Dialect } from '../sql/sqlite-schema.js'

/** What is known of one application. All paths are relative to where it lies. */
export interface Application {
  readonly name: string
  /** All of them are there: files, or folders. */
  readonly marks: readonly string[]
  /** Of two that fit, the one with the higher number. Default 0. */
  readonly rank?: number
  /** Where its version stands: the first group. */
  readonly version?: { readonly path: string; readonly form: RegExp }
  /** What addresses begin at; '' (default) is its own folder. */
  readonly documentRoot?: string
  /** An address: the script that answers what is no file. */
  readonly entry?: string
  /** For an application whose .htaccess is missing. */
  readonly rewrite?: readonly string[]
  readonly mutable: readonly string[]
  /** What is nothing to keep: temporary files, logs. */
  readonly scratch?: readonly string[]
  /** What views keep for later ones, and make anew where it lacks. Never what visitors fetch by its own address: what a view leaves here is dropped. */
  readonly caches?: readonly string[]
  readonly warmUp?: readonly string[]
  readonly intl?: boolean
  readonly slots?: number
  readonly outbox?: boolean
  /** Requests that the group makes by itself, in UTC: what runs no job of its own on a view. */
  readonly cron?: readonly { readonly schedule: string; readonly target: string }[]
  /** Where its data go, if a dump is given, and as what. */
  readonly database?: { readonly path: string; readonly dialect: Dialect }
  /** Files that say where things are. */
  readonly settings?: readonly string[]
  /** Names that no visitor should get. */
  readonly denied?: readonly string[]
  /** What is left to do by hand, and why. */
  readonly advice?: readonly string[]
}

const SQLITE_BY_HAND = 'point its settings at the SQLite database: there is no MySQL server'

/** Applications by their files. One more is one more entry here. */
export const applications: readonly Application[] = [
  {
    name: 'WordPress',
    marks: ['wp-includes/version.php', 'wp-load.php', 'wp-blog-header.php'],
    version: { path: 'wp-includes/version.php', form: /\$wp_version = '([\d.]{1,20})/ },
    entry: '/index.php',
    mutable: ['wp-content/database', 'wp-content/uploads'],
    caches: ['wp-content/cache'],
    warmUp: ['/', '/?p=1', '/?cat=1', '/?feed=rss2', '/wp-login.php'],
    slots: 2,
    outbox: true,
    cron: [{ schedule: '*/15 * * * *', target: '/wp-cron.php?doing_wp_cron' }],
    database: { path: 'wp-content/database/.ht.sqlite', dialect: 'wordpress' },
    settings: ['wp-config.php'],
    advice: [
      'WordPress needs the SQLite integration plug-in of its own team: copy its db.copy to wp-content/db.php, with the plug-in in wp-content/plugins (recipes/wordpress does)',
      "wp-config.php: define('DISABLE_WP_CRON', true), 'WP_HTTP_BLOCK_EXTERNAL', 'AUTOMATIC_UPDATER_DISABLED' and 'DISALLOW_FILE_MODS': else views write, and wait for a network that is not there",
      "wp-config.php: define WP_HOME and WP_SITEURL as 'http://' . $_SERVER['HTTP_HOST']: the database has the old address",
    ],
  },
  {
    name: 'MediaWiki',
    marks: ['includes/WebStart.php', 'load.php', 'api.php'],
    version: { path: 'includes/Defines.php', form: /MW_VERSION', '([\d.]{1,20})/ },
    mutable: ['data', 'images'],
    caches: ['cache'],
    warmUp: ['/index.php', '/load.php?modules=startup&only=scripts'],
    intl: true,
    slots: 2,
    outbox: true,
    database: { path: 'data/wiki.sqlite', dialect: 'plain' },
    settings: ['LocalSettings.php'],
    denied: ['data', 'maintenance', 'includes', 'languages', 'serialized', 'tests', 'cache'],
    advice: [
      "MediaWiki's own tables for SQLite differ from MySQL's: of a MySQL wiki make an XML dump (dumpBackup.php) and import that; the database made of --sql is for reading",
      "LocalSettings.php: $wgDBtype = 'sqlite', $wgMainCacheType = $wgMessageCacheType = $wgParserCacheType = 'hash', $wgJobRunRate = 0, $wgSessionCacheType = CACHE_DB: else every view writes (recipes/mediawiki)",
      'MediaWiki asks for FTS3, which is not there: recipes/mediawiki has a search on FTS5',
    ],
  },
  {
    name: 'DokuWiki',
    marks: ['doku.php', 'inc/init.php', 'lib/exe/css.php'],
    version: { path: 'VERSION', form: /^([\w. "-]{1,40})/ },
    mutable: ['conf', 'data'],
    scratch: ['data/tmp', 'data/locks'],
    caches: ['data/cache'],
    warmUp: ['/doku.php?id=start', '/feed.php', '/lib/exe/css.php'],
    settings: ['conf/local.php'],
    denied: ['data', 'conf', 'bin', 'inc', 'vendor'],
    advice: ["conf/local.php: $conf['locktime'] = 0; $conf['usedraft'] = 0; $conf['breadcrumbs'] = 0: else views write (recipes/dokuwiki)"],
  },
  {
    name: 'phpBB',
    marks: ['viewtopic.php', 'phpbb', 'includes/constants.php'],
    version: { path: 'includes/constants.php', form: /PHPBB_VERSION', '([\d.\w-]{1,20})/ },
    mutable: ['store', 'files', 'images/avatars/upload'],
    caches: ['cache'],
    warmUp: ['/index.php'],
    outbox: true,
    database: { path: 'store/phpbb.sqlite', dialect: 'plain' },
    settings: ['config.php'],
    denied: ['store', 'files', 'cache', 'includes', 'phpbb', 'vendor'],
    advice: [
      `config.php: $dbms = 'phpbb\\\\db\\\\driver\\\\sqlite3', $dbhost = the path of the database; ${SQLITE_BY_HAND}`,
      'phpBB counts views and keeps sessions of guests in its database: each view is a write',
    ],
  },
  {
    name: 'Drupal',
    marks: ['core/lib/Drupal.php', 'index.php'],
    version: { path: 'core/lib/Drupal.php', form: /const VERSION = '([\d.\w-]{1,20})/ },
    entry: '/index.php',
    // its stylesheets, scripts and smaller pictures are fetched by themselves: they are kept with the view that makes them
    mutable: ['sites/default/files'],
    caches: ['sites/default/files/php'],
    warmUp: ['/', '/user/login'],
    slots: 2,
    database: { path: 'sites/default/files/.ht.sqlite', dialect: 'plain' },
    settings: ['sites/default/settings.php'],
    advice: [
      `sites/default/settings.php: $databases with 'driver' => 'sqlite'; ${SQLITE_BY_HAND}`,
      'turn the page cache in the database off, and automated cron: else views write',
    ],
  },
  {
    name: 'Joomla',
    marks: ['administrator/index.php', 'libraries/src', 'includes/framework.php'],
    version: { path: 'administrator/manifests/files/joomla.xml', form: /<version>([\d.]{1,20})/ },
    mutable: ['images', 'media'],
    scratch: ['tmp'],
    caches: ['administrator/cache', 'cache'],
    warmUp: ['/'],
    settings: ['configuration.php'],
    advice: ['Joomla runs on MySQL and PostgreSQL only, and neither is there: it can not be moved as it is'],
  },
  {
    name: 'Nextcloud',
    marks: ['remote.php', 'lib/private', 'ocs/v2.php'],
    version: { path: 'version.php', form: /\$OC_VersionString = '([\d.]{1,20})/ },
    mutable: ['config', 'data'],
    warmUp: ['/index.php'],
    slots: 3,
    cron: [{ schedule: '*/15 * * * *', target: '/cron.php' }],
    database: { path: 'data/owncloud.db', dialect: 'plain' },
    settings: ['config/config.php'],
    denied: ['data', 'config', '3rdparty', 'lib'],
    advice: [
      `config/config.php: 'dbtype' => 'sqlite3'; ${SQLITE_BY_HAND}`,
      'hosts can read all files that are stored: only end-to-end encrypted folders are private',
    ],
  },
  {
    name: 'Laravel',
    marks: ['artisan', 'bootstrap/app.php', 'public/index.php'],
    rank: 1,
    documentRoot: 'public',
    entry: '/index.php',
    mutable: ['database', 'storage'],
    scratch: ['storage/logs'],
    caches: ['storage/framework/cache', 'storage/framework/views'],
    warmUp: ['/'],
    database: { path: 'database/database.sqlite', dialect: 'plain' },
    settings: ['.env', 'config/database.php'],
    advice: [
      `DB_CONNECTION=sqlite; ${SQLITE_BY_HAND}`,
      'run "php artisan config:cache route:cache view:cache" before the import: a cache that is missing is made anew by each view until a write keeps it',
    ],
  },
  {
    name: 'Symfony',
    marks: ['bin/console', 'config/bundles.php', 'public/index.php'],
    rank: 1,
    documentRoot: 'public',
    entry: '/index.php',
    mutable: ['var'],
    scratch: ['var/log'],
    caches: ['var/cache'],
    warmUp: ['/'],
    database: { path: 'var/data.db', dialect: 'plain' },
    settings: ['.env', '.env.local'],
    advice: [
      `DATABASE_URL=sqlite:///%kernel.project_dir%/var/data.db; ${SQLITE_BY_HAND}`,
      'APP_ENV=prod, and "bin/console cache:warmup" before the import: a cache that is missing is made anew by each view until a write keeps it',
    ],
  },
  {
    name: 'Grav',
    marks: ['system/defines.php', 'user/config', 'index.php'],
    version: { path: 'system/defines.php', form: /GRAV_VERSION', '([\d.\w-]{1,20})/ },
    entry: '/index.php',
    // stylesheets, scripts and smaller pictures are fetched by themselves: they are kept with the view that makes them
    mutable: ['user', 'assets', 'images'],
    scratch: ['tmp', 'logs'],
    caches: ['cache'],
    warmUp: ['/'],
    denied: ['cache', 'bin', 'logs', 'backup', 'system', 'vendor'],
  },
  {
    name: 'Moodle',
    marks: ['lib/moodlelib.php', 'course/view.php'],
    version: { path: 'version.php', form: /\$release\s*=\s*'([\d.+\w -]{1,30})/ },
    mutable: [],
    settings: ['config.php'],
    advice: ['Moodle runs on MySQL and PostgreSQL only, and neither is there: it can not be moved as it is'],
  },
  {
    name: 'Flarum',
    marks: ['flarum', 'public/index.php', 'site.php'],
    rank: 2,
    documentRoot: 'public',
    entry: '/index.php',
    mutable: ['storage', 'public/assets'],
    scratch: ['storage/logs'],
    caches: ['storage/cache', 'storage/views'],
    warmUp: ['/'],
    database: { path: 'storage/flarum.sqlite', dialect: 'plain' },
    settings: ['config.php'],
    advice: [`config.php: 'driver' => 'sqlite' (Flarum 2); ${SQLITE_BY_HAND}`],
  },
  {
    name: 'FreshRSS',
    marks: ['p/index.php', 'app/FreshRSS.php'],
    version: { path: 'constants.php', form: /FRESHRSS_VERSION = '([\d.]{1,20})/ },
    documentRoot: 'p',
    mutable: ['data'],
    caches: ['data/cache'],
    warmUp: ['/i/'],
    advice: ['feeds are fetched over a network that is not there'],
  },
  {
    name: 'Kanboard',
    marks: ['jsonrpc.php', 'app/common.php', 'app/Core'],
    mutable: ['data'],
    caches: ['data/cache'],
    warmUp: ['/'],
    denied: ['data', 'app', 'libs', 'vendor', 'plugins'],
    settings: ['config.php'],
  },
  {
    name: 'Piwigo',
    marks: ['picture.php', 'include/constants.php', 'identification.php'],
    mutable: ['upload', 'galleries', 'local'],
    caches: ['_data'],
    warmUp: ['/'],
    advice: ['Piwigo runs on MySQL only, and there is none: it can not be moved as it is'],
  },
  {
    name: 'PHP with a front controller in public',
    marks: ['public/index.php'],
    rank: -1,
    documentRoot: 'public',
    mutable: [],
    warmUp: ['/'],
  },
  { name: 'PHP', marks: ['index.php'], rank: -2, mutable: [], warmUp: ['/'] },
  { name: 'static pages', marks: ['index.html'], rank: -3, mutable: [] },
]
