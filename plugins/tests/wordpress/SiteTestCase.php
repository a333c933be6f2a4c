<?php

use Paradarum\CdnPurge\Plugin;
use Paradarum\CdnPurge\Settings;
use PHPUnit\Framework\TestCase;

abstract class SiteTestCase extends TestCase
{
    protected const KEY = 'pdm_abcdefghijklmnopqrstuvwx!@#$';

    /** @var array[] What was sent to the API: url, headers, body. */
    protected array $calls = [];

    /** @var array|\WP_Error What the API answers. */
    protected $answer;

    protected function setUp(): void
    {
        global $wpdb;
        // Tables end a transaction, so they are made before it begins.
        Plugin::instance()->queue();
        $wpdb->query('START TRANSACTION');
        wp_cache_flush();
        wp_set_current_user(1);
        $this->answer = $this->says(200, ['succeeded' => true, 'message' => 'Purge request accepted.', 'data' => ['rejected' => []]]);
        add_filter('pre_http_request', [$this, 'answerForApi'], 10, 3);
        self::assertSame([], $this->configure());
        $this->forget();
    }

    protected function tearDown(): void
    {
        global $wpdb;
        remove_filter('pre_http_request', [$this, 'answerForApi']);
        $this->forget();
        $wpdb->query('ROLLBACK');
        wp_cache_flush();
        $_POST = $_GET = $_REQUEST = [];
    }

    /** @return string[] Problems. */
    protected function configure(array $changes = []): array
    {
        return (new Settings())->save($changes + [
            'base' => 'https://cdn.test', 'property' => '7', 'key' => self::KEY, 'auto' => '1', 'strategy' => 'hybrid', 'threshold' => '30',
            'kinds' => Settings::KINDS,
        ]);
    }

    public function answerForApi($nothing, array $arguments, string $url)
    {
        if (strpos($url, 'https://cdn.test/') !== 0) {
            throw new LogicException("A call to $url");
        }
        $this->calls[] = ['url' => $url, 'headers' => $arguments['headers'], 'body' => $arguments['body'], 'redirection' => $arguments['redirection']];
        return $this->answer;
    }

    protected function says(int $status, array $envelope, array $headers = []): array
    {
        return ['response' => ['code' => $status, 'message' => ''], 'headers' => $headers, 'body' => json_encode($envelope), 'cookies' => []];
    }

    /** Ends the request: what it sent to the API, as values; a beginning is marked by a star. */
    protected function sent(): array
    {
        $this->calls = [];
        Plugin::instance()->recorder()->flush();
        $batches = array_column($this->calls, 'body');
        self::assertLessThanOrEqual(1, count($batches), 'one request of the site, one batch');
        return $batches ? $this->valuesOf($batches[0]) : [];
    }

    protected function valuesOf(string $body): array
    {
        return array_map(
            static fn(array $item): string => $item['type'] === 'All' ? 'ALL' : $item['value'] . (isset($item['matchType']) ? '*' : ''),
            json_decode($body, true)['items']
        );
    }

    /** What was recorded so far is of no interest. */
    protected function forget(): void
    {
        $recorder = Plugin::instance()->recorder();
        foreach (['routes', 'posts', 'terms', 'asked'] as $field) {
            $property = new ReflectionProperty($recorder, $field);
            $property->setAccessible(true);
            $property->setValue($recorder, []);
        }
    }

    protected function post(array $fields = []): int
    {
        return wp_insert_post($fields + ['post_title' => 'A post', 'post_name' => 'a-post', 'post_status' => 'publish', 'post_content' => 'x', 'post_author' => 1], true);
    }

    /** A post that the CDN knows already. */
    protected function oldPost(array $fields = []): int
    {
        $id = $this->post($fields);
        $this->forget();
        return $id;
    }

    protected function term(string $name, array $more = [], string $taxonomy = 'category'): int
    {
        $id = wp_insert_term($name, $taxonomy, $more)['term_id'];
        $this->forget();
        return $id;
    }

    protected static function assertContainsAll(array $expected, array $actual): void
    {
        self::assertSame([], array_values(array_diff($expected, $actual)), 'of ' . implode(' ', $actual));
    }

    protected static function assertContainsNone(array $unexpected, array $actual): void
    {
        self::assertSame([], array_values(array_intersect($unexpected, $actual)), 'of ' . implode(' ', $actual));
    }
}
