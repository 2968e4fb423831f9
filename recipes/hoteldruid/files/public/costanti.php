<?php
// Takes the place of Debian's configuration: where data, and the pages for guests, are.
define('C_DATI_PATH', '/site/data');
define('C_EXT_DB_DATA_PATH', '');
define('C_CARTELLA_CREA_MODELLI', '/site/public/pages');
define('C_URL_CREA_MODELLI', './pages/');
define('C_GIORNI_NUOVO_ANNO', '9');
define('C_PERCORSO_PHPMAILER', '');

// The site's image is made of code alone: then the data that it was published with is taken.
if (!is_file('/site/data/dati_connessione.php') && is_dir('/site/initial')) {
    is_dir('/site/data') || mkdir('/site/data');
    foreach (scandir('/site/initial') as $file) {
        is_file("/site/initial/$file") && copy("/site/initial/$file", "/site/data/$file");
    }
}
