<?php
// MediaWiki on Interpeer. What is here for Interpeer's sake says why; the recipe's README has the whole story.
if (!defined('MEDIAWIKI')) {
    exit;
}

require __DIR__ . '/../interpeer/owner.php'; // $wgSitename, $wgSecretKey, $wgUpgradeKey, $wgLanguageCode

$wgMetaNamespace = 'Project';
// The network's name for the site is the visitor's: whatever gateway was asked.
$wgServer = WebRequest::detectServer();
$wgScriptPath = '';
$wgArticlePath = '/wiki/$1';
$wgUsePathInfo = true;
$wgLogos = ['1x' => '/resources/assets/mediawiki.png'];
$wgFavicon = '/resources/assets/mediawiki.png';

// The database lies beside what can be fetched. A rollback journal leaves no file behind.
$wgDBtype = 'sqlite';
$wgDBname = 'wiki';
$wgSQLiteDataDir = '/site/data';
$interpeerSqlite = ['type' => 'sqlite', 'tablePrefix' => '', 'dbDirectory' => $wgSQLiteDataDir, 'flags' => 0, 'trxMode' => 'IMMEDIATE'];
$wgObjectCaches[CACHE_DB] = ['class' => SqlBagOStuff::class, 'loggroup' => 'SQLBagOStuff', 'server' => $interpeerSqlite + ['dbname' => 'wikicache']];
$wgObjectCaches['db-replicated'] = [
    'factory' => 'Wikimedia\ObjectFactory\ObjectFactory::getObjectFromSpec',
    'args' => [['factory' => 'ObjectCache::getInstance', 'args' => [CACHE_DB]]],
];
$wgJobTypeConf['default'] = ['class' => 'JobQueueDB', 'claimTTL' => 3600, 'server' => $interpeerSqlite + ['dbname' => 'wiki_jobqueue']];

// Views write nothing: what MediaWiki keeps between requests for speed only writes keep (PHP's own image has the code compiled), and only
// sessions, which begin with the log-in, are in the database. They are renewed when half of their time is over.
$wgAutoloadClasses['SiteCache'] = '/site/interpeer/SiteCache.php';
$wgObjectCaches['site'] = ['class' => SiteCache::class];
$wgMainCacheType = $wgMessageCacheType = $wgParserCacheType = $wgLanguageConverterCacheType = 'site';
// A page that was rendered is good until it changes: what it was made from says so.
$wgParserCacheExpireTime = 365 * 86400;
$wgMainStash = 'hash';
$wgResourceLoaderUseObjectCacheForDeps = true;
$wgAutoloadClasses['SessionStore'] = '/site/interpeer/SessionStore.php';
$wgObjectCaches['sessions'] = ['class' => SessionStore::class] + $wgObjectCaches[CACHE_DB];
$wgSessionCacheType = 'sessions';
// The log-in makes the secret that each later page's tokens need: else the first view after it would.
$wgHooks['UserLoggedIn'][] = fn() => RequestContext::getMain()->getRequest()->getSession()->getToken();
$wgObjectCacheSessionExpiry = 30 * 86400;
$wgAjaxEditStash = false;
$wgDefaultUserOptions['rcenhancedfilters-disable'] = 1; // its script saves preferences at each look
$wgJobRunRate = 0; // /interpeer-jobs.php runs them
$wgPingback = false;
$wgShowUpdatedMarker = false;
$wgWatchlistExpiry = false;
$wgDisableCounters = true;
$wgCacheEpoch = '20231114221320';
$wgInvalidateCacheOnLocalSettingsChange = false;
// Texts of the user interface, made when the site was built. A language that is not there falls back to English.
$wgLocalisationCacheConf = [
    'class' => LocalisationCache::class,
    'store' => 'array',
    'storeClass' => false,
    'storeDirectory' => '/site/l10n',
    'storeServer' => [],
    'forceRecache' => false,
    'manualRecache' => !defined('MAKES_TEXTS'),
];

// Pictures are agreed files; smaller ones of them are made by thumb.php whenever somebody wants one, in scratch.
$wgEnableUploads = true;
$wgUseImageMagick = false;
$wgUploadDirectory = '/site/public/images';
$wgUploadPath = '/images';
$wgTmpDirectory = '/tmp';
$wgGenerateThumbnailOnParse = false;
$wgThumbnailScriptPath = '/thumb.php';
$wgLocalFileRepo = [
    'class' => LocalRepo::class,
    'name' => 'local',
    'directory' => $wgUploadDirectory,
    'scriptDirUrl' => $wgScriptPath,
    'url' => $wgUploadPath,
    'hashLevels' => 2,
    'thumbScriptUrl' => $wgThumbnailScriptPath,
    'transformVia404' => true,
    'deletedDir' => '/site/data/deleted-images',
    'deletedHashLevels' => 3,
    'lockManager' => 'nullLockManager', // a request runs alone, on its own copy
];

// Its own search class finds text by SQLite's FTS5: MediaWiki's asks for FTS3.
$wgAutoloadClasses['SearchSqliteFts5'] = '/site/interpeer/SearchSqliteFts5.php';
$wgSearchType = 'SearchSqliteFts5';
$wgHooks['PageMoveComplete'][] = 'SearchSqliteFts5::onPageMoveComplete';

// Mail goes out through one member of the group, where it is allowed to.
$wgAutoloadClasses['OutboxMail'] = '/site/interpeer/OutboxMail.php';
$wgHooks['AlternateUserMailer'][] = 'OutboxMail::send';
$wgEnableEmail = true;
$wgEnableUserEmail = false;
// Who hosts the wiki could read real names. The form for a new account had a field for them, and MediaWiki drops the e-mail address of a form that lacks it, without a word.
$wgHiddenPrefs[] = 'realname';

// No network to ask, and no address to tell visitors apart by: all are 0.0.0.0, and who edits should log in.
$wgAllowExternalImages = false;
$wgEnableDnsBlacklist = false;
$wgGroupPermissions['*']['edit'] = false;
$wgAllowUserJs = false;

$wgDefaultSkin = 'vector';
wfLoadSkin('Vector');
foreach (['Cite', 'ParserFunctions', 'WikiEditor'] as $extension) {
    wfLoadExtension($extension);
}
$wgRightsText = 'Creative Commons Attribution-ShareAlike';
$wgRightsUrl = 'https://creativecommons.org/licenses/by-sa/4.0/';
