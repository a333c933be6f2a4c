<?php

namespace Paradarum\CdnPurge\Hooks;

use Paradarum\CdnPurge\Recorder;
use Paradarum\CdnPurge\Routing\Site;

defined('ABSPATH') || exit;

/** Comments that visitors see, and those that they no longer see. One that waits for approval changes nothing. */
final class CommentHooks
{
    private Recorder $recorder;

    public function __construct(Recorder $recorder)
    {
        $this->recorder = $recorder;
    }

    public function start(): void
    {
        add_action('comment_post', [$this, 'afterPost'], 10, 2);
        add_action('transition_comment_status', [$this, 'afterTransition'], 10, 3);
        add_action('edit_comment', [$this, 'afterEdit']);
        add_action('delete_comment', [$this, 'beforeDelete'], 10, 2);
    }

    /** @param int|string $approved 1, 0 or spam. */
    public function afterPost(int $id, $approved): void
    {
        if ((string) $approved === '1') {
            $this->take(get_comment($id));
        }
    }

    public function afterTransition(string $new, string $old, \WP_Comment $comment): void
    {
        if ($new === 'approved' || $old === 'approved') {
            $this->take($comment);
        }
    }

    public function afterEdit(int $id): void
    {
        $comment = get_comment($id);
        if ($comment instanceof \WP_Comment && $comment->comment_approved === '1') {
            $this->take($comment);
        }
    }

    /** @param int|string $id WordPress gives it as text. */
    public function beforeDelete($id, ?\WP_Comment $comment = null): void
    {
        if ($comment !== null && $comment->comment_approved === '1') {
            $this->take($comment);
        }
    }

    private function take(?\WP_Comment $comment): void
    {
        $post = $comment === null ? null : get_post((int) $comment->comment_post_ID);
        if (!$post instanceof \WP_Post) {
            return;
        }
        $this->recorder->commented($post);
        $this->recorder->routes()->exact('rest', rest_url("wp/v2/comments/{$comment->comment_ID}"));
        Site::collection($this->recorder->routes(), rest_url('wp/v2/comments'));
    }
}
