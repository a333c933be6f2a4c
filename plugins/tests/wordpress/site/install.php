<?php

// Installs WordPress into an empty database and turns the plugin on: install.php DIR

$dir = $argv[1];
mysqli_report(MYSQLI_REPORT_OFF);
for ($tries = 0; ($db = @mysqli_connect('localhost', 'root', '', '', 0, "$dir/db.sock")) === false; $tries++) {
    if ($tries > 1200) {
        fwrite(STDERR, "The database did not start.\n");
        exit(1);
    }
    usleep(50000);
}
mysqli_query($db, 'CREATE DATABASE wordpress CHARACTER SET utf8mb4');

define('WP_INSTALLING', true);
$_SERVER['HTTP_HOST'] = 'localhost';
$_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1';
require "$dir/www/wp-load.php";
require_once ABSPATH . 'wp-admin/includes/upgrade.php';
require_once ABSPATH . 'wp-admin/includes/plugin.php';
// Nobody gets mail from here.
function wp_new_blog_notification()
{
}
wp_install('Site under test', 'admin', 'admin@example.org', true, '', 'password');
update_option('blog_public', 1);
update_option('permalink_structure', '/%postname%/');
update_option('default_comment_status', 'open');
update_option('comment_moderation', 0);
update_option('comment_previously_approved', 0);
update_option('posts_per_page', 5);
update_option('posts_per_rss', 5);
// No list of latest posts or comments in every page: what is shown where is the test's to decide.
update_option('sidebars_widgets', ['wp_inactive_widgets' => [], 'sidebar-1' => [], 'array_version' => 3]);
switch_theme('twentytwentyone');
// Else the first request would sort the widgets of two themes.
delete_option('theme_switched');
$failed = activate_plugin('paradarum-cdn-purge/paradarum-cdn-purge.php');
if (is_wp_error($failed)) {
    fwrite(STDERR, $failed->get_error_message() . "\n");
    exit(1);
}
flush_rewrite_rules();
