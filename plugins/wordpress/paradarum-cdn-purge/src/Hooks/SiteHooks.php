<?php

namespace Paradarum\CdnPurge\Hooks;

use Paradarum\CdnPurge\Recorder;

defined('ABSPATH') || exit;

/** What stands in every page: theme, menus, widgets, names, addresses. */
final class SiteHooks
{
    private const OPTIONS = [
        'home', 'siteurl', 'blogname', 'blogdescription', 'site_icon', 'site_logo', 'blog_public', 'blog_charset',
        'permalink_structure', 'category_base', 'tag_base', 'show_on_front', 'page_on_front', 'page_for_posts',
        'posts_per_page', 'posts_per_rss', 'rss_use_excerpt', 'date_format', 'time_format', 'gmt_offset', 'timezone_string',
        'WPLANG', 'sidebars_widgets', 'stylesheet', 'template', 'active_plugins', 'show_avatars', 'avatar_default',
        'default_comment_status', 'comment_order', 'comments_per_page', 'page_comments', 'thread_comments', 'uploads_use_yearmonth_folders',
    ];
    private const OPTION_BEGINNINGS = ['widget_', 'theme_mods_'];

    private Recorder $recorder;

    public function __construct(Recorder $recorder)
    {
        $this->recorder = $recorder;
    }

    public function start(): void
    {
        add_action('updated_option', [$this, 'afterOption']);
        add_action('added_option', [$this, 'afterOption']);
        foreach (['switch_theme', 'customize_save_after', 'wp_update_nav_menu', 'wp_delete_nav_menu', 'upgrader_process_complete'] as $hook) {
            add_action($hook, [$this, 'everything']);
        }
    }

    public function afterOption(string $name): void
    {
        if ($name === 'sticky_posts') {
            $this->recorder->routes()->exact('home', home_url('/'));
            $blog = (int) get_option('page_for_posts');
            if ($blog > 0) {
                $this->recorder->routes()->listing('home', (string) get_permalink($blog));
            }
            return;
        }
        if ($this->isShown($name)) {
            $this->everything();
        }
    }

    public function everything(): void
    {
        $this->recorder->routes()->everything();
    }

    private function isShown(string $name): bool
    {
        foreach (self::OPTION_BEGINNINGS as $beginning) {
            if (strpos($name, $beginning) === 0) {
                return true;
            }
        }
        /** Options after whose change the whole site is purged. */
        return in_array($name, (array) apply_filters('paradarum_cdn_site_options', self::OPTIONS), true);
    }
}
