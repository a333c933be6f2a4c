<?php

namespace Paradarum\CdnPurge\Hooks;

use Paradarum\CdnPurge\Recorder;

defined('ABSPATH') || exit;

/** Files of the media library: replaced, cut, their thumbnails made again, deleted. */
final class MediaHooks
{
    private Recorder $recorder;

    public function __construct(Recorder $recorder)
    {
        $this->recorder = $recorder;
    }

    public function start(): void
    {
        add_filter('wp_update_attachment_metadata', [$this, 'beforeMetadata'], 10, 2);
        add_filter('update_attached_file', [$this, 'beforeFile'], 10, 2);
        add_action('attachment_updated', [$this, 'afterUpdate'], 10, 3);
        add_action('delete_attachment', [$this, 'beforeDelete']);
    }

    /**
     * @param array<string, mixed> $new
     * @return array<string, mixed> As it came.
     */
    public function beforeMetadata($new, int $id)
    {
        $this->takeFiles($id, wp_get_attachment_metadata($id, true));
        $this->takeFiles($id, $new);
        return $new;
    }

    /** @return string As it came. */
    public function beforeFile($file, int $id)
    {
        $this->takeFiles($id, wp_get_attachment_metadata($id, true));
        return $file;
    }

    public function afterUpdate(int $id, \WP_Post $after, \WP_Post $before): void
    {
        $this->takeFiles($id, wp_get_attachment_metadata($id, true));
        $this->recorder->awaitPost($id);
        foreach ([(int) $after->post_parent, (int) $before->post_parent] as $parent) {
            if ($parent > 0) {
                $this->recorder->awaitPost($parent);
            }
        }
    }

    public function beforeDelete(int $id): void
    {
        $this->takeFiles($id, wp_get_attachment_metadata($id, true));
        $post = get_post($id);
        if ($post instanceof \WP_Post) {
            $this->recorder->takePost($post);
            if ($post->post_parent > 0) {
                $this->recorder->awaitPost((int) $post->post_parent);
            }
        }
    }

    /** @param array<string, mixed>|false $metadata */
    private function takeFiles(int $id, $metadata): void
    {
        $url = wp_get_attachment_url($id);
        if (!is_string($url)) {
            return;
        }
        $routes = $this->recorder->routes()->subject("post:$id")->exact('item', $url);
        $folder = dirname($url) . '/';
        $sizes = is_array($metadata) ? array_column((array) ($metadata['sizes'] ?? []), 'file') : [];
        foreach ($sizes as $file) {
            $routes->exact('item', $folder . $file);
        }
        if (is_array($metadata) && !empty($metadata['original_image'])) {
            $routes->exact('item', $folder . $metadata['original_image']);
        }
    }
}
