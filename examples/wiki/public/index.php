<?php

declare(strict_types=1);

/* Every page of the wiki comes through here: read the request, work out the response, send it. */

namespace Wiki;

foreach (['Request', 'Response', 'Store', 'Markup', 'Diff', 'views', 'actions'] as $part) {
    require __DIR__ . "/../src/$part.php";
}

date_default_timezone_set('UTC');

respond(Request::fromGlobals(), __DIR__ . '/../data/wiki.sqlite', __DIR__ . '/../src/seed')->send();
