<?php

// A small stand-in for the classes of PrestaShop that the module calls, as far as it calls them: PrestaShop itself can't
// be run here. Signatures are PrestaShop 1.7's. The database is SQLite in memory, or the file that STANDIN_DATABASE
// names when another process looks at it too.

define('_PS_VERSION_', '1.7.0.0');
define('_DB_PREFIX_', 'ps_');
define('_MYSQL_ENGINE_', 'InnoDB');
define('_COOKIE_KEY_', 'a secret of the installation');

final class World
{
    /** @var array[] */
    public static array $products = [];
    public static array $categories = [];
    public static array $pages = [];
    public static array $manufacturers = [];
    public static array $suppliers = [];

    /** @var int[][] shop => languages */
    public static array $shops = [];
    public static array $configuration = [];
    public static array $post = [];
    public static array $hooks = [];

    public static function reset(): void
    {
        self::$products = [
            7 => ['name' => 'chair', 'id_category_default' => 4, 'categories' => [4], 'id_manufacturer' => 1, 'id_supplier' => 2, 'variants' => []],
        ];
        self::$categories = [
            1 => ['name' => 'root', 'id_parent' => 0, 'is_root_category' => false],
            2 => ['name' => 'home', 'id_parent' => 1, 'is_root_category' => true],
            3 => ['name' => 'furniture', 'id_parent' => 2, 'is_root_category' => false],
            4 => ['name' => 'seats', 'id_parent' => 3, 'is_root_category' => false],
        ];
        self::$pages = [5 => ['name' => 'delivery', 'id_cms_category' => 1]];
        self::$manufacturers = [1 => ['name' => 'maker']];
        self::$suppliers = [2 => ['name' => 'dealer']];
        self::$shops = [1 => [1, 2]];
        self::$configuration = [];
        self::$post = [];
        Db::getInstance()->reset();
    }

    public static function word(int $language): string
    {
        return [1 => 'en', 2 => 'es', 3 => 'de'][$language];
    }
}

abstract class ObjectModel
{
    public $id;
    public $name;

    /** @param array<string, mixed>|null $facts */
    protected function fill(int $id, ?array $facts): void
    {
        $this->id = $facts === null ? null : $id;
        foreach ($facts ?? [] as $field => $value) {
            $this->$field = $value;
        }
    }
}

class Product extends ObjectModel
{
    public $id_manufacturer;
    public $id_supplier;
    public $id_category_default;
    public $categories;
    public $variants;

    public function __construct($id = null, $full = false, $idLang = null, $idShop = null)
    {
        $this->fill((int) $id, World::$products[$id] ?? null);
    }

    public static function getProductCategories($id)
    {
        return World::$products[$id]['categories'] ?? [];
    }

    public static function getProductAttributesIds($id)
    {
        return array_map(static fn(int $variant): array => ['id_product_attribute' => (string) $variant], World::$products[$id]['variants'] ?? []);
    }
}

class Category extends ObjectModel
{
    public $id_parent;
    public $is_root_category;

    public function __construct($id = null, $idLang = null, $idShop = null)
    {
        $this->fill((int) $id, World::$categories[$id] ?? null);
    }
}

class CMS extends ObjectModel
{
    public $id_cms_category;

    public function __construct($id = null, $idLang = null, $idShop = null)
    {
        $this->fill((int) $id, World::$pages[$id] ?? null);
    }
}

class Manufacturer extends ObjectModel
{
    public function __construct($id = null, $idLang = null)
    {
        $this->fill((int) $id, World::$manufacturers[$id] ?? null);
    }
}

class Supplier extends ObjectModel
{
    public function __construct($id = null, $idLang = null)
    {
        $this->fill((int) $id, World::$suppliers[$id] ?? null);
    }
}

class Link
{
    public function getProductLink($product, $alias = null, $category = null, $ean13 = null, $idLang = null, $idShop = null, $ipa = 0)
    {
        $shelf = World::$categories[$product->id_category_default]['name'];
        return $this->base($idLang, $idShop) . "$shelf/{$product->id}-" . ($ipa ? "$ipa-" : '') . "{$product->name}.html" . ($ipa ? "#/$ipa-colour" : '');
    }

    public function getCategoryLink($category, $alias = null, $idLang = null, $filters = null, $idShop = null)
    {
        return $this->base($idLang, $idShop) . "{$category->id}-{$category->name}";
    }

    public function getCMSLink($cms, $alias = null, $ssl = null, $idLang = null, $idShop = null)
    {
        return $this->base($idLang, $idShop) . "content/{$cms->id}-{$cms->name}";
    }

    public function getCMSCategoryLink($id, $alias = null, $idLang = null, $idShop = null)
    {
        return $this->base($idLang, $idShop) . "content/category/$id-pages";
    }

    public function getManufacturerLink($manufacturer, $alias = null, $idLang = null, $idShop = null)
    {
        return $this->base($idLang, $idShop) . "brand/{$manufacturer->id}-{$manufacturer->name}";
    }

    public function getSupplierLink($supplier, $alias = null, $idLang = null, $idShop = null)
    {
        return $this->base($idLang, $idShop) . "supplier/{$supplier->id}-{$supplier->name}";
    }

    public function getPageLink($controller, $ssl = null, $idLang = null, $request = null, $urlEncode = false, $idShop = null)
    {
        return $this->base($idLang, $idShop) . ($controller === 'index' ? '' : $controller);
    }

    public function getModuleLink($module, $controller = 'default', array $params = [], $ssl = null)
    {
        return "http://127.0.0.1:9/module/$module/$controller?" . http_build_query($params);
    }

    private function base($language, $shop): string
    {
        return "https://shop$shop.test/" . World::word((int) $language) . '/';
    }
}

class Validate
{
    public static function isLoadedObject($object)
    {
        return $object !== null && (int) $object->id > 0;
    }
}

class Shop
{
    public static function getShops($active = true, $idShopGroup = null, $idsOnly = false)
    {
        return array_combine(array_keys(World::$shops), array_map('strval', array_keys(World::$shops)));
    }

    public static function getContextListShopID($share = false)
    {
        return array_keys(World::$shops);
    }
}

class Language
{
    public static function getLanguages($active = true, $idShop = false)
    {
        return array_map(static fn(int $id): array => ['id_lang' => (string) $id], World::$shops[$idShop]);
    }
}

class Configuration
{
    public static function get($key, $idLang = null, $idShopGroup = null, $idShop = null)
    {
        return World::$configuration["$key/$idShop"] ?? World::$configuration["$key/"] ?? false;
    }

    public static function updateValue($key, $value, $html = false, $idShopGroup = null, $idShop = null)
    {
        World::$configuration["$key/$idShop"] = $value;
        return true;
    }

    public static function getGlobalValue($key, $idLang = null)
    {
        return World::$configuration["$key/"] ?? false;
    }

    public static function updateGlobalValue($key, $values, $html = false)
    {
        return self::updateValue($key, $values, $html);
    }

    public static function deleteByName($key)
    {
        foreach (array_keys(World::$configuration) as $known) {
            if (strpos($known, "$key/") === 0) {
                unset(World::$configuration[$known]);
            }
        }
        return true;
    }
}

class Db
{
    private static ?self $instance = null;
    private PDO $pdo;
    private int $affected = 0;

    public static function getInstance()
    {
        return self::$instance ??= new self();
    }

    public function reset(): void
    {
        $this->pdo = new PDO('sqlite:' . (getenv('STANDIN_DATABASE') ?: ':memory:'), null, null, [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION]);
    }

    public function execute($sql, $useCache = true)
    {
        $sql = preg_replace('/ ENGINE=.*$/', '', str_replace('int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY', 'integer PRIMARY KEY AUTOINCREMENT', $sql));
        $this->affected = (int) $this->pdo->exec($sql);
        return true;
    }

    public function executeS($sql, $array = true, $useCache = true)
    {
        return $this->pdo->query($sql)->fetchAll(PDO::FETCH_ASSOC);
    }

    public function Affected_Rows()
    {
        return $this->affected;
    }

    public function escape($string, $htmlOk = false, $bqSql = false)
    {
        $string = $htmlOk ? (string) $string : strip_tags((string) $string);
        return str_replace("'", "''", $string);
    }
}

class Tools
{
    public static function getValue($key, $default = false)
    {
        return World::$post[$key] ?? $default;
    }

    public static function isSubmit($name)
    {
        return isset(World::$post[$name]);
    }

    public static function safeOutput($text)
    {
        return htmlentities((string) $text, ENT_QUOTES, 'utf-8');
    }

    public static function getAdminTokenLite($tab)
    {
        return 'token';
    }
}

class Context
{
    public $link;

    public function __construct()
    {
        $this->link = new Link();
    }
}

class AdminController
{
    public static $currentIndex = 'index.php?controller=AdminModules';
}

/** With PrestaShop's order of steps: init() comes first, and looks at much that only a page needs. */
class ModuleFrontController
{
    public $ajax = false;
    public $context;

    public function __construct()
    {
        $this->context = new Context();
        $this->ajax = (bool) Tools::getValue('ajax');
    }

    public function run()
    {
        $this->init();
        $this->postProcess();
        if (!$this->ajax) {
            $this->display();
        }
    }

    public function init()
    {
        header('X-Page: prepared');
    }

    public function postProcess()
    {
    }

    public function display()
    {
        echo 'a page';
    }
}

class HelperForm
{
    public $module;
    public $name_controller;
    public $token;
    public $currentIndex;
    public $submit_action;
    public $fields_value;

    public function generateForm(array $form)
    {
        return '<form>' . json_encode([$form, $this->fields_value]) . '</form>';
    }
}

class Module
{
    public $name;
    public $tab;
    public $version;
    public $author;
    public $need_instance;
    public $bootstrap;
    public $ps_versions_compliancy;
    public $displayName;
    public $description;
    public $confirmUninstall;
    public $_errors = [];
    protected $context;

    public function __construct()
    {
        $this->context = new Context();
    }

    public function l($text, $specific = false)
    {
        return $text;
    }

    public function install()
    {
        return true;
    }

    public function uninstall()
    {
        return true;
    }

    public function registerHook($hooks)
    {
        World::$hooks = (array) $hooks;
        foreach (World::$hooks as $hook) {
            if (!is_callable([$this, 'hook' . $hook])) {
                throw new LogicException("The module asks for $hook and does not answer it.");
            }
        }
        return true;
    }

    public function displayError($text)
    {
        return "<error>$text</error>";
    }

    public function displayConfirmation($text)
    {
        return "<well>$text</well>";
    }
}
