<?php

namespace Paradarum\Purge;

/** One property of one installation, as a key may call it. Calls lead to the configured address and nowhere else. */
final class Endpoint
{
    const DEFAULT_BASE = 'http://localhost:5252';
    const TIMEOUT = 10.0;
    const SHORT_TIMEOUT = 3.0;

    private $base;
    private $property;
    private $key;
    private $transport;

    /**
     * @param string $base From {@see cleanBase}.
     * @param int $property
     * @param string $key Raw.
     */
    public function __construct($base, $property, $key, Transport $transport)
    {
        $this->base = $base;
        $this->property = (int) $property;
        $this->key = $key;
        $this->transport = $transport;
    }

    /** @return string|null The address without what does not belong to it; null when it is none of a server. */
    public static function cleanBase($text)
    {
        $text = trim((string) $text);
        $parts = parse_url($text);
        $usable = $parts !== false
            && isset($parts['scheme'], $parts['host'])
            && in_array(strtolower($parts['scheme']), array('http', 'https'), true)
            && !isset($parts['user']) && !isset($parts['pass']) && !isset($parts['query']) && !isset($parts['fragment'])
            && !preg_match('/[\s<>"\'\\\\]/', $text);
        if (!$usable) {
            return null;
        }
        // Routes of the API start with /api; who copies an address often copies that too.
        return preg_replace('~(/api)?/*$~i', '', $text);
    }

    /** Whether a key would cross a network in the clear. */
    public static function isExposed($base)
    {
        $parts = parse_url($base);
        $host = isset($parts['host']) ? strtolower(trim($parts['host'], '[]')) : '';
        $local = $host === 'localhost' || substr($host, -10) === '.localhost' || $host === '::1' || strpos($host, '127.') === 0;
        return isset($parts['scheme']) && strtolower($parts['scheme']) === 'http' && !$local;
    }

    /** A key: pdm_ and 28 characters of letters, digits and !@#$%&*. */
    public static function looksLikeKey($text)
    {
        return is_string($text) && preg_match('/^pdm_[A-Za-z0-9!@#$%&*]{28}$/', $text) === 1;
    }

    public function purge($body, $idempotencyKey)
    {
        return $this->post('/purge/batch', $body, array('Idempotency-Key' => $idempotencyKey), self::TIMEOUT);
    }

    /**
     * Whether key and property are well, without purging: an empty body comes as far as the last guard.
     *
     * @return string[] [one of: ok, unreachable, unauthorized, disabled, unknown-property, limited, not-the-api, unexpected; a sentence]
     */
    public function test()
    {
        $answer = $this->post('/purge', '', array(), self::SHORT_TIMEOUT);
        $codes = array(400 => 'ok', 401 => 'unauthorized', 403 => 'disabled', 404 => 'unknown-property', 429 => 'limited');
        if ($answer->status === 0) {
            $code = 'unreachable';
        } elseif (!$answer->isEnvelope()) {
            $code = 'not-the-api';
        } else {
            $code = isset($codes[$answer->status]) ? $codes[$answer->status] : 'unexpected';
        }
        return array($code, $answer->sentence());
    }

    /**
     * How far a purge has come.
     *
     * @param string $receipt What {@see receiptOf} kept.
     * @return array|null state, jobsDone, jobCount; null when it could not be asked.
     */
    public function receipt($receipt)
    {
        if ($this->ownReceipt($receipt) === null) {
            return null;
        }
        $headers = $this->headers();
        $answer = $this->transport->call('GET', $this->origin() . $receipt, $headers, '', self::SHORT_TIMEOUT);
        if ($answer->status !== 200 || !is_string($answer->data('state'))) {
            return null;
        }
        return array(
            'state' => $answer->data('state'),
            'jobsDone' => (int) $answer->data('jobsDone'),
            'jobCount' => (int) $answer->data('jobCount'),
        );
    }

    /** @return string|null The path of the receipt that an answer named, if it named one of this server's. */
    public function receiptOf(Answer $answer)
    {
        $location = $answer->header('location');
        if ($location === null) {
            return null;
        }
        if (strpos($location, $this->origin() . '/') === 0) {
            $location = substr($location, strlen($this->origin()));
        }
        return $this->ownReceipt($location);
    }

    /** Only a path of this server: the key goes nowhere else, whatever an answer says. */
    private function ownReceipt($location)
    {
        return preg_match('~^/[A-Za-z0-9._\-][A-Za-z0-9._/\-]*$~', (string) $location) === 1 && strlen($location) <= 500 ? $location : null;
    }

    private function post($path, $body, array $more, $timeout)
    {
        $headers = $this->headers() + array('Content-Type' => 'application/json') + $more;
        return $this->transport->call('POST', $this->base . '/api/property/' . $this->property . $path, $headers, $body, $timeout);
    }

    private function headers()
    {
        return array('X-API-Key' => $this->key, 'Accept' => 'application/json');
    }

    private function origin()
    {
        $parts = parse_url($this->base);
        return $parts['scheme'] . '://' . $parts['host'] . (isset($parts['port']) ? ':' . $parts['port'] : '');
    }
}
