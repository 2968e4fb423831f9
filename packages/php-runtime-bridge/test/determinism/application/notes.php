<?php
declare(strict_types=1);

final class Notes
{
    private PDO $db;

    public function __construct(string $path)
    {
        if (!is_dir(dirname($path))) {
            mkdir(dirname($path), 0755, true);
        }
        $this->db = new PDO("sqlite:$path", null, null, [PDO::ATTR_DEFAULT_FETCH_MODE => PDO::FETCH_ASSOC]);
        $this->db->exec('create table if not exists notes (id integer primary key, title text, text text, author text, at real, token text, edits integer default 0)');
        $this->db->exec('create index if not exists by_author on notes (author, at)');
        $this->db->sqliteCreateFunction('shout', fn (string $text): string => mb_strtoupper($text), 1);
        $this->db->sqliteCreateCollation('human', strnatcasecmp(...));
    }

    public function add(string $title, string $text, string $author): int
    {
        $this->db->beginTransaction();
        $this->db->prepare('insert into notes (title, text, author, at, token) values (?, ?, ?, ?, lower(hex(randomblob(4))) || ?)')
            ->execute([$title, $text, $author, microtime(true), bin2hex(random_bytes(3))]);
        $id = (int) $this->db->lastInsertId();
        $this->db->commit();
        return $id;
    }

    public function edit(int $id, string $text): int
    {
        $this->db->prepare('update notes set text = ?, edits = edits + 1 where id = ?')->execute([$text, $id]);
        return $id;
    }

    public function remove(int $id): int
    {
        return $this->db->exec("delete from notes where id = $id");
    }

    public function one(int $id): string
    {
        $row = $this->db->query("select *, shout(title) as loud from notes where id = $id")->fetch();
        return $row ? '<pre>' . htmlspecialchars(print_r($row, true)) . '</pre>' : 'none';
    }

    public function listed(int $page): string
    {
        $rows = $this->db->query('select id, title, author, at from notes order by title collate human, id limit 20 offset ' . 20 * ($page - 1));
        return implode('', array_map(fn (array $row) => vsprintf('<li>%d %s by %s at %.3F', array_values(array_map(fn ($v) => is_string($v) ? htmlspecialchars($v) : $v, $row))), $rows->fetchAll()));
    }

    public function search(string $query): string
    {
        $found = [];
        foreach ($this->each() as $row) {
            $pattern = '/' . preg_quote($query, '/') . '/iu';
            if ($query !== '' && preg_match_all($pattern, $row['text'] . $row['title'], $matches, PREG_OFFSET_CAPTURE)) {
                $found[$row['id']] = preg_replace_callback($pattern, fn ($m) => "<b>{$m[0]}</b>" . crc32($m[0]), $row['text']) . count($matches[0]);
            }
        }
        uasort($found, fn ($a, $b) => similar_text($b, $query) <=> similar_text($a, $query));
        return implode('<hr>', $found);
    }

    public function statistics(): array
    {
        $words = [];
        foreach ($this->each() as $row) {
            foreach (preg_split('/\W+/u', $row['text'], -1, PREG_SPLIT_NO_EMPTY) as $word) {
                $words[$word] = ($words[$word] ?? 0) + 1;
            }
        }
        arsort($words);
        $lengths = array_map(strlen(...), array_keys($words)) ?: [0];
        $mean = array_sum($lengths) / count($lengths);
        return [array_slice($words, 0, 20), $mean, sqrt(array_sum(array_map(fn ($l) => ($l - $mean) ** 2, $lengths))),
            $this->db->query('select author, count(*), avg(at), group_concat(token) from notes group by author order by 2 desc, 1')->fetchAll(PDO::FETCH_NUM),
            $this->db->query("select strftime('%Y-%m-%d', at, 'unixepoch') as day, total(edits), json_group_array(id) from notes group by 1")->fetchAll(PDO::FETCH_NUM),
            $this->db->query('explain query plan select * from notes where author = 1')->fetchAll()];
    }

    public function each(): Generator
    {
        yield from $this->db->query('select * from notes order by id', PDO::FETCH_ASSOC);
    }
}
