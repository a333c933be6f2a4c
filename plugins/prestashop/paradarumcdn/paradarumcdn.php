<?php

/**
 * Purges by itself what a change of the shop touches, from a Paradarum CDN or any server with the same purge API.
 *
 * @license GPL-2.0-or-later
 */

if (!defined('_PS_VERSION_')) {
    exit;
}

require_once __DIR__ . '/purge/autoload.php';
require_once __DIR__ . '/src/autoload.php';

class ParadarumCdn extends Module
{
    const VERSION = '1.0.0';

    private $recorder;

    public function __construct()
    {
        $this->name = 'paradarumcdn';
        $this->tab = 'administration';
        $this->version = self::VERSION;
        $this->author = 'Paradarum';
        $this->need_instance = 0;
        $this->bootstrap = true;
        $this->ps_versions_compliancy = array('min' => '1.7.0.0', 'max' => '8.99.99');
        parent::__construct();
        $this->displayName = 'Paradarum CDN';
        $this->description = $this->l('Purges by itself what a change of the shop touches.');
        $this->confirmUninstall = $this->l('Forget the API key, the settings and purges that still wait?');
    }

    public function install()
    {
        if (!extension_loaded('openssl') || !extension_loaded('curl')) {
            $this->_errors[] = $this->l('This module needs the PHP extensions openssl and curl.');
            return false;
        }
        return parent::install() && $this->registerHook(Paradarum\CdnModule\Hooks::all());
    }

    public function uninstall()
    {
        foreach (Paradarum\CdnModule\Sites::shops() as $shop) {
            Paradarum\CdnModule\ShopDatabase::drop($shop);
        }
        Paradarum\CdnModule\Settings::forgetAll();
        return parent::uninstall();
    }

    public function getContent()
    {
        $page = new Paradarum\CdnModule\ConfigurePage($this, $this->context);
        return $page->show();
    }

    public function recorder()
    {
        if ($this->recorder === null) {
            $this->recorder = new Paradarum\CdnModule\Recorder(new Paradarum\CdnModule\Dispatcher($this->context->link));
        }
        return $this->recorder;
    }

    // 1. Before a change, while the shop still knows the old addresses.

    public function hookActionObjectProductUpdateBefore($params)
    {
        $this->recorder()->product($params['object']->id);
    }

    public function hookActionObjectProductDeleteBefore($params)
    {
        $this->recorder()->product($params['object']->id);
    }

    public function hookActionObjectCategoryUpdateBefore($params)
    {
        $this->recorder()->category($params['object']->id);
    }

    public function hookActionObjectCategoryDeleteBefore($params)
    {
        $this->recorder()->category($params['object']->id);
    }

    public function hookActionObjectCmsUpdateBefore($params)
    {
        $this->recorder()->cms($params['object']->id);
    }

    public function hookActionObjectCmsDeleteBefore($params)
    {
        $this->recorder()->cms($params['object']->id);
    }

    public function hookActionObjectManufacturerUpdateBefore($params)
    {
        $this->recorder()->manufacturer($params['object']->id);
    }

    public function hookActionObjectManufacturerDeleteBefore($params)
    {
        $this->recorder()->manufacturer($params['object']->id);
    }

    public function hookActionObjectSupplierUpdateBefore($params)
    {
        $this->recorder()->supplier($params['object']->id);
    }

    public function hookActionObjectSupplierDeleteBefore($params)
    {
        $this->recorder()->supplier($params['object']->id);
    }

    // 2. After it: looked at when the request ends, when categories and languages are saved too.

    public function hookActionObjectProductAddAfter($params)
    {
        $this->recorder()->await('product', $params['object']->id);
    }

    public function hookActionObjectProductUpdateAfter($params)
    {
        $this->recorder()->await('product', $params['object']->id);
    }

    public function hookActionObjectProductDeleteAfter($params)
    {
        $this->recorder()->await('product', $params['object']->id);
    }

    public function hookActionObjectCategoryAddAfter($params)
    {
        $this->recorder()->await('category', $params['object']->id);
    }

    public function hookActionObjectCategoryUpdateAfter($params)
    {
        $this->recorder()->await('category', $params['object']->id);
    }

    public function hookActionObjectCategoryDeleteAfter($params)
    {
        $this->recorder()->await('category', $params['object']->id);
    }

    public function hookActionObjectCmsAddAfter($params)
    {
        $this->recorder()->await('cms', $params['object']->id);
    }

    public function hookActionObjectCmsUpdateAfter($params)
    {
        $this->recorder()->await('cms', $params['object']->id);
    }

    public function hookActionObjectCmsDeleteAfter($params)
    {
        $this->recorder()->await('cms', $params['object']->id);
    }

    public function hookActionObjectManufacturerAddAfter($params)
    {
        $this->recorder()->await('manufacturer', $params['object']->id);
    }

    public function hookActionObjectManufacturerUpdateAfter($params)
    {
        $this->recorder()->await('manufacturer', $params['object']->id);
    }

    public function hookActionObjectManufacturerDeleteAfter($params)
    {
        $this->recorder()->await('manufacturer', $params['object']->id);
    }

    public function hookActionObjectSupplierAddAfter($params)
    {
        $this->recorder()->await('supplier', $params['object']->id);
    }

    public function hookActionObjectSupplierUpdateAfter($params)
    {
        $this->recorder()->await('supplier', $params['object']->id);
    }

    public function hookActionObjectSupplierDeleteAfter($params)
    {
        $this->recorder()->await('supplier', $params['object']->id);
    }

    // 3. Stock and prices, also by an order or an import.

    public function hookActionUpdateQuantity($params)
    {
        $this->recorder()->await('product', $params['id_product']);
    }

    public function hookActionObjectSpecificPriceAddAfter($params)
    {
        $this->recorder()->price($params['object']->id_product);
    }

    public function hookActionObjectSpecificPriceUpdateAfter($params)
    {
        $this->recorder()->price($params['object']->id_product);
    }

    public function hookActionObjectSpecificPriceDeleteAfter($params)
    {
        $this->recorder()->price($params['object']->id_product);
    }

    // 4. The clock: the module "cronjobs" of PrestaShop asks once an hour at most; see the README for the system's cron.

    public function hookActionCronJob()
    {
        $dispatcher = new Paradarum\CdnModule\Dispatcher($this->context->link);
        $dispatcher->deliverAll();
    }

    public function getCronFrequency()
    {
        return array('hour' => -1, 'day' => -1, 'month' => -1, 'day_of_week' => -1);
    }
}
