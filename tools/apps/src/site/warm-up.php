<?php
// For the making of a site's image only: there is nothing mutable then, so the site as it was published is put where the application looks for it.
if (is_dir('/site/MUTABLE')) {
    http_response_code(404);
    exit('This page is for warm-up.');
}
if (isset($_GET['compile'])) {
    // What takes long to run is only compiled. No script that is called itself: PHP would declare its classes later than where it says `class`.
    array_map(fn (string $file): bool => opcache_compile_file(__DIR__ . "/$file"), explode(',', $_GET['compile']));
    exit;
}
$copy = function (string $from, string $to) use (&$copy): void {
    if (is_file($from)) {
        copy($from, $to);
        return;
    }
    is_dir($to) || mkdir($to, 0755, true);
    foreach (scandir($from) as $name) {
        if ($name !== '.' && $name !== '..') {
            $copy("$from/$name", "$to/$name");
        }
    }
};
$copy('/site/initial', '/site');

if (isset($_GET['classes'])) {
    // What only edits and log-ins have: loaded as the application loads them, so that they are linked too, once the page is done.
    register_shutdown_function(function (): void {
        foreach (file('/site/warm-up-classes.txt', FILE_IGNORE_NEW_LINES) as $name) {
            class_exists($name);
        }
    });
}
$page = $_GET['page'];
unset($_GET['page'], $_REQUEST['page'], $_GET['classes'], $_REQUEST['classes'], $copy);
$_SERVER['SCRIPT_NAME'] = $_SERVER['PHP_SELF'] = $page;
$_SERVER['SCRIPT_FILENAME'] = __DIR__ . $page;
$_SERVER['QUERY_STRING'] = http_build_query($_GET);
$_SERVER['REQUEST_URI'] = "$page?{$_SERVER['QUERY_STRING']}";
chdir(dirname(__DIR__ . $page));
require __DIR__ . $page;
