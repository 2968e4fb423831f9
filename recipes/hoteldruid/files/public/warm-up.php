<?php
// For the making of the site's image only: keeps the scripts named by ?scripts= compiled. None of them runs.
if (is_dir('/site/data') || !function_exists('opcache_compile_file')) {
    http_response_code(404);
    exit('This page is for warm-up.');
}
foreach (explode(',', $_GET['scripts'] ?? '') as $name) {
    foreach (glob(__DIR__ . "/$name.php") as $script) {
        opcache_compile_file($script);
    }
}
