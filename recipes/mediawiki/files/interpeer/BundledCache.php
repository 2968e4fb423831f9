<?php

/**
 * Lasts for one request, but for what MediaWiki makes of its own scripts and stylesheets: that was made when the site was built, and is part of it. Each entry's
 * key is a digest of what it was made from, so none is ever out of date. What is not there is made anew each time.
 */
class BundledCache extends HashBagOStuff
{
    private const FOLDER = '/site/bundled';

    protected function doGet($key, $flags = 0, &$casToken = null)
    {
        $file = $this->fileOf($key);
        if ($file !== null && !$this->hasKey($key) && is_file($file)) {
            parent::doSet($key, unserialize(file_get_contents($file)));
        }
        return parent::doGet($key, $flags, $casToken);
    }

    protected function doSet($key, $value, $exptime = 0, $flags = 0)
    {
        $file = $this->fileOf($key);
        if ($file !== null && is_writable(self::FOLDER)) { // only while the site is built
            file_put_contents($file, serialize($value));
        }
        return parent::doSet($key, $value, $exptime, $flags);
    }

    private function fileOf(string $key): ?string
    {
        return preg_match('/^global:resourceloader-(filter|less):/', $key) ? self::FOLDER . '/' . sha1($key) : null;
    }
}
