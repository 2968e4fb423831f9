# acl.auth.php
# <?php exit()?>
# Don't modify the lines above
#
# Everybody reads, whoever is logged in writes and uploads.
*               @ALL          1
*               @user         8
