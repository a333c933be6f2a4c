<?php

namespace Paradarum\CdnPurge;

defined('ABSPATH') || exit;

/** Purges the CDN, tells what waits, tests the connection. */
final class Cli
{
    private Plugin $plugin;

    public function __construct(Plugin $plugin)
    {
        $this->plugin = $plugin;
    }

    /**
     * Purges posts with what belongs to them, addresses, or everything.
     *
     * ## OPTIONS
     *
     * [<what>...]
     * : Ids of posts, or paths such as /about/.
     *
     * [--all]
     * : Everything of this site.
     *
     * @param string[] $what
     * @param array<string, mixed> $flags
     */
    public function purge(array $what, array $flags): void
    {
        if (!$this->plugin->settings()->isConfigured()) {
            \WP_CLI::error('Enter API key and property id in Settings -> Paradarum CDN first.');
        }
        if (empty($flags['all']) && !$what) {
            \WP_CLI::error('Name posts or paths, or give --all.');
        }
        $routes = $this->plugin->recorder()->asked();
        if (!empty($flags['all'])) {
            $routes->everything();
        }
        foreach ($what as $each) {
            $post = ctype_digit($each) ? get_post((int) $each) : null;
            if ($post instanceof \WP_Post) {
                $this->plugin->recorder()->takePost($post);
            } elseif ($each[0] === '/') {
                $routes->exact('item', $each);
            } else {
                \WP_CLI::error("'$each' is neither the id of a post nor a path that begins with /.");
            }
        }
        $this->plugin->recorder()->flush();
        $this->status();
    }

    /** Tells the last purge, and what waits. */
    public function status(): void
    {
        $last = $this->plugin->queue()->latest(1);
        if ($last) {
            \WP_CLI::log(sprintf('Last purge: %s, %s, %s. %s', Words::ofContent($last[0]), Words::ofTime((int) $last[0]['made_at']), Words::ofState($last[0]), $last[0]['reason']));
        }
        $trouble = $this->plugin->queue()->trouble();
        \WP_CLI::log(sprintf('Waiting: %d, of them tried before: %d. %s', $trouble['waiting'], $trouble['failing'], $trouble['reason']));
    }

    /** Tests address, key and property without purging. */
    public function test(): void
    {
        [$ok, $words] = Words::ofTest($this->plugin->endpoint(), $this->plugin->settings());
        $ok ? \WP_CLI::success($words) : \WP_CLI::error($words);
    }
}
