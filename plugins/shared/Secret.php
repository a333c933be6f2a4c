<?php

namespace Paradarum\Purge;

/**
 * Seals what must not lie readable in a database: AES-256-CBC with a random IV, and a tag (HMAC-SHA256) over version, IV
 * and ciphertext. The keys come from secrets that the site keeps outside its database, so a dump alone opens nothing.
 */
final class Secret
{
    const VERSION = 'p1:';
    const IV_BYTES = 16;
    const TAG_BYTES = 32;

    private $cipherKey;
    private $tagKey;

    /** @param string $siteSecret The site's own; when it changes, what was sealed cannot be opened any more. */
    public function __construct($siteSecret)
    {
        $this->cipherKey = hash_hmac('sha256', 'paradarum cdn purge: cipher', $siteSecret, true);
        $this->tagKey = hash_hmac('sha256', 'paradarum cdn purge: tag', $siteSecret, true);
    }

    /** @return string Printable. */
    public function seal($plain)
    {
        $strong = false;
        $iv = openssl_random_pseudo_bytes(self::IV_BYTES, $strong);
        if ($iv === false || !$strong) {
            throw new \RuntimeException('This server has no source of strong random bytes.');
        }
        $hidden = $iv . openssl_encrypt($plain, 'aes-256-cbc', $this->cipherKey, OPENSSL_RAW_DATA, $iv);
        return self::VERSION . base64_encode($hidden . $this->tag($hidden));
    }

    /** @return string|null Null when it was sealed with another secret, was changed, or is nothing sealed. */
    public function open($sealed)
    {
        if (!is_string($sealed) || strpos($sealed, self::VERSION) !== 0) {
            return null;
        }
        $bytes = base64_decode(substr($sealed, strlen(self::VERSION)), true);
        if ($bytes === false || strlen($bytes) <= self::IV_BYTES + self::TAG_BYTES) {
            return null;
        }
        $hidden = substr($bytes, 0, -self::TAG_BYTES);
        // The tag first: nothing that was tampered with reaches the cipher, whose padding errors would tell about the text.
        if (!hash_equals($this->tag($hidden), substr($bytes, -self::TAG_BYTES))) {
            return null;
        }
        $plain = openssl_decrypt(
            substr($hidden, self::IV_BYTES),
            'aes-256-cbc',
            $this->cipherKey,
            OPENSSL_RAW_DATA,
            substr($hidden, 0, self::IV_BYTES)
        );
        return $plain === false ? null : $plain;
    }

    private function tag($hidden)
    {
        return hash_hmac('sha256', self::VERSION . $hidden, $this->tagKey, true);
    }
}
