<?php

namespace Paradarum\Purge;

/** What came back from a call, or why nothing did. */
final class Answer
{
    const LONGEST_SENTENCE = 300;

    /** Status; 0 when there was no answer. */
    public $status;
    private $headers;
    private $body;
    private $failure;

    /** @param string[] $headers By lower-case name. */
    public function __construct($status, array $headers, $body)
    {
        $this->status = (int) $status;
        $this->headers = $headers;
        $this->body = json_decode($body, true);
    }

    /** @param string $why As the HTTP client says it. */
    public static function none($why)
    {
        $answer = new self(0, array(), '');
        $answer->failure = $why;
        return $answer;
    }

    public function header($name)
    {
        return isset($this->headers[$name]) && is_string($this->headers[$name]) ? $this->headers[$name] : null;
    }

    /** @return mixed A field of "data"; null when there is none. */
    public function data($name)
    {
        return isset($this->body['data'][$name]) ? $this->body['data'][$name] : null;
    }

    /** Whether it is the API that answered, and not something else at that address. */
    public function isEnvelope()
    {
        return is_array($this->body) && isset($this->body['message']) && is_string($this->body['message']);
    }

    /** In words, for the log and the administrator: plain text of at most 300 characters. */
    public function sentence()
    {
        if ($this->status === 0) {
            return self::cut('No answer: ' . $this->failure);
        }
        return self::cut('HTTP ' . $this->status . ($this->isEnvelope() ? ': ' . $this->body['message'] : ''));
    }

    /** @return array[] [index, reason] of the items that the API refused. */
    public function rejected()
    {
        $rejected = array();
        foreach (is_array($this->data('rejected')) ? $this->data('rejected') : array() as $item) {
            if (isset($item['index'], $item['reason']) && is_int($item['index']) && is_string($item['reason'])) {
                $rejected[] = array($item['index'], self::cut($item['reason']));
            }
        }
        return $rejected;
    }

    /** @return int|null Seconds that the server asks to wait. */
    public function retryAfter()
    {
        $value = $this->header('retry-after');
        return $value !== null && ctype_digit(trim($value)) ? (int) trim($value) : null;
    }

    private static function cut($text)
    {
        $plain = preg_replace('/[\x00-\x1f\x7f]+/', ' ', $text);
        return strlen($plain) > self::LONGEST_SENTENCE ? substr($plain, 0, self::LONGEST_SENTENCE) . '...' : $plain;
    }
}
