<?php

namespace Paradarum\CdnModule;

use Module;
use Paradarum\Purge\Endpoint;
use Paradarum\Purge\Queue;
use Tools;

if (!defined('_PS_VERSION_')) {
    exit;
}

/** What the module says to people; PrestaShop finds translations by the English text and this file's name. */
final class Words
{
    private $module;

    public function __construct(Module $module)
    {
        $this->module = $module;
    }

    public function get($name)
    {
        $words = $this->all();
        return $words[$name];
    }

    /** @return array [whether all is well, what to do if not]; escaped, since a part comes from elsewhere. */
    public function ofTest(Endpoint $endpoint = null)
    {
        if ($endpoint === null) {
            return array(false, $this->get('test-incomplete'));
        }
        $result = $endpoint->test();
        $words = $this->all();
        $said = isset($words['test-' . $result[0]]) ? $words['test-' . $result[0]] : $words['test-unexpected'];
        $isPlain = in_array($result[0], array('ok', 'unauthorized', 'unknown-property'), true);
        return array($result[0] === 'ok', $isPlain ? $said : $said . ' (' . Tools::safeOutput($result[1]) . ')');
    }

    public function ofProblem($name)
    {
        return $this->get('wrong-' . $name);
    }

    public function ofState(array $row)
    {
        if ($row['state'] === Queue::SENT) {
            return $this->get((int) $row['rejected'] > 0 ? 'state-part' : 'state-sent');
        }
        if ($row['state'] === Queue::REFUSED) {
            return $this->get('state-refused');
        }
        return $this->get((int) $row['attempts'] > 0 ? 'state-again' : 'state-waiting');
    }

    public function ofContent(array $row)
    {
        return strpos($row['body'], '"type":"All"') !== false && (int) $row['item_count'] === 1
            ? $this->get('everything')
            : sprintf($this->get('items'), (int) $row['item_count']);
    }

    public function strategies()
    {
        return array('hybrid' => $this->get('hybrid'), 'surgical' => $this->get('surgical'), 'broad' => $this->get('broad'));
    }

    public function kinds()
    {
        $kinds = array();
        foreach (Settings::kinds() as $kind) {
            $kinds[$kind] = $this->get('kind-' . $kind);
        }
        return $kinds;
    }

    private function l($text)
    {
        return $this->module->l($text, 'words');
    }

    private function all()
    {
        return $this->ofForm() + $this->ofAnswers();
    }

    private function ofForm()
    {
        return array(
            'base' => $this->l('API address'),
            'base-hint' => $this->l('Where the CDN takes purges, such as https://cdn.example.org.'),
            'exposed' => $this->l('Over http:// the key crosses the network readable by others. Use https://.'),
            'property' => $this->l('Property id'),
            'key' => $this->l('API key'),
            'key-new' => $this->l('A key with the scope purge for this property is enough. It is stored encrypted and never shown again.'),
            'key-kept' => $this->l('Saved: %s... Leave the field empty to keep it.'),
            'key-forget' => $this->l('Forget the saved key'),
            'auto' => $this->l('Purge by itself whenever something changes'),
            'yes' => $this->l('Yes'),
            'no' => $this->l('No'),
            'strategy' => $this->l('Strategy'),
            'hybrid' => $this->l('Hybrid: the item and the home page exactly, lists with all their pages'),
            'surgical' => $this->l('Surgical: only exact addresses, one by one'),
            'broad' => $this->l('Broad: everything, on every change'),
            'threshold' => $this->l('Threshold'),
            'threshold-hint' => $this->l('A change that would need more items than this purges everything instead.'),
            'kinds' => $this->l('Purge with an item'),
            'kind-home' => $this->l('Home page'),
            'kind-categories' => $this->l('Its categories'),
            'kind-parents' => $this->l('The categories above them'),
            'kind-manufacturer' => $this->l('Its manufacturer'),
            'kind-supplier' => $this->l('Its supplier'),
            'kind-best_sellers' => $this->l('Best sellers'),
            'kind-new_products' => $this->l('New products'),
            'kind-prices' => $this->l('Prices drop'),
            'save' => $this->l('Save'),
            'test' => $this->l('Test connection'),
            'purge-all' => $this->l('Purge everything'),
            'history' => $this->l('Last purges'),
            'cron' => $this->l('PrestaShop has no clock of its own. Let the system ask this address each minute, so that a purge that failed is tried again:'),
            'shop' => $this->l('Shop'),
            'when' => $this->l('When'),
            'what' => $this->l('What'),
            'state' => $this->l('State'),
            'remark' => $this->l('Remark'),
        );
    }

    private function ofAnswers()
    {
        return array(
            'saved' => $this->l('Settings saved.'),
            'on-its-way' => $this->l('The purge is on its way.'),
            'failing' => $this->l('%d purges could not be delivered to the CDN and will be tried again: %s'),
            'everything' => $this->l('Everything'),
            'items' => $this->l('Items: %d'),
            'state-sent' => $this->l('Accepted'),
            'state-part' => $this->l('Accepted in part'),
            'state-refused' => $this->l('Refused'),
            'state-again' => $this->l('Waiting, will be tried again'),
            'state-waiting' => $this->l('Waiting to be sent'),
            'wrong-base' => $this->l('The API address must look like https://cdn.example.org, without a path.'),
            'wrong-property' => $this->l('The property id is a whole number, such as 1.'),
            'wrong-threshold' => $this->l('The threshold is a whole number from 1 to 10000.'),
            'wrong-strategy' => $this->l('Choose one of the strategies.'),
            'wrong-key' => $this->l('An API key begins with pdm_ and has 32 characters. Copy it again.'),
            'wrong-key-again' => $this->l('A new API address needs the API key again: the saved key is only for the old address.'),
            'test-incomplete' => $this->l('Enter the API key and the property id, and save them first.'),
            'test-ok' => $this->l('Connected: the key and the property are right. Nothing was purged.'),
            'test-unauthorized' => $this->l('The API does not know this key. Make a new one there, or copy it again.'),
            'test-disabled' => $this->l('The key is right, but the property is disabled or suspended. Purges wait until it is enabled again.'),
            'test-unknown-property' => $this->l('The key is right, but there is no property with this id in its account.'),
            'test-limited' => $this->l('The key has asked too often just now. Wait a moment and test again.'),
            'test-not-the-api' => $this->l('Something answers at this address, but it is not the purge API. Check the address.'),
            'test-unreachable' => $this->l('The API cannot be reached from this server. Check address, port and firewall.'),
            'test-unexpected' => $this->l('The API answered in a way that this module does not expect.'),
        );
    }
}
