<?php

declare(strict_types=1);

/* The pages as HTML. Text from outside goes through e(); what is already HTML has a name that says so. */

namespace Wiki;

const WIKI_NAME = 'Commonplace';
const CONTEXT_LINES = 3;

function e(string $text): string
{
    return htmlspecialchars($text, ENT_QUOTES | ENT_SUBSTITUTE | ENT_HTML5, 'UTF-8');
}

function layout(string $title, string $bodyHtml, string $current = ''): string
{
    $name = WIKI_NAME;
    $title = e($title === HOME ? $name : "$title · $name");
    $nav = '';
    foreach (['pages' => 'All pages', 'recent' => 'Recent changes', 'random' => 'Random page'] as $view => $label) {
        $nav .= "<a href=\"/?do=$view\"" . ($view === $current ? ' aria-current="page"' : '') . ">$label</a>";
    }
    return <<<HTML
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>$title</title>
        <link rel="icon" href="/logo.svg" type="image/svg+xml">
        <link rel="stylesheet" href="/style.css">
        </head>
        <body>
        <a class="skip" href="#content">Skip to the text</a>
        <header class="top"><div class="wide">
        <a class="brand" href="/"><img src="/logo.svg" width="30" height="30" alt=""><span>$name</span></a>
        <form class="search" role="search" action="/">
        <input type="hidden" name="do" value="search">
        <input type="search" name="q" maxlength="100" placeholder="Find or start a page" aria-label="Find or start a page">
        <button>Search</button>
        </form>
        <nav aria-label="Wiki">$nav</nav>
        </div></header>
        <main id="content" class="wide">
        $bodyHtml
        </main>
        <footer class="bottom"><div class="wide">
        <p>Anyone can edit. Every revision is kept. Plain PHP and SQLite, no scripts, nothing loaded from elsewhere.</p>
        </div></footer>
        </body>
        </html>

        HTML;
}

/** The heading of a view that belongs to one page, with the ways to look at that page. */
function pageHead(string $title, string $current, string $heading = ''): string
{
    $tabs = '';
    foreach (['' => 'Read', 'edit' => 'Edit', 'history' => 'History'] as $do => $label) {
        $href = e(url($title, $do === '' ? [] : ['do' => $do]));
        $tabs .= "<a href=\"$href\"" . ($do === $current ? ' aria-current="page"' : '') . ">$label</a>";
    }
    $heading = $heading === '' ? e($title) : "<span class=\"doing\">$heading</span> " . e($title);
    return "<div class=\"head\"><h1>$heading</h1><nav class=\"tabs\" aria-label=\"This page\">$tabs</nav></div>";
}

/**
 * @param array<string, mixed> $shown the revision to read
 * @param array<string, mixed> $latest the page's newest
 * @param list<array{level: int, id: string, text: string}> $headings
 * @param list<string> $linkedFrom
 */
function pageView(array $shown, array $latest, string $html, array $headings, array $linkedFrom, Request $request): string
{
    $title = $shown['title'];
    $notice = '';
    if ($shown['id'] !== $latest['id']) {
        $notice = oldRevisionNotice($shown, $latest, $request->time);
    } elseif ($request->query('merged') === (string) $shown['id']) {
        $notice = notice('done', '<p><strong>Saved.</strong> Somebody else saved while you were writing; both changes fitted together and are on this page.</p>');
    } elseif ($request->query('saved') === (string) $shown['id']) {
        $notice = notice('done', '<p><strong>Saved.</strong> This is how the page reads now.</p>');
    }
    $html = $html === '' ? '<p class="quiet">This page is empty.</p>' : $html;
    $by = '<p class="byline">' . ($shown['time'] === null
        ? 'This page came with the wiki.'
        : 'Last edited by <strong>' . e($shown['author']) . '</strong> ' . when($shown['time'], $request->time) . '.')
        . ' <a href="' . e(url($title, ['do' => 'history'])) . '">See all revisions</a></p>';
    $aside = contents($headings) . linksHere($linkedFrom);
    $aside = $aside === '' ? '' : "<aside>$aside</aside>";
    return layout($title, pageHead($title, '') . $notice . "<div class=\"columns\"><article><div class=\"prose\">$html</div>$by</article>$aside</div>");
}

/** @param list<array{level: int, id: string, text: string}> $headings */
function contents(array $headings): string
{
    if (count($headings) < 3) {
        return '';
    }
    $items = '';
    foreach ($headings as ['level' => $level, 'id' => $id, 'text' => $text]) {
        $items .= $level > 3 ? '' : "<li class=\"level-$level\"><a href=\"#" . e($id) . '">' . e($text) . '</a></li>';
    }
    return "<nav class=\"contents\" aria-labelledby=\"contents\"><h2 id=\"contents\">On this page</h2><ul>$items</ul></nav>";
}

/** @param list<string> $titles */
function linksHere(array $titles): string
{
    return $titles === [] ? '' : '<section class="links-here"><h2>Linked from</h2><ul>' . implode('', array_map(
        static fn (string $title): string => '<li>' . linkTo($title) . '</li>',
        $titles,
    )) . '</ul></section>';
}

/**
 * @param array<string, mixed> $shown
 * @param array<string, mixed> $latest
 */
function oldRevisionNotice(array $shown, array $latest, int $now): string
{
    $page = e($shown['title']);
    $current = e(url($shown['title']));
    $compare = e(url($shown['title'], ['do' => 'diff', 'from' => $shown['id'], 'to' => $latest['id']]));
    $when = $shown['time'] === null ? 'that came with the wiki' : 'by <strong>' . e($shown['author']) . '</strong> ' . when($shown['time'], $now);
    return notice('warn', <<<HTML
        <p>This is the old <strong>revision {$shown['id']}</strong> of this page, $when.</p>
        <form class="actions" method="post" action="/">
        <input type="hidden" name="page" value="$page">
        <input type="hidden" name="base" value="{$latest['id']}">
        <input type="hidden" name="revision" value="{$shown['id']}">
        <button name="do" value="restore">Restore this revision</button>
        <a href="$compare">What changed since</a> <a href="$current">Newest revision</a>
        </form>
        HTML);
}

/** @param list<string> $linkedFrom */
function missingView(string $title, array $linkedFrom): string
{
    $edit = e(url($title, ['do' => 'edit']));
    $search = e('/?do=search&q=' . rawurlencode($title));
    $linked = $linkedFrom === [] ? '' : '<p class="quiet">Wanted by ' . implode(', ', array_map(linkTo(...), $linkedFrom)) . '.</p>';
    return layout($title, '<div class="head"><h1>' . e($title) . '</h1></div><div class="empty">' . <<<HTML
        <p class="lead">Nobody has written this page yet.</p>
        <p class="actions"><a class="button" href="$edit">Write it</a> <a href="$search">Search for it instead</a></p>
        $linked
        </div>
        HTML);
}

/** @param array{title: string, text: string, base: int, author: string, note: string} $form */
function formView(array $form, ?string $previewHtml = null): string
{
    $preview = $previewHtml === null ? '' : '<section class="preview" aria-labelledby="preview"><h2 id="preview">Preview, not saved yet</h2><div class="prose">'
        . ($previewHtml === '' ? '<p class="quiet">Nothing to show.</p>' : $previewHtml) . '</div></section>';
    $heading = $form['base'] === 0 ? 'New page' : 'Editing';
    return layout("$heading: {$form['title']}", pageHead($form['title'], 'edit', $heading) . $preview . editor($form, 'Save'));
}

/** @param array{title: string, text: string, base: int, author: string, note: string} $form */
function editor(array $form, string $saveLabel): string
{
    ['page' => $page, 'text' => $text, 'author' => $author, 'note' => $note] = array_map(
        static fn (int|string $value): string => e((string) $value),
        $form + ['page' => $form['title']],
    );
    $rows = min(30, max(14, substr_count($form['text'], "\n") + 4));
    $cancel = e(url($form['title']));
    return <<<HTML
        <form class="editor" method="post" action="/">
        <input type="hidden" name="page" value="$page">
        <input type="hidden" name="base" value="{$form['base']}">
        <label for="text">Text</label>
        <textarea id="text" name="text" rows="$rows" spellcheck="true" aria-describedby="markup">
        $text</textarea>
        <p id="markup" class="hint"><code># Heading</code> <code>**bold**</code> <code>*italic*</code> <code>- list</code> <code>`code`</code>
        <code>[[Page]]</code> <code>[words](https://…)</code> <a href="/?page=Writing_here">All of it</a></p>
        <div class="fields">
        <div><label for="note">What did you change?</label><input id="note" name="note" maxlength="150" value="$note" autocomplete="off"></div>
        <div><label for="author">Your name <span class="quiet">if you like</span></label><input id="author" name="author" maxlength="40" value="$author" placeholder="Anonymous" autocomplete="nickname"></div>
        </div>
        <p class="actions"><button name="do" value="save" class="main">$saveLabel</button> <button name="do" value="preview">Preview</button> <a href="$cancel">Cancel</a></p>
        </form>
        HTML;
}

/**
 * @param array{title: string, text: string, base: int, author: string, note: string} $form
 * @param array<string, mixed> $latest what is saved now
 * @param ?array<string, mixed> $began the revision the form was opened from
 */
function conflictView(array $form, array $latest, ?array $began, int $now): string
{
    $who = e($latest['author']);
    $when = $latest['time'] === null ? 'before' : when($latest['time'], $now);
    $theirs = e($latest['text']);
    $rows = min(20, max(6, substr_count($latest['text'], "\n") + 3));
    $meanwhile = $began === null ? '' : '<details open><summary>What they changed since you began</summary>' . diffTable($began['text'], $latest['text']) . '</details>';
    $ahead = diffTable($latest['text'], $form['text']);
    $notice = notice('warn', <<<HTML
        <p><strong>Nothing is lost, and nothing is saved yet.</strong> $who saved this page $when, while you were writing, and both of you changed the same lines.</p>
        <p>Your text is below. Take over what you want to keep of theirs, then save: it becomes the newest revision, and theirs stays in the history.</p>
        HTML);
    $editor = editor(['base' => $latest['id']] + $form, 'Save my text');
    return layout("Two edits at once: {$form['title']}", pageHead($form['title'], 'edit', 'Two edits at once') . $notice . <<<HTML
        <div class="versus">
        <section aria-labelledby="yours"><h2 id="yours">Your text</h2>$editor</section>
        <section aria-labelledby="theirs"><h2 id="theirs">Their text, saved</h2><div class="editor"><label for="other">Read only, to copy from</label>
        <textarea id="other" rows="$rows" readonly>
        $theirs</textarea></div></section>
        </div>
        $meanwhile
        <details open><summary>What saving your text would change in theirs</summary>$ahead</details>
        HTML);
}

/** @param non-empty-list<array<string, mixed>> $history */
function historyView(array $history, int $now): string
{
    $title = $history[0]['title'];
    $rows = '';
    foreach ($history as $i => $revision) {
        $id = $revision['id'];
        $pick = '';
        foreach (['from' => min(1, count($history) - 1), 'to' => 0] as $end => $checked) {
            $pick .= "<input type=\"radio\" name=\"$end\" value=\"$id\" aria-label=\"Compare $end revision $id\"" . ($i === $checked ? ' checked' : '') . '>';
        }
        $what = '<a href="' . e(url($title, $i === 0 ? [] : ['revision' => $id])) . "\">Revision $id</a>" . ($i === 0 ? ' <span class="tag">newest</span>' : '');
        $rows .= change($revision, $what, $now, count($history) > 1 ? "<span class=\"pick\">$pick</span>" : '');
    }
    $page = e(str_replace(' ', '_', $title));
    $compare = count($history) > 1 ? '<p class="actions"><button>Compare the two chosen</button></p>' : '';
    return layout("History of $title", pageHead($title, 'history', 'History of') . <<<HTML
        <form action="/">
        <input type="hidden" name="page" value="$page"><input type="hidden" name="do" value="diff">
        $compare<ol class="changes" reversed>$rows</ol>
        </form>
        HTML);
}

/** @param list<array<string, mixed>> $changes */
function recentView(array $changes, int $now): string
{
    $html = '';
    $day = null;
    foreach ($changes as $revision) {
        $its = $revision['time'] === null ? 'Came with the wiki' : date('l, j F Y', $revision['time']);
        if ($its !== $day) {
            $html .= ($day === null ? '' : '</ol>') . "<h2 class=\"day\">$its</h2><ol class=\"changes\">";
            $day = $its;
        }
        $new = $revision['parent'] === null && $revision['time'] !== null ? ' <span class="tag">new</span>' : '';
        $html .= change($revision, linkTo($revision['title']) . $new, $now);
    }
    return layout('Recent changes', '<div class="head"><h1>Recent changes</h1></div>' . ($html === '' ? '' : "$html</ol>"), 'recent');
}

/**
 * One line of a list of revisions.
 *
 * @param array<string, mixed> $revision
 */
function change(array $revision, string $whatHtml, int $now, string $pickHtml = ''): string
{
    ['id' => $id, 'growth' => $growth, 'time' => $time] = $revision;
    $diff = e(url($revision['title'], ['do' => 'diff'] + ($revision['parent'] === null ? [] : ['from' => $revision['parent']]) + ['to' => $id]));
    $class = $growth > 0 ? 'grew' : ($growth < 0 ? 'shrank' : 'same');
    $growth = $growth > 0 ? "+$growth" : ($growth < 0 ? '−' . -$growth : '±0');
    $note = $revision['note'] === '' ? '' : '<span class="note">' . e($revision['note']) . '</span>';
    $by = '<span class="by">' . e($revision['author']) . ($time === null ? '' : ', ' . when($time, $now)) . '</span>';
    return <<<HTML
        <li>$pickHtml<div class="what"><span class="name">$whatHtml</span> $note $by</div><a class="growth $class" href="$diff" aria-label="What revision $id changed: $growth letters">$growth</a></li>

        HTML;
}

/**
 * @param ?array<string, mixed> $from null: before the page existed
 * @param array<string, mixed> $to
 */
function diffView(?array $from, array $to, int $now): string
{
    $title = $to['title'];
    $side = static fn (?array $revision, string $label): string => $revision === null
        ? "<div><span class=\"quiet\">$label</span> <strong>Before the page existed</strong></div>"
        : "<div><span class=\"quiet\">$label</span> <a href=\"" . e(url($title, ['revision' => $revision['id']])) . "\">Revision {$revision['id']}</a> <span class=\"by\">"
            . e($revision['author']) . ($revision['time'] === null ? ', came with the wiki' : ', ' . when($revision['time'], $now))
            . '</span>' . ($revision['note'] === '' ? '' : ' <span class="note">' . e($revision['note']) . '</span>') . '</div>';
    return layout("Changes to $title", pageHead($title, 'diff', 'Changes to') . '<div class="sides">' . $side($from, 'From') . $side($to, 'To') . '</div>'
        . diffTable($from['text'] ?? '', $to['text']));
}

function diffTable(string $old, string $new): string
{
    $lines = Diff::between(Diff::lines($old), Diff::lines($new));
    $shown = [];
    foreach ($lines as $i => $line) {
        if ($line['op'] !== '=') {
            for ($near = $i - CONTEXT_LINES; $near <= $i + CONTEXT_LINES; $near++) {
                $shown[$near] = true;
            }
        }
    }
    if ($shown === []) {
        return '<p class="quiet">The two texts are the same.</p>';
    }
    $marked = markWords($lines);
    $names = ['=' => 'same', '-' => 'gone', '+' => 'come'];
    $signs = ['=' => '', '-' => '−', '+' => '+'];
    $rows = '';
    $number = ['-' => 0, '+' => 0];
    $skipped = 0;
    foreach ($lines as $i => ['op' => $op]) {
        $number['-'] += $op === '+' ? 0 : 1;
        $number['+'] += $op === '-' ? 0 : 1;
        if (!isset($shown[$i])) {
            $skipped++;
            continue;
        }
        $rows .= gap($skipped);
        $skipped = 0;
        $was = $op === '+' ? '' : $number['-'];
        $is = $op === '-' ? '' : $number['+'];
        $rows .= "<tr class=\"{$names[$op]}\"><td class=\"n\">$was</td><td class=\"n\">$is</td><td class=\"sign\">{$signs[$op]}</td><td class=\"line\">{$marked[$i]}</td></tr>\n";
    }
    $head = '<thead class="hidden"><tr><th>Old line</th><th>New line</th><th>Change</th><th>Text</th></tr></thead>';
    return "<div class=\"diff-box\"><table class=\"diff\">$head<tbody>$rows" . gap($skipped) . '</tbody></table></div>';
}

function gap(int $lines): string
{
    return $lines === 0 ? '' : '<tr class="gap"><td colspan="4">' . ($lines === 1 ? 'one line' : "$lines lines") . ' unchanged</td></tr>';
}

/**
 * Each line's HTML. Lines that came in place of others have the words that differ marked.
 *
 * @param list<array{op: '='|'-'|'+', text: string}> $lines
 * @return list<string>
 */
function markWords(array $lines): array
{
    $html = array_map(static fn (array $line): string => e($line['text']), $lines);
    for ($i = 0; $i < count($lines);) {
        for ($minus = $i; $minus < count($lines) && $lines[$minus]['op'] === '-'; $minus++);
        for ($plus = $minus; $plus < count($lines) && $lines[$plus]['op'] === '+'; $plus++);
        for ($pair = 0; $pair < min($minus - $i, $plus - $minus); $pair++) {
            [$html[$i + $pair], $html[$minus + $pair]] = markPair($lines[$i + $pair]['text'], $lines[$minus + $pair]['text']);
        }
        $i = max($plus, $i + 1);
    }
    return $html;
}

/** @return array{string, string} */
function markPair(string $old, string $new): array
{
    $before = $after = '';
    $alike = 0;
    foreach (Diff::between(Diff::words($old), Diff::words($new)) as ['op' => $op, 'text' => $text]) {
        $before .= $op === '+' ? '' : ($op === '-' ? '<del>' . e($text) . '</del>' : e($text));
        $after .= $op === '-' ? '' : ($op === '+' ? '<ins>' . e($text) . '</ins>' : e($text));
        $alike += $op === '=' ? strlen($text) : 0;
    }
    if (3 * $alike < max(strlen($old), strlen($new))) {
        return [e($old), e($new)]; // another line altogether: marking every word of it helps nobody
    }
    return [str_replace('</del><del>', '', $before), str_replace('</ins><ins>', '', $after)];
}

/** @param list<string> $titles */
function pagesView(array $titles): string
{
    $html = '';
    $letter = null;
    foreach ($titles as $title) {
        $first = ctype_alpha($title[0]) ? strtoupper($title[0]) : (ctype_digit($title[0]) ? '0–9' : 'Others');
        if ($first !== $letter) {
            $html .= ($letter === null ? '' : '</ul></section>') . "<section><h2>$first</h2><ul>";
            $letter = $first;
        }
        $html .= '<li>' . linkTo($title) . '</li>';
    }
    $count = count($titles);
    return layout('All pages', "<div class=\"head\"><h1>All pages <span class=\"quiet\">$count</span></h1></div><div class=\"index\">" . ($html === '' ? '' : "$html</ul></section>") . '</div>', 'pages');
}

/**
 * @param list<string> $words
 * @param list<array<string, mixed>> $found
 * @param ?string $offer a page that could be written under the name searched for
 */
function searchView(string $asked, array $words, array $found, ?string $offer): string
{
    $html = '';
    foreach ($found as $page) {
        $html .= '<li><a href="' . e(url($page['title'])) . '">' . emphasise($page['title'], $words) . '</a><p>' . emphasise(excerpt($page['text'], $words), $words) . '</p></li>';
    }
    $count = count($found);
    $summary = match (true) {
        $words === [] => 'Type one or more words in the box above.',
        $count === 0 => 'No page has ' . (count($words) === 1 ? 'this word' : 'all these words') . '.',
        default => $count === 1 ? 'One page.' : ($count === 50 ? 'The first 50 pages.' : "$count pages."),
    };
    $offer = $offer === null ? '' : '<p class="offer">There is no page called <a class="unwritten" href="' . e(url($offer, ['do' => 'edit'])) . '">' . e($offer) . '</a> yet. You can write it.</p>';
    $heading = $asked === '' ? 'Search' : '<span class="doing">Search for</span> ' . e($asked);
    return layout($asked === '' ? 'Search' : "Search for $asked", "<div class=\"head\"><h1>$heading</h1></div><p class=\"quiet\">$summary</p>$offer<ol class=\"found\">$html</ol>");
}

/**
 * The part of a text around the first of the words.
 *
 * @param list<string> $words
 */
function excerpt(string $text, array $words): string
{
    $plain = line(preg_replace('/[#*`>~\[\]|]+/', ' ', $text) ?? '');
    $places = array_filter(array_map(static fn (string $word): int|false => stripos($plain, $word), $words), is_int(...));
    $at = $places === [] ? 0 : min($places);
    $before = preg_match('/.{0,60}$/su', substr($plain, 0, $at), $found) === 1 ? $found[0] : '';
    $part = $before . cut(substr($plain, $at), 160);
    return (strlen($before) < $at ? '… ' : '') . $part . ($at - strlen($before) + strlen($part) < strlen($plain) ? ' …' : '');
}

/** @param list<string> $words */
function emphasise(string $text, array $words): string
{
    $pattern = '/(' . implode('|', array_map(static fn (string $word): string => preg_quote($word, '/'), $words)) . ')/iu';
    $parts = $words === [] ? [$text] : (preg_split($pattern, $text, -1, PREG_SPLIT_DELIM_CAPTURE) ?: [$text]);
    $html = '';
    foreach ($parts as $i => $part) {
        $html .= $i % 2 === 1 ? '<mark>' . e($part) . '</mark>' : e($part);
    }
    return $html;
}

function problem(int $status, string $what, string $whatToDo, ?string $title = null): Response
{
    $back = e(url($title ?? HOME));
    $label = $title === null ? 'To the front page' : e("To “{$title}”");
    return new Response(layout($what, '<div class="head"><h1>' . e($what) . '</h1></div><div class="empty"><p class="lead">' . e($whatToDo)
        . "</p><p class=\"actions\"><a class=\"button\" href=\"$back\">$label</a></p></div>"), $status);
}

function notice(string $kind, string $html): string
{
    return "<div class=\"notice $kind\" role=\"status\">$html</div>";
}

function linkTo(string $title): string
{
    return '<a href="' . e(url($title)) . '">' . e($title) . '</a>';
}

/** "3 minutes ago", with the full time where the pointer rests. */
function when(?int $time, int $now): string
{
    if ($time === null) {
        return '';
    }
    $ago = max(0, $now - $time);
    $some = static fn (int $count, string $unit): string => $count === 1 ? "one $unit ago" : "$count {$unit}s ago";
    $text = match (true) {
        $ago < 5 => 'just now',
        $ago < 60 => $some($ago, 'second'),
        $ago < 3_600 => $some(intdiv($ago, 60), 'minute'),
        $ago < 86_400 => $some(intdiv($ago, 3_600), 'hour'),
        $ago < 7 * 86_400 => $some(intdiv($ago, 86_400), 'day'),
        default => 'on ' . date('j F Y', $time),
    };
    return '<time datetime="' . date('c', $time) . '" title="' . date('j F Y, H:i:s', $time) . " UTC\">$text</time>";
}
