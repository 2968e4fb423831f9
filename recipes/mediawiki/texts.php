<?php
// build.mjs runs this as the second step: the user interface's texts in each language become PHP arrays.
define('MAKES_TEXTS', true); // LocalSettings.php goes by this
define('MW_ENTRY_POINT', 'texts');
require __DIR__ . '/includes/WebStart.php';
header('Content-Type: text/plain');
foreach (explode(' ', $_POST['languages']) as $language) {
    MediaWiki\MediaWikiServices::getInstance()->getLocalisationCache()->recache($language);
}
echo 'made';
