<?php
/* A list of lines: POST ?add=LINE puts one at its end, so that whatever is lost, doubled or reordered can be seen. With &rounds=N that takes longer. */
header('Content-Type: text/plain');
$file = __DIR__ . '/lines';
if ($_SERVER['REQUEST_METHOD'] === 'POST') {
    $hash = '';
    for ($i = 0; $i < (int) ($_GET['rounds'] ?? 0); $i++) $hash = md5($hash);
    file_put_contents($file, $_GET['add'] . "\n", FILE_APPEND);
    echo 'added ', $_GET['add'];
} else {
    echo is_file($file) ? file_get_contents($file) : '';
}
