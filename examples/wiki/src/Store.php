<?php

declare(strict_types=1);

namespace Wiki;

use PDO;

/**
 * The pages and all their revisions, in one SQLite file.
 *
 * Only save() writes. Until then the file is open read-only, and where there is none yet the pages of src/seed stand in
 * for it, in memory. The first save makes the file, with those pages as its first revisions.
 */
final class Store
{
    private const SCHEMA = <<<'SQL'
        CREATE TABLE page (
            id INTEGER PRIMARY KEY,
            title TEXT NOT NULL UNIQUE COLLATE NOCASE,
            latest INTEGER NOT NULL               -- id of its newest revision
        );
        CREATE TABLE revision (
            id INTEGER PRIMARY KEY,               -- counts all edits of the wiki, oldest first
            page_id INTEGER NOT NULL REFERENCES page (id),
            parent INTEGER,                       -- id of the revision it was made from; null in a page's first
            text TEXT NOT NULL,
            author TEXT NOT NULL,
            note TEXT NOT NULL,
            time INTEGER                          -- seconds since 1970; null: came with the wiki
        );
        CREATE INDEX revision_of_page ON revision (page_id, id);
        SQL;

    private const REVISION = <<<'SQL'
        SELECT revision.id, page.title, revision.parent, revision.text, revision.author, revision.note, revision.time,
               length(revision.text) - coalesce(length(before.text), 0) AS growth
        FROM revision JOIN page ON page.id = revision.page_id LEFT JOIN revision AS before ON before.id = revision.parent
        SQL;

    private ?PDO $db = null;

    public function __construct(private readonly string $file, private readonly string $seedFolder)
    {
    }

    /**
     * Adds a revision, unless the page has moved on from revision `$base` (0: the page did not exist).
     *
     * @return array{saved: ?int, latest: ?array<string, mixed>} the new revision's id, or null where the page had moved on;
     *         `latest` is what the page had before
     */
    public function save(string $title, string $text, int $base, string $author, string $note, int $time): array
    {
        $db = $this->db = $this->openForWriting();
        $db->exec('BEGIN IMMEDIATE');
        try {
            $this->createIfEmpty($db);
            $latest = $this->page($title);
            $saved = null;
            if ($latest !== null && $latest['text'] === $text) {
                $saved = $latest['id']; // nothing to change, or the same form sent twice
            } elseif (($latest['id'] ?? 0) === $base) {
                $saved = $this->append($title, $text, $author, $note, $time);
            }
            $db->exec('COMMIT');
        } catch (\Throwable $problem) {
            $db->exec('ROLLBACK');
            throw $problem;
        }
        return ['saved' => $saved, 'latest' => $latest];
    }

    /** @return ?array<string, mixed> the newest revision of a page; null if there is no such page */
    public function page(string $title): ?array
    {
        return $this->rows(self::REVISION . ' WHERE page.title = ? AND revision.id = page.latest', [$title])[0] ?? null;
    }

    /** @return ?array<string, mixed> */
    public function revision(int $id): ?array
    {
        return $this->rows(self::REVISION . ' WHERE revision.id = ?', [$id])[0] ?? null;
    }

    /** @return list<array<string, mixed>> newest first */
    public function history(string $title): array
    {
        return $this->rows(self::REVISION . ' WHERE page.title = ? ORDER BY revision.id DESC LIMIT 500', [$title]);
    }

    /** @return list<array<string, mixed>> newest first */
    public function recent(int $count): array
    {
        return $this->rows(self::REVISION . ' ORDER BY revision.id DESC LIMIT ?', [$count]);
    }

    /** @return list<string> */
    public function titles(): array
    {
        return array_column($this->rows('SELECT title FROM page ORDER BY title', []), 'title');
    }

    /** @return list<string> titles of the pages that link to this one */
    public function linksTo(string $title): array
    {
        $named = '%[[' . self::likeLiteral($title);
        return array_column($this->rows(<<<'SQL'
            SELECT title FROM page JOIN revision ON revision.id = page.latest
            WHERE title <> ? AND (text LIKE ? ESCAPE '\' OR text LIKE ? ESCAPE '\' OR text LIKE ? ESCAPE '\') ORDER BY title LIMIT 30
            SQL, [$title, "$named]]%", "$named|%", "$named#%"]), 'title');
    }

    /**
     * @param non-empty-list<string> $words
     * @return list<array<string, mixed>> pages that have every word, those with all of them in the title first
     */
    public function search(array $words): array
    {
        $patterns = array_map(static fn (string $word): string => '%' . self::likeLiteral($word) . '%', $words);
        $inTitle = implode(' AND ', array_fill(0, count($words), "title LIKE ? ESCAPE '\\'"));
        $anywhere = implode(' AND ', array_fill(0, count($words), "title || ' ' || revision.text LIKE ? ESCAPE '\\'"));
        return $this->rows(
            self::REVISION . " WHERE revision.id = page.latest AND $anywhere ORDER BY ($inTitle) DESC, title LIMIT 50",
            [...$patterns, ...$patterns],
        );
    }

    private function append(string $title, string $text, string $author, string $note, ?int $time): int
    {
        $page = $this->rows('SELECT id, latest FROM page WHERE title = ?', [$title])[0] ?? null;
        if ($page === null) {
            $this->run('INSERT INTO page (title, latest) VALUES (?, 0)', [$title]);
            $page = ['id' => (int) $this->db?->lastInsertId(), 'latest' => null];
        }
        $this->run(
            'INSERT INTO revision (page_id, parent, text, author, note, time) VALUES (?, ?, ?, ?, ?, ?)',
            [$page['id'], $page['latest'], $text, $author, $note, $time],
        );
        $id = (int) $this->db?->lastInsertId();
        $this->run('UPDATE page SET latest = ? WHERE id = ?', [$id, $page['id']]);
        return $id;
    }

    private function openForReading(): PDO
    {
        if (is_file($this->file) && filesize($this->file) > 0) {
            return $this->open($this->file, [PDO::SQLITE_ATTR_OPEN_FLAGS => PDO::SQLITE_OPEN_READONLY]);
        }
        $this->db = $this->open(':memory:', []);
        $this->createIfEmpty($this->db);
        return $this->db;
    }

    private function openForWriting(): PDO
    {
        if (!is_dir(dirname($this->file))) {
            mkdir(dirname($this->file), 0o755, true);
        }
        $db = $this->open($this->file, [PDO::ATTR_TIMEOUT => 5]);
        $db->exec('PRAGMA journal_mode = DELETE');
        return $db;
    }

    /** @param array<int, int> $options */
    private function open(string $name, array $options): PDO
    {
        return new PDO("sqlite:$name", null, null, $options + [
            PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION,
            PDO::ATTR_DEFAULT_FETCH_MODE => PDO::FETCH_ASSOC,
        ]);
    }

    private function createIfEmpty(PDO $db): void
    {
        if ($this->rows("SELECT 1 FROM sqlite_master WHERE name = 'page'", []) !== []) {
            return;
        }
        $db->exec(self::SCHEMA);
        foreach (scandir($this->seedFolder) ?: [] as $file) { // scandir sorts
            if (str_ends_with($file, '.md')) {
                $text = trim((string) file_get_contents("$this->seedFolder/$file"));
                $this->append(str_replace('-', ' ', basename($file, '.md')), $text, 'Interpeer', '', null);
            }
        }
    }

    private static function likeLiteral(string $text): string
    {
        return addcslashes($text, '\\%_');
    }

    /**
     * @param list<mixed> $values
     * @return list<array<string, mixed>>
     */
    private function rows(string $sql, array $values): array
    {
        return $this->run($sql, $values)->fetchAll();
    }

    /** @param list<mixed> $values */
    private function run(string $sql, array $values): \PDOStatement
    {
        $this->db ??= $this->openForReading();
        $statement = $this->db->prepare($sql);
        foreach ($values as $i => $value) {
            $statement->bindValue($i + 1, $value, match (true) {
                is_int($value) => PDO::PARAM_INT,
                $value === null => PDO::PARAM_NULL,
                default => PDO::PARAM_STR,
            });
        }
        $statement->execute();
        return $statement;
    }
}
