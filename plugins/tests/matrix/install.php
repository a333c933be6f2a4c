<?php

// Inside Playground: the same settings as install.php of the tests' own site, and the plugin turned on.
require '/wordpress/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/plugin.php';
update_option('permalink_structure', '/%postname%/');
update_option('posts_per_page', 5);
update_option('comment_moderation', 0);
update_option('comment_previously_approved', 0);
update_option('sidebars_widgets', ['wp_inactive_widgets' => [], 'sidebar-1' => [], 'array_version' => 3]);
wp_update_user(['ID' => 1, 'user_nicename' => 'admin']);
$failed = activate_plugin('paradarum-cdn-purge/paradarum-cdn-purge.php');
echo is_wp_error($failed) ? $failed->get_error_message() : 'active', "\n";
