<?php

declare(strict_types=1);

/* What the wiki does with a request. GET only ever reads; POST saves, restores or previews. */

namespace Wiki;

const HOME = 'Home';
const TEXT_BYTES_MAX = 200_000;
const AUTHOR_COOKIE = 'wiki_author';
const YEAR_S = 31_536_000;

function respond(Request $request, string $database, string $seedFolder): Response
{
    $store = new Store($database, $seedFolder);
    try {
        return match ($request->method) {
            'GET', 'HEAD' => read($request, $store),
            'POST' => write($request, $store),
            default => problem(405, 'That does not work here', 'This wiki understands reading (GET) and saving (POST) only.')
                ->with(['Allow' => 'GET, HEAD, POST']),
        };
    } catch (\PDOException $fault) {
        error_log("wiki: $fault");
        return problem(500, 'The wiki’s database does not answer', 'Nothing was saved. Go back, your text is still in the form, and try again in a moment.');
    }
}

function read(Request $request, Store $store): Response
{
    $title = titleOf($request->query('page') ?: HOME);
    if ($request->path !== '/' && $request->path !== '/index.php') {
        $title = titleOf(substr($request->path, 1)); // where the server sends unknown paths here: /Page_name
    }
    if ($title === null) {
        return problem(404, 'No page can have that name', 'Page names have up to 100 letters and none of [ ] { } | < > #.');
    }
    return match ($request->query('do')) {
        '', 'view' => readPage($request, $store, $title),
        'edit' => readForm($request, $store, $title),
        'history' => readHistory($request, $store, $title),
        'diff' => readDiff($request, $store),
        'recent' => new Response(recentView($store->recent(100), $request->time)),
        'pages' => new Response(pagesView($store->titles())),
        'search' => readSearch($request, $store),
        'random' => readRandom($store),
        default => problem(404, 'No such view', 'The address asks for something this wiki does not have.'),
    };
}

function readPage(Request $request, Store $store, string $title): Response
{
    $page = $store->page($title);
    if ($page === null) {
        return new Response(missingView($title, $store->linksTo($title)), 404);
    }
    $shown = $page;
    if ($request->query('revision') !== '') {
        $shown = $store->revision((int) $request->query('revision'));
        if ($shown === null || $shown['title'] !== $page['title']) {
            return problem(404, 'No such revision', 'This page never had that revision. Its history lists the ones it has.', $title);
        }
    }
    $markup = new Markup($store->titles());
    $html = $markup->html($shown['text']);
    return new Response(pageView($shown, $page, $html, $markup->headings, $store->linksTo($page['title']), $request));
}

function readForm(Request $request, Store $store, string $title): Response
{
    $page = $store->page($title);
    return new Response(formView([
        'title' => $page['title'] ?? $title,
        'text' => $page['text'] ?? '',
        'base' => $page['id'] ?? 0,
        'author' => authorOf($request->cookie(AUTHOR_COOKIE)),
        'note' => '',
    ]));
}

function readHistory(Request $request, Store $store, string $title): Response
{
    $history = $store->history($title);
    return $history === []
        ? new Response(missingView($title, $store->linksTo($title)), 404)
        : new Response(historyView($history, $request->time));
}

function readDiff(Request $request, Store $store): Response
{
    $to = $store->revision((int) $request->query('to'));
    $from = $request->query('from') === '' ? null : $store->revision((int) $request->query('from'));
    if ($to === null || ($from === null && $request->query('from') !== '') || ($from !== null && $from['title'] !== $to['title'])) {
        return problem(404, 'Nothing to compare', 'One of the two revisions does not exist, or they belong to different pages.');
    }
    return new Response($from !== null && $from['id'] > $to['id'] ? diffView($to, $from, $request->time) : diffView($from, $to, $request->time));
}

function readSearch(Request $request, Store $store): Response
{
    $asked = trim(cut($request->query('q'), 100));
    $words = array_slice(preg_split('/\s+/', $asked, -1, PREG_SPLIT_NO_EMPTY) ?: [], 0, 8);
    $title = titleOf($asked);
    $exists = $title !== null && $store->page($title) !== null;
    return new Response(searchView($asked, $words, $words === [] ? [] : $store->search($words), $exists ? null : $title));
}

function readRandom(Store $store): Response
{
    $titles = $store->titles();
    return new Response('', 302, ['Location' => url($titles[random_int(0, count($titles) - 1)])]);
}

function write(Request $request, Store $store): Response
{
    if ($request->comesFromAnotherSite()) {
        return problem(403, 'That came from another site', 'Only the wiki’s own pages may save. Open the page here and edit it again.');
    }
    $title = titleOf($request->form('page') ?? '');
    if ($title === null) {
        return problem(400, 'No page can have that name', 'Page names have up to 100 letters and none of [ ] { } | < > #.');
    }
    return match ($request->form('do')) {
        'save' => save($request, $store, $title),
        'preview' => preview($request, $store, $title),
        'restore' => restore($request, $store, $title),
        default => problem(400, 'That form is not one of ours', 'The wiki does not know what to do with it. Open the page and edit it again.', $title),
    };
}

function save(Request $request, Store $store, string $title): Response
{
    $form = formOf($request, $title);
    if ($form === null) {
        return problem(400, 'The text did not arrive whole', 'It must be valid UTF-8 of up to ' . intdiv(TEXT_BYTES_MAX, 1000) . ' kB. Go back: it is still in the form.', $title);
    }
    return saveForm($form, $request, $store);
}

function preview(Request $request, Store $store, string $title): Response
{
    $form = formOf($request, $title);
    if ($form === null) {
        return problem(400, 'The text did not arrive whole', 'Go back: it is still in the form.', $title);
    }
    return new Response(formView($form, (new Markup($store->titles()))->html($form['text'])));
}

function restore(Request $request, Store $store, string $title): Response
{
    $old = $store->revision((int) $request->form('revision'));
    if ($old === null || strcasecmp($old['title'], $title) !== 0) {
        return problem(404, 'No such revision', 'This page never had that revision.', $title);
    }
    return saveForm([
        'title' => $title,
        'text' => $old['text'],
        'base' => (int) $request->form('base'),
        'author' => authorOf($request->cookie(AUTHOR_COOKIE)),
        'note' => "Restored revision {$old['id']}",
    ], $request, $store);
}

/** @param array{title: string, text: string, base: int, author: string, note: string} $form */
function saveForm(array $form, Request $request, Store $store): Response
{
    ['title' => $title, 'text' => $text, 'base' => $base] = $form;
    $author = $form['author'] === '' ? 'Anonymous' : $form['author'];
    ['saved' => $saved, 'latest' => $latest] = $store->save($title, $text, $base, $author, $form['note'], $request->time);
    $flag = 'saved';
    if ($saved === null && $latest !== null) {
        // Somebody else saved since this form was opened. Two changes that touch different lines fit together.
        $began = $store->revision($base);
        $fits = $began === null || strcasecmp($began['title'], $title) !== 0 ? null : Diff::merge($began['text'], $latest['text'], $text);
        if ($fits === null) {
            return new Response(conflictView($form, $latest, $began, $request->time), 409);
        }
        $saved = $store->save($title, $fits, $latest['id'], $author, $form['note'], $request->time)['saved'];
        $flag = 'merged';
    }
    if ($saved === null) { // gone (it never is), or moved on once more while we merged
        return new Response(conflictView($form, $store->page($title) ?? ['id' => 0, 'text' => '', 'author' => '', 'time' => null], null, $request->time), 409);
    }
    return Response::seeOther(url($title, [$flag => $saved]))->with(['Set-Cookie' => authorCookie($form['author'], $request)]);
}

/** @return ?array{title: string, text: string, base: int, author: string, note: string} */
function formOf(Request $request, string $title): ?array
{
    $text = $request->form('text');
    if ($text === null || strlen($text) > TEXT_BYTES_MAX) {
        return null;
    }
    return [
        'title' => $title,
        'text' => rtrim($text),
        'base' => (int) $request->form('base'),
        'author' => authorOf($request->form('author') ?? ''),
        'note' => cut(line($request->form('note') ?? ''), 150),
    ];
}

function authorCookie(string $author, Request $request): string
{
    $life = $author === '' ? 'Max-Age=0' : 'Max-Age=' . YEAR_S;
    return AUTHOR_COOKIE . '=' . rawurlencode($author) . "; $life; Path=/; HttpOnly; SameSite=Lax" . ($request->https ? '; Secure' : '');
}

function authorOf(string $name): string
{
    return cut(line($name), 40);
}

function line(string $text): string
{
    return trim(preg_replace('/\s+/u', ' ', $text) ?? '');
}

/** The first `$count` characters, never half of one. */
function cut(string $text, int $count): string
{
    return preg_match('/^.{0,' . $count . '}/su', $text, $found) === 1 ? $found[0] : '';
}

/** A page's name as it is written: `_` and runs of spaces count as one space. Null if no page can have it. */
function titleOf(string $name): ?string
{
    $title = line(str_replace('_', ' ', $name));
    return preg_match('/^[^\[\]{}|<>#\p{Cc}]{1,100}$/u', $title) === 1 ? $title : null;
}

/** @param array<string, int|string> $more */
function url(string $title, array $more = []): string
{
    if ($title === HOME && $more === []) {
        return '/';
    }
    $query = 'page=' . str_replace(['%2F', '%3A', '%2C', '%27'], ['/', ':', ',', "'"], rawurlencode(str_replace(' ', '_', $title)));
    foreach ($more as $name => $value) {
        $query .= "&$name=" . rawurlencode((string) $value);
    }
    return "/?$query";
}
