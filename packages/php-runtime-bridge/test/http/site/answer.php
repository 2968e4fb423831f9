<?php
switch ($_GET['do']) {
    case 'cookies':
        setcookie('plain', 'a b;c');
        setcookie('all', 'v', ['expires' => 1900000000, 'path' => '/p', 'domain' => 'example.org', 'secure' => true, 'httponly' => true, 'samesite' => 'Strict']);
        setrawcookie('raw', 'x%20y');
        setcookie('gone', '');
        echo 'c';
        break;
    case 'location': header('Location: ../there?x=1'); echo 'moved'; break;
    case 'location301': header('Location: https://example.org/', true, 301); exit;
    case 'location-created': http_response_code(201); header('Location: /new'); break;
    case 'status': header('HTTP/1.1 418 Teapot'); var_dump(http_response_code()); break;
    case 'status-line': header('Status: 451 No'); echo http_response_code(); break;
    case 'code': var_dump(http_response_code(404), http_response_code()); break;
    case 'remove':
        header('X-A: 1'); header('X-B: 2'); header('X-B: 3', false); header('X-C: 4');
        header_remove('X-A'); header('x-c: 5');
        echo json_encode(array_values(array_filter(headers_list(), fn ($line) => !str_starts_with($line, 'X-Powered-By'))));
        break;
    case 'remove-all': header('X-A: 1'); header_remove(); echo 'r'; break;
    case 'buffers':
        ob_start(fn ($text) => strtoupper($text)); echo 'abc'; ob_start(); echo 'lost'; ob_end_clean(); echo 'def'; ob_end_flush(); header('X-Late: yes'); echo json_encode([headers_sent(), ob_get_level()]);
        break;
    case 'sent': while (ob_get_level()) ob_end_flush(); echo 'x'; flush(); echo json_encode([headers_sent(), @header('X-Late: 1')]); break;
    case 'exit': echo 'before'; register_shutdown_function(function () { echo ' after'; }); exit(' said'); 
    case 'exit-number': echo 'n'; exit(3);
    case 'none': http_response_code(204); echo 'no'; break;
    case 'unchanged': http_response_code(304); header('ETag: "e"'); break;
    case 'type': header('Content-Type: application/json'); echo '{}'; break;
    case 'charset': header('Content-Type: text/plain'); echo 't'; break;
    case 'no-type': ini_set('default_mimetype', ''); echo 'n'; break;
    case 'twice': header('WWW-Authenticate: Negotiate'); header('WWW-Authenticate: Basic realm="x"', false); http_response_code(401); break;
    case 'callback': header_register_callback(function () { header('X-Last: 1'); }); echo 'cb'; break;
    case 'throw': throw new Exception('out'); 
    case 'auth-method': echo $_SERVER['REQUEST_METHOD'], ' ', file_get_contents('php://input'), ' ', json_encode($_POST); break;
    case 'gzip': ini_set('zlib.output_compression', '1'); echo str_repeat('z', 5000); break;
    case 'gzhandler': ob_start('ob_gzhandler'); echo str_repeat('z', 5000); break;
}
