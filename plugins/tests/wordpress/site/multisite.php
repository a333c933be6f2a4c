<?php

// Makes a network of the site under test, and sees that each of its sites has settings, key and queue of its own:
// multisite.php install, then multisite.php check. After the unit tests, since there is no way back.

use Paradarum\CdnPurge\Plugin;
use Paradarum\CdnPurge\Settings;

$site = getenv('PARADARUM_TEST_SITE');
$host = substr(getenv('PARADARUM_TEST_URL'), 7);
$_SERVER['HTTP_HOST'] = $host;
$_SERVER['REQUEST_URI'] = '/';
define('WP_ADMIN', true);
require "$site/www/wp-load.php";
require_once ABSPATH . 'wp-admin/includes/admin.php';
require_once ABSPATH . 'wp-admin/includes/upgrade.php';

if ($argv[1] === 'install') {
    foreach ($wpdb->tables('ms_global') as $table => $name) {
        $wpdb->$table = $name;
    }
    install_network();
    if (populate_network(1, $host, 'admin@example.org', 'Network', '/', false) !== true) {
        exit(1);
    }
    $settings = ['MULTISITE' => true, 'SUBDOMAIN_INSTALL' => false, 'DOMAIN_CURRENT_SITE' => $host, 'PATH_CURRENT_SITE' => '/', 'SITE_ID_CURRENT_SITE' => 1, 'BLOG_ID_CURRENT_SITE' => 1];
    $lines = '';
    foreach ($settings as $name => $value) {
        $lines .= "define('$name', " . var_export($value, true) . ");\n";
    }
    $config = preg_replace("/define\\('WP_(HOME|SITEURL)'.*\n/", '', file_get_contents("$site/www/wp-config.php"));
    file_put_contents("$site/www/wp-config.php", str_replace('$table_prefix', $lines . '$table_prefix', $config));
    exit(0);
}

$failed = false;
$expect = static function (string $what, $expected, $actual) use (&$failed): void {
    if ($expected !== $actual) {
        $failed = true;
        echo "$what: ", json_encode($actual), ' instead of ', json_encode($expected), "\n";
    }
};
wp_set_current_user(1);
$second = wp_insert_site(['domain' => $host, 'path' => '/second/', 'network_id' => 1, 'user_id' => 1, 'title' => 'Second']);
activate_plugin('paradarum-cdn-purge/paradarum-cdn-purge.php', '', true);
$calls = [];
add_filter('pre_http_request', static function ($nothing, array $arguments, string $url) use (&$calls): array {
    $calls[$url] = [$arguments['headers']['X-API-Key'], array_column(json_decode($arguments['body'], true)['items'], 'value')];
    return ['response' => ['code' => 200, 'message' => ''], 'headers' => [], 'cookies' => [], 'body' => '{"message":"Accepted.","data":{}}'];
}, 10, 3);
$settings = ['base' => 'https://cdn.test', 'auto' => '1', 'strategy' => 'hybrid', 'threshold' => '30', 'kinds' => Settings::KINDS];
$keys = [1 => 'pdm_' . str_repeat('a', 28), $second => 'pdm_' . str_repeat('b', 28)];
foreach ($keys as $id => $key) {
    switch_to_blog($id);
    $expect("saving $id", [], (new Settings())->save(['property' => (string) $id, 'key' => $key] + $settings));
    restore_current_blog();
}
Plugin::instance()->recorder()->flush();
$calls = [];

// One request that changes both sites: each change goes to the property of its site.
wp_insert_post(['post_title' => 'One', 'post_status' => 'publish']);
switch_to_blog($second);
wp_insert_post(['post_title' => 'Two', 'post_status' => 'publish']);
restore_current_blog();
Plugin::instance()->recorder()->flush();
$expect('the calls', ['https://cdn.test/api/property/1/purge/batch', "https://cdn.test/api/property/$second/purge/batch"], array_keys($calls));
$expect('the keys', array_values($keys), array_column($calls, 0));
foreach (array_column($calls, 1) as $n => $paths) {
    $named = implode(' ', $paths);
    $expect("the post of site $n", true, strpos($named, ['/one/', '/two/'][$n]) !== false && strpos($named, ['/two/', '/one/'][$n]) === false);
    $expect("paths of site $n", $n === 1, $paths === preg_grep('~^/second/~', $paths));
}
$tables = static fn(): array => $wpdb->get_col("SHOW TABLES LIKE '%paradarum%'");
$expect('tables', 2, count($tables()));
define('WP_UNINSTALL_PLUGIN', 'paradarum-cdn-purge/paradarum-cdn-purge.php');
require dirname(PARADARUM_CDN_FILE) . '/uninstall.php';
$expect('tables after uninstalling', [], $tables());
foreach (['wp_options', "wp_{$second}_options"] as $table) {
    $expect("options in $table", [], $wpdb->get_col("SELECT option_name FROM $table WHERE option_name LIKE '%paradarum%'"));
}
exit($failed ? 1 : 0);
