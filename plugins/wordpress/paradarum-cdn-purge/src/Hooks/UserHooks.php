<?php

namespace Paradarum\CdnPurge\Hooks;

use Paradarum\CdnPurge\Recorder;
use Paradarum\CdnPurge\Routing\Site;

defined('ABSPATH') || exit;

/** Authors: their names stand in their posts, their addresses in links. */
final class UserHooks
{
    private const SHOWN = ['display_name', 'user_nicename', 'user_url', 'user_email'];

    private Recorder $recorder;

    public function __construct(Recorder $recorder)
    {
        $this->recorder = $recorder;
    }

    public function start(): void
    {
        add_action('profile_update', [$this, 'afterUpdate'], 10, 2);
        add_action('delete_user', [$this, 'beforeDelete']);
        add_action('remove_user_from_blog', [$this, 'beforeDelete']);
    }

    public function afterUpdate(int $id, \WP_User $old): void
    {
        $new = get_userdata($id);
        foreach (self::SHOWN as $field) {
            if ($new && $new->$field !== $old->$field) {
                $this->recorder->routes()->listing('author', get_author_posts_url($id, (string) $old->user_nicename));
                $this->take($id);
                return;
            }
        }
    }

    /** Their posts go with them, or to somebody else. */
    public function beforeDelete(int $id): void
    {
        $this->take($id);
    }

    private function take(int $id): void
    {
        $most = $this->recorder->threshold();
        $posts = get_posts(['author' => $id, 'post_type' => 'any', 'post_status' => 'publish', 'numberposts' => $most + 1]);
        if ($posts) {
            Site::sitemap($this->recorder->routes(), 'users', '');
        }
        if (count($posts) > $most) {
            $this->recorder->routes()->everything();
            return;
        }
        foreach ($posts as $post) {
            $this->recorder->takePost($post);
            $this->recorder->awaitPost($post->ID);
        }
    }
}
