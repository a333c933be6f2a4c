<?php

namespace Paradarum\CdnModule;

use Link;
use Paradarum\Purge\Courier;
use Paradarum\Purge\Endpoint;
use Paradarum\Purge\Queue;

if (!defined('_PS_VERSION_')) {
    exit;
}

/**
 * Brings batches to the API without anybody waiting for it: after the response where the server can end one early, else
 * through the module's cron address. What is on its way lies in the database first.
 */
final class Dispatcher
{
    /** Seconds for which one process sends, in all shops together. A request that was begun within them is waited for. */
    const BUDGET = 20;

    /** Seconds for the connection to the shop's own cron address; nobody waits for its answer. */
    const PING = 0.03;

    private static $open;

    private $link;
    private $transport;
    private $clock;

    /**
     * @param \Paradarum\Purge\Transport|null $transport Null: curl.
     * @param callable $clock Gives the time in whole seconds.
     */
    public function __construct(Link $link, $transport = null, $clock = 'time')
    {
        $this->link = $link;
        $this->transport = $transport === null ? new CurlTransport() : $transport;
        $this->clock = $clock;
    }

    public function link()
    {
        return $this->link;
    }

    /** @param \Paradarum\Purge\Batch[] $batches By shop. */
    public function take(array $batches)
    {
        foreach ($batches as $shop => $batch) {
            $this->queue($shop)->put($batch);
        }
        if ($this->endResponse() || PHP_SAPI === 'cli') {
            $this->deliverAll();
        } else {
            $this->ping();
        }
    }

    /**
     * Sends what is due in each shop. Where the time does not suffice for all, those left over come first the next time: else
     * a shop with a slow API would keep the purges of those behind it for ever.
     *
     * @return int How many purges still wait.
     */
    public function deliverAll()
    {
        $end = $this->now() + self::BUDGET;
        $turns = $this->turns();
        foreach ($turns as $n => $shop) {
            $this->deliver($shop, $end - $this->now());
            if ($this->now() >= $end) {
                // The first had all the time there is; one further back only the rest of it.
                Settings::startWith($turns[$n === 0 ? 1 % count($turns) : $n]);
                break;
            }
        }
        $waiting = 0;
        foreach ($turns as $shop) {
            $trouble = $this->queue($shop)->trouble();
            $waiting += $trouble['waiting'];
        }
        return $waiting;
    }

    /** @return int[] All shops, from the one that comes first now. */
    private function turns()
    {
        $shops = Sites::shops();
        $first = (int) array_search(Settings::firstShop(), $shops, true);
        return array_merge(array_slice($shops, $first), array_slice($shops, 0, $first));
    }

    private function deliver($shop, $seconds)
    {
        $queue = $this->queue($shop);
        $endpoint = self::endpoint(new Settings($shop), $this->transport);
        if ($endpoint !== null && $queue->nextDue() !== null) {
            $courier = new Courier($queue, $endpoint, $this->clock);
            $courier->deliver($seconds);
        }
    }

    private function now()
    {
        return (int) call_user_func($this->clock);
    }

    public function queue($shop)
    {
        return new Queue(new ShopDatabase($shop), $this->clock);
    }

    /** @return Endpoint|null Null until address, property and key are given. */
    public static function endpoint(Settings $settings, $transport)
    {
        $key = $settings->key();
        return $key === null || $settings->property() === 0
            ? null
            : new Endpoint($settings->base(), $settings->property(), $key, $transport);
    }

    public function cronUrl()
    {
        return $this->link->getModuleLink('paradarumcdn', 'cron', array('token' => Settings::cronToken()), true);
    }

    /** Wakes the cron address without waiting for it. */
    public function ping()
    {
        $url = defined('PARADARUMCDN_LOOPBACK_URL') ? PARADARUMCDN_LOOPBACK_URL : $this->cronUrl();
        $parts = parse_url($url);
        if (empty($parts['host'])) {
            return;
        }
        $secure = isset($parts['scheme']) && $parts['scheme'] === 'https';
        $port = isset($parts['port']) ? $parts['port'] : ($secure ? 443 : 80);
        // Under the shop's own name wherever the connection goes: PrestaShop sends every other name away to that one.
        $shop = parse_url($this->cronUrl());
        // That name may lead to this machine under a certificate of its own.
        $context = stream_context_create(array('ssl' => array('verify_peer' => false, 'verify_peer_name' => false, 'peer_name' => $shop['host'])));
        $to = ($secure ? 'ssl' : 'tcp') . '://' . $parts['host'] . ':' . $port;
        $socket = @stream_socket_client($to, $code, $reason, self::PING, STREAM_CLIENT_CONNECT, $context);
        if ($socket === false) {
            return;
        }
        stream_set_blocking($socket, false);
        $target = (isset($parts['path']) ? $parts['path'] : '/') . (isset($parts['query']) ? '?' . $parts['query'] : '');
        $host = $shop['host'] . (isset($shop['port']) ? ':' . $shop['port'] : '');
        fwrite($socket, "POST $target HTTP/1.1\r\nHost: $host\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        // Closed only when the process ends: a proxy in between may drop what its client no longer waits for.
        self::$open = $socket;
    }

    private function endResponse()
    {
        foreach (array('fastcgi_finish_request', 'litespeed_finish_request') as $finish) {
            if (function_exists($finish)) {
                $finish();
                return true;
            }
        }
        return false;
    }
}
