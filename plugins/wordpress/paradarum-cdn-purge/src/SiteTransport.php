<?php

namespace Paradarum\CdnPurge;

use Paradarum\Purge\Answer;
use Paradarum\Purge\Transport;

defined('ABSPATH') || exit;

/** Calls through WordPress, so that its proxy settings and certificates count. */
final class SiteTransport implements Transport
{
    public function call($method, $url, array $headers, $body, $timeout): Answer
    {
        $answer = wp_remote_request($url, [
            'method' => $method,
            'headers' => $headers,
            'body' => $body,
            'timeout' => $timeout,
            // The key is for the configured address alone.
            'redirection' => 0,
            'sslverify' => true,
            'user-agent' => 'paradarum-cdn-purge/' . PARADARUM_CDN_VERSION,
        ]);
        if (is_wp_error($answer)) {
            return Answer::none($answer->get_error_message());
        }
        $fields = wp_remote_retrieve_headers($answer);
        $named = array_filter(is_object($fields) ? $fields->getAll() : (array) $fields, 'is_string');
        return new Answer(
            (int) wp_remote_retrieve_response_code($answer),
            array_change_key_case($named, CASE_LOWER),
            wp_remote_retrieve_body($answer)
        );
    }
}
