<?php

// For `php -S`: a request to the module's cron address, answered in PrestaShop's order of steps, or one to a purge API that
// writes down what it was asked. What the shop knows lies in the folder STANDIN_FOLDER.

$folder = getenv('STANDIN_FOLDER');
$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
if (strpos($path, '/api/') === 0) {
    file_put_contents("$folder/calls", $path . "\n", FILE_APPEND);
    header('Content-Type: application/json');
    echo json_encode(['succeeded' => true, 'message' => 'Accepted.', 'data' => null]);
    return;
}
require __DIR__ . '/../bootstrap-prestashop.php';
require __DIR__ . '/../../prestashop/paradarumcdn/controllers/front/cron.php';
World::reset();
World::$configuration = json_decode(file_get_contents("$folder/configuration"), true);
World::$post = $_GET + $_POST;
(new ParadarumCdnCronModuleFrontController())->run();
