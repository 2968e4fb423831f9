<?php
// Draws from every generator that PHP has, one line each.
$db = new PDO('sqlite::memory:');
$sqlite3 = new SQLite3(':memory:');
$key = openssl_pkey_new(['private_key_type' => OPENSSL_KEYTYPE_EC, 'curve_name' => 'prime256v1']);
$array = range(0, 99);
$draws = [
    'openssl bytes' => bin2hex(openssl_random_pseudo_bytes(16)),
    'openssl key' => openssl_pkey_get_details($key)['key'],
    'sqlite by PDO' => $db->query('SELECT random(), hex(randomblob(8))')->fetch(PDO::FETCH_NUM),
    'sqlite' => $sqlite3->querySingle('SELECT hex(randomblob(16))'),
    'mt_rand' => mt_rand(),
    'rand' => rand(),
    'shuffle' => (function () use ($array) { shuffle($array); return implode(' ', $array); })(),
    'array_rand' => implode(' ', array_rand($array, 20)),
    'str_shuffle' => str_shuffle('abcdefghijklmnopqrstuvwxyz'),
    'lcg_value' => lcg_value(),
    'random_int' => random_int(0, PHP_INT_MAX),
    'random_bytes' => bin2hex(random_bytes(16)),
    'uniqid' => uniqid('', true),
    'password_hash' => password_hash('p', PASSWORD_BCRYPT, ['cost' => 4]),
    'session id' => session_create_id(),
    'secure engine' => bin2hex((new Random\Engine\Secure())->generate()),
    'mt engine' => (new Random\Randomizer(new Random\Engine\Mt19937()))->getInt(0, PHP_INT_MAX >> 1),
    'pcg engine' => bin2hex((new Random\Engine\PcgOneseq128XslRr64())->generate()),
    'xoshiro engine' => bin2hex((new Random\Engine\Xoshiro256StarStar())->generate()),
];
if (function_exists('sodium_crypto_secretbox_keygen')) $draws['sodium'] = bin2hex(sodium_crypto_secretbox_keygen());
if (class_exists('Imagick')) {
    $image = new Imagick();
    $image->newImage(8, 8, 'gray');
    $image->addNoiseImage(Imagick::NOISE_RANDOM);
    $draws['imagick noise'] = bin2hex(implode('', array_map('chr', $image->exportImagePixels(0, 0, 8, 8, 'I', Imagick::PIXEL_CHAR))));
}
foreach ($draws as $name => $drawn) echo json_encode([$name, $drawn]), "\n";
