// desk_pages.mjs: what the tests of the console's pages share: chromium, a page of the console, axe
// and a picture of what is seen. Pictures are kept in SCREENS or build/screens.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { tap } from '../client/test_vectors.mjs';
import { build, patient } from './web.mjs';

const CHROMIUM = '/usr/bin/chromium';
const modules = path.join(build, 'web/test/node_modules');
const screens = process.env.SCREENS ?? path.join(build, 'screens');

if (!fs.existsSync(CHROMIUM) || !fs.existsSync(path.join(modules, 'playwright-core'))) {
  console.log('1..0 # SKIP chromium or playwright-core is not here: make install-deps, make e2e');
  process.exit(0);
}
const { chromium } = createRequire(`${modules}/`)('playwright-core');
const axe = fs.readFileSync(path.join(modules, 'axe-core/axe.min.js'), 'utf8');
const { ok: told, end } = tap();

export const SCRIPT = '<img src=x onerror="window.hit=1"><script>window.hit=1</script>';

export function ok(good, what, why = '') {
  told(good, what);
  if (!good && why) console.log(String(why).slice(0, 3000).replace(/^/gm, '# '));
}

export class DeskPages {
  constructor(county, prefix) {
    this.county = county;
    this.prefix = prefix;
    this.strangers = [];
    this.troubles = [];
    fs.mkdirSync(screens, { recursive: true });
  }
  async start() {
    this.browser = await chromium.launch({ executablePath: CHROMIUM, headless: true,
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
        '--disable-component-update', '--disable-sync'] });
  }
  // A page of the console, with somebody logged in.
  async open(name) {
    const context = await this.browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'zh-CN',
      acceptDownloads: true });
    const page = await context.newPage();
    await patient(page);
    page.on('request', (request) => {
      const { hostname, protocol } = new URL(request.url());
      if (protocol.startsWith('http') && hostname !== '127.0.0.1') this.strangers.push(request.url());
    });
    page.on('pageerror', (error) => this.troubles.push(error.message));
    page.on('console', (message) => {
      if (/Content Security Policy|Uncaught/.test(message.text())) this.troubles.push(message.text());
    });
    await page.goto(this.county.console);
    await page.getByLabel('姓名').fill(name);
    await page.getByLabel('口令').fill(this.county.people[name].secret);
    await page.keyboard.press('Enter');
    await this.heading(page, '今日待办');
    return page;
  }
  heading(page, name) {
    return page.getByRole('heading', { level: 1, name }).waitFor();
  }
  place(page, name) {
    return page.getByRole('navigation', { name: '主导航' }).getByRole('link', { name, exact: true }).click();
  }
  async look(page, name) {
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'best-practice'] }));
    ok(violations.length === 0, `axe has nothing to say about ${name}`,
      violations.map((one) => `${one.id}: ${one.help}\n${one.nodes.map((node) => node.html).join('\n')}`).join('\n'));
    ok(!(await page.evaluate(() => window.hit)), `no text of ${name} became a script`);
    await page.screenshot({ path: path.join(screens, `${this.prefix}-${name}.png`), fullPage: true });
  }
  // Runs the parts in their order, and stops at the first that does not go through.
  async run(parts) {
    for (const [name, part] of Object.entries(parts))
      try {
        await part();
      } catch (error) {
        const page = this.browser.contexts().at(-1)?.pages().at(-1);
        ok(false, `${name} goes through`, `${error.message}\n${await page?.locator('body').innerText().catch(() => '')}`);
        await page?.screenshot({ path: path.join(screens, `failed-${this.prefix}-${name}.png`) }).catch(() => {});
        break;
      }
  }
  async end(work) {
    ok(this.strangers.length === 0, 'nobody else was asked for anything', this.strangers.join('\n'));
    ok(this.troubles.length === 0, 'the pages had nothing to complain of', this.troubles.join('\n'));
    await this.browser.close();
    await this.county.stop();
    fs.rmSync(work, { recursive: true, force: true });
    process.exitCode = end() ? 1 : 0;
  }
}
