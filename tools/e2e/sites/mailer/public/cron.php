<?php
require __DIR__ . '/../jobs/log.php';
if (($_SERVER['INTERPEER_EVENT'] ?? '') !== 'cron') exit('only the group runs this');
note("cron by $_GET[by] at " . date('H:i'));
