<?php

use Paradarum\Purge\Answer;
use Paradarum\Purge\Transport;

/** The other end of the wire: answers as a test says, keeps what it was asked. */
final class ScriptedApi implements Transport
{
    /** @var array[] method, url, headers, body */
    public array $calls = [];

    /** @var Answer[] */
    private array $answers;

    public function __construct(Answer ...$answers)
    {
        $this->answers = $answers;
    }

    public static function says(int $status, string $message, ?array $data = null, array $headers = []): Answer
    {
        return new Answer($status, $headers, json_encode(['succeeded' => $status < 400, 'message' => $message, 'data' => $data]));
    }

    public function call($method, $url, array $headers, $body, $timeout): Answer
    {
        $this->calls[] = ['method' => $method, 'url' => $url, 'headers' => $headers, 'body' => $body];
        return count($this->answers) > 1 ? array_shift($this->answers) : $this->answers[0];
    }
}
