<?php

declare(strict_types=1);

namespace Wiki;

/**
 * Turns the wiki's markup into HTML. Text from outside reaches the output through `e()` only, and links only lead to
 * pages of the wiki or to http, https and mailto addresses.
 *
 *     # Heading      **bold** *italic* ~~gone~~ `code`       - list      > quote     [[Page]]  [[Page|words]]
 *     ## Smaller     ``` fences a block of code ```          1. list     ---         [words](https://…)
 */
final class Markup
{
    /** Bounded repeats keep the work linear in the length of the text, whatever somebody pastes into a page. */
    private const INLINE = <<<'REGEX'
        /(?<ticks>`{1,4})(?<code>[^\n]{1,500}?)(?<!`)\k<ticks>(?!`)
        |\[\[(?<page>[^\[\]|\n]{1,120})(?:\|(?<label>[^\[\]\n]{1,200}))?\]\]
        |\[(?<words>[^\[\]\n]{1,300})\]\((?<href>[^()\s]{1,1000})\)
        |\*\*(?=\S)(?<bold>.{1,500}?)(?<=\S)\*\*
        |\*(?=[^\s*])(?<italic>[^*]{1,500})(?<=\S)\*
        |~~(?=\S)(?<gone>.{1,500}?)(?<=\S)~~
        |(?<url>https?:\/\/[^\s<>"'`\[\]]{0,1000}[^\s<>"'`\[\].,;:!?()])
        |\\(?<literal>[\\`*\[\]~#>.-])/xsu
        REGEX;

    /** @var list<array{level: int, id: string, text: string}> */
    public array $headings = [];

    /** @var array<string, true> */
    private array $existing = [];

    /** @param list<string> $titles of the pages that exist; links to others are marked as not written yet */
    public function __construct(array $titles)
    {
        foreach ($titles as $title) {
            $this->existing[strtolower($title)] = true;
        }
    }

    public function html(string $text): string
    {
        return $this->blocks(explode("\n", str_replace("\t", '    ', $text)), 0);
    }

    /** @param list<string> $lines */
    private function blocks(array $lines, int $depth): string
    {
        $html = '';
        $count = count($lines);
        for ($i = 0; $i < $count;) {
            $line = $lines[$i];
            if (trim($line) === '') {
                $i++;
            } elseif (str_starts_with($line, '```')) {
                $code = $this->takeWhile($lines, $i + 1, static fn (string $next): bool => rtrim($next) !== '```');
                $i += count($code) + 2;
                $html .= '<pre tabindex="0"><code>' . e(implode("\n", $code)) . "</code></pre>\n";
            } elseif (preg_match('/^(#{1,4})\s+(.*?)\s*#*$/', $line, $found) === 1 && $found[2] !== '') {
                $html .= $this->heading(max(2, strlen($found[1])), $found[2]); // h1 is the page's name
                $i++;
            } elseif (preg_match('/^\s*(-{3,}|\*{3,})\s*$/', $line) === 1) {
                $html .= "<hr>\n";
                $i++;
            } elseif ($line[0] === '>' && $depth < 4) {
                $quote = $this->takeWhile($lines, $i, static fn (string $next): bool => str_starts_with($next, '>'));
                $i += count($quote);
                $inner = array_map(static fn (string $next): string => preg_replace('/^> ?/', '', $next) ?? '', $quote);
                $html .= '<blockquote>' . $this->blocks($inner, $depth + 1) . "</blockquote>\n";
            } elseif ($this->bullet($line) !== null && $depth < 8) {
                $items = $this->takeWhile($lines, $i, fn (string $next): bool => $this->bullet($next) !== null || str_starts_with($next, '  '));
                $i += count($items);
                $html .= $this->listing($items, $depth);
            } else {
                $words = $this->takeWhile($lines, $i, fn (string $next): bool => !$this->startsBlock($next));
                $words = $words === [] ? [$line] : $words; // too deeply nested to be what it looks like
                $i += count($words);
                $html .= '<p>' . $this->inline(implode("\n", array_map(trim(...), $words))) . "</p>\n";
            }
        }
        return $html;
    }

    private function startsBlock(string $line): bool
    {
        return trim($line) === '' || preg_match('/^(```|#{1,4}\s|>|\s*(-{3,}|\*{3,})\s*$)/', $line) === 1 || $this->bullet($line) !== null;
    }

    /** @return ?array{indent: int, ordered: bool, text: string} */
    private function bullet(string $line): ?array
    {
        if (preg_match('/^( *)([-*+]|\d{1,4}[.)])\s+(\S.*)$/u', $line, $found) !== 1) {
            return null;
        }
        return ['indent' => strlen($found[1]), 'ordered' => ctype_digit($found[2][0]), 'text' => $found[3]];
    }

    /** @param list<string> $lines */
    private function listing(array $lines, int $depth): string
    {
        $first = $this->bullet($lines[0]);
        $tag = ($first['ordered'] ?? false) ? 'ol' : 'ul';
        $indent = $first['indent'] ?? 0;
        $html = '';
        for ($i = 0; $i < count($lines);) {
            $text = $this->bullet($lines[$i])['text'] ?? trim($lines[$i]);
            // What is indented further belongs to this item: more of its words, or a list inside it.
            $inner = $this->takeWhile($lines, $i + 1, fn (string $next): bool => ($this->bullet($next)['indent'] ?? $indent + 1) > $indent);
            $i += 1 + count($inner);
            while ($inner !== [] && $this->bullet($inner[0]) === null) {
                $text .= "\n" . trim(array_shift($inner));
            }
            $html .= '<li>' . $this->inline($text) . ($inner === [] ? '' : "\n" . $this->blocks($inner, $depth + 1)) . "</li>\n";
        }
        return "<$tag>\n$html</$tag>\n";
    }

    private function heading(int $level, string $text): string
    {
        $plain = preg_replace('/[`*~]|\[\[(?:[^\]|]*\|)?|\]\]|\]\([^)]*\)|\[/', '', $text) ?? $text;
        $slug = trim(strtolower(preg_replace('/[^\p{L}\p{N}]+/u', '-', $plain) ?? ''), '-');
        $same = count(array_filter($this->headings, static fn (array $heading): bool => $heading['slug'] === $slug));
        $id = 'section-' . $slug . ($same === 0 ? '' : '-' . ($same + 1));
        $this->headings[] = ['level' => $level, 'id' => $id, 'text' => $plain, 'slug' => $slug];
        return "<h$level id=\"" . e($id) . '">' . $this->inline($text) . "</h$level>\n";
    }

    private function inline(string $text, int $depth = 0): string
    {
        $html = '';
        $from = 0;
        while ($depth < 4 && preg_match(self::INLINE, $text, $found, PREG_OFFSET_CAPTURE | PREG_UNMATCHED_AS_NULL, $from) === 1) {
            [$whole, $at] = $found[0];
            $html .= e(substr($text, $from, $at - $from)) . $this->span(array_map(static fn (array $group): ?string => $group[0], $found), $depth);
            $from = $at + strlen($whole);
        }
        return $html . e(substr($text, $from));
    }

    /** @param array<int|string, ?string> $found */
    private function span(array $found, int $depth): string
    {
        return match (true) {
            isset($found['code']) => '<code>' . e(trim($found['code'])) . '</code>',
            isset($found['page']) => $this->pageLink($found['page'], $found['label'] ?? $found['page']),
            isset($found['href']) => $this->outwardLink((string) $found['href'], $this->inline((string) $found['words'], 4), (string) $found[0]),
            isset($found['bold']) => '<strong>' . $this->inline($found['bold'], $depth + 1) . '</strong>',
            isset($found['italic']) => '<em>' . $this->inline($found['italic'], $depth + 1) . '</em>',
            isset($found['gone']) => '<s>' . $this->inline($found['gone'], $depth + 1) . '</s>',
            isset($found['url']) => $this->outwardLink($found['url'], e($found['url']), $found['url']),
            default => e((string) $found['literal']),
        };
    }

    private function pageLink(string $page, string $label): string
    {
        [$name, $section] = explode('#', $page, 2) + [1 => ''];
        $title = titleOf($name);
        if ($title === null) {
            return e("[[$page]]");
        }
        $exists = isset($this->existing[strtolower($title)]);
        $marked = $exists ? '' : ' class="unwritten" title="Not written yet"';
        return '<a href="' . e(url($title) . ($section === '' ? '' : '#section-' . $section)) . "\"$marked>" . e(trim($label)) . '</a>';
    }

    private function outwardLink(string $address, string $label, string $source): string
    {
        if (preg_match('~^(https?://|mailto:)[^\s"<>]+$~i', $address) !== 1) {
            return e($source);
        }
        return '<a class="outward" rel="nofollow noopener" href="' . e($address) . "\">$label</a>";
    }

    /**
     * @param list<string> $lines
     * @param callable(string): bool $belongs
     * @return list<string>
     */
    private function takeWhile(array $lines, int $from, callable $belongs): array
    {
        $taken = [];
        for ($i = $from; $i < count($lines) && $belongs($lines[$i]); $i++) {
            $taken[] = $lines[$i];
        }
        return $taken;
    }
}
