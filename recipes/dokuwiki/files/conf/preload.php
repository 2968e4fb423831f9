<?php
// inc/preload.php includes this before anything else.

if (!class_exists('NullSession', false)) {
    /** A session that is nowhere: a view by somebody who has none makes no file. */
    final class NullSession implements SessionHandlerInterface
    {
        public function open(string $path, string $name): bool
        {
            return true;
        }
        public function close(): bool
        {
            return true;
        }
        public function read(string $id): string
        {
            return '';
        }
        public function write(string $id, string $data): bool
        {
            return true;
        }
        public function destroy(string $id): bool
        {
            return true;
        }
        public function gc(int $seconds): int
        {
            return 0;
        }
    }

    (function (): void {
        $id = preg_replace('/[^-,a-zA-Z0-9]/', '', (string) ($_COOKIE['DokuWiki'] ?? ''));
        $isView = in_array($_SERVER['REQUEST_METHOD'] ?? '', ['GET', 'HEAD'], true);
        if ($isView && ($id === '' || !file_exists(session_save_path() . "/sess_$id"))) {
            session_set_save_handler(new NullSession(), false);
        }
    })();
}
