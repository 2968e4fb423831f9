<?php
$names = ['REQUEST_URI', 'SCRIPT_NAME', 'PHP_SELF', 'PATH_INFO', 'QUERY_STRING', 'REQUEST_METHOD', 'SERVER_PROTOCOL', 'CONTENT_TYPE', 'CONTENT_LENGTH',
    'HTTP_CONTENT_TYPE', 'HTTP_CONTENT_LENGTH', 'HTTP_X_SOME', 'HTTP_COOKIE', 'HTTP_AUTHORIZATION', 'PHP_AUTH_USER', 'PHP_AUTH_PW', 'PHP_AUTH_DIGEST', 'HTTP_ACCEPT_LANGUAGE'];
$server = [];
foreach ($names as $name) $server[$name] = $_SERVER[$name] ?? ($name === 'QUERY_STRING' ? '' : null); // php -S has none where it is empty
$server['SCRIPT_FILENAME'] = substr($_SERVER['SCRIPT_FILENAME'], strlen($_SERVER['DOCUMENT_ROOT']));
$server['cwd'] = substr(getcwd(), strlen($_SERVER['DOCUMENT_ROOT']));
$server['time'] = [gettype($_SERVER['REQUEST_TIME']), gettype($_SERVER['REQUEST_TIME_FLOAT'])];
echo json_encode([$server, $_GET, $_POST, $_COOKIE, $_REQUEST, file_get_contents('php://input')]);
