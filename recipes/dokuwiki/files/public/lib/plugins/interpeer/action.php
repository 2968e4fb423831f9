<?php

use dokuwiki\Cache\CacheRenderer;
use dokuwiki\Extension\ActionPlugin;
use dokuwiki\Extension\Event;
use dokuwiki\Extension\EventHandler;

/** What makes DokuWiki's views pure reads, and sends its mail. */
class action_plugin_interpeer extends ActionPlugin
{
    /** Pages that lead to one which is new, or gone, and are rendered anew with it. */
    private const RENDERED_MAX = 20;

    public function register(EventHandler $controller)
    {
        $controller->register_hook('COMMON_WIKIPAGE_SAVE', 'AFTER', $this, 'saved');
        foreach (['PARSER', 'CSS', 'JS'] as $kind) {
            $controller->register_hook("{$kind}_CACHE_USE", 'BEFORE', $this, 'forAllHosts');
        }
        $controller->register_hook('INDEXER_TASKS_RUN', 'BEFORE', $this, 'noTasks');
        $controller->register_hook('MAIL_MESSAGE_SEND', 'BEFORE', $this, 'mail');
    }

    /** DokuWiki has views render the page and its metadata, and a picture that they load index it: here the save does all three. */
    public function saved(Event $event)
    {
        $id = $event->data['id'];
        if (page_exists($id)) {
            p_get_metadata($id, '', METADATA_RENDER_UNLIMITED);
        }
        idx_addPage($id, false, true);
        $links = $event->data['changeType'] === DOKU_CHANGE_TYPE_EDIT ? [] : array_slice(ft_backlinks($id, true), 0, self::RENDERED_MAX);
        register_shutdown_function(function () use ($id, $links): void {
            // a cache must be younger than its page; sleeping only moves the request's own clock
            sleep(1);
            // the metadata, rendered above, is not rendered twice in a request
            $metadata = new CacheRenderer($id, wikiFN($id), 'metadata');
            if (page_exists($id) && !$metadata->useCache()) {
                $metadata->storeCache(time());
            }
            foreach ([$id, ...$links] as $page) {
                if (page_exists($page)) {
                    p_wiki_xhtml($page, '', false);
                }
            }
        });
    }

    /** DokuWiki keeps a cache for each host that it is called by; on a network each gateway calls it another. What has no absolute address in it is the same for all. */
    public function forAllHosts(Event $event)
    {
        $cache = $event->data;
        $host = $_SERVER['HTTP_HOST'] . $_SERVER['SERVER_PORT'];
        if (isset($cache->file) && (!is_file($cache->file) || str_contains(file_get_contents($cache->file), 'this>'))) {
            return;
        }
        // of a page it is the end of the key. Visitors choose it: taken from elsewhere, out of a page's own name, it would lead to the cache of another page
        $at = isset($cache->file) ? strlen($cache->key) - strlen($host) : strpos($cache->key, $host);
        $cache->cache = getCacheName(substr_replace($cache->key, '', $at, strlen($host)), $cache->ext);
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
