<?php

namespace Paradarum\Purge;

/** One request to the API, written down: a retry sends the same bytes under the same key, so that it is harmless. */
final class Batch
{
    /** A request may have 4 MiB; a batch that comes near it is better an All. */
    const LARGEST_BODY = 1048576;

    public $key;
    public $body;
    public $count;

    /** @var string[] What was changed, see {@see Routes::subject}. */
    public $subjects;

    private function __construct($key, $body, $count, array $subjects)
    {
        $this->key = $key;
        $this->body = $body;
        $this->count = $count;
        $this->subjects = $subjects;
    }

    /** @param array[] $items From {@see Plan::items}; at least one. */
    public static function of(array $items, array $subjects = array())
    {
        $body = json_encode(array('items' => array_values($items)), JSON_UNESCAPED_SLASHES);
        if ($body === false || strlen($body) > self::LARGEST_BODY) {
            // What cannot be written down exactly is purged with everything: too much is safe, too little is not.
            return self::of(Plan::all(), $subjects);
        }
        return new self(self::newKey(), $body, count($items), $subjects);
    }

    public static function everything()
    {
        return self::of(Plan::all());
    }

    public static function newKey()
    {
        return bin2hex(openssl_random_pseudo_bytes(16));
    }
}
