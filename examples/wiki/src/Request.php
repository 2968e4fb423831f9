<?php

declare(strict_types=1);

namespace Wiki;

/** What a visitor asked for: the only thing, beside the database and the clock, that a response depends on. */
final class Request
{
    /**
     * @param array<mixed> $query
     * @param array<mixed> $form
     * @param array<mixed> $cookies
     */
    public function __construct(
        public readonly string $method,
        public readonly string $path,
        private readonly array $query,
        private readonly array $form,
        private readonly array $cookies,
        public readonly string $host,
        private readonly string $origin,
        private readonly string $fetchSite,
        public readonly bool $https,
        public readonly int $time,
    ) {
    }

    public static function fromGlobals(): self
    {
        $header = static fn (string $name): string => (string) ($_SERVER["HTTP_$name"] ?? '');
        return new self(
            method: $_SERVER['REQUEST_METHOD'] ?? 'GET',
            path: rawurldecode(explode('?', $_SERVER['REQUEST_URI'] ?? '/')[0]),
            query: $_GET,
            form: $_POST,
            cookies: $_COOKIE,
            host: $header('HOST'),
            origin: $header('ORIGIN'),
            fetchSite: $header('SEC_FETCH_SITE'),
            https: !in_array($_SERVER['HTTPS'] ?? '', ['', 'off'], true),
            time: time(),
        );
    }

    public function query(string $name): string
    {
        return self::text($this->query[$name] ?? '') ?? '';
    }

    /** Null where the field is missing or not UTF-8, so that a broken form never looks like an emptied page. */
    public function form(string $name): ?string
    {
        return self::text($this->form[$name] ?? null);
    }

    public function cookie(string $name): string
    {
        return self::text($this->cookies[$name] ?? '') ?? '';
    }

    /**
     * Did another site's page make the browser send this? Nobody logs in here, so there is no session to steal;
     * this only keeps other sites from making their visitors write. Programs that send neither header may write.
     */
    public function comesFromAnotherSite(): bool
    {
        if ($this->fetchSite !== '') {
            return !in_array($this->fetchSite, ['same-origin', 'none'], true);
        }
        return $this->origin !== '' && $this->origin !== ($this->https ? 'https://' : 'http://') . $this->host;
    }

    /** Text from outside: valid UTF-8, LF line ends, no control characters. What is not UTF-8 is no text at all. */
    private static function text(mixed $value): ?string
    {
        if (!is_string($value) || preg_match('//u', $value) !== 1) {
            return null;
        }
        return preg_replace('/[^\P{Cc}\n\t]/u', '', str_replace(["\r\n", "\r"], "\n", $value));
    }
}
