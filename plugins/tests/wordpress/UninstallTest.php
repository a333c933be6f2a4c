<?php

require_once __DIR__ . '/SiteTestCase.php';

/** Runs last: a table that is dropped can't be rolled back. */
final class UninstallTest extends SiteTestCase
{
    public function testUninstallingLeavesNothing(): void
    {
        global $wpdb;
        $this->answer = new WP_Error('http', 'Connection refused');
        $this->post();
        $this->sent();
        define('WP_UNINSTALL_PLUGIN', 'paradarum-cdn-purge/paradarum-cdn-purge.php');
        require dirname(PARADARUM_CDN_FILE) . '/uninstall.php';
        wp_cache_flush();
        self::assertSame([], $wpdb->get_col("SELECT option_name FROM {$wpdb->options} WHERE option_name LIKE '%paradarum%'"));
        self::assertSame([], $wpdb->get_col("SHOW TABLES LIKE '%paradarum%'"));
        self::assertStringNotContainsString('paradarum_cdn', $wpdb->get_var("SELECT option_value FROM {$wpdb->options} WHERE option_name = 'cron'"));
    }
}
