<?php

namespace Paradarum\CdnModule;

use Paradarum\Purge\Answer;
use Paradarum\Purge\Transport;

if (!defined('_PS_VERSION_')) {
    exit;
}

final class CurlTransport implements Transport
{
    public function call($method, $url, array $headers, $body, $timeout)
    {
        $lines = array();
        foreach ($headers as $name => $value) {
            $lines[] = $name . ': ' . $value;
        }
        $fields = array();
        $curl = curl_init($url);
        curl_setopt_array($curl, array(
            CURLOPT_CUSTOMREQUEST => $method,
            CURLOPT_HTTPHEADER => $lines,
            CURLOPT_RETURNTRANSFER => true,
            CURLOPT_TIMEOUT_MS => (int) (1000 * $timeout),
            CURLOPT_NOSIGNAL => true,
            // The key is for the configured address alone.
            CURLOPT_FOLLOWLOCATION => false,
            CURLOPT_PROTOCOLS => CURLPROTO_HTTP | CURLPROTO_HTTPS,
            CURLOPT_SSL_VERIFYPEER => true,
            CURLOPT_SSL_VERIFYHOST => 2,
            CURLOPT_USERAGENT => 'paradarumcdn/' . \ParadarumCdn::VERSION,
            CURLOPT_HEADERFUNCTION => function ($handle, $line) use (&$fields) {
                $parts = explode(':', $line, 2);
                if (count($parts) === 2) {
                    $fields[strtolower(trim($parts[0]))] = trim($parts[1]);
                }
                return strlen($line);
            },
        ));
        if ($method !== 'GET') {
            curl_setopt($curl, CURLOPT_POSTFIELDS, $body);
        }
        $text = curl_exec($curl);
        $answer = $text === false
            ? Answer::none(curl_error($curl))
            : new Answer(curl_getinfo($curl, CURLINFO_HTTP_CODE), $fields, $text);
        curl_close($curl);
        return $answer;
    }
}
