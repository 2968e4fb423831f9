<?php

/**
 * MediaWiki's sessions, in its database. But of a visitor who has not logged in, and looks at a form, the session is no more than the secret that the form's token is made with:
 * that goes along as a cookie, signed, so that the look stays a read. What the visitor sends then is a write, and keeps it.
 */
final class SessionStore extends SqlBagOStuff
{
    private const COOKIE = 'wikiForm';
    /** Browsers keep 4,096 bytes of a cookie. */
    private const BYTES_MAX = 2048;

    protected function doGet($key, $flags = 0, &$casToken = null)
    {
        $value = parent::doGet($key, $flags, $casToken);
        return $value === false ? $this->carried($key) : $value;
    }

    protected function doSet($key, $value, $exptime = 0, $flags = 0)
    {
        return $this->carry($key, $value) || parent::doSet($key, $value, $exptime, $flags);
    }

    private function carry(string $key, $value): bool
    {
        if (!in_array($_SERVER['REQUEST_METHOD'] ?? '', ['GET', 'HEAD'], true) || ($value['metadata']['userId'] ?? 1) !== 0 || headers_sent()) {
            return false;
        }
        $text = json_encode($value);
        // what JSON does not give back the same is no token
        if ($text === false || strlen($text) > self::BYTES_MAX || json_decode($text, true) !== $value || parent::doGet($key) !== false) {
            return false;
        }
        $isSecure = WebRequest::detectProtocol() === 'https';
        $options = ['expires' => 0, 'path' => '/', 'secure' => $isSecure, 'httponly' => true, 'samesite' => 'Lax'];
        return setcookie(self::COOKIE, self::signature($key, $text) . base64_encode($text), $options);
    }

    private function carried(string $key)
    {
        $cookie = $_COOKIE[self::COOKIE] ?? '';
        if (!is_string($cookie) || strlen($cookie) > 2 * self::BYTES_MAX) {
            return false;
        }
        [$signature, $text] = [substr($cookie, 0, 64), (string) base64_decode(substr($cookie, 64), true)];
        return hash_equals(self::signature($key, $text), $signature) ? json_decode($text, true) : false;
    }

    /** Of one session, by its id: nobody gets another's. */
    private static function signature(string $key, string $text): string
    {
        global $wgSecretKey;
        return hash_hmac('sha256', "$key\n$text", $wgSecretKey);
    }
}
