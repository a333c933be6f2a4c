/* Asks the site, never the API: the key stays on the server. */
(function () {
    'use strict';

    function ask(fields) {
        var body = new FormData();
        Object.keys(fields).forEach(function (name) { body.append(name, fields[name]); });
        return fetch(paradarumCdn.ajax, { method: 'POST', credentials: 'same-origin', body: body }).then(function (answer) {
            if (!answer.ok) {
                throw new Error(answer.status);
            }
            return answer.json();
        });
    }

    function value(id) {
        return document.getElementById(id).value;
    }

    var test = document.getElementById('paradarum-test');
    if (test) {
        test.addEventListener('click', function () {
            var result = document.getElementById('paradarum-test-result');
            var fields = {
                action: 'paradarum_test', _ajax_nonce: test.dataset.nonce,
                base: value('paradarum-base'), property: value('paradarum-property'), key: value('paradarum-key')
            };
            test.disabled = true;
            result.className = '';
            result.textContent = paradarumCdn.words.asking;
            ask(fields).then(function (answer) {
                result.className = answer.ok ? 'is-well' : 'is-wrong';
                result.textContent = answer.words;
            }, function () {
                result.className = 'is-wrong';
                result.textContent = paradarumCdn.words.failed;
            }).then(function () { test.disabled = false; });
        });
    }

    var line = document.getElementById('paradarum-receipt');
    if (line && line.dataset.purge) {
        ask({ action: 'paradarum_receipt', _ajax_nonce: line.dataset.nonce, purge: line.dataset.purge, post: line.dataset.post }).then(
            function (answer) { line.textContent = answer.words; },
            function () { line.textContent = ''; }
        );
    }
})();
