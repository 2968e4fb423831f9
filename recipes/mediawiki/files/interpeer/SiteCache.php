<?php

/**
 * What MediaWiki keeps between requests for speed, in files of the site:
 * - what it makes of its own scripts, stylesheets and templates was made when the site was built, and is code. Each entry's key is a digest of what it was made from, or it
 *   holds one, so none is ever out of date;
 * - pages as they were rendered, and what the database says that each view asks for, are in `data/cache`, which interpeer.json calls a cache: writes keep it, and
 *   a view that lacks something makes it for itself.
 * All else lasts for one request. What a view makes is not even written: nobody would keep it.
 */
class SiteCache extends HashBagOStuff
{
    private const BUNDLED = '/site/bundled';
    private const KEPT = '/site/data/cache';
    private const BUNDLED_KEYS = '/^global:resourceloader-(filter|less):|:lightncandy-compiled:/';
    private const PAGE_KEYS = '/^\w+:pcache:/';
    /** Small things, a file for all that are asked for together. Of what MediaWiki marks as a lock or an interim value nothing is kept. */
    private const SMALL_KEYS = '/^(\w+:messages:\w+$|WANCache:(?!global:jobqueue:).*\|#\|[vt]$)/';
    /** Texts that scripts need, which load.php asks for. */
    private const TEXTS = 'ResourceLoader\MessageBlobStore:';
    private const SMALL_MAX = 512;
    private const SMALL_BYTES_MAX = 4096;
    private const PAGE_BYTES_MAX = 131072;
    /** What is to be forgotten sooner is not kept. */
    private const SECONDS_MIN = 60;

    /** @var array<string, true> keys that were looked for in files, or set */
    private array $known = [];
    /** @var array<string, true> */
    private array $changed = [];
    /** @var array<string, array<string, array{mixed, int}>> value and expiry by key, by name of the file */
    private array $small = [];

    public function __construct($params = [])
    {
        parent::__construct($params);
        $isBuilt = is_writable(self::BUNDLED);
        if ($isBuilt || ($_SERVER['REQUEST_METHOD'] ?? '') === 'POST' || isset($_SERVER['INTERPEER_EVENT'])) {
            register_shutdown_function(fn() => register_shutdown_function([$this, 'keep']));
        }
    }

    /** Each way in begins here, or with doSet and doDelete. */
    public function hasKey($key)
    {
        if (!isset($this->known[$key])) {
            $this->known[$key] = true;
            [$value, $expiry] = $this->stored($key) ?? [null, -1];
            if ($expiry === self::TTL_INDEFINITE || $expiry > $this->getCurrentTime()) {
                $this->bag[$key] = [self::KEY_VAL => $value, self::KEY_EXP => $expiry, self::KEY_CAS => "kept:$key"];
            }
        }
        return parent::hasKey($key);
    }

    protected function doSet($key, $value, $exptime = 0, $flags = 0)
    {
        $this->known[$key] = $this->changed[$key] = true;
        return parent::doSet($key, $value, $exptime, $flags);
    }

    protected function doDelete($key, $flags = 0)
    {
        $this->known[$key] = $this->changed[$key] = true;
        return parent::doDelete($key, $flags);
    }

    /** At the end of a request that may write; what ended in an error may have left half of what it did. */
    public function keep(): void
    {
        if (((error_get_last()['type'] ?? 0) & (E_ERROR | E_USER_ERROR | E_RECOVERABLE_ERROR)) !== 0) {
            return;
        }
        $this->small = []; // another one of these may have kept something
        foreach (['views', 'scripts'] as $name) {
            $this->keepSmall($name);
        }
        foreach (array_keys($this->changed) as $key) {
            $entry = $this->toKeep($key);
            if (preg_match(self::BUNDLED_KEYS, $key)) {
                if ($entry !== null && is_writable(self::BUNDLED)) {
                    file_put_contents(self::BUNDLED . '/' . sha1($key), serialize($entry[0]));
                }
            } elseif (preg_match(self::PAGE_KEYS, $key)) {
                $this->keepPage($key, $entry);
            }
        }
    }

    private function keepSmall(string $name): void
    {
        $all = $before = $this->small($name);
        foreach (array_keys($this->known) as $key) {
            if ($this->smallFileOf($key) !== $name) {
                continue;
            }
            $entry = isset($this->changed[$key]) ? $this->toKeep($key) : ($all[$key] ?? null);
            // what is used stays longest
            unset($all[$key]);
            if ($entry !== null && strlen(serialize($entry)) <= self::SMALL_BYTES_MAX) {
                $all[$key] = $entry;
            }
        }
        $all = array_slice($all, -self::SMALL_MAX, null, true);
        // a new order alone is worth no change
        if ($all != $before) {
            file_put_contents(self::KEPT . "/$name", serialize($all));
        }
    }

    /** @return array{mixed, int}|null */
    private function toKeep(string $key): ?array
    {
        if (!isset($this->bag[$key])) {
            return null;
        }
        [self::KEY_VAL => $value, self::KEY_EXP => $expiry] = $this->bag[$key];
        $isLasting = $expiry === self::TTL_INDEFINITE || $expiry >= $this->getCurrentTime() + self::SECONDS_MIN;
        return $isLasting ? [$value, $expiry] : null;
    }

    /** @param array{mixed, int}|null $entry */
    private function keepPage(string $key, ?array $entry): void
    {
        $file = $this->pageFileOf($key);
        $text = $entry === null ? '' : serialize([$key, ...$entry]);
        if ($text !== '' && strlen($text) <= self::PAGE_BYTES_MAX) {
            file_put_contents($file, $text);
        } elseif (is_file($file)) {
            unlink($file);
        }
    }

    /** Of 4,096 places each: two pages that share one take turns. */
    private function pageFileOf(string $key): string
    {
        return self::KEPT . '/' . substr(sha1($key), 0, 3);
    }

    /** @return array{mixed, int}|null */
    private function stored(string $key): ?array
    {
        if (preg_match(self::BUNDLED_KEYS, $key)) {
            $file = self::BUNDLED . '/' . sha1($key);
            return is_file($file) ? [unserialize(file_get_contents($file)), self::TTL_INDEFINITE] : null;
        }
        if (preg_match(self::PAGE_KEYS, $key)) {
            $file = $this->pageFileOf($key);
            $page = is_file($file) ? unserialize(file_get_contents($file)) : null;
            return $page !== null && $page[0] === $key ? [$page[1], $page[2]] : null;
        }
        $name = $this->smallFileOf($key);
        return $name === null ? null : $this->small($name)[$key] ?? null;
    }

    private function smallFileOf(string $key): ?string
    {
        if (!preg_match(self::SMALL_KEYS, $key)) {
            return null;
        }
        return str_contains($key, self::TEXTS) ? 'scripts' : 'views';
    }

    /** @return array<string, array{mixed, int}> */
    private function small(string $name): array
    {
        $file = self::KEPT . "/$name";
        return $this->small[$name] ??= is_file($file) ? unserialize(file_get_contents($file)) : [];
    }
}
