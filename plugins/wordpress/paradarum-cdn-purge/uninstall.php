<?php

// Removes everything that the plugin stored, on each site of a network.

defined('WP_UNINSTALL_PLUGIN') || exit;

require_once __DIR__ . '/purge/autoload.php';
require_once __DIR__ . '/src/autoload.php';

(static function (): void {
    $forget = static function (): void {
        global $wpdb;
        Paradarum\CdnPurge\SiteDatabase::drop();
        wp_clear_scheduled_hook(Paradarum\CdnPurge\Dispatcher::EVENT);
        // Settings, the sealed key, what was seen, and transients: all of them begin alike.
        $names = $wpdb->get_col(
            "SELECT option_name FROM {$wpdb->options} WHERE option_name LIKE 'paradarum\\_cdn\\_%' OR option_name LIKE '\\_transient%\\_paradarum\\_cdn\\_%'"
        );
        array_map('delete_option', $names);
    };
    if (!is_multisite()) {
        $forget();
        return;
    }
    foreach (get_sites(['fields' => 'ids', 'number' => 0]) as $site) {
        switch_to_blog((int) $site);
        $forget();
        restore_current_blog();
    }
})();
