// test_console.mjs: the console in a real browser: an administrator's morning (first login, a new
// colleague, a tablet), a reviewer's (the telephone, the queue), an auditor's (the log). Every page is
// looked at by axe; the keyboard is enough; what people have typed stays text. Pictures are kept in
// SCREENS or build/screens.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { tap } from '../client/test_vectors.mjs';
import { ConsoleCounty, codeOf } from './console.mjs';
import { Tablet, area, build, folder, patient } from './web.mjs';

const CHROMIUM = '/usr/bin/chromium';
const modules = path.join(build, 'web/test/node_modules');
const screens = process.env.SCREENS ?? path.join(build, 'screens');
const DESK = { width: 1440, height: 900 };

if (!fs.existsSync(CHROMIUM) || !fs.existsSync(path.join(modules, 'playwright-core'))) {
  console.log('1..0 # SKIP chromium or playwright-core is not here: make install-deps, make e2e');
  process.exit(0);
}
const { chromium } = createRequire(`${modules}/`)('playwright-core');
const axe = fs.readFileSync(path.join(modules, 'axe-core/axe.min.js'), 'utf8');
const { ok: told, end } = tap();
const SCRIPT = '<img src=x onerror="window.hit=1"><script>window.hit=1</script>';

function ok(good, what, why = '') {
  told(good, what);
  if (!good && why) console.log(String(why).slice(0, 3000).replace(/^/gm, '# '));
}

// ---- a county with something in it ----

const work = folder('console-pages');
const county = new ConsoleCounty(work);
county.add('county', 'zhao');
county.add('auditor', 'qian');
county.add('admin', 'sun');
county.publish('household');
county.publish('task');
county.publish('note');
fs.writeFileSync(`${work}/names.csv`, '430626,平江县\n430626117,福寿山镇\n430626117205,芦洞村\n430626117206,白寺村\n');
county.syncd('area', 'names', `${work}/names.csv`, '--reason', 'register');
await county.start();
const both = `${area},430626117206`;
const wang = new Tablet(county, 'wang', both);
const zhang = new Tablet(county, 'zhang', both);
const made = [];
for (const [name, where] of [['王桂兰', area], [SCRIPT, area], ['李国强', '430626117206']]) {
  fs.writeFileSync(`${work}/one.json`, JSON.stringify({ head: { name } }));
  made.push(wang.agent('new', 'household', '--area', where, '--draft', '--file', `${work}/one.json`));
}
wang.agent('sync');
zhang.agent('sync');
wang.agent('set', made[0], 'head/name=王桂花');
zhang.agent('set', made[0], 'head/name=王桂蓝');
wang.agent('sync');
zhang.agent('sync');

// ---- a browser ----

const strangers = [];
const troubles = [];
const browser = await chromium.launch({ executablePath: CHROMIUM, headless: true,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'] });

async function open() {
  const context = await browser.newContext({ viewport: DESK, locale: 'zh-CN' });
  const page = await context.newPage();

  await patient(page);
  page.on('request', (request) => {
    const { hostname, protocol } = new URL(request.url());
    if (protocol.startsWith('http') && hostname !== '127.0.0.1') strangers.push(request.url());
  });
  page.on('pageerror', (error) => troubles.push(error.message));
  page.on('console', (message) => {
    if (/Content Security Policy|Uncaught/.test(message.text())) troubles.push(message.text());
  });
  await page.goto(county.console);
  return page;
}

fs.mkdirSync(screens, { recursive: true });
async function look(page, name) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'best-practice'] }));
  ok(violations.length === 0, `axe has nothing to say about ${name}`,
    violations.map((one) => `${one.id}: ${one.help}\n${one.nodes.map((node) => node.html).join('\n')}`).join('\n'));
  ok(!(await page.evaluate(() => window.hit)), `no text of ${name} became a script`);
  await page.screenshot({ path: path.join(screens, `console-${name}.png`), fullPage: true });
}

async function logIn(page, name, secret = county.people[name].secret) {
  await page.getByLabel('姓名').fill(name);
  await page.getByLabel('口令').fill(secret);
  await page.keyboard.press('Enter');
}

const heading = (page, name) => page.getByRole('heading', { level: 1, name }).waitFor();
const place = (page, name) => page.getByRole('navigation', { name: '主导航' }).getByRole('link', { name }).click();

// ---- the administrator ----

async function administrator() {
  const page = await open();

  await look(page, 'login');
  await logIn(page, 'sun', 'not the secret of sun');
  await page.getByText('姓名或口令不对').waitFor();
  await logIn(page, 'sun');
  await heading(page, '今日待办');
  ok(!(await page.getByText('王桂').count()), 'an administrator sees no household');
  await look(page, 'home-admin');
  await place(page, '人员');
  await page.getByRole('button', { name: '添加人员' }).click();
  await page.getByLabel('姓名').fill('周新');
  await page.getByRole('combobox', { name: '角色' }).selectOption('township');
  await look(page, 'person-new');
  await page.getByRole('button', { name: '添加', exact: true }).click();
  const secret = await page.locator('.one-time').innerText();
  await look(page, 'person-secret');
  await page.getByRole('button', { name: '已转交' }).click();
  await page.getByRole('link', { name: '周新' }).waitFor();
  await look(page, 'people');
  await page.getByRole('link', { name: '周新' }).focus();
  await page.keyboard.press('ArrowUp');
  const up = await page.evaluate(() => document.activeElement.textContent);
  await page.keyboard.press('ArrowDown');
  ok(up !== '周新' && (await page.evaluate(() => document.activeElement.textContent)) === '周新', 'arrow keys walk the list', up);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: '周新' }).waitFor();
  await look(page, 'person');
  await page.keyboard.press('Escape');
  await place(page, '平板');
  await page.getByRole('link', { name: 'tablet-wang' }).waitFor();
  await look(page, 'devices');
  await page.getByRole('button', { name: '邀请平板' }).click();
  await page.getByLabel('平板名称').fill('tablet-new');
  await page.getByRole('button', { name: '生成登记码' }).click();
  await page.locator('.qr').waitFor();
  await look(page, 'device-code');
  await page.getByRole('button', { name: '已完成。' }).click();
  await page.getByRole('link', { name: 'tablet-zhang' }).click();
  await heading(page, 'tablet-zhang');
  await look(page, 'device');
  await page.getByRole('button', { name: '停用并清除' }).click();
  await page.getByRole('button', { name: '清除', exact: true }).click();
  await page.getByText('请说明原因').waitFor();
  ok(true, 'a tablet is not revoked without a reason');
  await page.getByLabel('理由').fill('丢失');
  await page.getByRole('button', { name: '停用', exact: true }).click();
  await page.locator('.tag').getByText('已停用').waitFor();
  await page.keyboard.press('Escape');
  await heading(page, '平板');
  ok(true, 'Esc goes back to the list');
  await page.getByRole('button', { name: '退出登录' }).click();
  await page.getByRole('heading', { name: '登录' }).waitFor();
  await page.goBack().catch(() => {});
  ok(!(await page.getByText('tablet-wang').count()), 'after logging out nothing is shown, not even by going back');
  return secret;
}

// ---- who is new ----

async function first(secret) {
  const page = await open();

  await logIn(page, '周新', secret);
  await page.getByRole('heading', { name: '设置您自己的口令' }).waitFor();
  await look(page, 'first-secret');
  await page.getByLabel('当前口令').fill(secret);
  await page.getByLabel('新口令', { exact: true }).fill('太短');
  await page.getByLabel('再输一次新口令').fill('太短');
  await page.getByRole('button', { name: '修改口令' }).click();
  await page.getByText('太短；').waitFor();
  await page.getByLabel('新口令', { exact: true }).fill('山里的柿子红了三回');
  await page.getByLabel('再输一次新口令').fill('山里的柿子红了三回');
  await page.getByLabel('新口令', { exact: true }).fill('山里的柿子红了三回又三回');
  await page.getByLabel('再输一次新口令').fill('山里的柿子红了三回又三回');
  await page.getByRole('button', { name: '修改口令' }).click();
  await heading(page, '今日待办');
  ok(true, 'whoever is new chooses a secret and is in');
  await page.close();
}

// ---- the reviewer ----

async function reviewer() {
  const page = await open();

  await logIn(page, 'zhao');
  await heading(page, '今日待办');
  await page.getByText('请裁定哪个正确').first().waitFor();
  await page.locator('.chart-box svg').first().waitFor();
  await page.getByRole('tree').getByText('平江县').waitFor();
  ok(true, 'the areas stand as a tree');
  await look(page, 'home');
  await page.getByRole('treeitem').first().focus();
  for (const key of ['ArrowRight', 'ArrowRight', 'ArrowRight']) await page.keyboard.press(key);
  await page.keyboard.press('ArrowDown');
  ok(/芦洞村|白寺村/.test(await page.evaluate(() => document.activeElement.textContent)), 'arrow keys open the tree',
    await page.evaluate(() => document.activeElement.textContent));
  await page.getByRole('treeitem', { name: /白寺村/ }).click();
  await page.getByText('目前没有待办。').waitFor();
  ok(new URL(page.url()).hash.includes('430626117206'), 'an area is chosen by its code in the address');
  await page.getByRole('link', { name: /zhao/ }).click();
  await heading(page, 'zhao');
  await page.getByRole('button', { name: '设置手机' }).click();
  await page.getByText('手机无法扫描？').click();
  const offer = (await page.locator('.one-time').innerText()).replace(/\s/g, '');
  await look(page, 'second');
  await page.getByLabel('六位验证码').fill(codeOf(offer));
  await page.getByRole('button', { name: '确认' }).click();
  await page.locator('.paper li').nth(9).waitFor();
  await look(page, 'second-paper');
  const paper = await page.locator('.paper li').first().innerText();
  await page.getByRole('button', { name: '已抄在纸上' }).click();
  await page.getByRole('button', { name: '退出登录' }).click();
  await logIn(page, 'zhao');
  await page.getByLabel(/六位验证码/).fill('000000');
  await page.keyboard.press('Enter');
  await page.getByText('验证码不对').waitFor();
  await look(page, 'code');
  await page.getByLabel(/六位验证码/).fill(paper);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.getByRole('button', { name: 'English' }).click();
  await page.getByRole('button', { name: 'Log out' }).waitFor();
  await look(page, 'english');
  await page.close();
}

// ---- the auditor ----

async function auditor() {
  const page = await open();

  await page.getByRole('button', { name: '中文' }).or(page.getByRole('button', { name: 'English' })).waitFor();
  await logIn(page, 'qian');
  await heading(page, '今日待办');
  ok(!(await page.getByRole('button', { name: '添加人员' }).count()), 'an auditor is offered nothing to change');
  await place(page, '日志');
  await page.getByRole('cell', { name: 'device revoke' }).waitFor();
  await look(page, 'log');
  await page.getByLabel('操作').fill('user add');
  await page.getByRole('button', { name: '查询' }).click();
  await page.getByRole('button', { name: /操作: user add/ }).waitFor();
  await page.getByRole('cell', { name: 'device revoke' }).waitFor({ state: 'detached' });
  await page.getByRole('cell', { name: 'user add' }).first().waitFor();
  ok(true, 'the log is filtered');
  await page.getByRole('button', { name: /操作: user add/ }).click();
  await page.getByRole('cell', { name: 'device revoke' }).waitFor();
  ok(true, 'and a chip takes the filter away');
  await page.goto(`${county.console}/#/people`);
  await page.getByRole('link', { name: '周新' }).click();
  await page.getByRole('heading', { name: '周新' }).waitFor();
  ok(!(await page.getByRole('button', { name: '停用' }).count()), 'and looks at people without changing them');
  await page.close();
}

let secret;
for (const [name, part] of Object.entries({ administrator: async () => { secret = await administrator(); },
  first: () => first(secret), reviewer, auditor }))
  try {
    await part();
  } catch (error) {
    const page = browser.contexts().at(-1)?.pages().at(-1);
    ok(false, `${name} goes through`, `${error.message}\n${await page?.locator('body').innerText().catch(() => '')}`);
    await page?.screenshot({ path: path.join(screens, `failed-console-${name}.png`) }).catch(() => {});
    break;
  }
ok(strangers.length === 0, 'nobody else was asked for anything', strangers.join('\n'));
ok(troubles.length === 0, 'the pages had nothing to complain of', troubles.join('\n'));
await browser.close();
await county.stop();
fs.rmSync(work, { recursive: true, force: true });
process.exitCode = end() ? 1 : 0;
