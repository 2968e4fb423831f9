<?php

/** MediaWiki's mail, handed to the group: one member sends it once all agreed that it is to be sent. */
final class OutboxMail
{
    /**
     * @param array<string, string> $headers
     * @param MailAddress[] $to
     * @return bool|string false: sent; a text: why not
     */
    public static function send(array $headers, array $to, MailAddress $from, string $subject, $body)
    {
        // whoever sends it writes where it is from: mail servers believe no name of a gateway
        unset($headers['To'], $headers['Subject'], $headers['From'], $headers['Return-Path']);
        try {
            foreach ($to as $address) {
                \Interpeer\outbox(['to' => $address->address, 'subject' => $subject, 'headers' => $headers, 'body' => (string) $body]);
            }
            return false;
        } catch (\Interpeer\Unsupported) {
            return 'The peers that run this wiki send no mail.';
        }
    }
}
