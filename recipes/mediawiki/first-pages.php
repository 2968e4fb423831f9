<?php
// build.mjs runs this as the last step: the search index, and the page that visitors come to.
define('MW_ENTRY_POINT', 'first-pages');
require __DIR__ . '/includes/WebStart.php';
header('Content-Type: text/plain');
use MediaWiki\MediaWikiServices;
use MediaWiki\Revision\SlotRecord;

$services = MediaWikiServices::getInstance();
$db = $services->getDBLoadBalancer()->getConnectionRef(DB_PRIMARY);
foreach (['wiki', 'wikicache', 'wiki_jobqueue'] as $name) {
    $file = new PDO("sqlite:/site/data/$name.sqlite");
    $file->exec('PRAGMA journal_mode=DELETE');
}
SearchSqliteFts5::createTable($db);
// makes its table
ObjectCache::getInstance(CACHE_DB)->set('warm-up', 1, 1);

$user = $services->getUserFactory()->newFromName($_POST['admin']);
$page = $services->getWikiPageFactory()->newFromTitle(Title::newMainPage());
$updater = $page->newPageUpdater($user);
$updater->setContent(SlotRecord::MAIN, new WikitextContent($_POST['text']));
$updater->saveRevision(CommentStoreComment::newUnsavedComment('A first page'));
$services->getDBLoadBalancerFactory()->commitPrimaryChanges('first-pages');
DeferredUpdates::doUpdates();
$services->getDBLoadBalancerFactory()->commitPrimaryChanges('first-pages');
echo $updater->wasSuccessful() ? 'made' : (string) $updater->getStatus();
