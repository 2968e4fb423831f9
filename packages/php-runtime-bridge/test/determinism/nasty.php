<?php
// Everything by which two machines, or two runs on one, could be told apart. Prints a line for each source.
declare(strict_types=1);

ob_start();

function line(string $name, mixed ...$values): void
{
    echo str_pad($name, 12), json_encode($values, JSON_PARTIAL_OUTPUT_ON_ERROR | JSON_UNESCAPED_SLASHES), "\n";
}

line('clock', time(), microtime(), microtime(true), hrtime(), hrtime(true), date(DATE_ATOM), date('I T e P'), gettimeofday());
usleep(2500);
time_nanosleep(1, 500);
sleep(3);
line('slept', microtime(true), (new DateTimeImmutable())->format('u'), getrusage(), get_loaded_extensions());
line('zones', date_default_timezone_get(), (new DateTime('2026-03-29 01:30', new DateTimeZone('Europe/Paris')))->format('c I'), localtime(0), mktime(5), idate('y'));
line('random', rand(), mt_rand(1, 6), random_int(PHP_INT_MIN, PHP_INT_MAX), bin2hex(random_bytes(24)), @lcg_value(), uniqid('p.', true));
line('shuffled', str_shuffle(implode('', range('a', 'z'))), array_rand(range(0, 99), 7), (function () { $a = range(1, 12); shuffle($a); return $a; })());
line('randomizer', (new Random\Randomizer())->getInt(0, 10 ** 9), bin2hex((new Random\Randomizer(new Random\Engine\Secure()))->getBytes(9)), (new Random\Randomizer(new Random\Engine\Mt19937()))->nextInt(), (new Random\Randomizer(new Random\Engine\Xoshiro256StarStar()))->nextInt());
line('secrets', bin2hex(openssl_random_pseudo_bytes(12)), password_hash('x', PASSWORD_BCRYPT, ['cost' => 4]), crypt('x', '$5$rounds=1000$salt$'), session_create_id('me-'));
$key = openssl_pkey_new(['private_key_type' => OPENSSL_KEYTYPE_EC, 'curve_name' => 'prime256v1']);
openssl_pkey_export($key, $pem);
openssl_sign('message', $signature, $key, OPENSSL_ALGO_SHA256);
line('keys', sha1($pem), sha1($signature), openssl_error_string());
line('process', getmypid(), getmyuid(), getmygid(), get_current_user(), getmyinode(), getlastmod(), php_sapi_name(), PHP_OS_FAMILY, php_uname(), gethostname());
line('memory', memory_get_usage(), memory_get_usage(true), memory_get_peak_usage(), gc_status(), gc_collect_cycles(), zend_version());
$one = new stdClass();
$two = new class { public int $n = 1; };
line('objects', spl_object_id($one), spl_object_hash($two), spl_object_id(fn () => 1), get_resource_id(fopen('php://memory', 'r')), strlen(get_class($two)), substr(get_class($two), -4));
line('floats', 0.1 + 0.2, 1e22, 1 / 3, -0.0, 5e-324, 1.7976931348623157e308, sqrt(2), sin(1e22), cos(1e15), tan(1.5), exp(0.7), log(3), log1p(1e-9), expm1(1e-9), atan2(3, -4), sinh(2), acosh(3), 1.1 ** 300, fmod(-7.5, 2), hypot(3, 4.1), round(2.675, 2), intdiv(-7, 2), (int) 1e18, fdiv(1, 0));
line('printed', number_format(-1234.5678, 2), sprintf('%.17g %e %F %b %X', M_PI, 1e-10, 1.005, 10, -1), var_export(1.0, true), serialize([0.1, 1e100]), base_convert('zz', 36, 2), money());
line('packed', bin2hex(pack('dfeJqnV', 1.5, -2.25, 0.1, 1, -1, 258, 7)), unpack('d', str_repeat("\x3f", 8)), bin2hex(igbinary()));
mkdir('/tmp/dir/sub', 0777, true);
foreach (['zeta', 'Alpha', 'beta', '10', '9', 'ä'] as $name) {
    touch("/tmp/dir/$name");
}
$handle = opendir('/tmp/dir');
$names = [];
while (($name = readdir($handle)) !== false) {
    $names[] = $name;
}
line('listing', $names, glob('/tmp/dir/*'), scandir('/site'), array_map(fn ($n) => fileinode("/tmp/dir/$n"), $names), iterator_count(new FilesystemIterator('/tmp/dir')));
line('files', stat(__FILE__), lstat('/tmp/dir/9'), fileperms('/tmp/dir'), fileowner('.'), disk_total_space('/'), disk_free_space('/site'), tempnam('/tmp', 'n'), realpath_cache_size(), umask());
line('environment', getenv(), $_ENV, setlocale(LC_ALL, '0'), localeconv(), strcoll('a', 'B'), ini_get_all(null, false), sys_getloadavg_or_none());
line('includes', get_included_files(), array_slice(get_defined_constants(true)['user'] ?? [], 0), stream_get_wrappers(), ob_get_status());
line('order', json_decode('{"b":1,"a":{"z":[],"y":null}}', true), array_unique([3, '3', 1, 'x']), array_count_values(['b', 'a', 'b']), hash_algos());
$sorted = array_map(fn ($i) => [$i % 3, $i], range(0, 50));
usort($sorted, fn ($a, $b) => $a[0] <=> $b[0]);
line('sorting', md5(serialize($sorted)), similar_text('World', 'Word'), levenshtein('kitten', 'sitting'), soundex('Robert'), metaphone('Thumb'));
line('hashes', crc32('x'), hash('xxh128', 'x'), hash('murmur3f', 'x'), md5(serialize(get_defined_functions())), array_sum(array_map('crc32', get_declared_classes())));
$db = new PDO('sqlite:/site/nasty.db');
$db->exec('pragma journal_mode=wal; create table t(id integer primary key, r, b, at)');
$db->exec("insert into t(r, b, at) values (random(), hex(randomblob(6)), datetime('now')), (abs(random() % 100), lower(hex(zeroblob(2))), strftime('%f', 'now'))");
line('sqlite', $db->query('select *, typeof(r), total_changes() from t order by random()')->fetchAll(PDO::FETCH_NUM), $db->query('select sqlite_source_id(), sqlite_version()')->fetch(PDO::FETCH_NUM));
$db = null;
ksort($_SERVER);
line('request', $_SERVER, $_GET, $_POST, $_COOKIE, $_FILES, apache());
session_start();
$_SESSION['seen'] = [microtime(true), random_int(0, 10 ** 9)];
line('session', session_id(), session_name(), headers_list());
$image = imagecreatetruecolor(40, 40);
imagefilledellipse($image, 20, 20, 30, 17, imagecolorallocatealpha($image, 200, 100, 50, 40));
imageline($image, 0, 3, 39, 22, 0xffffff);
ob_start();
imagejpeg($image, null, 71);
imagepng(imagerotate($image, 33.3, 0));
line('pictures', sha1(ob_get_clean()));
line('archives', sha1(gzencode(str_repeat('interpeer', 999), 7)), sha1(file_get_contents('data://,x')), zipped());
$weak = new WeakMap();
$weak[$one] = 1;
line('collected', count($weak), (function () { $a = []; for ($i = 0; $i < 20000; $i++) { $n = new stdClass(); $n->self = $n; $a[$i % 7] = $n; } return gc_status(); })());
$depth = 0;
$dive = function () use (&$dive, &$depth) { return ++$depth < 1500 ? array_map($dive, [1])[0] : $depth; };
line('depth', $dive(), preg_match('/^(a|b)*$/', str_repeat('ab', 3000)), preg_last_error_msg());
line('network', @gethostbyname('localhost'), @file_get_contents('http://127.0.0.1/'), @dns_get_record('example.org'), net_get_interfaces_or_none(), @exec('date'));
ob_start();
phpinfo();
line('phpinfo', md5(ob_get_clean()));
file_put_contents('/site/made by nasty.txt', implode(',', [hrtime(true), mt_rand(), memory_get_usage()]));
error_log('nasty ' . hrtime(true));

function money(): string { return money_of(1e15 / 3); }
function money_of(float $amount): string { return strrev((string) $amount); }
function igbinary(): string { return serialize(new ArrayObject([1, 2])); }
function apache(): array { return function_exists('getallheaders') ? getallheaders() : []; }
function sys_getloadavg_or_none(): mixed { return function_exists('sys_getloadavg') ? @sys_getloadavg() : null; }
function net_get_interfaces_or_none(): mixed { return function_exists('net_get_interfaces') ? @net_get_interfaces() : null; }
function zipped(): string
{
    $zip = new ZipArchive();
    $zip->open('/tmp/z.zip', ZipArchive::CREATE);
    $zip->addFromString('a', 'b');
    $zip->close();
    return sha1_file('/tmp/z.zip');
}
