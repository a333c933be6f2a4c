<?php

require_once __DIR__ . '/SiteTestCase.php';

/** Which event purges what. */
final class RoutesTest extends SiteTestCase
{
    public function testAPublishedPostIsPurgedWithEverythingThatShowsIt(): void
    {
        $news = $this->term('News', ['slug' => 'news']);
        $local = $this->term('Local', ['slug' => 'local', 'parent' => $news]);
        $this->term('red', [], 'post_tag');
        $id = $this->post(['post_category' => [$local], 'tags_input' => ['red'], 'post_date' => '2026-03-05 10:00:00']);
        self::assertSame(
            [
                '/', '/2026/', '/2026/03/', '/2026/03/05/', '/a-post/', '/a-post/embed/', '/a-post/feed/', '/hello-world/', '/wp-json/wp/v2/posts', "/wp-json/wp/v2/posts/$id",
                '/2026/03/05/page/*', '/2026/03/page/*', '/2026/page/*', '/author/admin/*', '/category/news/*', '/feed/*', '/page/*', '/tag/red/*', '/wp-sitemap*',
            ],
            $this->sent()
        );
    }

    public function testADraftPurgesNothing(): void
    {
        $id = $this->post(['post_status' => 'draft']);
        wp_update_post(['ID' => $id, 'post_title' => 'Still a draft']);
        self::assertSame([], $this->sent());
    }

    public function testAnotherSlugPurgesTheOldAndTheNewAddress(): void
    {
        $id = $this->oldPost();
        wp_update_post(['ID' => $id, 'post_name' => 'renamed']);
        self::assertContainsAll(['/a-post/', '/a-post/feed/', '/renamed/', '/renamed/feed/', '/'], $this->sent());
    }

    public function testAnotherCategoryPurgesTheArchivesOfBoth(): void
    {
        [$one, $two] = [$this->term('One'), $this->term('Two')];
        $id = $this->oldPost(['post_category' => [$one]]);
        wp_update_post(['ID' => $id, 'post_category' => [$two]]);
        self::assertContainsAll(['/category/one/*', '/category/two/*', '/a-post/'], $this->sent());
    }

    public function testATermThatIsGivenDirectlyPurgesTheArchivesOfBoth(): void
    {
        [$one, $two] = [$this->term('One'), $this->term('Two')];
        $id = $this->oldPost(['post_category' => [$one]]);
        wp_set_object_terms($id, [$two], 'category');
        self::assertContainsAll(['/category/one/*', '/category/two/*', '/a-post/'], $this->sent());
    }

    public function testWhereCategoriesStandInPermalinksTheOldAddressIsPurgedToo(): void
    {
        $GLOBALS['wp_rewrite']->set_permalink_structure('/%category%/%postname%/');
        [$one, $two] = [$this->term('One'), $this->term('Two')];
        $id = $this->oldPost(['post_category' => [$one]]);
        wp_set_object_terms($id, [$two], 'category');
        $sent = $this->sent();
        $GLOBALS['wp_rewrite']->set_permalink_structure('/%postname%/');
        self::assertContainsAll(['/one/a-post/', '/two/a-post/'], $sent);
    }

    public function testAnotherDatePurgesTheArchivesOfBoth(): void
    {
        $id = $this->oldPost(['post_date' => '2026-03-05 10:00:00']);
        wp_update_post(['ID' => $id, 'post_date' => '2025-07-01 10:00:00', 'post_date_gmt' => '2025-07-01 10:00:00', 'edit_date' => true]);
        self::assertContainsAll(['/2026/03/', '/2026/03/05/', '/2025/', '/2025/07/', '/2025/07/01/'], $this->sent());
    }

    public function testAPageStandsInNoAuthorArchive(): void
    {
        $this->post(['post_type' => 'page', 'post_name' => 'a-page']);
        $sent = $this->sent();
        self::assertContainsAll(['/a-page/'], $sent);
        self::assertContainsNone(['/author/admin/*', '/feed/*', '/page/*'], $sent);
    }

    public function testAnotherAuthorPurgesTheArchivesOfBoth(): void
    {
        $other = wp_insert_user(['user_login' => 'other', 'user_pass' => 'x', 'role' => 'author']);
        $id = $this->oldPost();
        wp_update_post(['ID' => $id, 'post_author' => $other]);
        self::assertContainsAll(['/author/admin/*', '/author/other/*'], $this->sent());
    }

    /** @dataProvider waysOut */
    public function testAPostThatGoesAwayIsPurgedUnderTheAddressItHad(callable $leave): void
    {
        $id = $this->oldPost();
        $leave($id);
        $sent = $this->sent();
        self::assertContainsAll(['/a-post/', '/', '/author/admin/*', '/feed/*'], $sent);
        self::assertSame([], preg_grep('/__trashed|\?p=/', $sent));
    }

    public static function waysOut(): array
    {
        return [
            'trashed' => ['wp_trash_post'],
            'trashed by its status' => [static fn(int $id) => wp_update_post(['ID' => $id, 'post_status' => 'trash'])],
            'deleted' => [static fn(int $id) => wp_delete_post($id, true)],
            'made private' => [static fn(int $id) => wp_update_post(['ID' => $id, 'post_status' => 'private'])],
            'made a draft' => [static fn(int $id) => wp_update_post(['ID' => $id, 'post_status' => 'draft'])],
        ];
    }

    public function testAScheduledPostIsPurgedWhenItsTimeComes(): void
    {
        $later = gmdate('Y-m-d H:i:s', time() + 3600);
        $id = $this->post(['post_status' => 'future', 'post_date' => $later, 'post_date_gmt' => $later]);
        self::assertSame([], $this->sent());
        wp_publish_post($id);
        self::assertContainsAll(['/a-post/', '/', '/feed/*'], $this->sent());
    }

    public function testAPageThatMovesTakesWhatLiesBelowIt(): void
    {
        $parent = $this->oldPost(['post_type' => 'page', 'post_name' => 'parent']);
        $this->oldPost(['post_type' => 'page', 'post_name' => 'child', 'post_parent' => $parent]);
        wp_update_post(['ID' => $parent, 'post_name' => 'moved']);
        self::assertContainsAll(['/parent/*', '/moved/'], $this->sent());
    }

    public function testThePagesOfAPostAndOfItsCommentsGoWithIt(): void
    {
        update_option('page_comments', 1);
        update_option('comments_per_page', 2);
        $id = $this->oldPost(['post_content' => 'one<!--nextpage-->two<!--nextpage-->three']);
        for ($n = 0; $n < 3; $n++) {
            wp_insert_comment(['comment_post_ID' => $id, 'comment_content' => "c$n", 'comment_approved' => 1]);
        }
        $this->forget();
        wp_update_post(['ID' => $id, 'post_title' => 'Other']);
        self::assertContainsAll(['/a-post/2/', '/a-post/3/', '/a-post/comment-page-1/', '/a-post/comment-page-2/'], $this->sent());
    }

    public function testAnApprovedCommentPurgesItsPostAndFeedsAndNoNeighbour(): void
    {
        $id = $this->oldPost();
        $comment = wp_new_comment(['comment_post_ID' => $id, 'comment_content' => 'Nice', 'comment_author' => 'A', 'comment_author_email' => 'a@b.test', 'comment_author_url' => '', 'comment_author_IP' => '127.0.0.1', 'comment_agent' => '', 'comment_type' => 'comment', 'comment_parent' => 0, 'user_id' => 0]);
        self::assertSame('approved', wp_get_comment_status($comment));
        $sent = $this->sent();
        self::assertContainsAll(['/a-post/', '/a-post/feed/', '/comments/feed/*', '/wp-json/wp/v2/comments', '/'], $sent);
        self::assertContainsNone(['/hello-world/', '/wp-sitemap*'], $sent);
    }

    public function testACommentThatWaitsPurgesNothingUntilItIsApproved(): void
    {
        $id = $this->oldPost();
        $comment = wp_insert_comment(['comment_post_ID' => $id, 'comment_content' => 'Hm', 'comment_approved' => 0]);
        do_action('comment_post', $comment, 0, []);
        self::assertSame([], $this->sent());
        wp_set_comment_status($comment, 'approve');
        self::assertContainsAll(['/a-post/'], $this->sent());
        wp_set_comment_status($comment, 'spam');
        self::assertContainsAll(['/a-post/'], $this->sent());
    }

    public function testATermThatIsRenamedPurgesOldAndNewAddressAndThePostsThatNameIt(): void
    {
        $term = $this->term('News', ['slug' => 'news']);
        $this->oldPost(['post_category' => [$term]]);
        wp_update_term($term, 'category', ['name' => 'Stories', 'slug' => 'stories']);
        self::assertContainsAll(['/category/news/*', '/category/stories/*', '/a-post/', '/'], $this->sent());
    }

    public function testATermOfWhichOnlyTheDescriptionChangesLeavesItsPostsCached(): void
    {
        $term = $this->term('News', ['slug' => 'news']);
        $this->oldPost(['post_category' => [$term]]);
        wp_update_term($term, 'category', ['description' => 'All of it']);
        $sent = $this->sent();
        self::assertContainsAll(['/category/news/*'], $sent);
        self::assertContainsNone(['/a-post/'], $sent);
    }

    public function testATermThatIsDeletedPurgesTheAddressThatItHad(): void
    {
        $term = $this->term('News', ['slug' => 'news']);
        $this->oldPost(['post_category' => [$term]]);
        wp_delete_term($term, 'category');
        self::assertContainsAll(['/category/news/*', '/a-post/', '/category/uncategorized/*'], $this->sent());
    }

    public function testATermWithMorePostsThanTheThresholdPurgesEverything(): void
    {
        $this->configure(['threshold' => '3', 'key' => '']);
        $term = $this->term('News', ['slug' => 'news']);
        for ($n = 0; $n < 4; $n++) {
            $this->oldPost(['post_name' => "p$n", 'post_category' => [$term]]);
        }
        wp_update_term($term, 'category', ['name' => 'Stories']);
        self::assertSame(['ALL'], $this->sent());
    }

    /** @dataProvider everywhere */
    public function testWhatStandsInEveryPagePurgesEverything(callable $change): void
    {
        $change();
        self::assertSame(['ALL'], $this->sent());
    }

    public static function everywhere(): array
    {
        return [
            'title' => [static fn() => update_option('blogname', 'Other')],
            'permalinks' => [static fn() => update_option('permalink_structure', '/x/%postname%/')],
            'widgets' => [static fn() => update_option('sidebars_widgets', ['sidebar-1' => ['search-2'], 'array_version' => 3])],
            'a widget' => [static fn() => update_option('widget_search', ['2' => ['title' => 'Find'], '_multiwidget' => 1])],
            'theme' => [static fn() => switch_theme('twentytwentythree')],
            'theme settings' => [static fn() => set_theme_mod('background_color', 'ff0000')],
            'menu' => [static fn() => wp_update_nav_menu_object(wp_create_nav_menu('Main'), ['menu-name' => 'Other'])],
            'menu item' => [static fn() => wp_update_nav_menu_item(wp_create_nav_menu('M'), 0, ['menu-item-title' => 'X', 'menu-item-url' => '/x', 'menu-item-status' => 'publish'])],
            'template part' => [static fn() => wp_insert_post(['post_type' => 'wp_template_part', 'post_title' => 'header', 'post_status' => 'publish'])],
            'reusable block' => [static fn() => wp_insert_post(['post_type' => 'wp_block', 'post_title' => 'b', 'post_status' => 'publish'])],
        ];
    }

    public function testASettingThatNobodySeesPurgesNothing(): void
    {
        update_option('admin_email_lifespan', 5);
        update_option('some_plugin', 'x');
        self::assertSame([], $this->sent());
    }

    public function testAReplacedFileIsPurgedInAllItsSizesOldAndNew(): void
    {
        $id = wp_insert_attachment(['post_title' => 'Photo', 'post_mime_type' => 'image/jpeg', 'post_name' => 'photo-page'], '2026/03/photo.jpg');
        wp_update_attachment_metadata($id, ['file' => '2026/03/photo.jpg', 'sizes' => ['thumbnail' => ['file' => 'photo-150x150.jpg']]]);
        $this->forget();
        wp_update_attachment_metadata($id, ['file' => '2026/03/photo.jpg', 'sizes' => ['thumbnail' => ['file' => 'photo-100x100.jpg']]]);
        self::assertContainsAll(
            ['/wp-content/uploads/2026/03/photo.jpg', '/wp-content/uploads/2026/03/photo-150x150.jpg', '/wp-content/uploads/2026/03/photo-100x100.jpg'],
            $this->sent()
        );
    }

    public function testADeletedFileIsPurgedInAllItsSizes(): void
    {
        $id = wp_insert_attachment(['post_title' => 'Photo', 'post_mime_type' => 'image/jpeg'], '2026/03/photo.jpg');
        wp_update_attachment_metadata($id, ['file' => '2026/03/photo.jpg', 'sizes' => ['thumbnail' => ['file' => 'photo-150x150.jpg']]]);
        $this->forget();
        wp_delete_attachment($id, true);
        self::assertContainsAll(['/wp-content/uploads/2026/03/photo.jpg', '/wp-content/uploads/2026/03/photo-150x150.jpg'], $this->sent());
    }

    public function testAnAuthorsOtherNamePurgesTheirPosts(): void
    {
        $this->configure(['threshold' => '100', 'key' => '']);
        $this->forget();
        $this->oldPost();
        wp_update_user(['ID' => 1, 'display_name' => 'Somebody']);
        self::assertContainsAll(['/author/admin/*', '/a-post/'], $this->sent());
    }

    public function testAProductsStockAndPricePurgeItAndItsShelves(): void
    {
        register_post_type('product', ['public' => true, 'has_archive' => 'shop', 'rewrite' => ['slug' => 'product']]);
        register_taxonomy('product_cat', 'product', ['public' => true, 'rewrite' => ['slug' => 'product-category']]);
        flush_rewrite_rules(false);
        $id = $this->oldPost(['post_type' => 'product', 'post_name' => 'chair']);
        wp_set_object_terms($id, 'Seats', 'product_cat');
        $this->forget();
        do_action('woocommerce_product_set_stock', new class ($id) {
            private int $id;

            public function __construct(int $id)
            {
                $this->id = $id;
            }

            public function get_id(): int
            {
                return $this->id;
            }
        });
        $sent = $this->sent();
        unregister_post_type('product');
        unregister_taxonomy('product_cat');
        self::assertContainsAll(['/product/chair/', '/shop/*', '/product-category/seats/*'], $sent);
    }

    public function testOtherPluginsCanAddRoutes(): void
    {
        $add = static function ($routes, $post): void {
            $routes->exact('item', home_url("/print/{$post->post_name}/"));
        };
        add_action('paradarum_cdn_post_routes', $add, 10, 2);
        $this->post();
        $sent = $this->sent();
        remove_action('paradarum_cdn_post_routes', $add);
        self::assertContainsAll(['/print/a-post/'], $sent);
    }

    public function testWithoutReadableAddressesQueriesAreNamed(): void
    {
        $GLOBALS['wp_rewrite']->set_permalink_structure('');
        $this->forget();
        $id = $this->post();
        $sent = $this->sent();
        $GLOBALS['wp_rewrite']->set_permalink_structure('/%postname%/');
        self::assertContainsAll(["/?p=$id", '/', '/?author=1*', '/?cat=1*'], $sent);
    }

    /** @dataProvider strategies */
    public function testTheStrategyDecidesHow(string $strategy, array $expected): void
    {
        $this->configure(['strategy' => $strategy, 'key' => '']);
        $this->post(['post_category' => [1]]);
        self::assertContainsAll($expected, $this->sent());
    }

    public static function strategies(): array
    {
        return [
            'hybrid' => ['hybrid', ['/a-post/', '/', '/category/uncategorized/*']],
            'surgical' => ['surgical', ['/a-post/', '/', '/category/uncategorized/', '/category/uncategorized/page/2/']],
            'broad' => ['broad', ['ALL']],
        ];
    }
}
