<?php
// What edits left to be done later (links, categories, notices). interpeer.json has the group call this as an agreed request.
define('MW_ENTRY_POINT', 'runjobs');
require __DIR__ . '/includes/WebStart.php';
$done = MediaWiki\MediaWikiServices::getInstance()->getJobRunner()->run(['maxJobs' => 50, 'maxTime' => 0]);
header('Content-Type: text/plain');
echo count($done['jobs']), " done\n";
(new MediaWiki())->doPostOutputShutdown();
