<?php
// A small application that uses much of PHP at once: what it answers, and leaves behind, has to be the same on every machine.
declare(strict_types=1);
require __DIR__ . '/notes.php';
require __DIR__ . '/pictures.php';
require __DIR__ . '/reports.php';

session_start();
$_SESSION['visits'] = ($_SESSION['visits'] ?? 0) + 1;
set_error_handler(function (int $level, string $message, string $file, int $line): bool {
    error_log("noticed [$level] $message at " . basename($file) . ":$line");
    return true;
});

$path = $_SERVER['PATH_INFO'] ?? '/';
$notes = new Notes('/site/data/notes.sqlite');
$answer = match (explode('/', $path)[1] ?? '') {
    '' => page('Notes', $notes->listed((int) ($_GET['page'] ?? 1))),
    'note' => page('A note', $notes->one((int) basename($path))),
    'add' => moved('/index.php/note/' . $notes->add($_POST['title'] ?? '', $_POST['text'] ?? '', $_SESSION['name'] ?? 'nobody')),
    'edit' => moved('/index.php/note/' . $notes->edit((int) basename($path), $_POST['text'] ?? '')),
    'remove' => moved('/index.php/?removed=' . $notes->remove((int) basename($path))),
    'search' => page('Found', $notes->search((string) ($_GET['q'] ?? ''))),
    'login' => login(),
    'upload' => page('Uploaded', received()),
    'thumb' => thumbnail((int) basename($path)),
    'stats' => json($notes->statistics()),
    'calendar' => page('Calendar', calendar((int) ($_GET['year'] ?? 2026), (int) ($_GET['month'] ?? 1))),
    'random' => json(randomness()),
    'archive' => archive(),
    'feed' => feed($notes),
    'secrets' => json(secrets()),
    'garbage' => json(garbage((int) ($_GET['n'] ?? 100))),
    'text' => json(texts((string) ($_GET['q'] ?? 'Ünïcödé'))),
    'error' => fault((string) ($_GET['kind'] ?? 'warning')),
    'request' => json([$_SERVER, $_GET, $_POST, $_COOKIE, file_get_contents('php://input')]),
    default => missing($path),
};
file_put_contents('/site/data/access.log', sprintf("%s %s %s %d\n", date('c'), $_SERVER['REQUEST_METHOD'], $path, memory_get_peak_usage()), FILE_APPEND);
echo $answer;

function page(string $title, string $body): string
{
    ob_start();
    printf('<!DOCTYPE html><title>%s</title><h1>%1$s</h1>%s<p>%d visits, %s</p>', htmlspecialchars($title), $body, $_SESSION['visits'], date(DATE_RFC7231));
    return ob_get_clean();
}

function json(mixed $value): string
{
    header('Content-Type: application/json');
    return json_encode($value, JSON_PRETTY_PRINT | JSON_PARTIAL_OUTPUT_ON_ERROR | JSON_INVALID_UTF8_SUBSTITUTE);
}

function moved(string $to): string
{
    header("Location: $to", true, 303);
    return '';
}

function missing(string $path): string
{
    http_response_code(404);
    return page('Missing', htmlspecialchars($path));
}

function login(): string
{
    $known = '/site/data/users.json';
    $users = is_file($known) ? json_decode(file_get_contents($known), true) : [];
    $name = (string) ($_POST['name'] ?? '');
    $users[$name] ??= password_hash((string) ($_POST['word'] ?? ''), PASSWORD_BCRYPT, ['cost' => 4]);
    file_put_contents($known, json_encode($users));
    if (!password_verify((string) ($_POST['word'] ?? ''), $users[$name])) {
        http_response_code(403);
        return page('No', 'wrong');
    }
    session_regenerate_id(true);
    $_SESSION['name'] = $name;
    setcookie('last', $name, time() + 3600, '/', '', true, true);
    return moved('/index.php/');
}

function fault(string $kind): string
{
    switch ($kind) {
        case 'exception':
            throw new DomainException('thrown', 7, new LogicException('before'));
        case 'fatal':
            undefined_function();
        case 'exit':
            echo 'half';
            exit(3);
        case 'memory':
            return str_repeat('x', 200_000_000);
        case 'deep':
            return serialize(array_reduce(range(1, 30_000), fn ($inner) => [$inner], 1));
        case 'callbacks':
            $dive = function () use (&$dive) { return array_map($dive, [1]); };
            return (string) count($dive());
        case 'headers':
            header("X-Odd: a\x07b");
            return 'odd';
        case 'type':
            return strlen([]);
        case 'regex':
            preg_match('/(?:\D+|<\d+>)*[!?]/', str_repeat('foobar ', 2000));
            return preg_last_error_msg();
        default:
            return page('Warning', (string) @file_get_contents('/none') . $undefined . ([])['x'] . (1 <=> hexdec('zz')));
    }
}
