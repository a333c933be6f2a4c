<?php

use Paradarum\Purge\Answer;
use Paradarum\Purge\Backoff;
use Paradarum\Purge\Batch;
use Paradarum\Purge\Courier;
use Paradarum\Purge\Endpoint;
use Paradarum\Purge\Queue;
use PHPUnit\Framework\TestCase;

final class CourierTest extends TestCase
{
    private const KEY = 'pdm_abcdefghijklmnopqrstuvwx!@#$';

    private int $now = 1000000;
    private Queue $queue;
    private ScriptedApi $api;

    protected function setUp(): void
    {
        $this->queue = new Queue(new SqliteDatabase(), fn(): int => $this->now);
    }

    public function testABatchGoesToThePropertyUnderItsKeyWithTheApiKeyInItsHeader(): void
    {
        $batch = Batch::of([['type' => 'Path', 'value' => '/a/']]);
        $this->queue->put($batch);
        self::assertTrue($this->courier($this->accepted())->deliver(20));
        [$call] = $this->api->calls;
        self::assertSame(['POST', 'https://cdn.test/api/property/7/purge/batch', $batch->body], [$call['method'], $call['url'], $call['body']]);
        self::assertSame([self::KEY, $batch->key], [$call['headers']['X-API-Key'], $call['headers']['Idempotency-Key']]);
        self::assertSame('/api/property/7/purge/AQ_x-1', $this->queue->latest(1)[0]['receipt']);
    }

    public function testAServerWithoutReceiptsIsFineToo(): void
    {
        $this->queue->put(Batch::everything());
        self::assertTrue($this->courier(ScriptedApi::says(200, 'Purge request accepted.', ['jobCount' => 2]))->deliver(20));
        self::assertSame(['sent', ''], [$this->queue->latest(1)[0]['state'], $this->queue->latest(1)[0]['receipt']]);
    }

    /** @dataProvider failures */
    public function testWhatMayBePutRightIsSentAgainWithTheSameBytesAndKey(Answer $failure): void
    {
        $this->queue->put(Batch::of([['type' => 'Path', 'value' => '/a/']]));
        $courier = $this->courier($failure, $this->accepted());
        self::assertFalse($courier->deliver(20));
        self::assertSame('waiting', $this->queue->latest(1)[0]['state']);
        self::assertTrue($courier->deliver(20), 'not before its time');
        self::assertCount(1, $this->api->calls);
        $this->now = $this->queue->nextDue();
        self::assertTrue($courier->deliver(20));
        self::assertSame('sent', $this->queue->latest(1)[0]['state']);
        self::assertSame($this->api->calls[0], $this->api->calls[1]);
    }

    public static function failures(): array
    {
        return [
            'down' => [Answer::none('Connection refused')],
            '401' => [ScriptedApi::says(401, 'Authentication required.')],
            '403' => [ScriptedApi::says(403, 'This property is currently disabled.')],
            '404' => [ScriptedApi::says(404, 'Property not found.')],
            '429' => [ScriptedApi::says(429, 'Too many requests.', null, ['retry-after' => '2'])],
            '500' => [ScriptedApi::says(500, 'No active cache nodes found.')],
            'no active hostname' => [ScriptedApi::says(400, 'No active hostnames found for this property.')],
            'a page of something else' => [new Answer(200, [], '<html>It works!</html>')],
            'a redirect' => [new Answer(301, ['location' => 'https://elsewhere.test/'], '')],
        ];
    }

    public function testBehindOneThatFailedNoneIsTried(): void
    {
        $this->queue->put(Batch::everything());
        $this->queue->put(Batch::of([['type' => 'Path', 'value' => '/a/']]));
        $this->courier(Answer::none('timeout'))->deliver(20);
        self::assertCount(1, $this->api->calls);
    }

    public function testItemsThatWereRefusedAreKeptWithTheirReason(): void
    {
        $this->queue->put(Batch::of([['type' => 'Path', 'value' => '/a/'], ['type' => 'Extension', 'value' => 'a/b']]));
        $answer = ScriptedApi::says(200, 'Accepted.', ['rejected' => [['index' => 1, 'reason' => 'Value must not hold /.']]]);
        $this->courier($answer)->deliver(20);
        $row = $this->queue->refusedAfter(0);
        self::assertSame(['sent', 1, 'a/b: Value must not hold /.'], [$row['state'], (int) $row['rejected'], $row['reason']]);
        self::assertNull($this->queue->refusedAfter((int) $row['id']));
    }

    public function testABatchOfWhichEverythingWasRefusedIsNotSentForEver(): void
    {
        $this->queue->put(Batch::of([['type' => 'Extension', 'value' => 'a/b']]));
        $answer = ScriptedApi::says(400, 'No valid purge items.', ['rejected' => [['index' => 0, 'reason' => 'Bad.']]]);
        self::assertTrue($this->courier($answer)->deliver(20));
        self::assertSame('refused', $this->queue->latest(1)[0]['state']);
    }

    public function testAKeyThatWasUsedForAnotherRequestIsRenewedAtOnce(): void
    {
        $this->queue->put(Batch::everything());
        self::assertTrue($this->courier(ScriptedApi::says(409, 'Idempotency-Key was already used with another request.'), $this->accepted())->deliver(20));
        self::assertNotSame($this->api->calls[0]['headers']['Idempotency-Key'], $this->api->calls[1]['headers']['Idempotency-Key']);
    }

    public function testABatchTooLargeForTheServerBecomesAnAll(): void
    {
        $this->queue->put(Batch::of([['type' => 'Path', 'value' => '/a/']]));
        $this->courier(ScriptedApi::says(413, 'Request body is too large.'))->deliver(20);
        self::assertSame(['{"items":[{"type":"All"}]}'], array_column($this->queue->due(), 'body'));
    }

    /** @dataProvider connectionFaults */
    public function testTheConnectionIsTestedWithoutPurging(Answer $answer, string $code): void
    {
        $endpoint = $this->endpoint($answer);
        self::assertSame($code, $endpoint->test()[0]);
        self::assertSame(['https://cdn.test/api/property/7/purge', ''], [$this->api->calls[0]['url'], $this->api->calls[0]['body']]);
    }

    public static function connectionFaults(): array
    {
        return [
            [ScriptedApi::says(400, 'Request body must be a JSON object.'), 'ok'],
            [ScriptedApi::says(401, 'Authentication required.'), 'unauthorized'],
            [ScriptedApi::says(403, 'This property is currently disabled.'), 'disabled'],
            [ScriptedApi::says(404, 'Property not found.'), 'unknown-property'],
            [ScriptedApi::says(429, 'Too many requests.'), 'limited'],
            [ScriptedApi::says(500, 'Oops.'), 'unexpected'],
            [new Answer(404, [], 'Not Found'), 'not-the-api'],
            [new Answer(400, [], ''), 'not-the-api'],
            [Answer::none('Connection refused'), 'unreachable'],
        ];
    }

    /** @dataProvider locations */
    public function testAReceiptIsAskedOfTheConfiguredServerAndNoOther(string $location, ?string $kept): void
    {
        self::assertSame($kept, $this->endpoint($this->accepted())->receiptOf(new Answer(200, ['location' => $location], '{}')));
    }

    public static function locations(): array
    {
        return [
            ['/api/property/7/purge/AQ_x-1', '/api/property/7/purge/AQ_x-1'],
            ['https://cdn.test/api/property/7/purge/A', '/api/property/7/purge/A'],
            ['https://evil.test/api/property/7/purge/A', null], ['//evil.test/a', null], ['/@evil.test', null], ['javascript:1', null],
            ['https://cdn.test.evil.test/a', null], ["/a\r\nX: y", null], ['', null],
        ];
    }

    public function testAReceiptTellsHowFarThePurgeIs(): void
    {
        $endpoint = $this->endpoint(ScriptedApi::says(200, 'Purge retrieved.', ['state' => 'pops', 'jobsDone' => 2, 'jobCount' => 6]));
        self::assertSame(['state' => 'pops', 'jobsDone' => 2, 'jobCount' => 6], $endpoint->receipt('/api/property/7/purge/A'));
        self::assertNull($endpoint->receipt(''));
        self::assertCount(1, $this->api->calls);
    }

    /** @dataProvider bases */
    public function testAnAddressIsCleanedOrRefused(string $typed, ?string $base): void
    {
        self::assertSame($base, Endpoint::cleanBase($typed));
    }

    public static function bases(): array
    {
        return [
            ['http://localhost:5252', 'http://localhost:5252'], [' https://cdn.test/ ', 'https://cdn.test'], ['https://cdn.test/api/', 'https://cdn.test'],
            ['https://cdn.test/proxy', 'https://cdn.test/proxy'], ['cdn.test', null], ['ftp://cdn.test', null], ['https://user:pass@cdn.test', null], ['https://user@cdn.test', null],
            ['https://cdn.test/?a=1', null], ['https://cdn.test/#a', null], ['javascript:alert(1)', null], ['', null], ['https://cdn.test/"><b>', null],
        ];
    }

    public function testAKeyWouldCrossANetworkInTheClearOnlyOverHttpToElsewhere(): void
    {
        $exposed = array_filter(
            ['http://localhost:5252', 'http://127.0.0.1:1', 'http://[::1]:1', 'http://a.localhost', 'https://cdn.test', 'http://cdn.test', 'http://10.0.0.1'],
            [Endpoint::class, 'isExposed']
        );
        self::assertSame(['http://cdn.test', 'http://10.0.0.1'], array_values($exposed));
    }

    public function testWaitingGrowsToAQuarterOfAnHourAndObeysTheServer(): void
    {
        foreach ([1 => 5, 2 => 15, 3 => 45, 4 => 135, 5 => 405, 6 => 900, 50 => 900] as $attempts => $least) {
            $seconds = Backoff::seconds($attempts);
            self::assertGreaterThanOrEqual($least, $seconds);
            self::assertLessThanOrEqual($least * 1.25, $seconds);
        }
        self::assertSame(120, Backoff::seconds(1, 120));
        self::assertSame(3600, Backoff::seconds(1, 999999));
    }

    private function accepted(): Answer
    {
        return ScriptedApi::says(200, 'Purge request accepted.', ['rejected' => []], ['location' => '/api/property/7/purge/AQ_x-1']);
    }

    private function endpoint(Answer ...$answers): Endpoint
    {
        $this->api = new ScriptedApi(...$answers);
        return new Endpoint('https://cdn.test', 7, self::KEY, $this->api);
    }

    private function courier(Answer ...$answers): Courier
    {
        return new Courier($this->queue, $this->endpoint(...$answers), fn(): int => $this->now);
    }
}
