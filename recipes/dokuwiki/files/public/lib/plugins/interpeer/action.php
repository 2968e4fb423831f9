<?php

use dokuwiki\Extension\ActionPlugin;
use dokuwiki\Extension\Event;
use dokuwiki\Extension\EventHandler;

/** What makes DokuWiki's views pure reads, and sends its mail. */
class action_plugin_interpeer extends ActionPlugin
{
    public function register(EventHandler $controller)
    {
        $controller->register_hook('COMMON_WIKIPAGE_SAVE', 'AFTER', $this, 'saved');
        $controller->register_hook('INDEXER_TASKS_RUN', 'BEFORE', $this, 'noTasks');
        $controller->register_hook('MAIL_MESSAGE_SEND', 'BEFORE', $this, 'mail');
    }

    /** DokuWiki has views render metadata and a picture that they load index the page: here the save does both. */
    public function saved(Event $event)
    {
        $id = $event->data['id'];
        if (page_exists($id)) {
            p_get_metadata($id, '', METADATA_RENDER_UNLIMITED);
        }
        idx_addPage($id, false, true);
    }

    public function noTasks(Event $event)
    {
        $event->preventDefault();
        $event->stopPropagation();
    }

    /** One member of the group sends it, once the group agreed that it is to be sent. */
    public function mail(Event $event)
    {
        $event->preventDefault();
        try {
            foreach (preg_split('/\s*,\s*/', (string) $event->data['to'], -1, PREG_SPLIT_NO_EMPTY) as $to) {
                \Interpeer\outbox([
                    'to' => $to,
                    'subject' => $event->data['subject'],
                    'headers' => $this->headersOf((string) $event->data['headers']),
                    'body' => $event->data['body'],
                ]);
            }
            $event->result = $event->data['success'] = true;
        } catch (\Interpeer\Unsupported) {
            $event->result = $event->data['success'] = false;
        }
    }

    /** @return array<string, string> */
    private function headersOf(string $text): array
    {
        $headers = [];
        foreach (explode("\n", preg_replace('/\r?\n[ \t]+/', ' ', $text)) as $line) {
            [$name, $value] = array_map('trim', explode(':', $line, 2)) + ['', ''];
            if ($name !== '' && !in_array(strtolower($name), ['to', 'subject'], true)) {
                $headers[$name] = $value;
            }
        }
        return $headers;
    }
}
