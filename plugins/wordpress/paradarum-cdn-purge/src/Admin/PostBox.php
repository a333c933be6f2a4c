<?php

namespace Paradarum\CdnPurge\Admin;

use Paradarum\CdnPurge\Plugin;
use Paradarum\CdnPurge\Words;

defined('ABSPATH') || exit;

/** A line at each item: when it was purged last, and how far that has come. */
final class PostBox
{
    private Plugin $plugin;

    public function __construct(Plugin $plugin)
    {
        $this->plugin = $plugin;
    }

    public function start(): void
    {
        add_action('add_meta_boxes', [$this, 'add'], 10, 2);
        add_action('wp_ajax_paradarum_receipt', [$this, 'receipt']);
    }

    /** @param mixed $post Other plugins show boxes on pages that are no posts. */
    public function add(string $type, $post = null): void
    {
        if ($post instanceof \WP_Post && is_post_type_viewable($type) && $this->plugin->settings()->isConfigured()) {
            add_meta_box('paradarum-cdn', 'Paradarum CDN', [$this, 'show'], $type, 'side', 'low');
        }
    }

    public function show(\WP_Post $post): void
    {
        $row = $this->plugin->queue()->latestOf("post:{$post->ID}");
        if ($row === null) {
            echo '<p>' . esc_html__('Not purged yet.', 'paradarum-cdn-purge') . '</p>';
            return;
        }
        $when = Words::ofTime((int) ($row['done_at'] ?: $row['made_at']));
        /* translators: 1: state, such as "Accepted", 2: a time, such as "5 minutes ago" */
        echo '<p>' . esc_html(sprintf(__('Last purge: %1$s, %2$s.', 'paradarum-cdn-purge'), Words::ofState($row), $when)) . '</p>';
        // Only a server that gives receipts can be asked for one; the browser asks, so that this page waits for nobody.
        if ($row['receipt'] !== '') {
            printf(
                '<p id="paradarum-receipt" data-purge="%d" data-post="%d" data-nonce="%s"></p>',
                (int) $row['id'],
                (int) $post->ID,
                esc_attr(wp_create_nonce('paradarum_receipt'))
            );
        }
    }

    public function receipt(): void
    {
        $post = absint($_POST['post'] ?? 0);
        Gate::pass('paradarum_receipt', 'edit_post', max(1, $post));
        $row = $this->plugin->queue()->find(absint($_POST['purge'] ?? 0));
        $endpoint = $this->plugin->endpoint();
        $receipt = $row === null || $endpoint === null ? null : $endpoint->receipt($row['receipt']);
        wp_send_json(['words' => Words::ofReceipt($receipt)]);
    }
}
