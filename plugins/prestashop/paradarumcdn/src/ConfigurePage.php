<?php

namespace Paradarum\CdnModule;

use AdminController;
use Context;
use HelperForm;
use Module;
use Paradarum\Purge\Batch;
use Paradarum\Purge\Endpoint;
use Shop;
use Tools;

if (!defined('_PS_VERSION_')) {
    exit;
}

/** The configure screen. PrestaShop checks the employee's right and the token before it comes here. */
final class ConfigurePage
{
    private $module;
    private $context;
    private $words;

    public function __construct(Module $module, Context $context)
    {
        $this->module = $module;
        $this->context = $context;
        $this->words = new Words($module);
    }

    public function show()
    {
        $settings = new Settings();
        $said = '';
        if (Tools::isSubmit('submitParadarumSave')) {
            $said = $this->save($settings);
        } elseif (Tools::isSubmit('submitParadarumTest')) {
            $said = $this->test($settings);
        } elseif (Tools::isSubmit('submitParadarumAll')) {
            $said = $this->purgeAll();
        }
        return $said . $this->trouble() . $this->form($settings) . $this->history();
    }

    private function save(Settings $settings)
    {
        $wrong = $settings->save($this->input());
        if ($wrong) {
            return $this->module->displayError(implode('<br>', array_map(array($this->words, 'ofProblem'), $wrong)));
        }
        foreach (Shop::getContextListShopID() as $shop) {
            $this->dispatcher()->queue($shop)->hurry();
        }
        $this->dispatcher()->ping();
        return $this->module->displayConfirmation($this->words->get('saved'));
    }

    private function test(Settings $settings)
    {
        $result = $this->words->ofTest(Dispatcher::endpoint($settings, new CurlTransport()));
        return $result[0] ? $this->module->displayConfirmation($result[1]) : $this->module->displayError($result[1]);
    }

    private function purgeAll()
    {
        $batches = array();
        foreach (Shop::getContextListShopID() as $shop) {
            if ((new Settings($shop))->isConfigured()) {
                $batches[$shop] = Batch::everything();
            }
        }
        $this->dispatcher()->take($batches);
        return $this->module->displayConfirmation($this->words->get('on-its-way'));
    }

    private function input()
    {
        $kinds = array_filter(Settings::kinds(), function ($kind) {
            return (bool) Tools::getValue('kinds_' . $kind);
        });
        return array(
            'base' => Tools::getValue('base'), 'property' => Tools::getValue('property'), 'key' => (string) Tools::getValue('key'),
            'forget_key' => Tools::getValue('forget_key_on'), 'auto' => Tools::getValue('auto'), 'strategy' => Tools::getValue('strategy'),
            'threshold' => Tools::getValue('threshold'), 'kinds' => $kinds,
        );
    }

    private function form(Settings $settings)
    {
        $helper = new HelperForm();
        $helper->module = $this->module;
        $helper->name_controller = $this->module->name;
        $helper->token = Tools::getAdminTokenLite('AdminModules');
        $helper->currentIndex = AdminController::$currentIndex . '&configure=' . $this->module->name;
        $helper->submit_action = 'submitParadarumSave';
        $helper->fields_value = $this->values($settings);
        return $helper->generateForm(array(array('form' => array(
            'legend' => array('title' => 'Paradarum CDN', 'icon' => 'icon-cloud'),
            'input' => $this->fields($settings),
            'submit' => array('title' => $this->words->get('save')),
            'buttons' => array(
                array('type' => 'submit', 'name' => 'submitParadarumTest', 'title' => $this->words->get('test'), 'icon' => 'process-icon-ok'),
                array('type' => 'submit', 'name' => 'submitParadarumAll', 'title' => $this->words->get('purge-all'), 'icon' => 'process-icon-eraser'),
            ),
        ))));
    }

    private function fields(Settings $settings)
    {
        $strategies = array();
        foreach ($this->words->strategies() as $id => $name) {
            $strategies[] = array('id' => $id, 'name' => $name);
        }
        $kinds = array();
        foreach ($this->words->kinds() as $id => $name) {
            $kinds[] = array('id' => $id, 'name' => $name, 'val' => '1');
        }
        $known = $settings->keyPrefix() === '' ? $this->words->get('key-new') : sprintf($this->words->get('key-kept'), Tools::safeOutput($settings->keyPrefix()));
        $exposed = Endpoint::isExposed($settings->base());
        return array(
            array('type' => 'text', 'name' => 'base', 'label' => $this->words->get('base'), 'desc' => $this->words->get($exposed ? 'exposed' : 'base-hint'), 'required' => true),
            array('type' => 'text', 'name' => 'property', 'label' => $this->words->get('property'), 'class' => 'fixed-width-sm', 'required' => true),
            array('type' => 'password', 'name' => 'key', 'label' => $this->words->get('key'), 'desc' => $known),
            $this->checkboxes('forget_key', '', array(array('id' => 'on', 'name' => $this->words->get('key-forget'), 'val' => '1'))),
            array('type' => 'switch', 'name' => 'auto', 'label' => $this->words->get('auto'), 'is_bool' => true, 'values' => array(
                array('id' => 'auto_on', 'value' => 1, 'label' => $this->words->get('yes')), array('id' => 'auto_off', 'value' => 0, 'label' => $this->words->get('no')),
            )),
            array('type' => 'select', 'name' => 'strategy', 'label' => $this->words->get('strategy'), 'options' => array('query' => $strategies, 'id' => 'id', 'name' => 'name')),
            array('type' => 'text', 'name' => 'threshold', 'label' => $this->words->get('threshold'), 'class' => 'fixed-width-sm', 'desc' => $this->words->get('threshold-hint')),
            $this->checkboxes('kinds', $this->words->get('kinds'), $kinds),
        );
    }

    private function checkboxes($name, $label, array $boxes)
    {
        return array('type' => 'checkbox', 'name' => $name, 'label' => $label, 'values' => array('query' => $boxes, 'id' => 'id', 'name' => 'name'));
    }

    /** What the fields show: what was just sent, else what is saved. Never a key. */
    private function values(Settings $settings)
    {
        $typed = Tools::isSubmit('submitParadarumSave');
        $saved = array(
            'base' => $settings->base(), 'property' => $settings->property(), 'auto' => $settings->isAutomatic() ? '1' : '0',
            'strategy' => $settings->strategy(), 'threshold' => $settings->threshold(),
        );
        foreach (Settings::kinds() as $kind) {
            $saved['kinds_' . $kind] = in_array($kind, $settings->wanted(), true) ? '1' : '';
        }
        foreach ($typed ? array_keys($saved) : array() as $name) {
            $saved[$name] = Tools::getValue($name, '');
        }
        return $saved + array('key' => '', 'forget_key_on' => '');
    }

    private function trouble()
    {
        $said = '';
        foreach (Shop::getContextListShopID() as $shop) {
            $trouble = $this->dispatcher()->queue($shop)->trouble();
            if ($trouble['failing'] > 0) {
                $said .= $this->module->displayError(sprintf($this->words->get('failing'), (int) $trouble['failing'], Tools::safeOutput($trouble['reason'])));
            }
        }
        return $said;
    }

    private function history()
    {
        $rows = '';
        foreach (Shop::getContextListShopID() as $shop) {
            foreach ($this->dispatcher()->queue($shop)->latest(10) as $row) {
                $cells = array((string) $shop, date('Y-m-d H:i:s', (int) $row['made_at']), $this->words->ofContent($row), $this->words->ofState($row), $row['reason']);
                $rows .= '<tr><td>' . implode('</td><td>', array_map(array('Tools', 'safeOutput'), $cells)) . '</td></tr>';
            }
        }
        $cron = Tools::safeOutput($this->dispatcher()->cronUrl());
        $heads = implode('</th><th>', array_map(array($this->words, 'get'), array('shop', 'when', 'what', 'state', 'remark')));
        return '<div class="panel"><h3>' . $this->words->get('history') . '</h3><table class="table"><thead><tr><th>' . $heads . '</th></tr></thead><tbody>'
            . $rows . '</tbody></table><p class="help-block">' . $this->words->get('cron') . '<br><code>* * * * * curl -s -o /dev/null "' . $cron . '"</code></p></div>';
    }

    private function dispatcher()
    {
        return new Dispatcher($this->context->link);
    }
}
