// browser.mjs: what the tests of the pages share: a real browser as `yg-agent open` starts it, which
// notes every request to anybody else and every complaint of a page; axe and pictures of each page.
// Without Chromium or playwright-core the test that imports this is skipped.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { tap } from '../client/test_vectors.mjs';
import { build, folder, patient } from './web.mjs';

const CHROMIUM = '/usr/bin/chromium';
const modules = path.join(build, 'web/test/node_modules');
export const screens = process.env.SCREENS ?? path.join(build, 'screens');
export const TABLET = { width: 1280, height: 800 };
export const PHONE = { width: 390, height: 844 };

if (!fs.existsSync(CHROMIUM) || !fs.existsSync(path.join(modules, 'playwright-core'))) {
  console.log(`1..0 # SKIP chromium or playwright-core is not here: make install-deps, make e2e`);
  process.exit(0);
}
const { chromium } = createRequire(`${modules}/`)('playwright-core');
const axe = fs.readFileSync(path.join(modules, 'axe-core/axe.min.js'), 'utf8');
const { ok: told, check, end } = tap();
export { check, end };

export function ok(good, what, why = '') {
  told(good, what);
  if (!good && why) console.log(why.slice(0, 3000).replace(/^/gm, '# '));
}

// ---- a browser as `yg-agent open` starts it ----

export const work = folder('pages');
export const strangers = []; // requests to anybody else
export const troubles = []; // what the page complained of

export async function openBrowser(name, { words = [], permissions = [] } = {}) {
  const context = await chromium.launchPersistentContext(`${work}/profile-${name}`, {
    executablePath: CHROMIUM,
    headless: true,
    viewport: TABLET,
    locale: 'zh-CN',
    geolocation: { latitude: 28.713, longitude: 113.632, accuracy: 8 },
    permissions: ['geolocation', ...permissions],
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync',
      ...words],
  });
  const page = context.pages()[0] ?? (await context.newPage());

  await patient(page);
  page.on('request', (request) => {
    const { hostname, protocol } = new URL(request.url());
    if (protocol.startsWith('http') && hostname !== '127.0.0.1') strangers.push(request.url());
  });
  page.on('pageerror', (error) => troubles.push(error.message));
  page.on('console', (message) => {
    if (/Content Security Policy|Uncaught/.test(message.text())) troubles.push(message.text());
  });
  return { context, page };
}

export const launch = (page, tablet) => page.goto(`file://${tablet.data}/launch.html`)
  .then(() => page.waitForURL(`http://127.0.0.1:${tablet.port}/**`));

export async function unlock(page, tablet) {
  await page.getByLabel('口令').fill(`secret-of-${tablet.person}`);
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: '新户' }).waitFor();
}

// Looked at by axe, and kept as pictures.
export async function look(page, name, sizes = ['tablet', 'phone']) {
  await page.evaluate(axe).catch(() => {});
  const { violations } = await page.evaluate(() => globalThis.axe.run(document,
    { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'] }));
  const bad = violations.filter((one) => one.impact === 'serious' || one.impact === 'critical');

  ok(bad.length === 0, `${name}: no serious finding`, bad.map((one) =>
    `${one.id}: ${one.nodes.map((node) => node.html).join(' ')}`).join('\n'));
  fs.mkdirSync(screens, { recursive: true });
  for (const size of sizes) {
    const view = size === 'phone' ? PHONE : TABLET;

    await page.setViewportSize(view);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    ok(wide <= 0, `${name}: nothing sticks out on a ${size}`, `${wide} px`);
    const cut = await page.evaluate(() => [...document.querySelectorAll('.item, .notice, .fact, .row')]
      .filter((one) => one.clientWidth > 0 && (one.scrollWidth > one.clientWidth + 1 ||
        [...one.children].some((part) => part.matches('.item > .grow') && part.clientWidth < 90)))
      .map((one) => one.textContent.trim()));
    if (cut.length > 0) ok(false, `${name}: nothing is cut off or crushed on a ${size}`, cut.join('\n'));
    await page.screenshot({ path: path.join(screens, `${name}-${size}.png`) });
  }
  await page.setViewportSize(TABLET);
}

// The page says that everything is on disk.
export const saved = (page) => page.locator('.state.saved[data-saved]').waitFor();
export const next = (page) => page.getByRole('button', { name: '下一页' }).click();
export const heading = (page, text) => page.getByRole('heading', { level: 1, name: text }).waitFor();

