<?php

namespace Paradarum\CdnPurge\Routing;

use Paradarum\Purge\Routes;

defined('ABSPATH') || exit;

/** Where a post, page or other item is to be seen. Collects nothing for what visitors can't see. */
final class PostRoutes
{
    private Routes $routes;

    public function __construct(Routes $routes)
    {
        $this->routes = $routes;
    }

    public static function isVisible(?\WP_Post $post): bool
    {
        return $post !== null
            && in_array($post->post_status, ['publish', 'inherit'], true)
            && !wp_is_post_revision($post)
            && is_post_type_viewable($post->post_type);
    }

    /** @param bool $onlyComments Whether nothing but its comments and their number changed. */
    public function collect(\WP_Post $post, bool $onlyComments = false): void
    {
        if (!self::isVisible($post)) {
            return;
        }
        $this->routes->subject("post:{$post->ID}");
        $this->item($post);
        $this->home($post);
        $this->archives($post);
        $this->dates($post);
        $this->machines($post);
        if ($onlyComments) {
            $this->routes->listing('feeds', (string) get_feed_link('comments_rss2'));
        } else {
            $this->neighbours($post);
            Site::sitemap($this->routes, 'posts', $post->post_type);
        }
        /** Routes of a post that only another plugin knows: add them with exact() and listing(). */
        do_action('paradarum_cdn_post_routes', $this->routes, $post);
    }

    /** Its address under the permalink it has now, with its pages, its comments' pages and feed. */
    public function item(\WP_Post $post): void
    {
        $url = (string) get_permalink($post);
        $this->routes->exact('item', $url)->exact('item', (string) get_post_embed_url($post));
        for ($page = 2; $page <= 1 + substr_count($post->post_content, '<!--nextpage-->'); $page++) {
            $this->routes->exact('item', self::below($url, (string) $page, 'page', (string) $page));
        }
        $perPage = (int) get_option('comments_per_page');
        if (get_option('page_comments') && $perPage > 0) {
            for ($page = 1; $page <= ceil((int) $post->comment_count / $perPage); $page++) {
                $this->routes->exact('item', self::below($url, "comment-page-$page", 'cpage', (string) $page));
            }
        }
        $this->routes->exact('feeds', self::below($url, 'feed', 'feed', get_default_feed()));
        if (function_exists('amp_get_permalink')) {
            $this->routes->exact('amp', (string) amp_get_permalink($post->ID));
        } elseif (defined('AMPFORWP_VERSION')) {
            $this->routes->exact('amp', self::below($url, 'amp', 'amp', '1'));
        }
    }

    private function home(\WP_Post $post): void
    {
        $this->routes->exact('home', home_url('/'));
        if ($post->post_type !== 'post') {
            return;
        }
        $blog = get_option('show_on_front') === 'page' ? (int) get_option('page_for_posts') : 0;
        $url = $blog > 0 ? (string) get_permalink($blog) : home_url('/');
        $posts = (int) (wp_count_posts('post')->publish ?? 0);
        $this->routes->listing('home', $url, Site::pages($posts), $blog === 0);
    }

    private function archives(\WP_Post $post): void
    {
        $type = (string) get_post_type_archive_link($post->post_type);
        if ($type !== '' && $post->post_type !== 'post') {
            $this->routes->listing('archives', $type, Site::pages((int) (wp_count_posts($post->post_type)->publish ?? 0)));
            $this->routes->exact('feeds', (string) get_post_type_archive_feed_link($post->post_type));
        }
        foreach (get_object_taxonomies($post->post_type, 'objects') as $taxonomy) {
            $terms = is_taxonomy_viewable($taxonomy) ? get_the_terms($post, $taxonomy->name) : false;
            foreach (is_array($terms) ? $terms : [] as $term) {
                (new TermRoutes($this->routes))->archive($term);
            }
        }
        // Of other types WordPress lists none under their author.
        if ($post->post_type === 'post' && (int) $post->post_author > 0) {
            $author = get_author_posts_url((int) $post->post_author);
            $this->routes->listing('author', $author, Site::pages((int) count_user_posts((int) $post->post_author, 'post', true)));
            $this->routes->exact('feeds', (string) get_author_feed_link((int) $post->post_author));
        }
    }

    private function dates(\WP_Post $post): void
    {
        if ($post->post_type !== 'post' || !$this->routes->wants('dates')) {
            return;
        }
        [$year, $month, $day] = array_map('intval', explode('-', substr($post->post_date, 0, 10)));
        // Other months, other days and often posts begin like these: only the archives themselves and their pages.
        foreach ([get_year_link($year), get_month_link($year, $month), get_day_link($year, $month, $day)] as $url) {
            $this->routes->listing('dates', (string) $url, 1, true);
        }
    }

    /** The posts before and after it link to it by its title. */
    private function neighbours(\WP_Post $post): void
    {
        if (is_post_type_hierarchical($post->post_type) || $post->post_type === 'attachment' || !$this->routes->wants('neighbours')) {
            return;
        }
        foreach (['before' => 'DESC', 'after' => 'ASC'] as $side => $order) {
            $found = get_posts([
                'post_type' => $post->post_type,
                'post_status' => 'publish',
                'numberposts' => 1,
                'orderby' => 'date',
                'order' => $order,
                'exclude' => [$post->ID],
                'date_query' => [[$side => $post->post_date, 'inclusive' => false]],
                'suppress_filters' => false,
                'update_post_meta_cache' => false,
            ]);
            if ($found) {
                $this->routes->exact('neighbours', (string) get_permalink($found[0]));
            }
        }
    }

    private function machines(\WP_Post $post): void
    {
        if ($post->post_type === 'post') {
            $this->routes->listing('feeds', (string) get_feed_link());
        }
        $item = function_exists('rest_get_route_for_post') ? rest_get_route_for_post($post) : '';
        if ($item !== '') {
            $this->routes->exact('rest', rest_url($item));
            Site::collection($this->routes, rest_url(dirname($item)));
        }
    }

    /** A page of an item: a folder below it, or a parameter. */
    private static function below(string $url, string $folder, string $parameter, string $value): string
    {
        return strpos($url, '?') !== false
            ? add_query_arg($parameter, $value, $url)
            : user_trailingslashit(trailingslashit($url) . $folder);
    }
}
