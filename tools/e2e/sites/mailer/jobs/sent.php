<?php
require __DIR__ . '/log.php';
note("$_SERVER[INTERPEER_EVENT] sent " . ($args['sent'] ? $args['status'] : 'never'));
