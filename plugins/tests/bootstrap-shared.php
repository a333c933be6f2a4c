<?php

require_once __DIR__ . '/../shared/autoload.php';
require_once __DIR__ . '/shared/SqliteDatabase.php';
require_once __DIR__ . '/shared/ScriptedApi.php';
