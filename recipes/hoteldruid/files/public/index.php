<?php
if (($_SERVER['PATH_INFO'] ?? '') !== '') {
    http_response_code(404);
    exit('Nothing is at this address.');
}
header('Location: /inizio.php');
