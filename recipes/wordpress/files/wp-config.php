<?php
// WordPress looks for this file above its own folder too: here it cannot be fetched.

// The site's image is made of code alone, without a database: then the one that it was published with is taken.
const INTERPEER_DATABASE = '/site/data/wordpress.sqlite';
if (!is_file(INTERPEER_DATABASE) && is_file('/site/initial/wordpress.sqlite')) {
    is_dir('/site/data') || mkdir('/site/data');
    copy('/site/initial/wordpress.sqlite', INTERPEER_DATABASE);
}

define('DB_DIR', '/site/data');
define('DB_FILE', 'wordpress.sqlite');
define('DB_ENGINE', 'sqlite');
// Asked for by WordPress, unused by SQLite.
define('DB_NAME', 'wordpress');
define('DB_USER', '');
define('DB_PASSWORD', '');
define('DB_HOST', '');
define('DB_CHARSET', 'utf8');
define('DB_COLLATE', '');
$table_prefix = 'wp_';

require __DIR__ . '/wp-salts.php';

// Any gateway may lead here: the site's address is the one that the visitor signed.
define('WP_HOME', ($_SERVER['REQUEST_SCHEME'] ?? 'http') . '://' . $_SERVER['HTTP_HOST']);
define('WP_SITEURL', WP_HOME);

// There is nobody to call: neither itself, to run what is due, nor wordpress.org. interpeer.json's cron line does the former.
define('DISABLE_WP_CRON', true);
define('WP_HTTP_BLOCK_EXTERNAL', true);
define('AUTOMATIC_UPDATER_DISABLED', true);
define('WP_AUTO_UPDATE_CORE', false);
// Code is part of what was published, and never changes: themes and plug-ins are added by building the site again.
define('DISALLOW_FILE_MODS', true);

// Each is a write that five members agree on: a draft is kept every five minutes, and when asked for.
define('AUTOSAVE_INTERVAL', 300);
define('WP_POST_REVISIONS', 20);

define('WP_DEBUG', false);
defined('ABSPATH') || define('ABSPATH', __DIR__ . '/public/');
require_once ABSPATH . 'wp-settings.php';
