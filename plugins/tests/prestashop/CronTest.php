<?php

use Paradarum\CdnModule\Dispatcher;
use Paradarum\CdnModule\Settings;
use Paradarum\CdnModule\ShopDatabase;
use Paradarum\Purge\Batch;
use Paradarum\Purge\Endpoint;
use Paradarum\Purge\Transport;
use PHPUnit\Framework\TestCase;

/** The clock of a shop: its cron address over HTTP in a process of its own, and how the time is shared among shops. */
final class CronTest extends TestCase
{
    private string $folder;

    /** @var resource[] */
    private array $servers = [];

    protected function setUp(): void
    {
        $this->folder = sys_get_temp_dir() . '/paradarum-cron-' . bin2hex(random_bytes(6));
        mkdir($this->folder);
        touch("$this->folder/calls");
        putenv("STANDIN_DATABASE=$this->folder/database");
        World::reset();
        foreach ([1, 2] as $shop) {
            ShopDatabase::drop($shop);
        }
    }

    protected function tearDown(): void
    {
        foreach ($this->servers as $server) {
            proc_terminate($server);
            proc_close($server);
        }
        putenv('STANDIN_DATABASE');
        World::reset();
        array_map('unlink', glob("$this->folder/*"));
        rmdir($this->folder);
    }

    /** @dataProvider rightly */
    public function testTheRightTokenDeliversAndAnswersHowManyStillWait(string $more): void
    {
        $shop = $this->shopWithOnePurgeToSend();
        [$status, $headers, $body] = $this->get($shop, '?token=' . Settings::cronToken() . $more);
        self::assertSame([200, '0'], [$status, $body]);
        self::assertContains('Cache-Control: no-store', $headers);
        self::assertSame("/api/property/7/purge/batch\n", file_get_contents("$this->folder/calls"));
        self::assertSame('sent', (new Dispatcher(new Link()))->queue(1)->latest(1)[0]['state']);
    }

    public static function rightly(): array
    {
        return ['alone' => [''], 'with ajax, which PrestaShop takes for another way to answer' => ['&ajax=1']];
    }

    /** @dataProvider wrongly */
    public function testWithoutTheTokenNothingIsSentPreparedOrKeptByACache(string $query): void
    {
        $shop = $this->shopWithOnePurgeToSend();
        [$status, $headers, $body] = $this->get($shop, $query);
        self::assertSame([403, ''], [$status, $body]);
        self::assertContains('Cache-Control: no-store', $headers);
        self::assertNotContains('X-Page: prepared', $headers);
        self::assertSame('', file_get_contents("$this->folder/calls"));
        self::assertSame('waiting', (new Dispatcher(new Link()))->queue(1)->latest(1)[0]['state']);
    }

    public static function wrongly(): array
    {
        return [
            'wrong' => ['?token=' . str_repeat('0', 32)], 'missing' => [''], 'empty' => ['?token='], 'an array' => ['?token[]=' . Settings::cronToken()],
            'with ajax' => ['?ajax=1&token=0'],
        ];
    }

    public function testShopsWithASlowApiShareOneBudgetAndTakeTurns(): void
    {
        World::$shops = [1 => [1], 2 => [3]];
        $api = new class implements Transport {
            public int $now = 1000000;

            /** @var int[] */
            public array $properties = [];

            public function call($method, $url, array $headers, $body, $timeout)
            {
                // Each answer takes nine seconds.
                $this->now += 9;
                preg_match('~/property/(\d+)/~', $url, $found);
                $this->properties[] = (int) $found[1];
                return ScriptedApi::says(200, 'Accepted.');
            }
        };
        $dispatcher = new Dispatcher(new Link(), $api, static fn(): int => $api->now);
        foreach ([1 => 7, 2 => 9] as $shop => $property) {
            $this->configure($shop, $property, 'http://127.0.0.1:9');
            for ($n = 0; $n < 5; $n++) {
                $dispatcher->queue($shop)->put(Batch::everything());
            }
        }
        $runs = [];
        foreach ([7, 4, 1, 0] as $waiting) {
            $begun = $api->now;
            $api->properties = [];
            self::assertSame($waiting, $dispatcher->deliverAll());
            self::assertLessThan(Dispatcher::BUDGET + Endpoint::TIMEOUT, $api->now - $begun);
            $runs[] = $api->properties;
        }
        self::assertSame([[7, 7, 7], [9, 9, 9], [7, 7, 9], [9]], $runs);
    }

    public function testTheModuleCronjobsDeliversToo(): void
    {
        $this->shopWithOnePurgeToSend();
        (new ParadarumCdn())->hookActionCronJob();
        self::assertSame("/api/property/7/purge/batch\n", file_get_contents("$this->folder/calls"));
    }

    public function testAShopIsWokenUnderItsOwnNameWhereverTheConnectionGoes(): void
    {
        $listener = stream_socket_server('tcp://127.0.0.1:0');
        define('PARADARUMCDN_LOOPBACK_URL', 'http://' . stream_socket_get_name($listener, false) . '/module/paradarumcdn/cron?token=x');
        $dispatcher = new Dispatcher(new Link());
        $dispatcher->ping();
        $asked = fread(stream_socket_accept($listener, 5), 4096);
        self::assertStringStartsWith("POST /module/paradarumcdn/cron?token=x HTTP/1.1\r\nHost: " . parse_url($dispatcher->cronUrl(), PHP_URL_HOST) . ":9\r\n", $asked);
    }

    /** @return string The address of a shop whose only purge waits for an API that answers. */
    private function shopWithOnePurgeToSend(): string
    {
        $this->configure(1, 7, $this->serve());
        (new Dispatcher(new Link()))->queue(1)->put(Batch::everything());
        file_put_contents("$this->folder/configuration", json_encode(World::$configuration));
        return $this->serve();
    }

    private function configure(int $shop, int $property, string $base): void
    {
        self::assertSame([], (new Settings($shop))->save([
            'base' => $base, 'property' => (string) $property, 'key' => 'pdm_abcdefghijklmnopqrstuvwx!@#$', 'auto' => '1', 'strategy' => 'hybrid', 'threshold' => '30',
            'kinds' => Settings::kinds(),
        ]));
    }

    /** @return string Where it listens. */
    private function serve(): string
    {
        $probe = stream_socket_server('tcp://127.0.0.1:0');
        $address = stream_socket_get_name($probe, false);
        fclose($probe);
        $say = ['-d', 'display_errors=1', '-d', 'html_errors=0', '-d', 'error_reporting=-1'];
        $log = [1 => ['file', '/dev/null', 'w'], 2 => ['pipe', 'w']];
        $server = proc_open([PHP_BINARY, ...$say, '-S', $address, __DIR__ . '/server.php'], $log, $pipes, null, ['STANDIN_FOLDER' => $this->folder] + getenv());
        $this->servers[] = $server;
        do {
            $line = fgets($pipes[2]);
            self::assertNotFalse($line, "no server at $address");
        } while (strpos($line, ' started') === false);
        return "http://$address";
    }

    /** @return array{int, string[], string} */
    private function get(string $shop, string $query): array
    {
        $body = file_get_contents("$shop/module/paradarumcdn/cron$query", false, stream_context_create(['http' => ['ignore_errors' => true, 'timeout' => 60]]));
        return [(int) substr($http_response_header[0], 9, 3), $http_response_header, $body];
    }
}
