<?php

declare(strict_types=1);

namespace Wiki;

final class Response
{
    /** @param array<string, string> $headers */
    public function __construct(
        public readonly string $body,
        public readonly int $status = 200,
        public readonly array $headers = [],
    ) {
    }

    /** After a write: the browser fetches the page anew, so that reloading does not send the form again. */
    public static function seeOther(string $location): self
    {
        return new self('', 303, ['Location' => $location]);
    }

    /** @param array<string, string> $headers */
    public function with(array $headers): self
    {
        return new self($this->body, $this->status, $headers + $this->headers);
    }

    public function send(): void
    {
        http_response_code($this->status);
        header_remove('X-Powered-By');
        $always = [
            'Content-Type' => 'text/html; charset=utf-8',
            'Cache-Control' => 'no-cache',
            'Content-Security-Policy' => "default-src 'self'; base-uri 'none'; object-src 'none'; form-action 'self'; frame-ancestors 'none'",
            'Referrer-Policy' => 'same-origin',
            'X-Content-Type-Options' => 'nosniff',
        ];
        foreach ($this->headers + $always as $name => $value) {
            header("$name: $value");
        }
        echo $this->body;
    }
}
