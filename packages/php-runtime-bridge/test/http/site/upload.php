<?php
function without_paths(mixed $files, string $key = ''): mixed {
    if (is_array($files)) {
        $made = [];
        foreach ($files as $name => $value) $made[$name] = without_paths($value, $name === 'tmp_name' || $key === 'tmp_name' ? 'tmp_name' : (string) $name);
        return $made;
    }
    if ($key !== 'tmp_name') return $files;
    return $files === '' ? '' : [is_uploaded_file($files), filesize($files), md5_file($files), basename(dirname($files))];
}
$moved = null;
if (isset($_FILES['one']['tmp_name']) && is_string($_FILES['one']['tmp_name']) && $_FILES['one']['error'] === 0) {
    $to = sys_get_temp_dir() . '/moved-' . md5($_SERVER['REQUEST_URI']);
    $moved = [move_uploaded_file($_FILES['one']['tmp_name'], $to), file_exists($_FILES['one']['tmp_name']), @move_uploaded_file(__FILE__, "$to-2"), filesize($to)];
    unlink($to);
    unset($_FILES['one']['tmp_name']);
}
echo json_encode([without_paths($_FILES), $_POST, $moved]);
