<?php
$conf['title'] = TITLE;
$conf['license'] = 'cc-by-sa';
$conf['useacl'] = 1;
$conf['superuser'] = '@admin';
// Who registers chooses the password: none is sent about.
$conf['autopasswd'] = 0;
$conf['disableactions'] = 'resendpwd';
// Views write nothing: no locks while editing, no drafts, no list of pages seen.
$conf['locktime'] = 0;
$conf['usedraft'] = 0;
$conf['breadcrumbs'] = 0;
// Caches last until what they are made of changes: the save makes them, and no view could keep one.
$conf['cachetime'] = 0;
// There is nobody to ask about new versions.
$conf['updatecheck'] = 0;
