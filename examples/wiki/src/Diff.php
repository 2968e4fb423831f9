<?php

declare(strict_types=1);

namespace Wiki;

/** What changed between two texts, and whether two changes of one text fit together. */
final class Diff
{
    /** Past this many differences the rest counts as replaced as a whole: it bounds time and memory. */
    private const DIFFERENCES_MAX = 600;

    /**
     * The shortest edit (Myers, 1986, "An O(ND) difference algorithm").
     *
     * @param list<string> $old
     * @param list<string> $new
     * @return list<array{op: '='|'-'|'+', text: string}>
     */
    public static function between(array $old, array $new): array
    {
        $head = 0;
        $oldEnd = count($old);
        $newEnd = count($new);
        while ($head < $oldEnd && $head < $newEnd && $old[$head] === $new[$head]) {
            $head++;
        }
        while ($oldEnd > $head && $newEnd > $head && $old[$oldEnd - 1] === $new[$newEnd - 1]) {
            $oldEnd--;
            $newEnd--;
        }
        return [
            ...self::all('=', array_slice($old, 0, $head)),
            ...self::middle(array_slice($old, $head, $oldEnd - $head), array_slice($new, $head, $newEnd - $head)),
            ...self::all('=', array_slice($old, $oldEnd)),
        ];
    }

    /** @return list<string> */
    public static function lines(string $text): array
    {
        return $text === '' ? [] : explode("\n", $text);
    }

    /**
     * Words, spaces and signs, for marking what changed inside a line.
     *
     * @return list<string>
     */
    public static function words(string $line): array
    {
        return preg_split('/([\p{L}\p{N}]+|\s+|.)/u', $line, -1, PREG_SPLIT_NO_EMPTY | PREG_SPLIT_DELIM_CAPTURE) ?: [];
    }

    /** Both changes of `$base` in one text, line by line; null where they touch the same place. */
    public static function merge(string $base, string $theirs, string $yours): ?string
    {
        $lines = self::lines($base);
        $changes = [...self::changes($lines, self::lines($theirs)), ...self::changes($lines, self::lines($yours))];
        usort($changes, static fn (array $a, array $b): int => [$a['from'], $a['to']] <=> [$b['from'], $b['to']]);
        $merged = [];
        $at = 0;
        $before = null;
        foreach ($changes as $change) {
            if ($change === $before) {
                continue; // both made the same change
            }
            if ($before !== null && $change['from'] <= $before['to']) {
                return null;
            }
            array_push($merged, ...array_slice($lines, $at, $change['from'] - $at), ...$change['lines']);
            $at = $change['to'];
            $before = $change;
        }
        return implode("\n", [...$merged, ...array_slice($lines, $at)]);
    }

    /**
     * @param list<string> $old
     * @param list<string> $new
     * @return list<array{from: int, to: int, lines: list<string>}> `lines` replace old lines `from` up to, not with, `to`
     */
    private static function changes(array $old, array $new): array
    {
        $changes = [];
        $open = null;
        $at = 0;
        foreach (self::between($old, $new) as ['op' => $op, 'text' => $text]) {
            if ($op === '=') {
                $changes = $open === null ? $changes : [...$changes, $open];
                $open = null;
                $at++;
                continue;
            }
            $open ??= ['from' => $at, 'to' => $at, 'lines' => []];
            if ($op === '-') {
                $open['to'] = ++$at;
            } else {
                $open['lines'][] = $text;
            }
        }
        return $open === null ? $changes : [...$changes, $open];
    }

    /**
     * @param list<string> $old
     * @param list<string> $new
     * @return list<array{op: '='|'-'|'+', text: string}>
     */
    private static function middle(array $old, array $new): array
    {
        $reach = [1 => 0]; // by diagonal (old position − new position): how far into the old text the best path has come
        $trail = [];
        $oldCount = count($old);
        $newCount = count($new);
        for ($edits = 0; $edits <= min($oldCount + $newCount, self::DIFFERENCES_MAX); $edits++) {
            $trail[] = $reach;
            for ($diagonal = -$edits; $diagonal <= $edits; $diagonal += 2) {
                $x = self::comesFromAbove($reach, $diagonal, $edits) ? $reach[$diagonal + 1] : $reach[$diagonal - 1] + 1;
                $y = $x - $diagonal;
                while ($x < $oldCount && $y < $newCount && $old[$x] === $new[$y]) {
                    $x++;
                    $y++;
                }
                $reach[$diagonal] = $x;
                if ($x >= $oldCount && $y >= $newCount) {
                    return self::walkBack($trail, $old, $new);
                }
            }
        }
        return [...self::all('-', $old), ...self::all('+', $new)];
    }

    /**
     * @param list<array<int, int>> $trail
     * @param list<string> $old
     * @param list<string> $new
     * @return list<array{op: '='|'-'|'+', text: string}>
     */
    private static function walkBack(array $trail, array $old, array $new): array
    {
        $backwards = [];
        $x = count($old);
        $y = count($new);
        for ($edits = count($trail) - 1; $edits >= 0; $edits--) {
            $reach = $trail[$edits];
            $diagonal = $x - $y;
            $from = self::comesFromAbove($reach, $diagonal, $edits) ? $diagonal + 1 : $diagonal - 1;
            $fromX = $edits === 0 ? 0 : $reach[$from];
            $fromY = $edits === 0 ? 0 : $fromX - $from;
            while ($x > $fromX && $y > $fromY) {
                $backwards[] = ['op' => '=', 'text' => $old[--$x]];
                $y--;
            }
            if ($edits > 0) {
                $backwards[] = $x === $fromX ? ['op' => '+', 'text' => $new[--$y]] : ['op' => '-', 'text' => $old[--$x]];
            }
        }
        return array_reverse($backwards);
    }

    /** @param array<int, int> $reach */
    private static function comesFromAbove(array $reach, int $diagonal, int $edits): bool
    {
        return $diagonal === -$edits || ($diagonal !== $edits && $reach[$diagonal - 1] < $reach[$diagonal + 1]);
    }

    /**
     * @param '='|'-'|'+' $op
     * @param list<string> $texts
     * @return list<array{op: '='|'-'|'+', text: string}>
     */
    private static function all(string $op, array $texts): array
    {
        return array_map(static fn (string $text): array => ['op' => $op, 'text' => $text], $texts);
    }
}
