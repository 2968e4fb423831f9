<?php
const LOG = __DIR__ . '/../data/log';
function note(string $line): void { file_put_contents(LOG, "$line\n", FILE_APPEND); }
