<?php

use Paradarum\CdnPurge\Admin\SettingsPage;
use Paradarum\CdnPurge\Plugin;
use Paradarum\CdnPurge\Settings;

require_once __DIR__ . '/SiteTestCase.php';

final class SettingsTest extends SiteTestCase
{
    public function testTheKeyLiesInTheDatabaseEncryptedAndIsReadOnlyByTheSite(): void
    {
        global $wpdb;
        self::assertSame(self::KEY, (new Settings())->key());
        $stored = implode("\n", $wpdb->get_col("SELECT option_value FROM {$wpdb->options}"));
        self::assertStringNotContainsString(self::KEY, $stored);
        self::assertStringNotContainsString(substr(self::KEY, 8), $stored);
        self::assertSame('no', $wpdb->get_var("SELECT autoload FROM {$wpdb->options} WHERE option_name = 'paradarum_cdn_key'"));
    }

    public function testThePageShowsNoMoreOfTheKeyThanItsFirstEightCharacters(): void
    {
        $html = $this->page();
        self::assertStringContainsString('pdm_abcd...', $html);
        self::assertStringNotContainsString(substr(self::KEY, 0, 9), $html);
    }

    public function testWhatComesFromOutsideIsEscapedOnThePage(): void
    {
        $this->answer = $this->says(500, ['message' => '<script>alert(1)</script>']);
        $this->post();
        $this->sent();
        $html = $this->page();
        self::assertStringContainsString('&lt;script&gt;alert(1)', $html);
        self::assertStringNotContainsString('<script>alert(1)', $html);
    }

    public function testAnEmptyKeyFieldKeepsTheKeyAndForgetTakesItAway(): void
    {
        self::assertSame([], $this->configure(['key' => '', 'threshold' => '50']));
        self::assertSame([self::KEY, 50], [(new Settings())->key(), (new Settings())->threshold()]);
        self::assertSame([], $this->configure(['key' => '', 'forget_key' => '1']));
        self::assertNull((new Settings())->key());
        self::assertSame('', (new Settings())->keyPrefix());
    }

    public function testTheSavedKeyIsNotSentToANewAddress(): void
    {
        self::assertCount(1, $this->configure(['key' => '', 'base' => 'https://elsewhere.test']));
        self::assertSame('https://cdn.test', (new Settings())->base());
        self::assertSame([], $this->configure(['base' => 'https://elsewhere.test']));
    }

    /** @dataProvider badInput */
    public function testWhatIsWrongIsSaidAndNothingIsSaved(array $input): void
    {
        $before = get_option(Settings::OPTION);
        self::assertNotSame([], $this->configure($input + ['threshold' => '99']));
        self::assertSame($before, get_option(Settings::OPTION));
    }

    public static function badInput(): array
    {
        return [
            [['base' => 'cdn.test']], [['base' => 'https://a:b@cdn.test']], [['property' => '-1']], [['property' => '1e3']], [['property' => 'x']],
            [['threshold' => '0']], [['threshold' => '10001']], [['threshold' => '']], [['strategy' => 'all']],
            [['key' => 'secret']], [['key' => 'pdm_short']],
        ];
    }

    public function testWhenTheSaltsChangeTheAdministratorIsTold(): void
    {
        add_filter('salt', $other = static fn(): string => 'another salt');
        try {
            self::assertTrue((new Settings())->isKeyLost());
            ob_start();
            do_action('admin_notices');
            self::assertStringContainsString('salts in wp-config.php have changed', (string) ob_get_clean());
            $this->post();
            self::assertSame([], $this->sent());
            self::assertSame(1, Plugin::instance()->queue()->trouble()['waiting'], 'kept until there is a key');
        } finally {
            remove_filter('salt', $other);
        }
    }

    /** @dataProvider connections */
    public function testTheConnectionTestSaysInWordsWhatIsWrong(int $status, bool $ok, string $words): void
    {
        $this->answer = $this->says($status, ['message' => 'x']);
        $_REQUEST['_ajax_nonce'] = wp_create_nonce('paradarum_test');
        $_POST = ['base' => 'https://cdn.test', 'property' => '7', 'key' => ''];
        $answer = $this->ajax(fn() => (new SettingsPage(Plugin::instance()))->test());
        self::assertSame($ok, $answer['ok']);
        self::assertStringContainsString($words, $answer['words']);
        self::assertSame('https://cdn.test/api/property/7/purge', $this->calls[0]['url']);
        self::assertSame(['', self::KEY, 0], [$this->calls[0]['body'], $this->calls[0]['headers']['X-API-Key'], $this->calls[0]['redirection']]);
    }

    public static function connections(): array
    {
        return [
            [400, true, 'Nothing was purged'], [401, false, 'does not know this key'], [403, false, 'disabled or suspended'],
            [404, false, 'no property with this id'], [429, false, 'too often'], [502, false, 'does not expect'],
        ];
    }

    public function testTheSavedKeyIsNotSentToAnAddressThatIsOnlyTested(): void
    {
        $_REQUEST['_ajax_nonce'] = wp_create_nonce('paradarum_test');
        $_POST = ['base' => 'https://elsewhere.test', 'property' => '7', 'key' => ''];
        $answer = $this->ajax(fn() => (new SettingsPage(Plugin::instance()))->test());
        self::assertFalse($answer['ok']);
        self::assertSame([], $this->calls);
    }

    private function page(): string
    {
        ob_start();
        (new SettingsPage(Plugin::instance()))->show();
        return (string) ob_get_clean();
    }

    /** @return array<string, mixed> */
    private function ajax(callable $action): array
    {
        add_filter('wp_doing_ajax', '__return_true');
        add_filter('wp_die_ajax_handler', $handler = static fn(): Closure => static function (): void {
            throw new RuntimeException('died');
        });
        ob_start();
        try {
            $action();
        } catch (RuntimeException $died) {
            return (array) json_decode((string) ob_get_contents(), true);
        } finally {
            ob_end_clean();
            remove_filter('wp_doing_ajax', '__return_true');
            remove_filter('wp_die_ajax_handler', $handler);
        }
        self::fail('It did not end.');
    }
}
