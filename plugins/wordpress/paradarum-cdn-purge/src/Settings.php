<?php

namespace Paradarum\CdnPurge;

use Paradarum\Purge\Endpoint;
use Paradarum\Purge\Plan;
use Paradarum\Purge\Secret;

defined('ABSPATH') || exit;

/** The settings of one site. The key lies sealed in an option of its own, which WordPress does not load on each request. */
final class Settings
{
    public const OPTION = 'paradarum_cdn_settings';
    public const KEY_OPTION = 'paradarum_cdn_key';
    public const PREFIX_LENGTH = 8;
    public const DEFAULT_THRESHOLD = 30;

    /** Kinds of related routes, each with a switch. The item itself is always purged. */
    public const KINDS = ['home', 'archives', 'author', 'dates', 'neighbours', 'feeds', 'sitemaps', 'rest', 'amp'];

    /** @var array<string, mixed> */
    private array $values;

    public function __construct()
    {
        $saved = get_option(self::OPTION, []);
        $this->values = (is_array($saved) ? $saved : []) + self::defaults();
    }

    /** @return array<string, mixed> */
    public static function defaults(): array
    {
        return [
            'base' => Endpoint::DEFAULT_BASE,
            'property' => 0,
            'prefix' => '',
            'auto' => true,
            'strategy' => Plan::HYBRID,
            'threshold' => self::DEFAULT_THRESHOLD,
            'kinds' => self::KINDS,
        ];
    }

    public function base(): string
    {
        return (string) $this->values['base'];
    }

    public function property(): int
    {
        return (int) $this->values['property'];
    }

    /** The first eight characters, which the API shows too; empty when there is no key. */
    public function keyPrefix(): string
    {
        return (string) $this->values['prefix'];
    }

    /** Null when there is none, or when the salts of wp-config.php have changed since. */
    public function key(): ?string
    {
        $sealed = get_option(self::KEY_OPTION, '');
        return $sealed === '' ? null : self::secret()->open($sealed);
    }

    /** Whether there is a key that nobody can read any more. */
    public function isKeyLost(): bool
    {
        return get_option(self::KEY_OPTION, '') !== '' && $this->key() === null;
    }

    /** Whether somebody has set this up: a purge that then can't be sent is kept. */
    public function isConfigured(): bool
    {
        return $this->property() > 0 && $this->keyPrefix() !== '';
    }

    public function isAutomatic(): bool
    {
        return (bool) $this->values['auto'];
    }

    public function strategy(): string
    {
        return (string) $this->values['strategy'];
    }

    public function threshold(): int
    {
        return (int) $this->values['threshold'];
    }

    /** @return string[] */
    public function kinds(): array
    {
        return array_merge(['item'], (array) $this->values['kinds']);
    }

    public function plan(): Plan
    {
        return new Plan($this->strategy(), $this->threshold());
    }

    /**
     * Saves what a form sent, all of it or nothing.
     *
     * @param array<string, mixed> $input base, property, key (empty: keep it), forget_key, auto, strategy, threshold, kinds[].
     * @return string[] What is wrong, in words; empty: saved.
     */
    public function save(array $input): array
    {
        $base = Endpoint::cleanBase($input['base'] ?? '');
        $property = (string) ($input['property'] ?? '');
        $threshold = (string) ($input['threshold'] ?? '');
        $key = trim((string) ($input['key'] ?? ''));
        $forget = !empty($input['forget_key']);
        $problems = array_filter([
            $base === null ? __('The API address must look like https://cdn.example.org, without a path.', 'paradarum-cdn-purge') : '',
            $property === '' || ctype_digit($property) ? '' : __('The property id is a whole number, such as 1.', 'paradarum-cdn-purge'),
            ctype_digit($threshold) && $threshold >= 1 && $threshold <= Plan::HIGHEST_THRESHOLD
                /* translators: %d: highest threshold */
                ? '' : sprintf(__('The threshold is a whole number from 1 to %d.', 'paradarum-cdn-purge'), Plan::HIGHEST_THRESHOLD),
            in_array($input['strategy'] ?? '', Plan::strategies(), true) ? '' : __('Choose one of the strategies.', 'paradarum-cdn-purge'),
            $key === '' || Endpoint::looksLikeKey($key)
                ? '' : __('An API key begins with pdm_ and has 32 characters. Copy it again.', 'paradarum-cdn-purge'),
            // Else who can change this page could have the key sent to a server of theirs.
            $base !== null && $base !== $this->base() && $key === '' && !$forget && $this->keyPrefix() !== ''
                ? __('A new API address needs the API key again: the saved key is only for the old address.', 'paradarum-cdn-purge') : '',
        ]);
        if ($problems) {
            return array_values($problems);
        }
        $this->values = [
            'base' => $base,
            'property' => (int) $property,
            'prefix' => $forget ? '' : ($key === '' ? $this->keyPrefix() : substr($key, 0, self::PREFIX_LENGTH)),
            'auto' => !empty($input['auto']),
            'strategy' => $input['strategy'],
            'threshold' => (int) $threshold,
            'kinds' => array_values(array_intersect(self::KINDS, (array) ($input['kinds'] ?? []))),
        ];
        if ($forget) {
            delete_option(self::KEY_OPTION);
        } elseif ($key !== '') {
            update_option(self::KEY_OPTION, self::secret()->seal($key), false);
        }
        update_option(self::OPTION, $this->values);
        return [];
    }

    private static function secret(): Secret
    {
        return new Secret(wp_salt('secure_auth'));
    }
}
