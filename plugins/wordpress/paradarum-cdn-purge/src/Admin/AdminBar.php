<?php

namespace Paradarum\CdnPurge\Admin;

use Paradarum\CdnPurge\Plugin;

defined('ABSPATH') || exit;

/** "Purge this page" and "Purge everything" in the bar above each page. */
final class AdminBar
{
    private Plugin $plugin;

    public function __construct(Plugin $plugin)
    {
        $this->plugin = $plugin;
    }

    public function start(): void
    {
        add_action('admin_bar_menu', [$this, 'add'], 90);
        add_action('admin_post_paradarum_purge', [$this, 'purge']);
    }

    public function add(\WP_Admin_Bar $bar): void
    {
        $post = $this->shownPost();
        $all = current_user_can(Gate::SETTINGS);
        if (!$this->plugin->settings()->isConfigured() || (!$all && $post === 0)) {
            return;
        }
        $bar->add_node(['id' => 'paradarum', 'title' => esc_html__('CDN', 'paradarum-cdn-purge'), 'href' => $all ? SettingsPage::url() : false]);
        if ($post > 0) {
            $title = esc_html__('Purge this page', 'paradarum-cdn-purge');
            $bar->add_node(['parent' => 'paradarum', 'id' => 'paradarum-page', 'title' => $title, 'href' => self::link($post)]);
        }
        if ($all) {
            $title = esc_html__('Purge everything', 'paradarum-cdn-purge');
            $bar->add_node(['parent' => 'paradarum', 'id' => 'paradarum-all', 'title' => $title, 'href' => self::link(0)]);
        }
    }

    /** Purges one item with what belongs to it, or everything; back to where it was asked. */
    public function purge(): void
    {
        $post = absint($_GET['post'] ?? 0);
        Gate::pass("paradarum_purge_$post", $post > 0 ? 'edit_post' : Gate::SETTINGS, $post);
        $routes = $this->plugin->recorder()->asked();
        $found = $post > 0 ? get_post($post) : null;
        if ($found instanceof \WP_Post) {
            $this->plugin->recorder()->takePost($found);
        } elseif ($post === 0) {
            $routes->everything();
        }
        Notices::say(get_current_user_id(), 'purged');
        wp_safe_redirect(wp_get_referer() ?: home_url('/'));
        exit;
    }

    private static function link(int $post): string
    {
        return wp_nonce_url(admin_url("admin-post.php?action=paradarum_purge&post=$post"), "paradarum_purge_$post");
    }

    /** The item that this page shows and that this user may edit; 0: none. */
    private function shownPost(): int
    {
        $id = 0;
        if (!is_admin() && is_singular()) {
            $id = (int) get_queried_object_id();
        } elseif (is_admin() && ($GLOBALS['pagenow'] ?? '') === 'post.php') {
            $id = (int) (get_post()->ID ?? 0);
        }
        return $id > 0 && current_user_can('edit_post', $id) ? $id : 0;
    }
}
