<?php

namespace Paradarum\CdnModule;

if (!defined('_PS_VERSION_')) {
    exit;
}

/** The hooks that the module asks for. */
final class Hooks
{
    public static function all()
    {
        $hooks = array('actionUpdateQuantity', 'actionCronJob');
        foreach (array('Product', 'Category', 'Cms', 'Manufacturer', 'Supplier') as $object) {
            foreach (array('AddAfter', 'UpdateAfter', 'DeleteAfter', 'UpdateBefore', 'DeleteBefore') as $moment) {
                $hooks[] = 'actionObject' . $object . $moment;
            }
        }
        foreach (array('Add', 'Update', 'Delete') as $change) {
            $hooks[] = 'actionObjectSpecificPrice' . $change . 'After';
        }
        return $hooks;
    }
}
