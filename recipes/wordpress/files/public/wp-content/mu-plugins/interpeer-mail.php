<?php
/**
 * Plugin Name: Interpeer: mail
 * Description: Mail leaves through the group's outbox: one member sends it, once all agreed that it is to be sent.
 */

add_filter('pre_wp_mail', function ($sent, array $mail) {
    $listOf = fn($what) => is_array($what) ? $what : preg_split('/\s*,\s*/', (string) $what, -1, PREG_SPLIT_NO_EMPTY);
    $lines = is_array($mail['headers']) ? $mail['headers'] : explode("\n", str_replace("\r\n", "\n", (string) $mail['headers']));
    $headers = ['Content-Type' => 'text/plain; charset=UTF-8'];
    foreach ($lines as $name => $line) {
        [$name, $value] = array_map('trim', is_string($name) ? [$name, (string) $line] : explode(':', $line, 2)) + ['', ''];
        if ($name !== '' && $value !== '') {
            $headers[$name] = $value;
        }
    }
    if (!empty($mail['attachments'])) {
        error_log('interpeer-mail: attachments are not sent');
    }
    try {
        foreach ($listOf($mail['to']) as $to) {
            \Interpeer\outbox([
                'to' => $to,
                'subject' => wp_specialchars_decode((string) $mail['subject'], ENT_QUOTES),
                'headers' => $headers,
                'body' => (string) $mail['message'],
            ]);
        }
        return true;
    } catch (\Interpeer\Unsupported | \ValueError | \OverflowException $error) {
        error_log('interpeer-mail: ' . $error->getMessage());
        return false;
    }
}, 10, 2);
