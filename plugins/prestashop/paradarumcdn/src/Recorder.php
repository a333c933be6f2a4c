<?php

namespace Paradarum\CdnModule;

use Paradarum\Purge\Batch;
use Paradarum\Purge\Routes;

if (!defined('_PS_VERSION_')) {
    exit;
}

/**
 * Remembers what one request changes, and makes one batch of it for each shop when the request ends. Old addresses are
 * taken at once, while the shop still knows them; new ones at the end, when everything is saved.
 */
final class Recorder
{
    private $dispatcher;

    /** @var Routes[] By shop. */
    private $routes = array();

    /** @var array[] [what, id]: to look at again at the end. */
    private $awaited = array();

    private $isRegistered = false;

    public function __construct(Dispatcher $dispatcher)
    {
        $this->dispatcher = $dispatcher;
    }

    public function product($id)
    {
        $this->take('product', $id);
    }

    public function category($id)
    {
        $this->take('category', $id);
    }

    public function cms($id)
    {
        $this->take('cms', $id);
    }

    public function manufacturer($id)
    {
        $this->take('manufacturer', $id);
    }

    public function supplier($id)
    {
        $this->take('supplier', $id);
    }

    /** A special price; of no product in particular, it is one for all of them. */
    public function price($product)
    {
        if ((int) $product > 0) {
            $this->await('product', $product);
            return;
        }
        foreach (Sites::shops() as $shop) {
            $this->routesOf($shop)->everything();
        }
    }

    public function await($what, $id)
    {
        $this->awaited[$what . ':' . (int) $id] = array($what, (int) $id);
        $this->register();
    }

    /** Ends the request; PrestaShop has no hook for it. */
    public function flush()
    {
        $awaited = $this->awaited;
        $this->awaited = array();
        foreach ($awaited as $each) {
            $this->take($each[0], $each[1]);
        }
        $all = $this->routes;
        $this->routes = array();
        $batches = array();
        foreach ($all as $shop => $routes) {
            $settings = new Settings($shop);
            $items = $settings->isConfigured() && $settings->isAutomatic() ? $settings->plan()->items($routes) : array();
            if ($items) {
                $batches[$shop] = Batch::of($items, $routes->subjects());
            }
        }
        if ($batches) {
            $this->dispatcher->take($batches);
        }
    }

    private function take($what, $id)
    {
        foreach (Sites::shops() as $shop) {
            $routes = $this->routesOf($shop);
            if ($routes->count() > 2 * Settings::DEFAULT_THRESHOLD + 2 * (new Settings($shop))->threshold()) {
                // This many end as an All: looking up more would only cost whoever imports a catalogue time.
                $routes->everything();
                continue;
            }
            $of = new ShopRoutes($routes, $this->dispatcher->link(), $shop);
            $of->$what((int) $id);
        }
    }

    private function routesOf($shop)
    {
        $this->register();
        if (!isset($this->routes[$shop])) {
            $this->routes[$shop] = new Routes((new Settings($shop))->wanted());
        }
        return $this->routes[$shop];
    }

    private function register()
    {
        if (!$this->isRegistered) {
            $this->isRegistered = true;
            register_shutdown_function(array($this, 'flush'));
        }
    }
}
