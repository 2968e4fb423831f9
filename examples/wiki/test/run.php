<?php

declare(strict_types=1);

/* php test/run.php: the wiki's own tests. Requests go through respond(), as from public/index.php, to a database in a new folder. */

namespace Wiki;

foreach (['Request', 'Response', 'Store', 'Markup', 'Diff', 'views', 'actions'] as $part) {
    require __DIR__ . "/../src/$part.php";
}
date_default_timezone_set('UTC');

const NOW = 1_700_000_000;
$folder = sys_get_temp_dir() . '/wiki-' . bin2hex(random_bytes(6));
$failed = $passed = 0;

function check(string $what, bool $holds): void
{
    global $failed, $passed;
    $holds ? $passed++ : $failed++;
    if (!$holds) {
        echo "FAILED: $what\n";
    }
}

/**
 * @param array<string, mixed> $query
 * @param ?array<string, mixed> $form
 */
function ask(array $query, ?array $form = null, string $fetchSite = '', string $origin = '', int $time = NOW): Response
{
    global $folder;
    $request = new Request($form === null ? 'GET' : 'POST', '/', $query, $form ?? [], [], 'wiki.test', $origin, $fetchSite, false, $time);
    return respond($request, "$folder/data/wiki.sqlite", __DIR__ . '/../src/seed');
}

/** @return array<string, string> */
function form(string $page, int $base, string $text, string $do = 'save'): array
{
    return ['do' => $do, 'page' => $page, 'base' => (string) $base, 'text' => $text, 'author' => 'Ada', 'note' => ''];
}

$views = [[], ['page' => 'Writing_here'], ['do' => 'edit'], ['do' => 'history'], ['do' => 'diff', 'to' => '1'], ['do' => 'recent'], ['do' => 'pages'], ['do' => 'search', 'q' => 'peer']];
foreach ($views as $view) {
    check('view ' . json_encode($view), ask($view)->status === 200 && ask($view)->body === ask($view)->body);
}
// what formats Markdown writes italics in another way than this wiki reads them
foreach (['Home', 'Sandbox', 'Writing here', 'How it runs'] as $page) {
    check("the seed page $page is in the wiki's own markup", preg_match('/(?<![\w\/])_\w[^<_]*_(?!\w)/', strip_tags(ask(['page' => $page])->body)) === 0);
}
check('a page nobody wrote is offered', ask(['page' => 'Bread'])->status === 404 && str_contains(ask(['page' => 'Bread'])->body, 'Write it'));
check('a preview shows', str_contains(ask([], form('Bread', 0, '**new**', 'preview'))->body, '<strong>new</strong>'));
check('another site cannot post', ask([], form('Bread', 0, 'x'), 'cross-site')->status === 403 && ask([], form('Bread', 0, 'x'), '', 'http://evil.test')->status === 403);
check('what is not UTF-8 is refused', ask([], form('Home', 1, "\xff"))->status === 400);
check('a missing text is refused', ask([], ['do' => 'save', 'page' => 'Home', 'base' => '1'])->status === 400);
check('none of that wrote anything', !file_exists($folder));

$text = "one\ntwo\nthree\nfour\nfive";
$saved = ask([], form('Bread', 0, $text), 'same-origin', 'http://wiki.test');
check('a save leads to the page', $saved->status === 303 && $saved->headers['Location'] === '/?page=Bread&saved=5');
check('the name is remembered', str_starts_with($saved->headers['Set-Cookie'], 'wiki_author=Ada; '));
check('the seed pages are kept', ask(['page' => 'Home'])->status === 200 && str_contains(ask(['do' => 'recent'])->body, 'Came with the wiki'));
check('the same form twice saves once', ask([], form('Bread', 0, $text))->headers['Location'] === '/?page=Bread&saved=5');
check('a page is found in any case', ask(['page' => 'bread'])->status === 200);
check('a second edit', ask([], form('Bread', 5, "ONE\ntwo\nthree\nfour\nfive"))->status === 303);
check('edits apart are merged', ask([], form('Bread', 5, "one\ntwo\nthree\nfour\nFIVE"))->headers['Location'] === '/?page=Bread&merged=7');
check('with both changes', str_contains(ask(['page' => 'Bread'])->body, "ONE\ntwo\nthree\nfour\nFIVE"));
$conflict = ask([], form('Bread', 5, "uno\ntwo\nthree\nfour\nfive"));
check('edits of one line meet', $conflict->status === 409 && str_contains($conflict->body, "\nuno\ntwo") && str_contains($conflict->body, "\nONE\ntwo"));
check('the merge page saves over the newest', str_contains($conflict->body, 'name="base" value="7"'));
check('an old revision can be read', str_contains(ask(['page' => 'Bread', 'revision' => '5'])->body, 'Restore this revision'));
check('and restored', ask([], ['do' => 'restore', 'page' => 'Bread', 'base' => '7', 'revision' => '5'])->status === 303);
check('which is a new revision', str_contains(ask(['page' => 'Bread', 'do' => 'history'])->body, 'Restored revision 5'));
check('a revision belongs to its page', ask(['page' => 'Home', 'revision' => '5'])->status === 404 && ask(['do' => 'diff', 'from' => '1', 'to' => '5'])->status === 404);
$before = hash_file('sha256', "$folder/data/wiki.sqlite");
foreach ([...$views, ['do' => 'random']] as $view) {
    ask($view);
}
ask([], form('Bread', 0, 'x', 'preview'));
check('viewing changes no byte', hash_file('sha256', "$folder/data/wiki.sqlite") === $before && count(scandir("$folder/data")) === 3);

$hostile = '<script>alert(1)</script>"\'&';
foreach (['Sandbox' => "# $hostile\n- $hostile\n\n> [$hostile](javascript:alert(1)) [[x\"y|$hostile]] `$hostile` https://a.b/$hostile\n```\n$hostile\n```"] as $page => $wild) {
    ask([], ['author' => $hostile, 'note' => $hostile] + form($page, 3, $wild));
    foreach ([['page' => $page], ['page' => $page, 'do' => 'edit'], ['page' => $page, 'do' => 'history'], ['do' => 'recent'], ['do' => 'diff', 'from' => '3', 'to' => '9'], ['do' => 'search', 'q' => $hostile], ['page' => 'a"b']] as $view) {
        $body = ask($view)->body;
        check('escaped in ' . json_encode($view), !str_contains($body, '<script') && !str_contains($body, 'href="javascript') && !preg_match('/="[^"]*"[a-z]/', $body));
    }
}

foreach (["\n", '', '>', '> >', '- ', "- a\n      - b\n- c", '```', str_repeat('>', 50) . ' x', str_repeat('  - x', 30), str_repeat('**a', 5000), str_repeat('[[', 5000), '`a``', '\\'] as $odd) {
    check('odd markup ' . json_encode(substr($odd, 0, 20)), is_string((new Markup([]))->html($odd)));
}
check('lists nest', str_replace("\n", '', (new Markup([]))->html("- a\n  1. b\n- c")) === '<ul><li>a<ol><li>b</li></ol></li><li>c</li></ul>');
$started = hrtime(true);
(new Markup([]))->html(str_repeat('**a *b ~~c `d [e [[f ', 9_000));
check('a hostile page takes bounded work', hrtime(true) - $started < 3e9);

mt_srand(7);
for ($round = 0; $round < 300; $round++) {
    $some = static fn (): array => array_map(static fn (): string => chr(97 + mt_rand(0, 3)), array_fill(0, mt_rand(0, 12) + 1, 0));
    [$old, $new] = [$some(), $some()];
    $ops = Diff::between($old, $new);
    $keep = static fn (string $side): array => array_column(array_filter($ops, static fn (array $line): bool => $line['op'] === '=' || $line['op'] === $side), 'text');
    check("difference $round", $keep('-') === $old && $keep('+') === $new);
    check("merge with nothing $round", Diff::merge(implode("\n", $old), implode("\n", $old), implode("\n", $new)) === implode("\n", $new));
}

array_map(unlink(...), glob("$folder/data/*") ?: []);
is_dir("$folder/data") && rmdir("$folder/data") && rmdir($folder);
echo "$passed passed, $failed failed\n";
exit($failed === 0 ? 0 : 1);
