<?php
// Registers people: each gets a mail, and is greeted a second later. GET shows what happened, line by line.
require __DIR__ . '/../jobs/log.php';
header('Content-Type: text/plain');
if ($_SERVER['REQUEST_METHOD'] !== 'POST') {
    readfile(LOG);
    exit;
}
$name = preg_replace('/[^a-z0-9-]/', '', $_GET['name']);
note("registered $name");
if (isset($_GET['answer'])) {
    Interpeer\outbox(['to' => "$name@a.test", 'subject' => 'Welcome', 'body' => "Hello $name", 'answerTo' => __DIR__ . '/../jobs/sent.php']);
} else {
    mail("$name@a.test", 'Welcome', "Hello $name", "From: mailer@a.test");
}
Interpeer\after(1, __DIR__ . '/../jobs/greet.php', ['name' => $name], "greet $name");
echo "registered $name, job ", Interpeer\job()->id;
