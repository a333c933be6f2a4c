<?php

namespace Paradarum\Purge;

/** What one request of the site touched: addresses that show other content now. Each is kept once. */
final class Routes
{
    /** Longer targets are stored by no node. */
    const LONGEST_PATH = 2048;

    /** Remembered by name at most; the history finds a purge by them. */
    const MOST_SUBJECTS = 50;

    private $kinds;
    private $exact = array();
    private $listings = array();
    private $families = array();
    private $everything = false;
    private $subjects = array();

    /** @param string[]|null $kinds The kinds that are switched on; null: all. What comes as another kind is left out. */
    public function __construct($kinds = null)
    {
        $this->kinds = $kinds;
    }

    /** One address, whatever its query unless it names one. */
    public function exact($kind, $url)
    {
        $path = self::pathOf($url);
        if ($path !== null && $this->wants($kind)) {
            $this->exact[$path] = true;
        }
        return $this;
    }

    /**
     * An archive with the pages behind its first one.
     *
     * @param int $pages As far as the site knows; what counts where only exact paths are purged.
     * @param bool $crowded Whether addresses of other things begin with this one, as posts do under a year.
     */
    public function listing($kind, $url, $pages = 1, $crowded = false)
    {
        $path = self::pathOf($url);
        if ($path !== null && $this->wants($kind)) {
            $known = isset($this->listings[$path]) ? $this->listings[$path] : array(1, false);
            $this->listings[$path] = array(max($known[0], (int) $pages), $known[1] || $crowded);
        }
        return $this;
    }

    /**
     * Addresses that begin alike, such as the parts of a sitemap.
     *
     * @param string[] $urls Each of them, as far as the site knows; what counts where only exact paths are purged.
     */
    public function family($kind, $beginning, array $urls)
    {
        $path = self::pathOf($beginning);
        if ($path !== null && $this->wants($kind)) {
            $known = isset($this->families[$path]) ? $this->families[$path] : array();
            $this->families[$path] = array_unique(array_merge($known, array_filter(array_map(array(__CLASS__, 'pathOf'), $urls))));
        }
        return $this;
    }

    /** Everything of the site, as after another theme. */
    public function everything()
    {
        $this->everything = true;
        return $this;
    }

    /** Names what was changed, such as "post:12". */
    public function subject($name)
    {
        if (count($this->subjects) < self::MOST_SUBJECTS) {
            $this->subjects[$name] = true;
        }
        return $this;
    }

    public function add(Routes $others)
    {
        $this->exact += $others->exact;
        foreach ($others->listings as $path => $listing) {
            $known = isset($this->listings[$path]) ? $this->listings[$path] : array(1, false);
            $this->listings[$path] = array(max($known[0], $listing[0]), $known[1] || $listing[1]);
        }
        foreach ($others->families as $path => $paths) {
            $known = isset($this->families[$path]) ? $this->families[$path] : array();
            $this->families[$path] = array_unique(array_merge($known, $paths));
        }
        $this->everything = $this->everything || $others->everything;
        foreach (array_keys($others->subjects) as $name) {
            $this->subject($name);
        }
        return $this;
    }

    public function wants($kind)
    {
        return $this->kinds === null || in_array($kind, $this->kinds, true);
    }

    public function isEmpty()
    {
        return !$this->everything && !$this->exact && !$this->listings && !$this->families;
    }

    public function isEverything()
    {
        return $this->everything;
    }

    /** @return string[] */
    public function paths()
    {
        return array_map('strval', array_keys($this->exact));
    }

    /** @return array[] path => [pages, crowded] */
    public function listings()
    {
        return $this->listings;
    }

    /** @return array[] beginning => paths */
    public function families()
    {
        return $this->families;
    }

    /** @return string[] */
    public function subjects()
    {
        return array_map('strval', array_keys($this->subjects));
    }

    /** How many addresses were collected, before a plan is made of them. */
    public function count()
    {
        return count($this->exact) + count($this->listings) + count($this->families);
    }

    /** @return string|null The path, with the query where there is one; null for what no node stores. */
    public static function pathOf($url)
    {
        if (!is_string($url) || $url === '') {
            return null;
        }
        $parts = parse_url($url);
        if ($parts === false || (isset($parts['scheme']) && !in_array(strtolower($parts['scheme']), array('http', 'https'), true))) {
            return null;
        }
        $path = isset($parts['path']) ? $parts['path'] : '/';
        if ($path[0] !== '/') {
            return null;
        }
        if (isset($parts['query']) && $parts['query'] !== '') {
            $path .= '?' . $parts['query'];
        }
        return strlen($path) > self::LONGEST_PATH ? null : $path;
    }
}
