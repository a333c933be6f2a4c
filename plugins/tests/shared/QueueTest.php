<?php

use Paradarum\Purge\Batch;
use Paradarum\Purge\Queue;
use PHPUnit\Framework\TestCase;

final class QueueTest extends TestCase
{
    private int $now = 1000000;
    private SqliteDatabase $database;
    private Queue $queue;

    protected function setUp(): void
    {
        $this->database = new SqliteDatabase();
        $this->queue = new Queue($this->database, fn(): int => $this->now);
    }

    public function testWhatIsPutIsDueAtOnceWithItsKeyAndBytes(): void
    {
        $batch = $this->batch('/a/');
        $this->queue->put($batch);
        [$row] = $this->queue->due();
        self::assertSame([$batch->key, $batch->body], [$row['batch_key'], $row['body']]);
    }

    public function testOnlyOneProcessGetsAPurge(): void
    {
        $id = $this->queue->put($this->batch('/a/'));
        self::assertTrue($this->queue->claim($id));
        self::assertFalse($this->queue->claim($id));
        self::assertSame([], $this->queue->due());
    }

    public function testAProcessThatDiedLosesItsPurgeToTheNext(): void
    {
        $id = $this->queue->put($this->batch('/a/'));
        $this->queue->claim($id);
        $this->now += Queue::CLAIM + 1;
        self::assertTrue($this->queue->claim($id));
    }

    public function testWhatAProcessHasTakenIsNotDueBeforeThatProcessMustBeDead(): void
    {
        $this->queue->claim($this->queue->put($this->batch('/a/')));
        $next = $this->queue->nextDue();
        self::assertSame($this->now + Queue::CLAIM + 1, $next);
        $this->now = $next;
        self::assertCount(1, $this->queue->due());
    }

    public function testWhatFailedIsDueLaterUnderTheSameKey(): void
    {
        $id = $this->queue->put($this->batch('/a/'));
        $before = $this->queue->find($id);
        $this->queue->claim($id);
        $this->queue->later($id, 15, 'HTTP 429');
        self::assertSame([], $this->queue->due());
        self::assertSame($this->now + 15, $this->queue->nextDue());
        $this->now += 15;
        [$row] = $this->queue->due();
        self::assertSame([$before['batch_key'], $before['body'], 1], [$row['batch_key'], $row['body'], (int) $row['attempts']]);
        self::assertSame(['waiting' => 1, 'failing' => 1, 'since' => 1000000, 'reason' => 'HTTP 429'], $this->queue->trouble());
    }

    public function testTooManyThatWaitBecomeOneAllAndNothingIsLost(): void
    {
        for ($n = 0; $n < Queue::MOST_WAITING; $n++) {
            $this->queue->put($this->batch("/p$n/"));
        }
        self::assertSame(Queue::MOST_WAITING, $this->queue->trouble()['waiting']);
        $this->queue->put($this->batch('/one-more/'));
        $waiting = $this->queue->due(100);
        self::assertSame(['{"items":[{"type":"All"}]}'], array_column($waiting, 'body'));
    }

    public function testWhatIsJustBeingSentSurvivesThatAll(): void
    {
        $sending = $this->queue->put($this->batch('/sending/'));
        $this->queue->claim($sending);
        for ($n = 0; $n < Queue::MOST_WAITING; $n++) {
            $this->queue->put($this->batch("/p$n/"));
        }
        self::assertNotNull($this->queue->find($sending));
        self::assertSame(2, $this->queue->trouble()['waiting']);
    }

    public function testOfThoseSentTheLastHundredAreKept(): void
    {
        for ($n = 0; $n < Queue::MOST_DONE + 20; $n++) {
            $this->queue->sent($this->queue->put($this->batch("/p$n/")), null, '', 0);
        }
        self::assertCount(Queue::MOST_DONE, $this->queue->latest(1000));
        self::assertStringContainsString('/p119/', $this->queue->latest(1)[0]['body']);
    }

    public function testTheLastPurgeOfAnItemIsFoundByItsNameAlone(): void
    {
        $twelve = $this->queue->put(Batch::of([['type' => 'Path', 'value' => '/a/']], ['post:1', 'post:12']));
        $this->queue->put(Batch::of([['type' => 'Path', 'value' => '/b/']], ['post:123']));
        self::assertSame($twelve, (int) $this->queue->latestOf('post:12')['id']);
        self::assertNull($this->queue->latestOf('post:2'));
        $all = $this->queue->put(Batch::everything());
        self::assertSame($all, (int) $this->queue->latestOf('post:12')['id']);
    }

    private function batch(string $path): Batch
    {
        return Batch::of([['type' => 'Path', 'value' => $path]]);
    }
}
