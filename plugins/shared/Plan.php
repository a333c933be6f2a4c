<?php

namespace Paradarum\Purge;

/** Makes purge items of routes: the strategy says how, the threshold says when it is cheaper to purge everything. */
final class Plan
{
    const HYBRID = 'hybrid';
    const SURGICAL = 'surgical';
    const BROAD = 'broad';

    /** The API takes 10 000 items in a batch. */
    const HIGHEST_THRESHOLD = 10000;

    private $strategy;
    private $threshold;

    /** @param int $threshold Most items of one batch; more become one All. */
    public function __construct($strategy, $threshold)
    {
        $this->strategy = $strategy;
        $this->threshold = max(1, min(self::HIGHEST_THRESHOLD, (int) $threshold));
    }

    public static function strategies()
    {
        return array(self::HYBRID, self::SURGICAL, self::BROAD);
    }

    /** @return array[] Items as the API takes them; none when there is nothing to purge. */
    public function items(Routes $routes)
    {
        if ($routes->isEmpty()) {
            return array();
        }
        if ($routes->isEverything() || $this->strategy === self::BROAD) {
            return self::all();
        }
        list($paths, $prefixes) = $this->strategy === self::SURGICAL ? $this->surgical($routes) : $this->hybrid($routes);
        $prefixes = self::withoutCovered($prefixes, $prefixes, true);
        $paths = self::withoutCovered($paths, $prefixes, false);
        if (count($paths) + count($prefixes) > $this->threshold) {
            return self::all();
        }
        $items = array();
        foreach ($paths as $path) {
            $items[] = array('type' => 'Path', 'value' => $path);
        }
        foreach ($prefixes as $prefix) {
            $items[] = array('type' => 'Regex', 'value' => $prefix, 'matchType' => 'starts_with');
        }
        return $items;
    }

    public static function all()
    {
        return array(array('type' => 'All'));
    }

    /** Archives by how they start, so that their other pages and feeds go too. */
    private function hybrid(Routes $routes)
    {
        $paths = $routes->paths();
        $prefixes = array();
        foreach ($routes->listings() as $path => $listing) {
            if ($listing[1]) {
                // What only starts like it stays: the archive itself, and the pages behind it.
                $paths[] = (string) $path;
                $prefixes[] = self::pagesOf($path);
            } else {
                $prefixes[] = (string) $path;
            }
        }
        foreach (array_keys($routes->families()) as $beginning) {
            $prefixes[] = (string) $beginning;
        }
        return array($paths, $prefixes);
    }

    private function surgical(Routes $routes)
    {
        $paths = $routes->paths();
        foreach ($routes->listings() as $path => $listing) {
            $paths[] = (string) $path;
            // One more than there are items allowed decides it already.
            for ($page = 2; $page <= min($listing[0], $this->threshold + 2); $page++) {
                $paths[] = self::pagesOf($path) . $page . (substr($path, -1) === '/' ? '/' : '');
            }
        }
        foreach ($routes->families() as $members) {
            $paths = array_merge($paths, $members);
        }
        return array($paths, array());
    }

    /** Where the second and later pages of an archive are: a folder, or a parameter on sites without readable addresses. */
    private static function pagesOf($path)
    {
        if (strpos($path, '?') !== false) {
            return $path . '&paged=';
        }
        return rtrim($path, '/') . '/page/';
    }

    /** @return string[] Sorted, each once, without those that begin with another prefix. */
    private static function withoutCovered(array $targets, array $prefixes, $arePrefixes)
    {
        $kept = array_filter(array_unique($targets), function ($target) use ($prefixes, $arePrefixes) {
            foreach ($prefixes as $prefix) {
                if (strpos($target, $prefix) === 0 && !($arePrefixes && $target === $prefix)) {
                    return false;
                }
            }
            return true;
        });
        sort($kept, SORT_STRING);
        return $kept;
    }
}
