<?php

namespace Paradarum\CdnPurge\Hooks;

use Paradarum\CdnPurge\Recorder;
use Paradarum\CdnPurge\Routing\PostRoutes;

defined('ABSPATH') || exit;

/** WooCommerce, where it is there: prices and stock change without the product being saved as a post. */
final class ShopHooks
{
    private Recorder $recorder;

    public function __construct(Recorder $recorder)
    {
        $this->recorder = $recorder;
    }

    public function start(): void
    {
        foreach (['woocommerce_product_set_stock', 'woocommerce_variation_set_stock', 'woocommerce_product_object_updated_props'] as $hook) {
            add_action($hook, [$this, 'afterProduct']);
        }
        foreach (['woocommerce_update_product', 'woocommerce_update_product_variation', 'woocommerce_product_set_stock_status'] as $hook) {
            add_action($hook, [$this, 'afterId']);
        }
        foreach (['wc_after_products_starting_sales', 'wc_after_products_ending_sales'] as $hook) {
            add_action($hook, [$this, 'afterIds']);
        }
    }

    /** @param object $product A WC_Product. */
    public function afterProduct($product): void
    {
        if (is_object($product) && method_exists($product, 'get_id')) {
            $this->afterId($product->get_id());
        }
    }

    /** @param int|string $id */
    public function afterId($id): void
    {
        $post = get_post((int) $id);
        // Of a variation visitors see the product.
        if ($post instanceof \WP_Post && $post->post_type === 'product_variation') {
            $post = get_post((int) $post->post_parent);
        }
        if ($post instanceof \WP_Post && PostRoutes::isVisible($post)) {
            $this->recorder->awaitPost($post->ID);
        }
    }

    /** @param array<int|string> $ids */
    public function afterIds($ids): void
    {
        array_map([$this, 'afterId'], (array) $ids);
    }
}
