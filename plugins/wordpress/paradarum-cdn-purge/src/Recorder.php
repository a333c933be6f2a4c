<?php

namespace Paradarum\CdnPurge;

use Paradarum\CdnPurge\Routing\PostRoutes;
use Paradarum\CdnPurge\Routing\TermRoutes;
use Paradarum\Purge\Batch;
use Paradarum\Purge\Routes;

defined('ABSPATH') || exit;

/**
 * Remembers what one request changes, and makes one batch of it when the request ends. Old addresses are taken at once,
 * while the site still knows them; new ones at the end, when terms and meta data are settled too.
 */
final class Recorder
{
    private Plugin $plugin;
    private Dispatcher $dispatcher;

    /** @var array<int, Routes> By site. */
    private array $routes = [];

    /** @var array<int, array<int, bool>> By site: posts to look at again at the end; false: only their comments changed. */
    private array $posts = [];

    /** @var array<int, array<int, string>> By site: terms to look at again at the end, with their taxonomy. */
    private array $terms = [];

    /** @var array<int, bool> By site: whether an administrator asked for this purge. */
    private array $asked = [];

    public function __construct(Plugin $plugin, Dispatcher $dispatcher)
    {
        $this->plugin = $plugin;
        $this->dispatcher = $dispatcher;
    }

    public function start(): void
    {
        // Last of all: whoever saves something at the end of the request is seen as well.
        add_action('shutdown', [$this, 'flush'], PHP_INT_MAX);
    }

    /** What is collected for the current site so far. */
    public function routes(): Routes
    {
        return $this->routes[get_current_blog_id()] ??= $this->newRoutes();
    }

    public function newRoutes(): Routes
    {
        return new Routes($this->plugin->settings()->kinds());
    }

    public function threshold(): int
    {
        return $this->plugin->settings()->threshold();
    }

    /** Takes the routes of a post as they are now. */
    public function takePost(\WP_Post $post): void
    {
        (new PostRoutes($this->routes()))->collect($post);
    }

    /** Looks at a post when the request ends. */
    public function awaitPost(int $id): void
    {
        $this->posts[get_current_blog_id()][$id] = true;
    }

    /** A post of which only the comments changed: now, and when the request ends, since their pages may be fewer then. */
    public function commented(\WP_Post $post): void
    {
        (new PostRoutes($this->routes()))->collect($post, true);
        $this->posts[get_current_blog_id()] = ($this->posts[get_current_blog_id()] ?? []) + [$post->ID => false];
    }

    public function takeTerm(\WP_Term $term): void
    {
        (new TermRoutes($this->routes()))->collect($term);
    }

    public function awaitTerm(int $id, string $taxonomy): void
    {
        $this->terms[get_current_blog_id()][$id] = $taxonomy;
    }

    /** For a purge that somebody asked for: it goes out although automatic purging is off. */
    public function asked(): Routes
    {
        $this->asked[get_current_blog_id()] = true;
        return $this->routes();
    }

    public function flush(): void
    {
        $sites = array_keys($this->routes + $this->posts + $this->terms);
        foreach ($sites as $site) {
            $elsewhere = is_multisite() && $site !== get_current_blog_id();
            if ($elsewhere) {
                switch_to_blog($site);
            }
            $this->flushSite($site);
            if ($elsewhere) {
                restore_current_blog();
            }
        }
    }

    private function flushSite(int $site): void
    {
        $settings = $this->plugin->settings();
        $wanted = $settings->isConfigured() && ($settings->isAutomatic() || isset($this->asked[$site]));
        $posts = $this->posts[$site] ?? [];
        $terms = $this->terms[$site] ?? [];
        unset($this->posts[$site], $this->terms[$site]);
        if ($wanted) {
            $this->settle($posts, $terms);
            /** The routes of a whole request; add to them with exact(), listing() and everything(). */
            do_action('paradarum_cdn_routes', $this->routes());
            /** The purge items, as the API takes them, before they are written down. */
            $items = (array) apply_filters('paradarum_cdn_items', $settings->plan()->items($this->routes()), $this->routes());
            if ($items) {
                $this->dispatcher->take(Batch::of($items, $this->routes()->subjects()));
            }
        }
        unset($this->routes[$site], $this->asked[$site]);
    }

    /**
     * @param array<int, bool> $posts
     * @param array<int, string> $terms
     */
    private function settle(array $posts, array $terms): void
    {
        foreach ($posts as $id => $whole) {
            // This many routes end as an All: looking up more would only cost the editor time.
            if ($this->routes()->count() > 2 * $this->threshold() + 20) {
                $this->routes()->everything();
                break;
            }
            $post = get_post($id);
            if ($post instanceof \WP_Post) {
                (new PostRoutes($this->routes()))->collect($post, !$whole);
            }
        }
        foreach ($terms as $id => $taxonomy) {
            $term = get_term($id, $taxonomy);
            if ($term instanceof \WP_Term) {
                $this->takeTerm($term);
            }
        }
    }
}
