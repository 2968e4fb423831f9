<?php
/* One hostile thing for each address: the tests ask for them and look whether the peers are still there. */
header('Content-Type: text/plain');
switch ($_GET['do'] ?? '') {
    case 'loop':
        while (true);
    case 'memory':
        $a = [];
        while (true) $a[] = str_repeat('x', 1 << 20);
    case 'exec':
        echo 'exec: ', var_export(@exec('id', $out, $code), true), ' ', var_export(@shell_exec('id'), true);
        break;
    case 'open':
        echo 'open: ', var_export(@file_get_contents('/etc/passwd'), true), ' ', var_export(@fsockopen('127.0.0.1', 80), true);
        break;
    case 'exit':
        echo 'before';
        exit(7);
    case 'recurse':
        function again() { again(); }
        again();
    case 'fatal':
        undefined_function();
    case 'environment':
        echo json_encode([getenv(), $_ENV]);
        break;
    case 'write':
        file_put_contents(__DIR__ . '/note', 'x', FILE_APPEND);
        echo strlen(file_get_contents(__DIR__ . '/note'));
        break;
    default:
        echo 'still here';
}
