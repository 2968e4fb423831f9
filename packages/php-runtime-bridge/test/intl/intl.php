<?php
// One line for each part of intl, and what ICU knows of itself.
declare(strict_types=1);

function line(string $name, mixed ...$values): void
{
    echo str_pad($name, 14), json_encode($values, JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES), "\n";
}

line('icu', INTL_ICU_VERSION, INTL_ICU_DATA_VERSION, Locale::getDefault(), IntlTimeZone::createDefault()->getID(), IntlTimeZone::getTZDataVersion());

$words = ['zebra', 'Äpfel', 'apfel', 'öl', 'Zoo', 'ol', 'éa'];
$german = $words;
(new Collator('de_DE'))->sort($german);
$swedish = $words;
(new Collator('sv_SE'))->sort($swedish);
$numeric = new Collator('en');
$numeric->setAttribute(Collator::NUMERIC_COLLATION, Collator::ON);
line('collator', $german, $swedish, $numeric->compare('file 9', 'file 10'), bin2hex((new Collator('de'))->getSortKey('ä')));

$euro = new NumberFormatter('de_DE', NumberFormatter::CURRENCY);
line('numbers', $euro->formatCurrency(1234567.891, 'EUR'), (new NumberFormatter('hi_IN', NumberFormatter::DECIMAL))->format(1234567.891),
    (new NumberFormatter('en', NumberFormatter::SPELLOUT))->format(1234), (new NumberFormatter('de', NumberFormatter::DECIMAL))->parse('1.234,5'),
    (new NumberFormatter('ar_EG', NumberFormatter::DECIMAL))->format(42), (new NumberFormatter('fr', NumberFormatter::ORDINAL))->format(1));

line('dates', (new IntlDateFormatter('ja_JP@calendar=japanese', IntlDateFormatter::FULL, IntlDateFormatter::FULL, 'Asia/Tokyo', IntlDateFormatter::TRADITIONAL))->format(0),
    (new IntlDateFormatter('fr_FR', IntlDateFormatter::LONG, IntlDateFormatter::SHORT))->format(1_700_000_000),
    (new IntlDateFormatter('de', IntlDateFormatter::FULL, IntlDateFormatter::LONG, 'Europe/Berlin'))->format(1_700_000_000),
    (new IntlDateFormatter('en_US', 0, 0, null, null, 'yyyy-MM-dd HH:mm:ss zzzz'))->parse('2023-11-14 22:13:20 Coordinated Universal Time'),
    IntlCalendar::createInstance('Europe/Berlin', 'de')->getFirstDayOfWeek(), IntlTimeZone::createTimeZone('America/New_York')->getDisplayName(true, IntlTimeZone::DISPLAY_LONG, 'de'));

line('normalizer', Normalizer::normalize("e\u{301}", Normalizer::FORM_C) === 'é', bin2hex(Normalizer::normalize('ﬁé', Normalizer::FORM_KD)), Normalizer::isNormalized("e\u{301}"));

line('messages', MessageFormatter::formatMessage('en_US', '{0,plural,one{# file}other{# files}} on {1,date,long}, {2,number,percent}', [3, 1_700_000_000, 0.25]),
    MessageFormatter::formatMessage('ru', '{n,plural,one{# файл}few{# файла}many{# файлов}other{# файла}}', ['n' => 5]),
    MessageFormatter::formatMessage('en', '{who,select,she{her}other{their}} {n,selectordinal,one{#st}two{#nd}other{#th}}', ['who' => 'she', 'n' => 22]),
    (new MessageFormatter('de', '{0} hat {1,number,integer}'))->parse('Ada hat 1.234'));

line('transliterator', Transliterator::create('Cyrillic-Latin; Greek-Latin; Latin-ASCII; Lower()')->transliterate('Привет Ελλάδα'),
    transliterator_transliterate('NFD; [:Nonspacing Mark:] Remove; NFC', 'Ünï'), Transliterator::createFromRules('a > b; b > c;')->transliterate('abc'));

line('graphemes', grapheme_strlen("👨‍👩‍👧e\u{301}x"), grapheme_substr("👨‍👩‍👧e\u{301}x", 1, 1) === "e\u{301}", grapheme_strpos('aé日', '日'), grapheme_extract("e\u{301}x", 1));

$breaks = IntlBreakIterator::createWordInstance('th');
$breaks->setText('สวัสดีครับโลก');
line('breaks', iterator_to_array($breaks->getPartsIterator(), false));

line('names', idn_to_ascii('bücher.example'), idn_to_utf8('xn--bcher-kva.example'), IntlChar::charName('é'), IntlChar::toupper('ß'), (new Spoofchecker())->isSuspicious('pаypal'));
line('locales', Locale::getDisplayLanguage('ja', 'de'), Locale::acceptFromHttp('sv-SE,sv;q=0.8,en;q=0.5'), Locale::lookup(['de', 'de-AT'], 'de-AT-1901', true), count(ResourceBundle::getLocales('')),
    (new ResourceBundle('de', 'ICUDATA-curr'))['Currencies']['EUR'][1]);
line('errors', intl_get_error_code(), intl_error_name(U_ILLEGAL_ARGUMENT_ERROR), @IntlTimeZone::createTimeZone('Nowhere/None')->getID(), (new ResourceBundle('de', null))->get('nothing') === null);
