<?php
// build.mjs runs this once, in the runtime, and takes over what it changes; it is no part of the site.
require __DIR__ . '/inc/init.php';
header('Content-Type: text/plain');

auth_setup();
$name = $_POST['admin'];
$login = $auth->cleanUser($name); // in small letters: so it is looked up
if (!$auth->createUser($login, $_POST['password'], $name, "$login@localhost", ['admin', 'user'])) {
    exit('no account');
}
auth_cookiesalt(false, true);

$found = [];
search($found, $conf['datadir'], 'search_allpages', ['skipacl' => true]);
foreach ($found as ['id' => $id]) {
    p_get_metadata($id, '', METADATA_RENDER_UNLIMITED);
    idx_addPage($id, false, true);
}
// what stands above forms: no write would keep it later
foreach (glob(DOKU_INC . 'inc/lang/en/*.txt') as $file) {
    p_locale_xhtml(basename($file, '.txt'));
}
echo 'pages: ', implode(' ', array_column($found, 'id'));
