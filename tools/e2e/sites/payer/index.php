<?php
// Pays whom it is told to, once for each POST; GET tells what there is left to pay.
header('Content-Type: text/plain');
if ($_SERVER['REQUEST_METHOD'] === 'POST') {
    try {
        Interpeer\pay($_GET['to'], $_GET['units']);
    } catch (\ValueError $refused) {
        echo $refused->getMessage(), "\n";
    }
}
echo Interpeer\balance();
