<?php

namespace Paradarum\CdnModule;

use Category;
use CMS;
use Link;
use Manufacturer;
use Paradarum\Purge\Routes;
use Product;
use Supplier;
use Validate;

if (!defined('_PS_VERSION_')) {
    exit;
}

/** Where a product, category, page, manufacturer or supplier is to be seen in one shop, in each of its languages. */
final class ShopRoutes
{
    private $routes;
    private $link;
    private $shop;

    public function __construct(Routes $routes, Link $link, $shop)
    {
        $this->routes = $routes;
        $this->link = $link;
        $this->shop = (int) $shop;
    }

    public function product($id)
    {
        $this->routes->subject('product:' . (int) $id);
        foreach (Sites::languages($this->shop) as $language) {
            $product = new Product((int) $id, false, $language, $this->shop);
            if (!Validate::isLoadedObject($product)) {
                return;
            }
            $this->productPages($product, $language);
            $this->manufacturerPages((int) $product->id_manufacturer, $language);
            $this->supplierPages((int) $product->id_supplier, $language);
            $this->shelves($language);
        }
        foreach (Product::getProductCategories((int) $id) as $category) {
            $this->categoryWithParents((int) $category);
        }
    }

    public function category($id)
    {
        $this->routes->subject('category:' . (int) $id);
        $this->categoryWithParents((int) $id);
        foreach (Sites::languages($this->shop) as $language) {
            $this->home($language);
        }
    }

    public function cms($id)
    {
        $this->routes->subject('cms:' . (int) $id);
        foreach (Sites::languages($this->shop) as $language) {
            $page = new CMS((int) $id, $language, $this->shop);
            if (Validate::isLoadedObject($page)) {
                $this->routes->exact('item', $this->link->getCMSLink($page, null, null, $language, $this->shop));
                $this->routes->listing('categories', $this->link->getCMSCategoryLink((int) $page->id_cms_category, null, $language, $this->shop));
            }
        }
    }

    public function manufacturer($id)
    {
        $this->routes->subject('manufacturer:' . (int) $id);
        foreach (Sites::languages($this->shop) as $language) {
            $this->manufacturerPages((int) $id, $language, 'item');
        }
    }

    public function supplier($id)
    {
        $this->routes->subject('supplier:' . (int) $id);
        foreach (Sites::languages($this->shop) as $language) {
            $this->supplierPages((int) $id, $language, 'item');
        }
    }

    public function prices()
    {
        foreach (Sites::languages($this->shop) as $language) {
            $this->page('prices', 'prices-drop', $language);
        }
    }

    private function productPages(Product $product, $language)
    {
        $url = $this->link->getProductLink($product, null, null, null, $language, $this->shop);
        $this->routes->exact('item', $url);
        $variants = array();
        foreach (Product::getProductAttributesIds((int) $product->id) as $row) {
            $variant = (int) $row['id_product_attribute'];
            $variants[] = $this->link->getProductLink($product, null, null, null, $language, $this->shop, $variant);
        }
        if (!$variants) {
            return;
        }
        // By default an address is ID-VARIANT-name: what begins with the product's number is this product.
        $path = Routes::pathOf($url);
        $beginning = preg_match('~^(.*/' . (int) $product->id . '-)[^/]*$~', (string) $path, $parts) ? $parts[1] : null;
        if ($beginning !== null) {
            $this->routes->family('item', $beginning, $variants);
            return;
        }
        foreach ($variants as $variant) {
            $this->routes->exact('item', $variant);
        }
    }

    private function categoryWithParents($id)
    {
        foreach (Sites::languages($this->shop) as $language) {
            $category = new Category($id, $language, $this->shop);
            for ($kind = 'categories'; Validate::isLoadedObject($category); $kind = 'parents') {
                // The root and the home category have no page of their own: the home page is theirs.
                if ($category->is_root_category || (int) $category->id_parent === 0) {
                    break;
                }
                $this->routes->listing($kind, $this->link->getCategoryLink($category, null, $language, null, $this->shop));
                $category = new Category((int) $category->id_parent, $language, $this->shop);
            }
        }
    }

    private function manufacturerPages($id, $language, $kind = 'manufacturer')
    {
        $manufacturer = $id > 0 ? new Manufacturer($id, $language) : null;
        if ($manufacturer !== null && Validate::isLoadedObject($manufacturer)) {
            $this->routes->listing($kind, $this->link->getManufacturerLink($manufacturer, null, $language, $this->shop));
            $this->page('manufacturer', 'manufacturer', $language);
        }
    }

    private function supplierPages($id, $language, $kind = 'supplier')
    {
        $supplier = $id > 0 ? new Supplier($id, $language) : null;
        if ($supplier !== null && Validate::isLoadedObject($supplier)) {
            $this->routes->listing($kind, $this->link->getSupplierLink($supplier, null, $language, $this->shop));
            $this->page('supplier', 'supplier', $language);
        }
    }

    private function shelves($language)
    {
        $this->home($language);
        $this->page('best_sellers', 'best-sales', $language);
        $this->page('new_products', 'new-products', $language);
        $this->page('prices', 'prices-drop', $language);
    }

    private function home($language)
    {
        $this->page('home', 'index', $language);
    }

    private function page($kind, $name, $language)
    {
        $this->routes->exact($kind, $this->link->getPageLink($name, null, $language, null, false, $this->shop));
    }
}
