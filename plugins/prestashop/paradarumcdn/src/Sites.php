<?php

namespace Paradarum\CdnModule;

use Language;
use Shop;

if (!defined('_PS_VERSION_')) {
    exit;
}

/** Shops and their languages. */
final class Sites
{
    /** @return int[] Ids of all active shops. */
    public static function shops()
    {
        return array_values(array_map('intval', Shop::getShops(true, null, true)));
    }

    /** @return int[] Ids of the languages that visitors of a shop may choose. */
    public static function languages($shop)
    {
        return array_map(function ($language) {
            return (int) $language['id_lang'];
        }, array_values(Language::getLanguages(true, $shop)));
    }
}
