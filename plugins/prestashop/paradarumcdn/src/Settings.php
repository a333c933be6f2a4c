<?php

namespace Paradarum\CdnModule;

use Configuration;
use Paradarum\Purge\Endpoint;
use Paradarum\Purge\Plan;
use Paradarum\Purge\Secret;

if (!defined('_PS_VERSION_')) {
    exit;
}

/** The settings of one shop; what a shop does not set it has from its group or from all shops, as PrestaShop does it. */
final class Settings
{
    const PREFIX_LENGTH = 8;
    const DEFAULT_THRESHOLD = 30;

    private static $names = array('BASE', 'PROPERTY', 'KEY', 'SHOWN', 'AUTO', 'STRATEGY', 'THRESHOLD', 'KINDS', 'FIRST');

    private $shop;

    /** @param int|null $shop Null: the context of the page, which may be all shops. */
    public function __construct($shop = null)
    {
        $this->shop = $shop;
    }

    /** Kinds of related routes, each with a switch. The item itself is always purged. */
    public static function kinds()
    {
        return array('home', 'categories', 'parents', 'manufacturer', 'supplier', 'best_sellers', 'new_products', 'prices');
    }

    public function base()
    {
        return $this->get('BASE', Endpoint::DEFAULT_BASE);
    }

    public function property()
    {
        return (int) $this->get('PROPERTY', 0);
    }

    /** The first eight characters, which the API shows too; empty when there is no key. */
    public function keyPrefix()
    {
        return $this->get('SHOWN', '');
    }

    /** @return string|null Null when there is none, or when the shop's cookie key has changed since. */
    public function key()
    {
        $sealed = $this->get('KEY', '');
        return $sealed === '' ? null : self::secret()->open($sealed);
    }

    public function isConfigured()
    {
        return $this->property() > 0 && $this->keyPrefix() !== '';
    }

    public function isAutomatic()
    {
        return (bool) $this->get('AUTO', '1');
    }

    public function strategy()
    {
        return $this->get('STRATEGY', Plan::HYBRID);
    }

    public function threshold()
    {
        return (int) $this->get('THRESHOLD', self::DEFAULT_THRESHOLD);
    }

    public function wanted()
    {
        $kinds = $this->get('KINDS', implode(',', self::kinds()));
        return array_merge(array('item'), explode(',', $kinds));
    }

    public function plan()
    {
        return new Plan($this->strategy(), $this->threshold());
    }

    /**
     * Saves what a form sent, all of it or nothing.
     *
     * @param array $input base, property, key (empty: keep it), forget_key, auto, strategy, threshold, kinds (names).
     * @return string[] What is wrong: base, property, threshold, strategy, key, key-again.
     */
    public function save(array $input)
    {
        $base = Endpoint::cleanBase($input['base']);
        $key = trim($input['key']);
        $forget = !empty($input['forget_key']);
        $threshold = (string) $input['threshold'];
        $wrong = array_keys(array_filter(array(
            'base' => $base === null,
            'property' => !ctype_digit((string) $input['property']),
            'threshold' => !ctype_digit($threshold) || $threshold < 1 || $threshold > Plan::HIGHEST_THRESHOLD,
            'strategy' => !in_array($input['strategy'], Plan::strategies(), true),
            'key' => $key !== '' && !Endpoint::looksLikeKey($key),
            // Else who can change this page could have the key sent to a server of theirs.
            'key-again' => $base !== null && $base !== $this->base() && $key === '' && !$forget && $this->keyPrefix() !== '',
        )));
        if ($wrong) {
            return $wrong;
        }
        $this->set('BASE', $base);
        $this->set('PROPERTY', (int) $input['property']);
        $this->set('AUTO', empty($input['auto']) ? '0' : '1');
        $this->set('STRATEGY', $input['strategy']);
        $this->set('THRESHOLD', (int) $threshold);
        $this->set('KINDS', implode(',', array_intersect(self::kinds(), $input['kinds'])));
        if ($forget || $key !== '') {
            $this->set('KEY', $forget ? '' : self::secret()->seal($key));
            $this->set('SHOWN', $forget ? '' : substr($key, 0, self::PREFIX_LENGTH));
        }
        return array();
    }

    public static function forgetAll()
    {
        foreach (self::$names as $name) {
            Configuration::deleteByName('PARADARUMCDN_' . $name);
        }
    }

    /** A word that only this installation knows, for the address of its cron. */
    public static function cronToken()
    {
        return substr(hash_hmac('sha256', 'paradarumcdn cron', _COOKIE_KEY_), 0, 32);
    }

    /** @return int The shop that {@see startWith} named last; 0 before. */
    public static function firstShop()
    {
        return (int) Configuration::getGlobalValue('PARADARUMCDN_FIRST');
    }

    /** Which shop's purges are delivered first the next time. */
    public static function startWith($shop)
    {
        if ($shop !== self::firstShop()) {
            Configuration::updateGlobalValue('PARADARUMCDN_FIRST', (string) $shop);
        }
    }

    private static function secret()
    {
        return new Secret(_COOKIE_KEY_);
    }

    private function get($name, $byDefault)
    {
        $value = $this->shop === null
            ? Configuration::get('PARADARUMCDN_' . $name)
            : Configuration::get('PARADARUMCDN_' . $name, null, null, $this->shop);
        return $value === false || $value === null ? $byDefault : (string) $value;
    }

    private function set($name, $value)
    {
        if ($this->shop === null) {
            Configuration::updateValue('PARADARUMCDN_' . $name, (string) $value);
        } else {
            Configuration::updateValue('PARADARUMCDN_' . $name, (string) $value, false, null, $this->shop);
        }
    }
}
