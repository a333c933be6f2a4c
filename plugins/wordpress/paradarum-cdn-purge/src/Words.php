<?php

namespace Paradarum\CdnPurge;

use Paradarum\Purge\Endpoint;
use Paradarum\Purge\Queue;

defined('ABSPATH') || exit;

/** What the plugin says to people. Plain text: whoever prints it escapes it. */
final class Words
{
    /** @return array{0: bool, 1: string} Whether all is well, and what to do if not. */
    public static function ofTest(?Endpoint $endpoint, Settings $settings): array
    {
        if ($settings->isKeyLost()) {
            return [false, __('The saved API key cannot be read any more, because the salts in wp-config.php have changed. Enter it again.', 'paradarum-cdn-purge')];
        }
        if ($endpoint === null) {
            return [false, __('Enter the API key and the property id first.', 'paradarum-cdn-purge')];
        }
        [$code, $sentence] = $endpoint->test();
        $known = [
            'ok' => __('Connected: the key and the property are right. Nothing was purged.', 'paradarum-cdn-purge'),
            'unauthorized' => __('The API does not know this key. Make a new one there, or copy it again.', 'paradarum-cdn-purge'),
            'disabled' => __('The key is right, but the property is disabled or suspended. Purges wait until it is enabled again.', 'paradarum-cdn-purge'),
            'unknown-property' => __('The key is right, but there is no property with this id in its account.', 'paradarum-cdn-purge'),
            'limited' => __('The key has asked too often just now. Wait a moment and test again.', 'paradarum-cdn-purge'),
            'not-the-api' => __('Something answers at this address, but it is not the purge API. Check the address.', 'paradarum-cdn-purge'),
            'unreachable' => __('The API cannot be reached from this server. Check address, port and firewall.', 'paradarum-cdn-purge'),
        ];
        $words = $known[$code] ?? __('The API answered in a way that this plugin does not expect.', 'paradarum-cdn-purge');
        return [$code === 'ok', in_array($code, ['ok', 'unauthorized', 'unknown-property'], true) ? $words : "$words ($sentence)"];
    }

    /** @param array<string, mixed> $row Of the queue. */
    public static function ofState(array $row): string
    {
        if ($row['state'] === Queue::SENT) {
            return (int) $row['rejected'] > 0
                ? __('Accepted in part', 'paradarum-cdn-purge')
                : __('Accepted', 'paradarum-cdn-purge');
        }
        if ($row['state'] === Queue::REFUSED) {
            return __('Refused', 'paradarum-cdn-purge');
        }
        return (int) $row['attempts'] > 0
            ? __('Waiting, will be tried again', 'paradarum-cdn-purge')
            : __('Waiting to be sent', 'paradarum-cdn-purge');
    }

    /** @param array{state: string, jobsDone: int, jobCount: int}|null $receipt */
    public static function ofReceipt(?array $receipt): string
    {
        if ($receipt === null) {
            return __('The receipt could not be read just now.', 'paradarum-cdn-purge');
        }
        if ($receipt['state'] === 'complete') {
            return __('Complete: no node serves the old page any more.', 'paradarum-cdn-purge');
        }
        /* translators: 1: jobs done, 2: all jobs */
        return sprintf(__('On its way: %1$d of %2$d jobs done.', 'paradarum-cdn-purge'), $receipt['jobsDone'], $receipt['jobCount']);
    }

    /** @param array<string, mixed> $row Of the queue. */
    public static function ofContent(array $row): string
    {
        if (strpos((string) $row['body'], '"type":"All"') !== false && (int) $row['item_count'] === 1) {
            return __('Everything', 'paradarum-cdn-purge');
        }
        $count = (int) $row['item_count'];
        /* translators: %d: number of purge items */
        return sprintf(_n('%d item', '%d items', $count, 'paradarum-cdn-purge'), $count);
    }

    public static function ofTime(int $time): string
    {
        /* translators: %s: a span such as "5 minutes" */
        return $time === 0 ? '' : sprintf(__('%s ago', 'paradarum-cdn-purge'), human_time_diff($time));
    }

    /** @return array<string, string> */
    public static function strategies(): array
    {
        return [
            'hybrid' => __('Hybrid: the item and the home page exactly, archives with all their pages', 'paradarum-cdn-purge'),
            'surgical' => __('Surgical: only exact addresses, one by one', 'paradarum-cdn-purge'),
            'broad' => __('Broad: everything, on every change', 'paradarum-cdn-purge'),
        ];
    }

    /** @return array<string, string> */
    public static function kinds(): array
    {
        return [
            'home' => __('Home page and blog page', 'paradarum-cdn-purge'),
            'archives' => __('Categories, tags and other archives', 'paradarum-cdn-purge'),
            'author' => __('Author archive', 'paradarum-cdn-purge'),
            'dates' => __('Archives of the year, month and day', 'paradarum-cdn-purge'),
            'neighbours' => __('Previous and next post', 'paradarum-cdn-purge'),
            'feeds' => __('Feeds', 'paradarum-cdn-purge'),
            'sitemaps' => __('Sitemaps', 'paradarum-cdn-purge'),
            'rest' => __('REST API', 'paradarum-cdn-purge'),
            'amp' => __('AMP pages', 'paradarum-cdn-purge'),
        ];
    }
}
