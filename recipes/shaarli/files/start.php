<?php
// Shaarli includes this where it includes its list of classes, before anything else.

if (!function_exists('interpeer_start')) {
    /** The session of somebody who has not logged in, while looking at something: as it is, if it is, and nothing of it is kept. */
    final class LookingSession implements SessionHandlerInterface
    {
        public function __construct(private string $text)
        {
        }
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
            return $this->text;
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

    function interpeer_start(): void
    {
        set_include_path('/site/php');

        // The site's image is made of code alone: then the data that it was published with is taken.
        if (!is_file('/site/data/config.json.php') && is_dir('/site/initial')) {
            is_dir('/site/data') || mkdir('/site/data');
            foreach (scandir('/site/initial') as $file) {
                is_file("/site/initial/$file") && copy("/site/initial/$file", "/site/data/$file");
            }
        }

        // Only these need to be remembered of whoever has not logged in: the form's token, and how lists are to be shown.
        $remembers = preg_match('~^/(login|install|links-per-page|untagged-only)\b~', $_SERVER['REQUEST_URI'] ?? '');
        $isView = in_array($_SERVER['REQUEST_METHOD'] ?? '', ['GET', 'HEAD'], true) && !$remembers;
        $id = preg_replace('/[^-,a-zA-Z0-9]/', '', (string) ($_COOKIE['shaarli'] ?? ''));
        $file = session_save_path() . "/sess_$id";
        $text = $id !== '' && is_file($file) ? file_get_contents($file) : '';
        $isLoggedIn = str_contains($text, 'username|') || isset($_COOKIE['shaarli_staySignedIn']);
        if ($isView && !$isLoggedIn) {
            ini_set('session.use_strict_mode', '0'); // what there is of a session keeps its id
            session_set_save_handler(new LookingSession($text), false);
            header_register_callback(fn() => header_remove('Set-Cookie'));
        }
    }
    interpeer_start();
}

require_once '/site/public/autoload.php';
