<?php

if (!defined('_PS_VERSION_')) {
    exit;
}

/** Delivers what waits. Asked by the shop itself after a save, and by the system's cron. */
class ParadarumCdnCronModuleFrontController extends ModuleFrontController
{
    public $ajax = true;

    public function display()
    {
        $expected = Paradarum\CdnModule\Settings::cronToken();
        if (!hash_equals($expected, (string) Tools::getValue('token'))) {
            header('HTTP/1.1 403 Forbidden');
            exit;
        }
        ignore_user_abort(true);
        header('Cache-Control: no-store');
        $dispatcher = new Paradarum\CdnModule\Dispatcher($this->context->link);
        echo (int) $dispatcher->deliverAll();
        exit;
    }
}
