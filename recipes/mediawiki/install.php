<?php
// build.mjs runs this, in the runtime, as the first step of making the site: MediaWiki's own installer makes the databases and the administrator's account.
// It is not told of the extensions: those that the site has need no tables.
define('MW_CONFIG_CALLBACK', 'Installer::overrideConfig');
define('MEDIAWIKI_INSTALL', true);
require __DIR__ . '/includes/WebStart.php';
header('Content-Type: text/plain');
$options = [
    'dbtype' => 'sqlite', 'dbname' => 'wiki', 'dbpath' => '/site/data', 'scriptpath' => '', 'server' => 'http://localhost', 'lang' => $_POST['language'],
    'pass' => $_POST['password'], 'skins' => 'Vector',
];
try {
    $status = InstallerOverrides::getCliInstaller($_POST['title'], $_POST['admin'], $options)->execute();
    echo $status->isGood() ? 'installed' : (string) $status;
} catch (MediaWiki\Installer\InstallException $e) {
    echo (string) $e->getStatus();
}
