// test_people.mjs: a second person comes to a tablet by its pages: added by somebody who is at work,
// with his secret once more and for his own areas only; he unlocks with a secret of his own, and the
// county certifies him. And questions of one list as rows of a table (table-list).
import fs from 'node:fs';
import { ConsoleCounty } from './console.mjs';
import { DeskPages, SCRIPT, ok } from './desk_pages.mjs';
import { Browser, Tablet, area, folder, patient } from './web.mjs';

const work = folder('people');
const county = new ConsoleCounty(work);
county.publish('household');
fs.mkdirSync(`${work}/chores`);
fs.writeFileSync(`${work}/chores/survey.csv`, `type,name,label,appearance,required
begin group,week,This week,table-list,
select_one often,cook,Cooks for himself,,yes
select_one often,wash,Washes,,
select_multiple often,walk,Goes out,,
end group,,,,
`);
fs.writeFileSync(`${work}/chores/choices.csv`, 'list_name,name,label\noften,1,Alone\noften,2,With help\noften,3,Not at all\n');
fs.writeFileSync(`${work}/chores/settings.csv`, 'form_id,form_title,version\nchores,Chores,1\n');
county.syncd('form', 'publish', `${work}/chores`);
await county.start();
const other = '430626117206';
const wang = new Tablet(county, 'wang', `${area},${other}`);
await wang.start();
const browser = new Browser(wang);
await browser.launch();
await browser.unlock();
const desk = new DeskPages(county, 'people');
await desk.start();
const context = await desk.browser.newContext({ viewport: { width: 800, height: 1280 }, locale: 'zh-CN' });
const page = await context.newPage();
await patient(page);
page.on('pageerror', (error) => desk.troubles.push(error.message));
const to = (hash) => page.goto(`http://127.0.0.1:${wang.port}/${hash}`);
const phone = async (name) => {
  await page.setViewportSize({ width: 360, height: 740 });
  ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${name} is not wider than a phone`);
  await desk.look(page, `${name}-phone`);
  await page.setViewportSize({ width: 800, height: 1280 });
};

async function asked() {
  const add = (what) => browser.post('/api/persons', { name: 'zhang', new_secret: 'secret-of-zhang', secret: 'secret-of-wang', ...what });

  ok((await add({ secret: 'wrong' })).status === 403, 'a wrong secret adds nobody');
  ok((await add({ secret: '' })).status === 403 || (await add({ secret: '' })).status === 400, 'none does not, either');
  ok((await add({ new_secret: 'short' })).status === 400, 'a short secret is refused');
  ok((await add({ areas: ['430626101000'] })).status === 403, 'nobody gives areas that are not his');
  ok((await add({ name: 'wang' })).status === 409, 'a name is there once');
  ok((await browser.get('/api/persons')).json.length === 1, 'so far there is one');
  const stranger = new Browser(wang);
  ok((await stranger.post('/api/persons', {})).status === 401, 'not without the cookie');
  await stranger.launch();
  ok((await stranger.get('/api/persons')).status === 401, 'nor locked');
}

async function adding() {
  await page.goto(`file://${wang.data}/launch.html`);
  await page.getByLabel('口令').fill('secret-of-wang');
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: '新户' }).waitFor();
  await to('#/settings');
  await page.getByRole('link', { name: '本平板的人员' }).click();
  await page.getByRole('button', { name: '添加人员' }).click();
  await page.getByRole('button', { name: '添加', exact: true }).click();
  await page.getByText('请填写姓名').waitFor();
  await page.getByLabel('姓名').fill(SCRIPT.slice(0, 40));
  await page.getByLabel('新人员的口令').fill('secret-of-zhang');
  await page.getByLabel('再输入一次').fill('secret-of-zhank');
  await page.getByRole('button', { name: '添加', exact: true }).click();
  await page.getByText('两次输入不一样').waitFor();
  await page.getByLabel('再输入一次').fill('secret-of-zhang');
  await page.getByLabel('姓名').fill('zhang');
  await page.getByRole('checkbox', { name: other }).uncheck();
  await desk.look(page, 'add');
  await phone('add');
  await page.getByLabel('wang 的口令').fill('no such secret');
  await page.getByRole('button', { name: '添加', exact: true }).click();
  await page.locator('.notice.error').waitFor();
  ok(!JSON.stringify((await browser.get('/api/persons')).json).includes('zhang'), 'a wrong secret is told, and adds nobody');
  await page.getByLabel('wang 的口令').fill('secret-of-wang');
  await page.getByRole('button', { name: '添加', exact: true }).click();
  await page.getByText('zhang 可以使用本平板了').waitFor();
  await page.getByRole('listitem').filter({ hasText: 'zhang' }).getByText(/县里(已|还没有)认证/).first().waitFor();
  await desk.look(page, 'list');
  await phone('list');
  const found = (await browser.get('/api/persons')).json.find((one) => one.name === 'zhang');
  ok(found.areas.join() === area, 'he has the areas that were chosen', JSON.stringify(found));
  wang.agent('sync');
  ok((await browser.get('/api/persons')).json.find((one) => one.name === 'zhang').certified, 'the county has certified him');
  const zhang = new Browser(wang);
  await zhang.launch();
  ok((await zhang.unlock('zhang')).json?.person?.name === 'zhang', 'he unlocks with his own secret');
  ok((await zhang.post('/api/drafts', { form: 'chores', area: other })).status === 403, 'and works in his areas only');
}

async function rows() {
  const draft = (await browser.post('/api/drafts', { form: 'chores', area })).json;

  await to(`#/draft/${draft.draft}`);
  await page.locator('table.table-list-rows').waitFor();
  ok(await page.getByRole('columnheader').count() === 3 && await page.getByRole('rowheader').count() === 3, 'questions are rows, choices columns');
  await page.getByRole('radio', { name: 'Cooks for himself: With help' }).check();
  await page.getByRole('checkbox', { name: 'Goes out: Alone' }).check();
  await page.getByRole('checkbox', { name: 'Goes out: Not at all' }).check();
  await page.locator('[data-saved]').waitFor();
  await desk.look(page, 'table');
  await phone('table');
  const of = (name) => browser.get(`/api/drafts/${draft.draft}`).then(({ json }) => json.questions.find((one) => one.ref.endsWith(name)).value);
  for (const end = Date.now() + 30000; await of('/walk') !== '1 3' && Date.now() < end;)
    await new Promise((done) => setTimeout(done, 50));
  ok(await of('/cook') === '2' && await of('/walk') === '1 3', 'what is chosen in a row is that question\'s answer');
}

// As `yg-agent open` starts it: a browser that knows nothing yet, on the launch page.
async function spoken() {
  const fresh = await (await desk.browser.newContext({ locale: 'en-US' })).newPage();
  const spokenNow = async () => {
    await fresh.locator('#app button').first().waitFor();
    return fresh.evaluate(() => document.documentElement.lang);
  };
  const opened = async (words) => {
    await fresh.goto('about:blank');
    await fresh.goto(`file://${wang.data}/launch.html${words}`);
    await fresh.waitForURL(/^http:/);
    return spokenNow();
  };

  fresh.setDefaultTimeout(15000);
  ok(await opened('') === 'zh-CN', 'the app begins in Chinese');
  ok(await opened('#en') === 'en', 'or in the language of whoever opens it');
  ok(new URL(fresh.url()).search === '', 'which does not stay in the address');
  await fresh.reload();
  ok(await spokenNow() === 'en', 'it lasts as long as the browser');
  ok(await opened('#zh') === 'en', 'and what somebody has chosen there counts more');
  await fresh.context().close();
}

await desk.run({ asked, adding, rows, spoken });
await wang.stop();
await desk.end(work);
