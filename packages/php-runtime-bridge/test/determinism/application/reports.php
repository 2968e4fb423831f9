<?php
declare(strict_types=1);

function calendar(int $year, int $month): string
{
    $zones = ['Europe/Paris', 'America/St_Johns', 'Australia/Lord_Howe', 'Pacific/Apia', 'Asia/Kathmandu'];
    $first = new DateTimeImmutable(sprintf('%04d-%02d-01 02:30', $year, ($month - 1) % 12 + 1), new DateTimeZone($zones[$month % 5]));
    $rows = [];
    foreach (new DatePeriod($first, new DateInterval('P1W'), 5) as $day) {
        $rows[] = $day->format('D, d M Y H:i:s T P I W z') . ' ' . $day->setTimezone(new DateTimeZone('UTC'))->modify('last friday of next month')->format('c');
    }
    $rows[] = $first->diff(new DateTimeImmutable())->format('%R %y %m %d %h %i %s %f %a');
    $rows[] = json_encode([date_sun_info($first->getTimestamp(), 48.85, 2.35), strtotime('first monday of january ' . $year), cal_days_in_month(CAL_GREGORIAN, ($month - 1) % 12 + 1, $year), easter_days($year)]);
    return '<pre>' . implode("\n", $rows) . '</pre>';
}

function randomness(): array
{
    $deck = range(1, 52);
    shuffle($deck);
    return [mt_rand(), rand(1, 6), random_int(1, 1_000_000), bin2hex(random_bytes(8)), lcg_value(), uniqid('', true), $deck, array_rand(array_flip($deck), 5), str_shuffle('interpeer'),
        (new Random\Randomizer(new Random\Engine\PcgOneseq128XslRr64()))->shuffleArray([1, 2, 3]), (new Random\Randomizer())->getInt(1, 9), getmypid(), hrtime(), spl_object_id(new stdClass()), bin2hex(openssl_random_pseudo_bytes(6))];
}

function archive(): string
{
    $zip = new ZipArchive();
    $zip->open('/tmp/all.zip', ZipArchive::CREATE);
    foreach (new RecursiveIteratorIterator(new RecursiveDirectoryIterator('/site/data', FilesystemIterator::SKIP_DOTS)) as $file) {
        if ($file->isFile() && $file->getSize() < 50_000) {
            $zip->addFile((string) $file, substr((string) $file, 6));
        }
    }
    $zip->setArchiveComment(date('c'));
    $zip->close();
    header('Content-Type: application/zip');
    return (string) gzcompress(file_get_contents('/tmp/all.zip'), 9) . serialize(stat('/site/data')) . implode(',', scandir('/site/data')) . disk_free_space('/');
}

function feed(Notes $notes): string
{
    $document = new DOMDocument('1.0', 'UTF-8');
    $document->formatOutput = true;
    $feed = $document->appendChild($document->createElementNS('http://www.w3.org/2005/Atom', 'feed'));
    foreach ($notes->each() as $row) {
        $entry = $feed->appendChild($document->createElement('entry'));
        foreach (['title', 'text', 'author'] as $name) {
            $entry->appendChild($document->createElement($name))->appendChild($document->createTextNode($row[$name]));
        }
        $entry->setAttribute('id', 'urn:' . md5($row['token']));
    }
    header('Content-Type: application/atom+xml');
    $xml = $document->saveXML();
    $counted = (new DOMXPath($document))->evaluate('count(//entry[string-length(text) > 20])');
    return $xml . "<!-- $counted " . count(simplexml_load_string($xml)->entry) . ' -->';
}

function secrets(): array
{
    $key = openssl_pkey_new(['private_key_type' => OPENSSL_KEYTYPE_EC, 'curve_name' => 'secp256k1']);
    openssl_pkey_export($key, $pem);
    openssl_sign('message', $signature, $key, OPENSSL_ALGO_SHA256);
    $sealed = openssl_encrypt('plain', 'aes-256-gcm', str_repeat('k', 32), 0, random_bytes(12), $tag);
    return [sha1($pem), base64_encode($signature), $sealed, bin2hex($tag), hash('sha3-512', $pem), hash_hmac('whirlpool', 'a', 'b'), hash_pbkdf2('sha256', 'a', 'b', 50, 16), crypt('a', '$6$rounds=1000$salt$'), crc32($pem), password_hash('x', PASSWORD_BCRYPT, ['cost' => 4])];
}

function garbage(int $count): array
{
    $map = new WeakMap();
    $kept = [];
    for ($i = 0; $i < $count * 50; $i++) {
        $one = new stdClass();
        $one->self = $one;
        $one->payload = str_repeat(chr(65 + $i % 26), $i % 97);
        $map[$one] = $i;
        if ($i % 31 === 0) {
            $kept[] = $one;
        }
    }
    $heap = new SplMinHeap();
    foreach ($kept as $i => $one) {
        $heap->insert([crc32($one->payload), $i]);
    }
    return [count($map), gc_collect_cycles(), count($map), gc_status(), $heap->isEmpty() ? null : $heap->extract(), memory_get_usage(), memory_get_peak_usage(), spl_object_id($map)];
}

function texts(string $text): array
{
    return [mb_strtoupper($text), mb_convert_case($text, MB_CASE_TITLE), iconv('UTF-8', 'ASCII//TRANSLIT', $text), wordwrap($text, 5, "\n", true), soundex($text), metaphone($text), levenshtein($text, 'unicode'), similar_text($text, 'Unicode', $percent), $percent,
        preg_split('//u', $text, -1, PREG_SPLIT_NO_EMPTY), strrev($text), ucwords($text), htmlentities($text), number_format(crc32($text) / 7, 3), sprintf('%08.3f|%-10s|%+d|%x|%e', M_PI * strlen($text), $text, -5, 255, 1e-7 * strlen($text)), str_word_count($text), mb_detect_encoding($text), strtr($text, 'abc', 'xyz'), unpack('C*', substr($text, 0, 5)), var_export(1 / max(1, strlen($text)), true), sqrt(strlen($text)) ** 1.7, sin(strlen($text)) * 1e10, token_name(token_get_all("<?php $text")[0][0])];
}
