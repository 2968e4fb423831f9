<?php
// What edits left to be done later (links, notices): a line of cron in interpeer.json has the group ask for it, and nobody else can.
if (($_SERVER['INTERPEER_EVENT'] ?? '') !== 'cron') {
    http_response_code(404);
    exit('This page is for the group.');
}
define('MW_ENTRY_POINT', 'runjobs');
require __DIR__ . '/includes/WebStart.php';
$done = MediaWiki\MediaWikiServices::getInstance()->getJobRunner()->run(['maxJobs' => 50, 'maxTime' => 0]);
header('Content-Type: text/plain');
echo count($done['jobs']), " done\n";
(new MediaWiki())->doPostOutputShutdown();
