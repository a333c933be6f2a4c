<?php

namespace Paradarum\Purge;

/** Sends what waits in the queue, and judges the answers. */
final class Courier
{
    private $queue;
    private $endpoint;
    private $clock;

    /** @param callable $clock Gives the time in whole seconds. */
    public function __construct(Queue $queue, Endpoint $endpoint, $clock)
    {
        $this->queue = $queue;
        $this->endpoint = $endpoint;
        $this->clock = $clock;
    }

    /**
     * Sends what is due, oldest first, until one has to wait or the time is over.
     *
     * @param int $seconds After which no other is begun.
     * @return bool Whether everything that was due is delivered.
     */
    public function deliver($seconds)
    {
        $end = call_user_func($this->clock) + $seconds;
        foreach ($this->queue->due() as $row) {
            if (call_user_func($this->clock) >= $end) {
                return false;
            }
            // When it is another process that has it, that one says how it went.
            if ($this->queue->claim($row['id']) && !$this->send($row)) {
                return false;
            }
        }
        return true;
    }

    /** Sends one purge that this process has claimed. False: it has to wait, and so do those behind it. */
    public function send(array $row)
    {
        $answer = $this->endpoint->purge($row['body'], $row['batch_key']);
        if ($answer->status === 409) {
            // Only possible when the key was used for other bytes: under a new one it is a new purge.
            $this->queue->renewKey($row['id']);
            $row = $this->queue->find($row['id']);
            $answer = $this->endpoint->purge($row['body'], $row['batch_key']);
        }
        $rejected = $answer->rejected();
        if ($answer->status === 200 && $answer->isEnvelope()) {
            $this->queue->sent($row['id'], $this->endpoint->receiptOf($answer), self::reasons($row, $rejected), count($rejected));
            return true;
        }
        if ($answer->status === 400 && $rejected) {
            $this->queue->refused($row['id'], self::reasons($row, $rejected), count($rejected));
            return true;
        }
        if ($answer->status === 413) {
            $this->queue->put(Batch::everything());
            $this->queue->refused($row['id'], $answer->sentence(), (int) $row['item_count']);
            return true;
        }
        // A wrong key, a property switched off, too many requests, no node, no answer: all of it can be put right meanwhile.
        $this->queue->later($row['id'], Backoff::seconds((int) $row['attempts'] + 1, $answer->retryAfter()), $answer->sentence());
        return false;
    }

    /** In words: each item that was refused, and why. */
    private static function reasons(array $row, array $rejected)
    {
        $sent = json_decode($row['body'], true);
        $lines = array();
        foreach (array_slice($rejected, 0, 20) as $item) {
            $value = isset($sent['items'][$item[0]]['value']) ? $sent['items'][$item[0]]['value'] : '';
            $lines[] = (is_string($value) ? substr($value, 0, 200) : '') . ': ' . $item[1];
        }
        return implode("\n", $lines);
    }
}
