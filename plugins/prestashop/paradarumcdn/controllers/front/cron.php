<?php

if (!defined('_PS_VERSION_')) {
    exit;
}

/** Delivers what waits, and answers how many purges still do. Asked by the shop itself after a save, and by the system's cron. */
class ParadarumCdnCronModuleFrontController extends ModuleFrontController
{
    /**
     * All of it, before PrestaShop looks at carts, currencies, the page's canonical address or maintenance: none of that is
     * for a clock, and who has no token should cost next to nothing.
     */
    public function init()
    {
        // First: a cache in between must keep a refusal no more than a count.
        header('Cache-Control: no-store');
        header('Content-Type: text/plain');
        $token = Tools::getValue('token');
        if (!is_string($token) || !hash_equals(Paradarum\CdnModule\Settings::cronToken(), $token)) {
            http_response_code(403);
            exit;
        }
        ignore_user_abort(true);
        $dispatcher = new Paradarum\CdnModule\Dispatcher($this->context->link);
        echo (int) $dispatcher->deliverAll();
        exit;
    }
}
