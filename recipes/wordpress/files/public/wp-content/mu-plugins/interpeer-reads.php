<?php
/**
 * Plugin Name: Interpeer: views are reads
 * Description: What looks at the site changes nothing in it, so that any member of the group can answer alone.
 */

(function (): void {
    $isView = in_array($_SERVER['REQUEST_METHOD'] ?? '', ['GET', 'HEAD'], true)
        && !preg_match('~^/(wp-admin/|wp-login\.php|wp-cron\.php)~', $_SERVER['SCRIPT_NAME'] ?? '');

    // Of the site's pages, feeds and REST answers: no cache is kept in the database, and no default is written to it.
    if ($isView) {
        wp_using_ext_object_cache(true);
        add_filter('pre_update_option', fn($value, $name, $old) => $old, PHP_INT_MAX, 3);
    }
})();

// Nobody looks for new versions: the site's publisher builds it again.
remove_action('init', 'wp_schedule_update_checks');
add_action('init', function (): void {
    foreach (['core', 'plugins', 'themes'] as $what) {
        remove_action('admin_init', "_maybe_update_$what");
    }
    foreach (['plugins', 'themes'] as $what) {
        foreach (["load-$what.php", 'load-update.php', 'load-update-core.php', "wp_update_$what"] as $hook) {
            remove_action($hook, "wp_update_$what");
        }
    }
    remove_action('wp_version_check', 'wp_version_check');
    remove_action('wp_maybe_auto_update', 'wp_maybe_auto_update');
});
foreach (['core', 'plugins', 'themes'] as $what) {
    add_filter("pre_site_transient_update_$what", fn() => (object) [
        'last_checked' => time(),
        'version_checked' => get_bloginfo('version'),
        'updates' => [],
        'response' => [],
        'translations' => [],
        'no_update' => [],
        'checked' => [],
    ]);
}

add_filter('pre_site_transient_available_translations', fn() => []);

// Half a year after the site was built a log-in would ask whether the administrator's address is still right: it is in what was published.
add_filter('admin_email_check_interval', '__return_zero');

// wordpress.org's news and events cannot be asked for.
add_action('wp_dashboard_setup', fn() => remove_meta_box('dashboard_primary', 'dashboard', 'side'));
remove_action('welcome_panel', 'wp_welcome_panel');

// Whether scripts can be sent packed is found out by the dashboard, which has the answer written down: gateways pack, PHP need not.
add_filter('pre_site_option_can_compress_scripts', fn() => 0);

// The browser's heartbeat is a POST, so a write: as seldom as WordPress lets it be.
add_filter('heartbeat_settings', fn(array $settings) => ['interval' => 120, 'minimalInterval' => 600] + $settings);

// Fingerprints of all theme folders, kept for half an hour and written by views of the dashboard: what they speed up is compiled into the site's image.
add_filter('pre_site_transient_theme_roots', fn() => array_fill_keys(
    array_map('basename', glob(WP_CONTENT_DIR . '/themes/*', GLOB_ONLYDIR)),
    '/themes',
));
