<?php

namespace Paradarum\CdnPurge\Hooks;

use Paradarum\CdnPurge\Recorder;
use Paradarum\CdnPurge\Routing\PostRoutes;

defined('ABSPATH') || exit;

/** Posts, pages and other items: written, published (also by the clock), changed, trashed, deleted. */
final class PostHooks
{
    /** Items that no visitor asks for and that stand in every page. */
    private const EVERYWHERE = ['wp_template', 'wp_template_part', 'wp_global_styles', 'wp_navigation', 'wp_block', 'nav_menu_item', 'custom_css'];

    /** Meta data that changes how an item looks and is often saved without it. */
    private const SHOWN_META = ['_thumbnail_id', '_wp_page_template'];

    private Recorder $recorder;

    public function __construct(Recorder $recorder)
    {
        $this->recorder = $recorder;
    }

    public function start(): void
    {
        add_action('pre_post_update', [$this, 'beforeUpdate'], 10, 2);
        add_action('transition_post_status', [$this, 'afterTransition'], 10, 3);
        add_action('before_delete_post', [$this, 'beforeDelete']);
        foreach (['added_post_meta', 'updated_post_meta', 'deleted_post_meta'] as $hook) {
            add_action($hook, [$this, 'afterMeta'], 10, 3);
        }
    }

    /** Old address, terms, author and date: afterwards nobody knows them any more. */
    public function beforeUpdate(int $id, array $new = []): void
    {
        $post = get_post($id);
        if (!PostRoutes::isVisible($post)) {
            return;
        }
        $post = self::beforeTrash($post);
        $this->recorder->takePost($post);
        $moved = ($new['post_name'] ?? $post->post_name) !== $post->post_name
            || (int) ($new['post_parent'] ?? $post->post_parent) !== (int) $post->post_parent;
        if ($moved && is_post_type_hierarchical($post->post_type)) {
            // What lies below it moves with it.
            $this->recorder->routes()->listing('item', (string) get_permalink($post));
        }
    }

    public function afterTransition(string $new, string $old, \WP_Post $post): void
    {
        $wasOrIs = in_array('publish', [$new, $old], true) || ($new === 'inherit' && $post->post_type === 'attachment');
        if (!$wasOrIs || wp_is_post_revision($post)) {
            return;
        }
        if (in_array($post->post_type, self::EVERYWHERE, true)) {
            $this->recorder->routes()->everything();
            return;
        }
        // New terms and meta data come after this.
        $this->recorder->awaitPost($post->ID);
    }

    public function beforeDelete(int $id): void
    {
        $post = get_post($id);
        if (PostRoutes::isVisible($post)) {
            $this->recorder->takePost($post);
        }
    }

    /** WordPress renames what it trashes before it says so; visitors know the old name. */
    private static function beforeTrash(\WP_Post $post): \WP_Post
    {
        $name = (string) get_post_meta($post->ID, '_wp_desired_post_slug', true);
        if ($name === '' || substr($post->post_name, -9) !== '__trashed') {
            return $post;
        }
        $known = clone $post;
        $known->post_name = $name;
        return $known;
    }

    /** @param int|int[] $metaIds */
    public function afterMeta($metaIds, int $id, string $key): void
    {
        if (in_array($key, self::SHOWN_META, true)) {
            $this->recorder->awaitPost($id);
        }
    }
}
