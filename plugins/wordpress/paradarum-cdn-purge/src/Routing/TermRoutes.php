<?php

namespace Paradarum\CdnPurge\Routing;

use Paradarum\Purge\Routes;

defined('ABSPATH') || exit;

/** Where a category, tag or other term is to be seen. */
final class TermRoutes
{
    private Routes $routes;

    public function __construct(Routes $routes)
    {
        $this->routes = $routes;
    }

    public function collect(\WP_Term $term): void
    {
        $taxonomy = get_taxonomy($term->taxonomy);
        if (!$taxonomy || !is_taxonomy_viewable($taxonomy)) {
            return;
        }
        $this->routes->subject("term:{$term->term_id}");
        $this->archive($term);
        $this->routes->exact('home', home_url('/'));
        Site::sitemap($this->routes, 'taxonomies', $term->taxonomy);
        $item = function_exists('rest_get_route_for_term') ? rest_get_route_for_term($term) : '';
        if ($item !== '') {
            $this->routes->exact('rest', rest_url($item));
            Site::collection($this->routes, rest_url(dirname($item)));
        }
        /** Routes of a term that only another plugin knows. */
        do_action('paradarum_cdn_term_routes', $this->routes, $term);
    }

    /** Its archive and those of what it lies under, which list the same posts. */
    public function archive(\WP_Term $term): void
    {
        $lines = get_ancestors($term->term_id, $term->taxonomy, 'taxonomy');
        foreach (array_merge([$term->term_id], $lines) as $id) {
            $each = $id === $term->term_id ? $term : get_term($id, $term->taxonomy);
            $url = $each instanceof \WP_Term ? get_term_link($each) : null;
            if (is_string($url)) {
                $this->routes->listing('archives', $url, Site::pages((int) $each->count + 1));
                $this->routes->exact('feeds', (string) get_term_feed_link($id, $term->taxonomy));
            }
        }
    }
}
