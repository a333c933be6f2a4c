<?php

require_once __DIR__ . '/../shared/autoload.php';
require_once __DIR__ . '/prestashop/standin.php';
require_once __DIR__ . '/shared/ScriptedApi.php';
require_once __DIR__ . '/../prestashop/paradarumcdn/paradarumcdn.php';
