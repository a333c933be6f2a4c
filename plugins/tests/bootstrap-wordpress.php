<?php

// A real WordPress, as eng/wordpress runs it; each test's changes are rolled back.
$site = getenv('PARADARUM_TEST_SITE');
if (!$site) {
    fwrite(STDERR, "Run these by eng/test-plugins: they need a WordPress.\n");
    exit(2);
}
$_SERVER['HTTP_HOST'] = substr(getenv('PARADARUM_TEST_URL'), 7);
$_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1';
$_SERVER['REQUEST_URI'] = '/';
$_SERVER['REQUEST_METHOD'] = 'GET';
define('WP_ADMIN', true);
$root = getenv('PARADARUM_TEST_ABSPATH') ?: $site . '/www';
require $root . '/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/admin.php';
require_once __DIR__ . '/shared/ScriptedApi.php';
require_once __DIR__ . '/wordpress/SiteTestCase.php';
