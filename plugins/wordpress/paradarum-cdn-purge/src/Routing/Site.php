<?php

namespace Paradarum\CdnPurge\Routing;

use Paradarum\Purge\Routes;

defined('ABSPATH') || exit;

/** Routes that belong to no item alone. */
final class Site
{
    /** @var array<string, string[]> */
    private static array $sitemaps = [];

    /** On how many pages an archive shows so many posts; one more, since a post may just have left it. */
    public static function pages(int $posts): int
    {
        $perPage = max(1, (int) get_option('posts_per_page'));
        return (int) ceil(max(0, $posts) / $perPage) + 1;
    }

    /**
     * The index and the part in which a kind of item stands.
     *
     * @param string $part posts, taxonomies or users.
     */
    public static function sitemap(Routes $routes, string $part, string $kind): void
    {
        if (!$routes->wants('sitemaps')) {
            return;
        }
        if (defined('WPSEO_VERSION') || defined('RANK_MATH_VERSION')) {
            $routes->exact('sitemaps', home_url('/sitemap_index.xml'));
            $routes->exact('sitemaps', home_url('/' . ($part === 'users' ? 'author' : $kind) . '-sitemap.xml'));
        }
        $urls = self::sitemapUrls($part, $kind);
        if ($urls === []) {
            return;
        }
        $readable = get_option('permalink_structure') !== '';
        if ($readable) {
            $routes->family('sitemaps', home_url('/wp-sitemap'), $urls);
            return;
        }
        foreach ($urls as $url) {
            $routes->exact('sitemaps', $url);
        }
    }

    /**
     * Looked up once in a request: WordPress counts all items for it.
     *
     * @return string[] None where sitemaps are switched off.
     */
    private static function sitemapUrls(string $part, string $kind): array
    {
        $key = get_current_blog_id() . ":$part:$kind:" . get_option('permalink_structure');
        if (!isset(self::$sitemaps[$key])) {
            $server = wp_sitemaps_get_server();
            $provider = $server->registry->get_provider($part);
            $urls = $server->sitemaps_enabled() ? [(string) get_sitemap_url('index')] : [];
            $pages = $urls && $provider ? max(1, (int) $provider->get_max_num_pages($kind)) : 0;
            for ($page = 1; $page <= $pages; $page++) {
                $urls[] = (string) get_sitemap_url($part, $kind, $page);
            }
            self::$sitemaps[$key] = $urls;
        }
        return self::$sitemaps[$key];
    }

    /** A collection of the REST API under whatever query; without readable addresses its name stands in the query itself. */
    public static function collection(Routes $routes, string $url): void
    {
        if (strpos($url, '?') === false) {
            $routes->exact('rest', $url);
        } else {
            $routes->listing('rest', $url);
        }
    }
}
