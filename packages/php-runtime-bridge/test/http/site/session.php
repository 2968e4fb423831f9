<?php
session_save_path(is_dir('/site/.interpeer/sessions') ? '/site/.interpeer/sessions' : sys_get_temp_dir());
$do = $_GET['do'] ?? '';
session_start();
$before = session_id();
$seen = $_SESSION['n'] ?? 0;
if ($do === 'count') $_SESSION['n'] = $seen + 1;
if ($do === 'regenerate') session_regenerate_id(true);
if ($do === 'destroy') { $_SESSION = []; setcookie(session_name(), '', 1); session_destroy(); }
if ($do === 'close') { session_write_close(); $_SESSION['n'] = 99; }
if ($do === 'abort') { $_SESSION['n'] = 77; session_abort(); }
echo json_encode([$seen, session_id() === $before, session_status(), isset($_COOKIE[session_name()])]);
