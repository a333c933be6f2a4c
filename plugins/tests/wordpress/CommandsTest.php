<?php

use Paradarum\CdnPurge\Admin\AdminBar;
use Paradarum\CdnPurge\Cli;
use Paradarum\CdnPurge\Plugin;

require_once __DIR__ . '/SiteTestCase.php';

if (!class_exists('WP_CLI')) {
    /** A stand-in for WP-CLI's class, as far as the command calls it. */
    final class WP_CLI
    {
        /** @var string[] */
        public static array $said = [];

        public static function log(string $text): void
        {
            self::$said[] = $text;
        }

        public static function success(string $text): void
        {
            self::$said[] = "Success: $text";
        }

        public static function error(string $text): void
        {
            throw new RuntimeException($text);
        }
    }
}

/** What people ask for themselves: in the bar above a page, and by wp paradarum. */
final class CommandsTest extends SiteTestCase
{
    protected function setUp(): void
    {
        parent::setUp();
        WP_CLI::$said = [];
    }

    public function testTheBarOffersThePageToItsEditorsAndEverythingToAdministrators(): void
    {
        $id = $this->oldPost();
        self::assertSame(['paradarum', 'paradarum-page', 'paradarum-all'], $this->itemsOn($id));
        wp_set_current_user(wp_insert_user(['user_login' => 'e', 'user_pass' => 'x', 'role' => 'editor']));
        self::assertSame(['paradarum', 'paradarum-page'], $this->itemsOn($id));
        wp_set_current_user(wp_insert_user(['user_login' => 's', 'user_pass' => 'x', 'role' => 'subscriber']));
        self::assertSame([], $this->itemsOn($id));
    }

    public function testPurgeThisPagePurgesItWithWhatShowsIt(): void
    {
        $this->configure(['auto' => '', 'key' => '']);
        $id = $this->oldPost();
        $this->follow($id);
        self::assertContainsAll(['/a-post/', '/', '/feed/*'], $this->sent());
    }

    public function testPurgeEverythingPurgesEverything(): void
    {
        $this->follow(0);
        self::assertSame(['ALL'], $this->sent());
    }

    public function testTheCommandPurgesPostsAndPathsAtOnce(): void
    {
        $id = $this->oldPost();
        (new Cli(Plugin::instance()))->purge([(string) $id, '/about/'], []);
        self::assertContainsAll(['/a-post/', '/about/'], $this->valuesOf($this->calls[0]['body']));
        self::assertStringContainsString('Accepted', implode("\n", WP_CLI::$said));
    }

    public function testTheCommandPurgesEverythingOnlyWhenAsked(): void
    {
        (new Cli(Plugin::instance()))->purge([], ['all' => true]);
        self::assertSame(['ALL'], $this->valuesOf($this->calls[0]['body']));
        $this->expectExceptionMessage('Name posts or paths');
        (new Cli(Plugin::instance()))->purge([], []);
    }

    public function testTheCommandSaysWhatIsNeitherPostNorPath(): void
    {
        $this->expectExceptionMessage("'about' is neither");
        (new Cli(Plugin::instance()))->purge(['about'], []);
    }

    public function testTheCommandTellsWhatWaitsAndTestsTheConnection(): void
    {
        $this->answer = new WP_Error('http', 'Connection refused');
        $this->post();
        $this->sent();
        (new Cli(Plugin::instance()))->status();
        self::assertStringContainsString('Waiting: 1, of them tried before: 1. No answer: Connection refused', implode("\n", WP_CLI::$said));
        $this->answer = $this->says(400, ['message' => 'x']);
        (new Cli(Plugin::instance()))->test();
        self::assertStringContainsString('Success: Connected', implode("\n", WP_CLI::$said));
    }

    /** @return string[] Ids of the bar's items on the page of a post. */
    private function itemsOn(int $post): array
    {
        require_once ABSPATH . WPINC . '/class-wp-admin-bar.php';
        set_current_screen('front');
        $GLOBALS['wp_query'] = $GLOBALS['wp_the_query'] = new WP_Query(['p' => $post]);
        $bar = new WP_Admin_Bar();
        (new AdminBar(Plugin::instance()))->add($bar);
        set_current_screen('dashboard');
        return array_keys((array) $bar->get_nodes());
    }

    private function follow(int $post): void
    {
        $_GET['post'] = (string) $post;
        $_REQUEST['_wpnonce'] = wp_create_nonce("paradarum_purge_$post");
        add_filter('wp_redirect', $stop = static function (): void {
            throw new RuntimeException('redirected');
        });
        try {
            (new AdminBar(Plugin::instance()))->purge();
        } catch (RuntimeException $redirected) {
            self::assertSame('redirected', $redirected->getMessage());
        } finally {
            remove_filter('wp_redirect', $stop);
        }
    }
}
