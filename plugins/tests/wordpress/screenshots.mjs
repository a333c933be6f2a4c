// Takes the pictures of readme.txt from a real WordPress (eng/wordpress) and a running CDN: screenshots.mjs SITE API KEY PROPERTY OUT
import { createRequire } from 'node:module';

const { chromium } = createRequire(process.cwd() + '/')('playwright-core');
const [site, api, key, property, out] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
const page = await browser.newPage({ viewport: { width: 1280, height: 860 } });
const errors = [];
page.on('pageerror', error => errors.push(error.message));

await page.goto(site + '/wp-login.php');
await page.fill('#user_login', 'admin');
await page.fill('#user_pass', 'password');
await Promise.all([page.waitForNavigation(), page.click('#wp-submit')]);

const settings = site + '/wp-admin/options-general.php?page=paradarum-cdn';
await page.goto(settings);
await page.fill('#paradarum-base', api);
await page.fill('#paradarum-property', property);
await page.fill('#paradarum-key', key);
await Promise.all([page.waitForNavigation(), page.click('#submit')]);
await page.click('#paradarum-test');
await page.waitForSelector('#paradarum-test-result.is-well');
await page.setViewportSize({ width: 1280, height: 1300 });
await page.screenshot({ path: `${out}/screenshot-1.png` });
await page.setViewportSize({ width: 1280, height: 860 });

const nonce = await page.evaluate(() => fetch('/wp-admin/admin-ajax.php?action=rest-nonce').then(answer => answer.text()));
const write = (path, body) => page.evaluate(([path, body, nonce]) => fetch('/wp-json' + path, {
  method: 'POST', headers: { 'Content-Type': 'application/json', 'X-WP-Nonce': nonce }, body: JSON.stringify(body),
}).then(answer => answer.json()), [path, body, nonce]);
const post = await write('/wp/v2/posts', { title: 'A new post', status: 'publish', content: 'With a text.' });
await write(`/wp/v2/posts/${post.id}`, { slug: 'a-renamed-post' });
await write('/wp/v2/settings', { description: 'Another tagline' });
await page.waitForFunction(async () => {
  const rows = await (await fetch('/?test_queue=1')).json();
  return rows.length > 1 && rows.every(row => row.state !== 'waiting');
});
await page.goto(settings);
await page.locator('.paradarum-history summary').nth(1).click();
const history = page.locator('.paradarum-history');
await history.scrollIntoViewIfNeeded();
await history.screenshot({ path: `${out}/screenshot-2.png` });

await page.goto(`${site}/wp-admin/post.php?post=${post.id}&action=edit`);
await page.evaluate(() => window.wp?.data?.select('core/edit-post').isFeatureActive('welcomeGuide') && window.wp.data.dispatch('core/edit-post').toggleFeature('welcomeGuide'));
await page.waitForFunction(() => document.getElementById('paradarum-receipt')?.textContent.length > 0);
await page.locator('#paradarum-cdn').scrollIntoViewIfNeeded();
await page.screenshot({ path: `${out}/screenshot-3.png` });
await browser.close();
if (errors.length) {
  console.error(errors.join('\n'));
  process.exit(1);
}
