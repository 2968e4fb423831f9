<?php
require __DIR__ . '/log.php';
note("$_SERVER[INTERPEER_EVENT] greets $args[name]");
